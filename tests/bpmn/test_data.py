"""Data of BPMN are variables; associations are mappings of their nodes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bpmn.compiler import Compiled, compile_model
from bpmn.errors import ModelRefused
from bpmn.graph import Graph, SignalEvent
from bpmn.values import Value
from tests.bpmn.drawing import file, line

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ENDS = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'
SPECIFICATION = (
    '<bpmn:ioSpecification><bpmn:dataInput id="i" name="antrag"/>'
    '<bpmn:dataOutput id="o" name="bescheid"/><bpmn:inputSet><bpmn:dataInputRefs>i'
    "</bpmn:dataInputRefs></bpmn:inputSet><bpmn:outputSet><bpmn:dataOutputRefs>o"
    "</bpmn:dataOutputRefs></bpmn:outputSet></bpmn:ioSpecification>"
)


def association(side: str, source: str, target: str, more: str = "") -> str:
    sources = f"<bpmn:sourceRef>{source}</bpmn:sourceRef>" if source else ""
    return (
        f"<bpmn:data{side}Association>{sources}<bpmn:targetRef>{target}</bpmn:targetRef>{more}"
        f"</bpmn:data{side}Association>"
    )


def task(content: str, data: str = "", root: str = "") -> Compiled:
    """s → the user task t with the content → e, and data beside it."""
    return compile_model(
        file(f'{ENDS}{data}<bpmn:userTask id="t">{content}</bpmn:userTask>{line("s", "t", "e")}',
             root)
    )  # fmt: skip


def evaluated(
    pairs: tuple[tuple[str, object], ...], variables: dict[str, Value]
) -> dict[str, Value]:
    return {name: value.evaluate(variables, NOW) for name, value in pairs}  # type: ignore[attr-defined]


def expression(tag: str, text: str) -> str:
    return f'<bpmn:{tag} xsi:type="bpmn:tFormalExpression">{text}</bpmn:{tag}>'


def test_data_objects_flow_into_inputs_and_out_of_outputs() -> None:
    data = (
        '<bpmn:dataObject id="do"/><bpmn:dataObjectReference id="r1" name="Akte" '
        'dataObjectRef="do"/><bpmn:dataObject id="da" name="Ablage"/>'
    )
    compiled = task(
        SPECIFICATION + association("Input", "r1", "i") + association("Output", "o", "da"), data
    )

    node, scope = compiled.graphs[0].nodes["t"], compiled.graphs[0].scopes["p"]
    assert scope.data == (("Akte", None), ("Ablage", None))
    assert evaluated(node.inputs, {"Akte": 1}) == {"bescheid": None, "antrag": 1}
    assert evaluated(node.outputs, {"bescheid": 2}) == {"Ablage": 2}


def test_a_transformation_computes_what_is_copied() -> None:
    data = '<bpmn:dataObject id="do" name="Akte"/>'
    doubled = expression("transformation", "Akte * 2")

    node = task(SPECIFICATION + association("Input", "do", "i", doubled), data).graphs[0].nodes["t"]

    assert evaluated(node.inputs, {"Akte": 4})["antrag"] == 8


def test_assignments_set_the_variables_that_they_name() -> None:
    assigned = (
        "<bpmn:assignment>"
        + expression("from", "${a}")
        + expression("to", "i")
        + "</bpmn:assignment><bpmn:assignment>"
        + expression("from", "= a + 1")
        + expression("to", "${zweites}")
        + "</bpmn:assignment>"
    )

    node = task(SPECIFICATION + association("Input", "", "i", assigned)).graphs[0].nodes["t"]

    assert evaluated(node.inputs, {"a": 1}) == {"bescheid": None, "antrag": 1, "zweites": 2}


def test_an_assignment_to_a_part_is_refused_with_its_task() -> None:
    assigned = (
        "<bpmn:assignment>"
        + expression("from", "1")
        + expression("to", "a[1].b")
        + "</bpmn:assignment>"
    )

    with pytest.raises(ModelRefused) as refused:
        task(SPECIFICATION + association("Input", "", "i", assigned))

    assert ("assignment-target", "t") in {(f.rule, f.element) for f in refused.value.findings}


def test_what_bpmn_io_draws_to_a_placeholder_moves_nothing() -> None:
    drawn = '<bpmn:property id="pr" name="__targetRef_placeholder"/>'
    data = (
        '<bpmn:dataObject id="do"/><bpmn:dataObjectReference id="r" name="X" dataObjectRef="do"/>'
    )

    compiled = task(drawn + association("Input", "r", "pr") + association("Output", "", "r"), data)

    node = compiled.graphs[0].nodes["t"]
    assert (node.inputs, node.outputs) == ((), ())
    assert compiled.graphs[0].scopes["p"].data == ()
    assert {f.rule for f in compiled.findings} == {
        "ignored-dataObject",
        "ignored-dataObjectReference",
    }


def test_properties_are_variables_of_where_they_stand() -> None:
    inner = (
        '<bpmn:subProcess id="sub"><bpmn:property id="p2" name="innen"/><bpmn:startEvent id="s1"/>'
        '<bpmn:endEvent id="e1"/>' + line("s1", "e1") + "</bpmn:subProcess>"
    )
    graph = compile_model(
        file(f'<bpmn:property id="p1"/>{ENDS}{inner}{line("s", "sub", "e")}')
    ).graphs[0]

    assert graph.scopes["p"].data == (("p1", None),)
    assert graph.scopes["sub"].data == (("innen", None),)
    assert graph.nodes["sub"].inputs == ()


def test_a_data_store_is_a_variable_that_instances_do_not_share() -> None:
    data = '<bpmn:dataStoreReference id="r" name="Lager" dataStoreRef="ds"/>'
    store = '<bpmn:dataStore id="ds" name="Bestand"/>'

    compiled = task(SPECIFICATION + association("Input", "r", "i"), data, store)

    assert compiled.graphs[0].scopes["p"].data == (("Bestand", None),)
    assert evaluated(compiled.graphs[0].nodes["t"].inputs, {"Bestand": 3})["antrag"] == 3
    (notice,) = [f for f in compiled.findings if f.rule == "ignored-dataStoreReference"]
    assert "share" in notice.message


def test_the_state_of_a_data_object_is_noticed() -> None:
    data = (
        '<bpmn:dataObject id="do"/><bpmn:dataObjectReference id="r" dataObjectRef="do">'
        '<bpmn:dataState id="st" name="geprüft"/></bpmn:dataObjectReference>'
    )

    compiled = task(SPECIFICATION + association("Input", "r", "i"), data)

    assert [f.rule for f in compiled.findings] == ["ignored-dataState"]
    assert compiled.graphs[0].scopes["p"].data == (("do", None),)


def throwing(definition: str, root: str) -> Graph:
    inputs = (
        '<bpmn:dataInput id="i" name="nachricht"/>'
        + association("Input", "do", "i")
        + "<bpmn:inputSet><bpmn:dataInputRefs>i</bpmn:dataInputRefs></bpmn:inputSet>"
    )
    return compile_model(
        file(
            f'{ENDS}<bpmn:dataObject id="do" name="Akte"/><bpmn:intermediateThrowEvent id="t">'
            f"{inputs}{definition}</bpmn:intermediateThrowEvent>{line('s', 't', 'e')}",
            root,
        )
    ).graphs[0]


def test_what_is_mapped_into_a_throwing_event_is_what_it_carries() -> None:
    message = throwing(
        '<bpmn:messageEventDefinition messageRef="m"/>', '<bpmn:message id="m" name="Post"/>'
    )
    signal = throwing(
        '<bpmn:signalEventDefinition signalRef="g"/>', '<bpmn:signal id="g" name="Alarm"/>'
    )

    assert evaluated(message.nodes["t"].inputs, {"Akte": 1}) == {"nachricht": 1}
    event = signal.nodes["t"].event
    assert isinstance(event, SignalEvent)
    assert event.inputs is not None
    assert evaluated(event.inputs, {"nachricht": 1}) == {"nachricht": 1}


def test_what_a_catching_event_brings_may_go_into_a_data_object() -> None:
    outputs = (
        '<bpmn:dataOutput id="o" name="nachricht"/>'
        + association("Output", "o", "do")
        + "<bpmn:outputSet><bpmn:dataOutputRefs>o</bpmn:dataOutputRefs></bpmn:outputSet>"
    )
    graph = compile_model(
        file(
            f'{ENDS}<bpmn:dataObject id="do" name="Akte"/><bpmn:intermediateCatchEvent id="t">'
            f'{outputs}<bpmn:messageEventDefinition messageRef="m"/>'
            f"</bpmn:intermediateCatchEvent>{line('s', 't', 'e')}",
            '<bpmn:message id="m" name="Post"/>',
        )
    ).graphs[0]

    assert evaluated(graph.nodes["t"].outputs, {"nachricht": 5}) == {"Akte": 5}
