"""What moves no token is accepted, with a notice or a warning where it has no effect."""

from __future__ import annotations

from bpmn.compiler import compile_model
from tests.bpmn.drawing import between, file, flow, line

_SIMPLE = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>' + flow("s", "e")


def test_pools_lanes_and_data_are_accepted_with_one_notice_a_kind() -> None:
    lanes = '<bpmn:laneSet id="ls"><bpmn:lane id="l1"/><bpmn:lane id="l2"/></bpmn:laneSet>'
    data = (
        '<bpmn:dataObjectReference id="d1" dataObjectRef="o"/><bpmn:dataObject id="o"/>'
        '<bpmn:dataObjectReference id="d2" dataObjectRef="o"/>'
    )
    pools = (
        '<bpmn:collaboration id="c"><bpmn:participant id="a" processRef="p"/>'
        '<bpmn:participant id="b" name="Bank"/>'
        '<bpmn:messageFlow id="mf" sourceRef="a" targetRef="b"/></bpmn:collaboration>'
    )

    compiled = compile_model(file(lanes + _SIMPLE + data).replace(
        b'<bpmn:process id="p"', pools.encode() + b'<bpmn:process id="p"'
    ))  # fmt: skip

    found = {(f.rule, f.severity) for f in compiled.findings}
    assert found == {
        (f"ignored-{kind}", "notice")
        for kind in (
            "laneSet", "dataObjectReference", "dataObject", "participant",
        )
    }  # fmt: skip
    assert len(compiled.findings) == 4


def test_a_category_at_a_node_or_a_flow_says_nothing() -> None:
    """BPMN 2.0.2, 8.4.7: each flow element may belong to categories."""
    said = "<bpmn:categoryValueRef>v</bpmn:categoryValueRef>"
    body = (
        f'<bpmn:startEvent id="s">{said}</bpmn:startEvent><bpmn:task id="t">{said}</bpmn:task>'
        '<bpmn:endEvent id="e"/>'
        f'<bpmn:sequenceFlow id="f" sourceRef="s" targetRef="t">{said}</bpmn:sequenceFlow>'
    )
    root = '<bpmn:category id="c"><bpmn:categoryValue id="v" value="x"/></bpmn:category>'

    compiled = compile_model(file(body + flow("t", "e"), root))

    assert compiled.findings == []


def test_documentation_annotations_and_drawing_say_nothing() -> None:
    extra = (
        '<bpmn:textAnnotation id="a"><bpmn:text>so</bpmn:text></bpmn:textAnnotation>'
        '<bpmn:association id="as" sourceRef="s" targetRef="a"/>'
    )
    source = file(
        "<bpmn:documentation>wozu</bpmn:documentation>" + _SIMPLE + extra,
        attributes='camunda:historyTimeToLive="P180D" camunda:versionTag="1.2" '
        'camunda:isStartableInTasklist="false"',
    )

    compiled = compile_model(source)

    assert compiled.findings == []
    assert compiled.graphs[0].history_ttl == "P180D"
    assert compiled.graphs[0].version_tag == "1.2"


def test_each_executable_process_of_a_collaboration_compiles() -> None:
    second = (
        '<bpmn:process id="q" isExecutable="true"><bpmn:startEvent id="s3"/>'
        f'<bpmn:endEvent id="e3"/>{flow("s3", "e3")}</bpmn:process>'
        '<bpmn:process id="r" isExecutable="false"><bpmn:callActivity id="x"/></bpmn:process>'
    )

    compiled = compile_model(file(_SIMPLE, second))

    assert [graph.process_id for graph in compiled.graphs] == ["p", "q"]
    assert [(f.rule, f.element) for f in compiled.findings] == [("ignored-process", "r")]


def test_an_extension_without_effect_is_warned_of() -> None:
    compiled = compile_model(between('<bpmn:task id="t" camunda:assignee="a" camunda:zauber="b"/>'))

    assert {(f.rule, f.severity) for f in compiled.findings} == {
        ("misplaced-extension", "warning"),
        ("unknown-extension", "warning"),
    }


def test_a_node_no_token_can_reach_is_warned_of() -> None:
    loop = '<bpmn:task id="a"/><bpmn:task id="b"/>' + line("a", "b", "a")

    compiled = compile_model(file(_SIMPLE + loop))

    assert [(f.rule, f.element) for f in compiled.findings] == [
        ("unreachable", "a"),
        ("unreachable", "b"),
    ]


def test_an_activity_without_a_way_on_ends_its_path() -> None:
    compiled = compile_model(
        file('<bpmn:startEvent id="s"/><bpmn:userTask id="t"/>' + flow("s", "t"))
    )

    assert compiled.graphs[0].nodes["t"].outgoing == ()


def test_operaton_extensions_mean_the_same() -> None:
    source = between('<bpmn:serviceTask id="t" camunda:topic="x"/>').replace(
        b"http://camunda.org/schema/1.0/bpmn", b"http://operaton.org/schema/1.0/bpmn"
    )

    compiled = compile_model(source)

    assert compiled.graphs[0].nodes["t"].action is not None
