"""Events and gateways from the drawing to the end: compiled, run on the Bench, driven as a person
and the world around would."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.testing import Bench, BpmnError, Case
from tests.bpmn.drawing import file, flow, line

ROOTS = (
    '<bpmn:message id="m" name="Post"/><bpmn:signal id="sig" name="Alarm"/>'
    '<bpmn:error id="err" errorCode="E"/><bpmn:escalation id="esc" escalationCode="X"/>'
)
MESSAGE = '<bpmn:messageEventDefinition messageRef="m"/>'
SIGNAL = '<bpmn:signalEventDefinition signalRef="sig"/>'
ERROR = '<bpmn:errorEventDefinition errorRef="err"/>'
ESCALATION = '<bpmn:escalationEventDefinition escalationRef="esc"/>'
COMPENSATE = "<bpmn:compensateEventDefinition/>"
CANCEL = "<bpmn:cancelEventDefinition/>"
HOUR = (
    "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration>"
    "</bpmn:timerEventDefinition>"
)
HIGH = (
    '<bpmn:conditionalEventDefinition><bpmn:condition xsi:type="bpmn:tFormalExpression">'
    "= x > 5</bpmn:condition></bpmn:conditionalEventDefinition>"
)


def node(kind: str, name: str, inside: str = "", attributes: str = "") -> str:
    return f'<bpmn:{kind} id="{name}" {attributes}>{inside}</bpmn:{kind}>'


def nodes(kind: str, *names: str) -> str:
    return "".join(node(kind, name) for name in names)


def boundary(name: str, host: str, event: str, *, interrupting: bool = True) -> str:
    stops = "true" if interrupting else "false"
    attributes = f'attachedToRef="{host}" cancelActivity="{stops}"'
    return node("boundaryEvent", name, event, attributes)


def event_subprocess(event: str, *, interrupting: bool = True) -> str:
    """`ss`, then the user task `h`."""
    stops = "true" if interrupting else "false"
    start = node("startEvent", "ss", event, f'isInterrupting="{stops}"')
    body = start + nodes("userTask", "h") + nodes("endEvent", "he") + line("ss", "h", "he")
    return node("subProcess", "es", body, 'triggeredByEvent="true"')


def begun(body: str, **variables: object) -> tuple[Bench, Case]:
    bench = Bench()
    bench.deploy(file(body, ROOTS))
    return bench, bench.start("p", **variables)  # type: ignore[arg-type]


def test_an_inclusive_pair_joins_what_it_has_split() -> None:
    body = nodes("startEvent", "s") + nodes("endEvent", "e") + nodes("task", "a", "b", "c", "x")
    body += node("inclusiveGateway", "f", attributes='default="f_c"') + nodes(
        "inclusiveGateway", "j"
    )
    body += line("s", "f") + flow("f", "a", "= n > 1") + flow("f", "b", "= n > 2") + flow("f", "c")
    body += line("a", "j") + line("b", "j") + line("c", "j", "x", "e")

    traces = [begun(body, n=n)[1].trace for n in (1, 2, 3)]

    assert traces == [
        ["s", "c", "x", "e"], ["s", "a", "x", "e"], ["s", "a", "b", "x", "e"],
    ]  # fmt: skip


def test_a_complex_gateway_goes_on_with_two_of_three() -> None:
    condition = "<bpmn:activationCondition>= activationCount >= 2</bpmn:activationCondition>"
    body = (
        nodes("startEvent", "s") + nodes("parallelGateway", "f") + nodes("userTask", "a", "b", "c")
    )
    body += node("complexGateway", "g", condition) + nodes("task", "x") + nodes("endEvent", "e")
    body += line("s", "f", "a", "g", "x", "e") + line("f", "b", "g") + line("f", "c", "g")
    _, case = begun(body)

    case.complete("c")
    case.complete("a")
    assert case.trace == ["s", "c", "a", "x", "e"]
    assert not case.ended
    case.complete("b")

    assert case.trace == ["s", "c", "a", "x", "e", "b"]
    assert case.ended


def test_an_event_based_gateway_takes_what_comes_first() -> None:
    body = (
        nodes("startEvent", "s") + nodes("eventBasedGateway", "g") + nodes("endEvent", "e1", "e2")
    )
    body += node("intermediateCatchEvent", "m1", MESSAGE) + node(
        "intermediateCatchEvent", "t", HOUR
    )
    body += line("s", "g", "m1", "e1") + line("g", "t", "e2")
    bench, early = begun(body)
    bench.message("Post")
    late = bench.start("p")

    bench.advance(timedelta(hours=1))

    assert early.trace == ["s", "m1", "e1"]
    assert late.trace == ["s", "t", "e2"]


def test_a_signal_reaches_its_own_instance() -> None:
    body = nodes("startEvent", "s") + nodes("parallelGateway", "f") + nodes("endEvent", "e")
    body += node("intermediateCatchEvent", "c", SIGNAL) + node("endEvent", "t", SIGNAL)
    body += line("s", "f", "c", "e") + line("f", "t")

    _, case = begun(body)

    assert case.trace == ["s", "t", "c", "e"]
    assert case.ended


@pytest.mark.parametrize("variables", [{}, {"x": None}, {"x": 5}])
def test_a_condition_waits_until_its_variables_are_there_and_true(
    variables: dict[str, object],
) -> None:
    body = nodes("startEvent", "s") + nodes("endEvent", "e")
    body += node("intermediateCatchEvent", "c", HIGH) + line("s", "c", "e")
    _, case = begun(body, **variables)
    assert case.incidents == []

    case.set(x=6)

    assert case.trace == ["s", "c", "e"]


def test_an_event_subprocess_interrupts_or_runs_beside() -> None:
    for interrupting in (True, False):
        body = nodes("startEvent", "s") + nodes("userTask", "u") + nodes("endEvent", "e")
        body += line("s", "u", "e") + event_subprocess(MESSAGE, interrupting=interrupting)
        bench, case = begun(body)

        bench.message("Post", n=1)
        case.complete("h")
        if not interrupting:
            case.complete("u")

        ends = ["es"] if interrupting else ["es", "u", "e"]
        assert case.trace == ["s", "ss", "h", "he", *ends]
        assert case.ended
        assert case.variables == {"n": 1}


def test_an_escalation_and_an_error_find_their_way_out() -> None:
    inner = nodes("startEvent", "is") + node("intermediateThrowEvent", "up", ESCALATION)
    inner += node("endEvent", "x", ERROR) + line("is", "up", "x")
    body = nodes("startEvent", "s") + node("subProcess", "outer", node("subProcess", "sub", inner))
    body += boundary("seen", "outer", ESCALATION, interrupting=False) + nodes(
        "endEvent", "e1", "e2"
    )
    body += boundary("failed", "outer", ERROR) + line("s", "outer", "e1") + line("seen", "e1")
    body += line("failed", "e2")

    _, case = begun(body)

    assert case.trace == ["s", "is", "up", "x", "failed", "e2", "seen", "e1"]
    assert case.ended


def booked(kind: str, last: str, guard: str = "") -> str:
    """A scope with two activities that have handlers, then `x`, which is given as `last`."""
    body = nodes("startEvent", "is") + nodes("task", "a", "b") + last + line("is", "a", "b", "x")
    associations = ""
    for name in ("a", "b"):
        body += boundary(f"on_{name}", name, COMPENSATE)
        body += node("task", f"undo_{name}", attributes='isForCompensation="true"')
        ends = f'sourceRef="on_{name}" targetRef="undo_{name}"'
        associations += f'<bpmn:association id="as_{name}" {ends}/>'
    return node(kind, "sub", body + guard + associations)


def test_a_completed_subprocess_is_compensated_in_reverse_order() -> None:
    body = nodes("startEvent", "s") + booked("subProcess", nodes("endEvent", "x"))
    body += node("endEvent", "e", COMPENSATE) + line("s", "sub", "e")

    _, case = begun(body)

    assert case.trace == ["s", "is", "a", "b", "x", "sub", "undo_b", "undo_a", "e"]
    assert case.ended


def test_a_cancelled_transaction_compensates_and_leaves_by_its_boundary() -> None:
    body = nodes("startEvent", "s") + booked("transaction", node("endEvent", "x", CANCEL))
    body += boundary("no", "sub", CANCEL) + nodes("endEvent", "e", "e2")
    body += line("s", "sub", "e") + line("no", "e2")

    _, case = begun(body)

    assert case.trace == ["s", "is", "a", "b", "undo_b", "undo_a", "x", "no", "e2"]


def test_an_error_event_subprocess_undoes_what_was_done() -> None:
    undo = node("startEvent", "ss", ERROR) + node("endEvent", "he", COMPENSATE) + line("ss", "he")
    guard = node("subProcess", "es", undo, 'triggeredByEvent="true"')
    scope = booked("subProcess", node("serviceTask", "x", attributes='camunda:topic="work"'), guard)
    body = nodes("startEvent", "s") + scope + nodes("endEvent", "e") + line("s", "sub", "e")
    _, case = begun(body)

    case.throw(BpmnError("E"), at="x")

    assert case.trace == ["s", "is", "a", "b", "ss", "undo_b", "undo_a", "he", "es", "sub", "e"]
    assert case.ended


def test_links_jump() -> None:
    link = '<bpmn:linkEventDefinition name="L"/>'
    body = nodes("startEvent", "s") + nodes("endEvent", "e")
    body += node("intermediateThrowEvent", "here", link)
    body += node("intermediateCatchEvent", "there", link) + line("s", "here") + line("there", "e")

    _, case = begun(body)

    assert case.trace == ["s", "here", "there", "e"]


def test_a_parallel_multiple_event_waits_for_all_of_its_definitions() -> None:
    body = nodes("startEvent", "s") + nodes("endEvent", "e") + line("s", "c", "e")
    body += node("intermediateCatchEvent", "c", MESSAGE + HOUR, 'parallelMultiple="true"')
    bench, case = begun(body)

    bench.advance(timedelta(hours=1))
    assert not case.ended
    bench.message("Post")

    assert case.trace == ["s", "c", "e"]
