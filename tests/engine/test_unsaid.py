"""Plain BPMN leaves some things unsaid; what happens then is the standard's, and can be steered."""

from __future__ import annotations

import pytest

from bpmn.check import check_file
from engine.testing import Bench
from tests.bpmn.drawing import between, file, line

TWO_STARTS = file(
    '<bpmn:startEvent id="a"/><bpmn:startEvent id="b"/><bpmn:task id="after_a"/>'
    '<bpmn:task id="after_b"/><bpmn:endEvent id="e"/>'
    + line("a", "after_a", "e")
    + line("b", "after_b", "e")
)
KINDS = ("serviceTask", "sendTask", "businessRuleTask")


def deployed(source: bytes) -> Bench:
    bench = Bench()
    bench.deploy(source)
    return bench


def test_a_process_with_several_plain_starts_begins_at_the_first() -> None:
    case = deployed(TWO_STARTS).start("p")

    assert case.trace == ["a", "after_a", "e"]
    assert case.ended


def test_a_process_with_several_plain_starts_begins_at_the_one_that_is_asked_for() -> None:
    case = deployed(TWO_STARTS).start("p", at="b")

    assert case.trace == ["b", "after_b", "e"]
    assert case.ended


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_task_waits_under_its_id_until_its_work_is_done(kind: str) -> None:
    case = deployed(between(f'<bpmn:{kind} id="t"/>')).start("p")

    assert case.waits_at == ["t"]
    case.complete("t", done=True)
    assert case.trace == ["s", "t", "e"]
    assert case.variables == {"done": True}


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_task_is_done_by_the_handler_of_its_id(kind: str) -> None:
    bench = deployed(between(f'<bpmn:{kind} id="t"/>'))
    bench.handle("t", lambda _job: {"done": True})
    case = bench.start("p")

    case.run_jobs()

    assert case.ended
    assert case.variables == {"done": True}


@pytest.mark.parametrize("kind", [*KINDS, "receiveTask"])
def test_what_is_left_unsaid_is_warned_of(kind: str) -> None:
    found = check_file("x.bpmn", between(f'<bpmn:{kind} id="t"/>'))

    assert [(f.rule, f.severity, f.element) for f in found] == [("work-open", "warning", "t")]


def test_a_plain_receive_task_waits_for_the_message_of_its_id() -> None:
    bench = deployed(between('<bpmn:receiveTask id="t"/>'))
    case = bench.start("p")

    assert case.waits_at == ["t"]
    bench.message("t", amount=1)
    assert case.ended
    assert case.variables == {"amount": 1}


def test_a_plain_send_task_throws_the_message_of_its_flow() -> None:
    other = (
        '<bpmn:process id="q" isExecutable="true"><bpmn:startEvent id="x"/>'
        '<bpmn:receiveTask id="r"/><bpmn:endEvent id="y"/>' + line("x", "r", "y")
        + "</bpmn:process>"
        '<bpmn:collaboration id="c"><bpmn:participant id="one" processRef="p"/>'
        '<bpmn:participant id="two" processRef="q"/>'
        '<bpmn:messageFlow id="mf" sourceRef="t" targetRef="r"/></bpmn:collaboration>'
    )  # fmt: skip
    bench = deployed(between('<bpmn:sendTask id="t"/>', root=other))
    receiver = bench.start("q")

    sender = bench.start("p")

    assert sender.ended
    assert receiver.ended


@pytest.mark.parametrize("kind", ["exclusive", "parallel", "inclusive", "complex"])
def test_where_no_end_is_drawn_a_gateway_may_be_the_last_to_merge(kind: str) -> None:
    case = deployed(
        file(
            '<bpmn:startEvent id="s"/><bpmn:task id="a"/><bpmn:userTask id="b"/>'
            f'<bpmn:{kind}Gateway id="g"/>' + line("s", "a", "g") + line("s", "b", "g")
        )
    ).start("p")

    assert case.waits_at == ["b"]
    case.complete("b")
    assert case.ended
    assert case.trace == ["s", "a", "b"]


def test_where_an_end_is_drawn_a_gateway_leads_on() -> None:
    source = file(
        '<bpmn:startEvent id="s"/><bpmn:task id="a"/><bpmn:task id="b"/>'
        '<bpmn:parallelGateway id="g"/><bpmn:endEvent id="e"/>'
        + line("s", "a", "g") + line("s", "b", "g") + line("s", "e")
    )  # fmt: skip

    errors = [f for f in check_file("x.bpmn", source) if f.severity == "error"]

    assert [(f.rule, f.element) for f in errors] == [("gateway-without-outgoing", "g")]
