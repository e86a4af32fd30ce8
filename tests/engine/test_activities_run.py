"""Activities from the drawing to the end: what the table of constructs has no room for."""

from __future__ import annotations

import time
from typing import Any

import pytest

from engine.testing import Bench, BpmnError, Case
from tests.bpmn.drawing import file, line
from tests.engine.test_constructs import (
    ERROR,
    boundary,
    element,
    end,
    inside,
    many,
    script,
    start,
    throw,
)

FOR_EACH = (
    '<bpmn:multiInstanceLoopCharacteristics isSequential="{}" camunda:collection="${{items}}" '
    'camunda:elementVariable="item">{}</bpmn:multiInstanceLoopCharacteristics>'
)
HALF = (
    '<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">'
    "${nrOfCompletedInstances / nrOfInstances >= 0.5}</bpmn:completionCondition>"
)


def begun(activity: str, roots: str = "", name: str = "t", **variables: Any) -> tuple[Bench, Case]:
    """start → the activity → end."""
    bench = Bench()
    bench.deploy(file(start() + activity + end() + line("s", name, "e"), roots))
    return bench, bench.start("p", **variables)


def extended(content: str) -> str:
    return f"<bpmn:extensionElements>{content}</bpmn:extensionElements>"


# --- multi-instance ---


@pytest.mark.parametrize("sequential", ["true", "false"])
def test_each_item_has_its_own_instance(sequential: str) -> None:
    task = script("t", "summe = summe + item * (loopCounter + 1)", FOR_EACH.format(sequential, ""))

    _, case = begun(task, items=[1, 2, 3], summe=0)

    assert case.variables["summe"] == 1 + 4 + 9
    assert case.trace == ["s", "t", "t", "t", "e"]


def test_enough_of_the_tasks_are_enough() -> None:
    _, case = begun(element("userTask", "t", FOR_EACH.format("false", HALF)), items=["a", "b", "c"])
    assert case.waits_at == ["t", "t", "t"]

    case.complete("t")
    assert not case.ended
    case.complete("t")

    assert case.trace == ["s", "t", "t", "e"]
    assert case.outcome == "completed"


DATA = """<bpmn:dataObject id="dl" name="liste" isCollection="true"/>
<bpmn:dataObject id="dr" name="ergebnisse" isCollection="true"/>
<bpmn:scriptTask id="t" scriptFormat="feel"><bpmn:ioSpecification>
<bpmn:dataInput id="il" isCollection="true"/><bpmn:dataInput id="ix" name="posten"/>
<bpmn:dataOutput id="ol" isCollection="true"/><bpmn:dataOutput id="oy" name="summe"/>
<bpmn:inputSet><bpmn:dataInputRefs>il</bpmn:dataInputRefs><bpmn:dataInputRefs>ix
</bpmn:dataInputRefs></bpmn:inputSet><bpmn:outputSet><bpmn:dataOutputRefs>ol
</bpmn:dataOutputRefs><bpmn:dataOutputRefs>oy</bpmn:dataOutputRefs></bpmn:outputSet>
</bpmn:ioSpecification>
<bpmn:dataInputAssociation><bpmn:sourceRef>dl</bpmn:sourceRef><bpmn:targetRef>il</bpmn:targetRef>
</bpmn:dataInputAssociation>
<bpmn:dataInputAssociation><bpmn:sourceRef>item</bpmn:sourceRef><bpmn:targetRef>ix
</bpmn:targetRef></bpmn:dataInputAssociation>
<bpmn:dataOutputAssociation><bpmn:sourceRef>oy</bpmn:sourceRef><bpmn:targetRef>made
</bpmn:targetRef></bpmn:dataOutputAssociation>
<bpmn:dataOutputAssociation><bpmn:sourceRef>ol</bpmn:sourceRef><bpmn:targetRef>dr</bpmn:targetRef>
</bpmn:dataOutputAssociation>
<bpmn:multiInstanceLoopCharacteristics isSequential="{}"><bpmn:loopDataInputRef>il
</bpmn:loopDataInputRef><bpmn:loopDataOutputRef>ol</bpmn:loopDataOutputRef>
<bpmn:inputDataItem id="item" name="ding"/><bpmn:outputDataItem id="made" name="gemacht"/>
</bpmn:multiInstanceLoopCharacteristics><bpmn:script>summe = posten + 1</bpmn:script>
</bpmn:scriptTask>"""


@pytest.mark.parametrize("sequential", ["true", "false"])
def test_a_list_of_data_becomes_a_list_of_data(sequential: str) -> None:
    _, case = begun(DATA.format(sequential), liste=[1, 2, 3])

    assert case.variables["ergebnisse"] == [2, 3, 4]
    assert set(case.variables) == {"liste", "ergebnisse"}


def test_loops_stand_in_loops() -> None:
    inner = script("i", "n = n + item", FOR_EACH.format("true", ""))
    body = inside("t", FOR_EACH.format("false", "") + start("is") + inner + line("is", "i"))

    _, case = begun(body, items=[1, 2, 3], n=0)

    assert case.variables["n"] == 3 * 6
    assert case.trace.count("i") == 9


def test_a_process_is_called_for_each_item() -> None:
    call = element(
        "callActivity",
        "t",
        extended(
            '<camunda:in source="item" target="posten"/><camunda:out source="doppelt" '
            'target="zuletzt"/>'
        )
        + FOR_EACH.format("false", ""),
        calledElement="q",
    )
    bench = Bench()
    bench.deploy(
        file(start() + call + end() + line("s", "t", "e")),
        file(
            start() + script("w", "doppelt = posten * 2") + many("userTask", "u")
            + line("s", "w", "u")
        ).replace(b'process id="p"', b'process id="q"'),
    )  # fmt: skip
    case = bench.start("p", items=[1, 2])

    assert [child.variables["posten"] for child in case.children] == [1, 2]
    for child in case.children:
        child.complete("u")

    assert case.variables["zuletzt"] == 4
    assert case.trace == ["s", "t", "t", "e"]


def test_an_error_in_one_called_process_ends_the_others() -> None:
    call = element("callActivity", "t", FOR_EACH.format("false", ""), calledElement="q")
    body = start() + call + boundary("b", "t", "error") + many("task", "h") + end()
    body += line("s", "t", "e") + line("b", "h")
    called = start("qs") + many("serviceTask", "w") + end("qe", "error") + line("qs", "w", "qe")
    called = called.replace('<bpmn:serviceTask id="w">', '<bpmn:userTask id="w">')
    called = called.replace("</bpmn:serviceTask>", "</bpmn:userTask>")
    bench = Bench()
    bench.deploy(
        file(body + f'</bpmn:process><bpmn:process id="q" isExecutable="true">{called}', ERROR)
    )
    case = bench.start("p", items=[1, 2, 3])

    case.children[1].complete("w")

    assert case.trace == ["s", "b", "h"]
    assert [child.outcome for child in case.children] == ["cancelled", "error", "cancelled"]


@pytest.mark.parametrize(
    ("behavior", "times"), [("None", 3), ("One", 1), ("All", 0)]
)  # BPMN 2.0 Table 10.31
def test_instances_throw_as_the_behavior_says(behavior: str, times: int) -> None:
    refs = {"None": 'noneBehaviorEventRef="sd"', "One": 'oneBehaviorEventRef="sd"'}
    loop = (
        f'<bpmn:multiInstanceLoopCharacteristics behavior="{behavior}" {refs.get(behavior, "")}>'
        "<bpmn:loopCardinality>3</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    )
    roots = '<bpmn:signal id="S" name="fertig"/><bpmn:signalEventDefinition id="sd" signalRef="S"/>'
    body = start() + element("userTask", "t", loop) + boundary("b", "t", "signal", "false")
    body += many("task", "h") + end() + line("s", "t", "e") + line("b", "h")
    bench = Bench()
    bench.deploy(file(body, roots))
    case = bench.start("p")

    for _ in range(3):
        case.complete("t")

    assert case.trace.count("h") == times
    assert case.ended


def test_four_eyes_hold_between_the_instances() -> None:
    four = extended(
        '<camunda:properties><camunda:property name="andere_person_als" value="t"/>'
        "</camunda:properties>"
    )
    _, case = begun(element("userTask", "t", four + FOR_EACH.format("false", "")), items=[1, 2])

    case.complete("t", performer="anna")
    with pytest.raises(Exception, match="four eyes"):
        case.complete("t", performer="anna")
    case.complete("t", performer="bert")

    assert case.ended


def test_a_collection_that_is_none_can_be_mended() -> None:
    _, case = begun(element("userTask", "t", FOR_EACH.format("false", "")), items="keine Liste")
    assert [each.kind for each in case.incidents] == ["collection_invalid"]

    case.set(items=["a"])
    case.retry("t")

    assert case.waits_at == ["t"]


@pytest.mark.parametrize("sequential", ["true", "false"])
def test_ten_thousand_items_are_worked_off_in_the_time_of_ten_thousand(sequential: str) -> None:
    task = script("t", "n = n + item", FOR_EACH.format(sequential, ""))
    costs = []
    for count in (1_000, 10_000):
        bench = Bench()
        bench.deploy(file(start() + task + end() + line("s", "t", "e")))
        begun_at = time.process_time()
        case = bench.start("p", items=[1] * count, n=0)
        costs.append(time.process_time() - begun_at)
        assert case.variables["n"] == count
        assert case.trace == ["s", *["t"] * count, "e"]

    assert costs[1] / costs[0] < 30


# --- loops, quantities, ad-hoc ---


def test_a_loop_asked_afterwards_runs_once_at_least_and_not_more_often_than_its_maximum() -> None:
    loop = (
        '<bpmn:standardLoopCharacteristics loopMaximum="{}"><bpmn:loopCondition>'
        "= x &lt; {}</bpmn:loopCondition></bpmn:standardLoopCharacteristics>"
    )

    _, once = begun(script("t", "x = x + 1", loop.format(9, 0)), x=5)
    _, limited = begun(script("t", "x = x + 1", loop.format(4, 100)), x=0)

    assert (once.variables["x"], limited.variables["x"]) == (6, 4)


def test_what_is_produced_in_threes_is_consumed_in_twos() -> None:
    body = start() + many("parallelGateway", "g") + element("task", "a", completionQuantity="3")
    body += element("task", "b", completionQuantity="3")
    body += script("c", "n = n + 1").replace(
        "<bpmn:scriptTask", '<bpmn:scriptTask startQuantity="2"'
    )
    body += line("s", "g", "a", "c") + line("g", "b", "c")
    bench = Bench()
    bench.deploy(file(body))

    case = bench.start("p", n=0)

    assert case.variables["n"] == 3
    assert case.ended


def test_without_cancel_remaining_an_ad_hoc_subprocess_waits_for_what_runs() -> None:
    condition = (
        '<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">= genug'
        "</bpmn:completionCondition>"
    )
    inner = many("userTask", "u", "v", "w") + line("u", "w") + condition
    body = inside("t", inner, "adHocSubProcess", cancelRemainingInstances="false")
    _, case = begun(body, genug=False)

    case.complete("u", genug=True)
    assert case.waits_at == ["v"]
    case.complete("v")

    assert case.trace == ["s", "u", "v", "t", "e"]


# --- listeners, continuations, receive tasks ---


def test_listeners_run_in_their_order_around_a_task() -> None:
    heard = extended(
        "".join(
            f'<camunda:executionListener event="{event}" delegateExpression="${{{event}}}"/>'
            for event in ("start", "end")
        )
        + "".join(
            f'<camunda:taskListener event="{event}" delegateExpression="${{{event}}}"/>'
            for event in ("create", "complete")
        )
    )
    bench = Bench()
    bench.deploy(file(start() + element("userTask", "t", heard) + end() + line("s", "t", "e")))
    order: list[str] = []
    for name in ("start", "create", "complete", "end"):
        bench.handle(name, lambda job, name=name: order.append(name))
    case = bench.start("p")

    case.run_jobs()
    assert order == ["start", "create"]
    case.complete("t")
    case.run_jobs()

    assert order == ["start", "create", "complete", "end"]
    assert case.ended


def test_an_error_of_a_listener_goes_to_the_boundary() -> None:
    heard = extended('<camunda:executionListener event="start" delegateExpression="${l}"/>')
    body = start() + element("userTask", "t", heard) + boundary("b", "t", "error")
    bench = Bench()
    bench.deploy(
        file(body + many("task", "h") + end() + line("s", "t", "e") + line("b", "h"), ERROR)
    )

    def fails(job: object) -> None:
        raise BpmnError("e1")

    bench.handle("l", fails)
    case = bench.start("p")
    case.run_jobs()

    assert case.trace == ["s", "b", "h"]


def test_continuations_stand_around_the_whole_and_around_each_instance() -> None:
    loop = FOR_EACH.format("true", "").replace(
        "camunda:collection", 'camunda:asyncBefore="true" camunda:collection'
    )
    task = script("t", "n = n + item", loop).replace(
        "<bpmn:scriptTask", '<bpmn:scriptTask camunda:asyncAfter="true"'
    )
    _, case = begun(task, items=[1, 2], n=0)
    assert case.variables["n"] == 0
    assert case.waits_at == ["t"]

    case.run_jobs()

    assert case.variables["n"] == 3
    assert case.ended


def test_a_receive_task_begins_an_instance_with_its_message() -> None:
    roots = '<bpmn:message id="M" name="Antrag"/>'
    body = element("receiveTask", "r", messageRef="M", instantiate="true") + many("userTask", "u")
    bench = Bench()
    bench.deploy(file(body + end() + line("r", "u", "e"), roots))

    bench.message("Antrag", nummer=7)

    (case,) = bench.cases
    assert case.variables == {"nummer": 7}
    assert case.trace == ["r"]
    assert case.waits_at == ["u"]


def test_terminate_in_one_instance_leaves_the_others() -> None:
    inner = FOR_EACH.format("false", "") + start("is") + many("parallelGateway", "g")
    inner += many("userTask", "u", "k") + end("ie", "terminate")
    inner += line("is", "g", "u") + line("g", "k", "ie")
    _, case = begun(inside("t", inner), items=[1, 2])

    case.complete("k")
    assert sorted(case.waits_at) == ["k", "u"]
    case.complete("u")
    case.complete("k")

    assert case.trace.count("t") == 2
    assert case.ended


def test_an_escalation_of_each_instance_is_caught_beside_the_activity() -> None:
    inner = FOR_EACH.format("true", "") + start("is") + throw("x", "escalation") + line("is", "x")
    body = start() + inside("t", inner) + boundary("b", "t", "escalation", "false")
    body += many("task", "h") + end() + line("s", "t", "e") + line("b", "h")
    bench = Bench()
    bench.deploy(file(body, '<bpmn:escalation id="X" escalationCode="x1"/>'))

    case = bench.start("p", items=[1, 2])

    assert case.trace.count("h") == 2
    assert case.outcome == "completed"
