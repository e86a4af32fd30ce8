"""What Camunda's models ask of `execution` and `task`: known exactly, or refused by name."""

from __future__ import annotations

import pytest

from bpmn.errors import ModelRefused
from engine import commands
from engine.testing import Bench
from tests.bpmn.drawing import between, file, flow, line
from tests.engine.bureau import Bureau
from tests.engine.constructs import element, end, many, start

SPELLED = {
    "instance": "${execution.processInstanceId}",
    "key": "${execution.getProcessBusinessKey()}",
    "of": "${execution.processDefinitionKey}",
    "definition": "${execution.processDefinitionId}",
    "at": "${execution.currentActivityId}",
}


def keeps(**asked: str) -> str:
    """A task that puts what it asks into variables of the process."""
    parameters = "".join(
        f'<camunda:outputParameter name="{name}">{text}</camunda:outputParameter>'
        for name, text in asked.items()
    )
    return (
        "<bpmn:extensionElements><camunda:inputOutput>"
        f"{parameters}</camunda:inputOutput></bpmn:extensionElements>"
    )


ASKING = between(element("task", "t", keeps(**SPELLED)))


def test_an_expression_asks_for_its_instance_in_a_case() -> None:
    bench = Bench()
    bench.deploy(ASKING)

    case = bench.start("p", business_key="R-7")

    assert case.variables == {
        "instance": case.id, "key": "R-7", "of": "p", "definition": "p:1:1", "at": "t",
    }  # fmt: skip


def test_an_expression_asks_for_its_instance_in_the_engine(bureau: Bureau) -> None:
    waits = element("userTask", "w")
    bureau.deploy(
        file(
            start() + element("task", "t", keeps(**SPELLED)) + waits + end()
            + line("s", "t", "w", "e")
        )
    )  # fmt: skip

    started = bureau.run(commands.StartInstance("p", business_key="R-7"))

    instance = started.id
    assert bureau.values(instance) == {
        "instance": instance, "key": "R-7", "of": "p", "at": "t",
        "definition": started.definition_id,
    }  # fmt: skip


def test_each_called_instance_is_asked_for_itself() -> None:
    called = element("task", "ct", keeps(own="${execution.processInstanceId}"))
    body = start() + element("callActivity", "c", calledElement="q") + line("s", "c")
    body += '</bpmn:process><bpmn:process id="q" isExecutable="true">' + start("qs") + called
    bench = Bench()
    bench.deploy(file(body + line("qs", "ct")))

    case = bench.start("p")

    assert case.children[0].variables == {"own": case.children[0].id}
    assert case.id != case.children[0].id


def test_a_condition_asks_for_the_activity_it_leaves_and_the_key() -> None:
    asked = "${execution.currentActivityId == 'a' and execution.businessKey == 'R-7'}"
    body = start() + element("task", "a", default="a_c") + many("task", "b", "c")
    bench = Bench()
    bench.deploy(file(body + line("s", "a") + flow("a", "b", asked) + flow("a", "c")))

    assert bench.start("p", business_key="R-7").trace == ["s", "a", "b"]
    assert bench.start("p", business_key="R-8").trace == ["s", "a", "c"]


def test_a_task_is_given_to_who_its_key_names() -> None:
    asked = "${task.taskDefinitionKey}-${task.processInstanceId}-${execution.currentActivityId}"
    bench = Bench()
    bench.deploy(between(element("userTask", "t", **{"camunda:assignee": asked})))

    case = bench.start("p")

    assert case.task("t").assignee == f"t-{case.id}-t"


TIMER = "<bpmn:timerEventDefinition><bpmn:timeDate>{}</bpmn:timeDate></bpmn:timerEventDefinition>"
LOOPED = (
    "<bpmn:standardLoopCharacteristics><bpmn:loopCondition>{}</bpmn:loopCondition>"
    "</bpmn:standardLoopCharacteristics>"
)


@pytest.mark.parametrize(
    "body",
    [
        element("task", "t", keeps(x="${execution.id}")),
        element("task", "t", keeps(x="${execution.activityInstanceId}")),
        element("task", "t", keeps(x="${task.taskDefinitionKey}")),
        element("userTask", "t", **{"camunda:assignee": "${task.owner}"}),
        element("task", "t", LOOPED.format("${execution.currentActivityId == 't'}")),
        element("userTask", "t")
        + element("boundaryEvent", "b", TIMER.format("${execution.currentActivityId}"),
                  attachedToRef="t"),
        element("task", "t")
        + element("startEvent", "s2", TIMER.format("${execution.processInstanceId}"))
        + flow("s2", "t"),
    ],
)  # fmt: skip
def test_what_is_not_known_exactly_there_is_refused_by_name(body: str) -> None:
    bench = Bench()

    with pytest.raises(ModelRefused, match=r"(execution|task)\.\w+ cannot be reached here"):
        bench.deploy(between(body))
