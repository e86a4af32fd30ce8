"""Events in every place, in plain BPMN (BPMN 2.0 §10.5, §13.5): time, conditions, several triggers,
what begins a process, and how errors and escalations are caught."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bpmn.errors import ModelRefused
from engine.testing import Bench
from tests.bpmn.drawing import flow, line
from tests.engine.constructs import (
    DEFINITIONS,
    ERROR,
    ESCALATION,
    MESSAGE,
    OTHER,
    SIGNAL,
    WAITING,
    Act,
    boundary,
    catch,
    completes,
    element,
    end,
    formal,
    hour,
    inside,
    many,
    message,
    on_event,
    passes,
    plain,
    played,
    script,
    sets,
    signal,
    start,
    throw,
    time,
    u,
)

ROOTS = MESSAGE + SIGNAL + ERROR + ESCALATION + '<bpmn:message id="M2" name="m2"/>'
FEEL = "https://www.omg.org/spec/FEEL/20140401"
HANDLED = many("task", "h") + line("b", "h")


def event(kind: str, id_: str, content: str, **attributes: str) -> str:
    return element(kind, id_, content, **attributes)


def caught(definition: str) -> str:
    """start → a catch event `c` → end."""
    return start() + event("intermediateCatchEvent", "c", definition) + end() + line("s", "c", "e")


TIMES = [
    ("Date", "2026-01-05T09:00:00Z", ""),
    ("Date", "2026-01-06", ""),
    ("Date", 'date and time("2026-01-05T09:00:00Z")', ""),
    ("Duration", "PT1H", ""),
    ("Duration", "PT1H", FEEL),
    ("Duration", "wait", FEEL),
    ("Duration", 'duration("PT1H")', ""),
    ("Duration", '@"PT1H"', ""),
    ("Duration", "= wait", ""),
    ("Duration", "${wait}", ""),
    ("Cycle", "R2/PT30M", ""),
    ("Cycle", "0 0 9 * * ?", ""),
]


@pytest.mark.parametrize(("kind", "text", "language"), TIMES)
def test_a_moment_comes_however_it_is_written(kind: str, text: str, language: str) -> None:
    bench = Bench()
    bench.deploy(plain(caught(time(kind, text)), "", language))
    case = bench.start("p", wait="PT1H")
    assert case.waits_at == ["c"]

    bench.advance(timedelta(days=2))

    assert case.trace == ["s", "c", "e"]


@pytest.mark.parametrize("language", ["", FEEL])
@pytest.mark.parametrize(("kind", "text"), [("Duration", "PT15"), ("Cycle", "R3/PT10")])
def test_a_misspelt_moment_is_refused(kind: str, text: str, language: str) -> None:
    with pytest.raises(ModelRefused, match=r"\[timer\]"):
        Bench().deploy(plain(caught(time(kind, text)), "", language))


def around(definition: str, cancel: str, **attributes: str) -> str:
    """A user task with a boundary event."""
    return (
        WAITING
        + HANDLED
        + event(
            "boundaryEvent", "b", definition, attachedToRef="u", cancelActivity=cancel, **attributes
        )
    )


def beside(definition: str, interrupting: str, **attributes: str) -> str:
    """A user task, and an event subprocess of its process."""
    begun = event("startEvent", "es_s", definition, isInterrupting=interrupting, **attributes)
    return WAITING + inside("es", begun + many("task", "t") + line("es_s", "t"),
                            triggeredByEvent="true")  # fmt: skip


THRICE = time("Cycle", "R3/PT10S")
CONDITION = (
    "<bpmn:conditionalEventDefinition>"
    + formal("condition", "x {} 5")
    + "</bpmn:conditionalEventDefinition>"
)
MORE, LESS = CONDITION.format("&gt;"), CONDITION.format("&lt;")
EITHER = DEFINITIONS["message"] + DEFINITIONS["signal"]
BOTH = {"parallelMultiple": "true"}
MODELS: dict[str, tuple[str, list[Act], str]] = {
    "a cycle at a boundary comes again": (
        around(THRICE, "false"), [passes(minutes=1), u], "s b h b h b h u e",
    ),
    "a cycle that interrupts comes once": (
        around(THRICE, "true"), [passes(minutes=1)], "s b h",
    ),
    "a cycle begins an event subprocess again": (
        beside(THRICE, "false"), [passes(seconds=25), u], "s es_s t es es_s t es u e",
    ),
    "a condition that is true already": (caught(LESS), [], "s c e"),
    "a condition that becomes true": (
        around(MORE, "false"),
        [sets(x=6), sets(x=7), sets(x=1), sets(x=8), u],
        "s b h b h u e",
    ),
    "several triggers at a boundary, each of them": (
        around(EITHER, "false"), [message, signal, message, u], "s b h b h b h u e",
    ),
    "several triggers at a boundary, all of them": (
        around(EITHER, "false", **BOTH),
        [message, signal, signal, message, u],
        "s b h b h u e",
    ),
    "several triggers of an event subprocess, all of them": (
        beside(EITHER, "true", **BOTH), [signal, message], "s es_s t es",
    ),
    "a message and a time, both needed": (
        around(DEFINITIONS["message"] + time("Duration", "PT1H"), "true", **BOTH),
        [message, hour],
        "s b h",
    ),
    "an event subprocess outlives the flow around it": (
        WAITING + inside("es", start("es_s", "message", isInterrupting="false")
                         + many("userTask", "eu") + line("es_s", "eu"), triggeredByEvent="true"),
        [message, u, completes("eu")],
        "s es_s u e eu es",
    ),
    "an event subprocess within an event subprocess": (
        start()
        + inside("sp", start("is") + many("userTask", "iu") + line("is", "iu")
                 + inside("eo", start("eo_s", "message") + many("userTask", "eu")
                          + line("eo_s", "eu") + on_event("signal"), triggeredByEvent="true"))
        + end() + line("s", "sp", "e"),
        [message, signal],
        "s is eo_s es_s es_t es_e es eo sp e",
    ),
    "terminate in an event subprocess ends that alone": (
        start()
        + inside("sp", start("is") + many("userTask", "u") + line("is", "u")
                 + inside("es", start("es_s", "message", isInterrupting="false")
                          + many("parallelGateway", "g") + many("userTask", "eu")
                          + end("ee", "terminate") + line("es_s", "g", "eu") + line("g", "ee"),
                          triggeredByEvent="true"))
        + end() + line("s", "sp", "e"),
        [message, u],
        "s is es_s ee es u sp e",
    ),
    "an event gateway takes a receive task": (
        start() + many("eventBasedGateway", "g") + element("receiveTask", "r", messageRef="M")
        + catch("c", "timer") + many("task", "a", "b") + line("s", "g", "r", "a")
        + line("g", "c", "b"),
        [message],
        "s r a",
    ),
    "an event gateway hears a signal of its own instance": (
        start() + many("parallelGateway", "f") + many("eventBasedGateway", "g")
        + catch("c", "signal") + catch("m", "message") + throw("t", "signal")
        + many("task", "a", "b", "x") + line("s", "f", "g", "c", "a") + line("g", "m", "b")
        + line("f", "t", "x"),
        [],
        "s t x c a",
    ),
    "several links lead to one": (
        start() + many("parallelGateway", "g")
        + event("intermediateThrowEvent", "l1", '<bpmn:linkEventDefinition name="L"/>')
        + event("intermediateThrowEvent", "l2", '<bpmn:linkEventDefinition name="L"/>')
        + event("intermediateCatchEvent", "l", '<bpmn:linkEventDefinition name="L"/>')
        + many("task", "a") + line("s", "g", "l1") + line("g", "l2") + line("l", "a"),
        [],
        "s l1 l a l2 l a",
    ),
    "a link goes back": (
        start() + event("intermediateThrowEvent", "l1", '<bpmn:linkEventDefinition name="L"/>')
        + event("intermediateCatchEvent", "l", '<bpmn:linkEventDefinition name="L"/>')
        + script("t", "x = x + 3") + element("exclusiveGateway", "g", default="g_e") + end()
        + line("s", "t") + line("l", "t", "g") + flow("g", "l1", "x &lt; 6") + flow("g", "e"),
        [],
        "s t l1 l t e",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_an_event_happens_as_often_as_it_may(name: str) -> None:
    body, acts, trace = MODELS[name]

    case = played(body, ROOTS, acts, {"x": 0})

    assert " ".join(case.trace) == trace
    assert case.ended


INNER = start("is") + throw("t", "escalation") + many("task", "x") + line("is", "t", "x")
FAILS = start("is") + end("ie", "error") + line("is", "ie")
PROPAGATED: dict[str, tuple[str, str]] = {
    "an event subprocess comes before the boundary": (
        start() + inside("sp", FAILS + on_event("error")) + boundary("b", "sp", "error") + HANDLED
        + end() + line("s", "sp", "e"),
        "s is ie es_s es_t es_e es sp e",
    ),
    "what an event subprocess throws anew reaches the boundary": (
        start()
        + inside("sp", FAILS + inside("es", start("es_s", "error") + end("ee", "error")
                                      + line("es_s", "ee"), triggeredByEvent="true"))
        + boundary("b", "sp", "error") + HANDLED + end() + line("s", "sp", "e"),
        "s is ie es_s ee b h",
    ),
    "an escalation is caught two levels above, and the flow goes on": (
        start() + inside("o", start("os") + inside("i", INNER)
                         + many("task", "y") + line("os", "i", "y"))
        + boundary("b", "o", "escalation", "false") + HANDLED + end() + line("s", "o", "e"),
        "s os is t x i y o e b h",
    ),
    "the innermost catches an escalation": (
        start()
        + inside("o", start("os") + inside("i", INNER) + boundary("bi", "i", "escalation", "false")
                 + many("task", "y", "z") + line("bi", "z") + line("os", "i", "y"))
        + boundary("b", "o", "escalation", "false") + HANDLED + end() + line("s", "o", "e"),
        "s os is t x i y bi z o e",
    ),
    "an escalation of a called process, and the call goes on": (
        start() + element("callActivity", "c", calledElement="q")
        + boundary("b", "c", "escalation", "false") + HANDLED + end() + line("s", "c", "e")
        + OTHER + start("qs") + throw("qt", "escalation") + many("task", "qx")
        + line("qs", "qt", "qx"),
        "s b h c e",
    ),
    "an escalation of a called process begins an event subprocess of the caller": (
        start() + element("callActivity", "c", calledElement="q") + end() + line("s", "c", "e")
        + on_event("escalation", "false") + OTHER + start("qs") + end("qe", "escalation")
        + line("qs", "qe"),
        "s es_s es_t es_e es c e",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROPAGATED)
def test_errors_and_escalations_go_outwards_to_the_first_who_catches(name: str) -> None:
    body, trace = PROPAGATED[name]

    case = played(body, ROOTS, [])

    assert case.ended
    assert " ".join(case.trace) == trace


GATE = (
    element("eventBasedGateway", "g", instantiate="true", eventGatewayType="{}")
    + catch("c", "message")
    + event("intermediateCatchEvent", "d", '<bpmn:messageEventDefinition messageRef="M2"/>')
    + many("task", "a", "b")
    + line("g", "c", "a")
    + line("g", "d", "b")
)
BEGUN: dict[str, tuple[str, list[str], list[str]]] = {
    # model, messages, traces
    "an instantiating gateway takes one": (GATE.format("Exclusive"), ["m"], ["c a"]),
    "each message begins an instance": (GATE.format("Exclusive"), ["m", "m2"], ["c a", "d b"]),
    "a parallel one waits for all": (GATE.format("Parallel"), ["m2", "m"], ["d b c a"]),
    "a receive task that instantiates": (
        element("receiveTask", "r", messageRef="M", instantiate="true")
        + many("task", "a") + line("r", "a"),
        ["m"],
        ["r a"],
    ),
    "a start event of several triggers": (
        element("startEvent", "s", EITHER) + many("task", "a") + line("s", "a"), ["m"], ["s a"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BEGUN)
def test_a_message_begins_an_instance(name: str) -> None:
    body, messages, traces = BEGUN[name]
    bench = Bench()
    bench.deploy(plain(body, ROOTS))

    for each in messages:
        bench.message(each)

    assert [" ".join(case.trace) for case in bench.cases] == traces
    assert all(case.ended for case in bench.cases)


@pytest.mark.parametrize(("text", "starts"), [("R3/PT10S", 3), ("R/PT10S", 6)])
def test_a_cycle_starts_an_instance_each_time(text: str, starts: int) -> None:
    bench = Bench()
    begins = event("startEvent", "s", time("Cycle", text)) + many("task", "a")
    bench.deploy(plain(begins + line("s", "a")))

    bench.advance(timedelta(minutes=1))

    assert [case.trace for case in bench.cases] == [["s", "a"]] * starts


def pools(flows: str) -> str:
    """Two pools, and the message flows between them."""
    return (
        '<bpmn:collaboration id="pools"><bpmn:participant id="one" processRef="p"/>'
        f'<bpmn:participant id="other" processRef="q"/>{flows}</bpmn:collaboration>'
    )


@pytest.mark.parametrize("tasks", [True, False])
def test_what_goes_between_pools_is_said_by_their_message_flows(tasks: bool) -> None:
    unsaid = "<bpmn:messageEventDefinition/>"
    one, two, back = (
        (element("sendTask", "t"), element("receiveTask", "c"), element("sendTask", "qt"))
        if tasks
        else (
            event("intermediateThrowEvent", "t", unsaid),
            event("intermediateCatchEvent", "c", unsaid),
            event("intermediateThrowEvent", "qt", unsaid),
        )
    )
    asks = start() + one + two + end() + line("s", "t", "c", "e")
    answers = event("startEvent", "qs", unsaid) + back + end("qe") + line("qs", "qt", "qe")
    flows = (
        '<bpmn:messageFlow id="asked" sourceRef="t" targetRef="qs"/>'
        '<bpmn:messageFlow id="answered" sourceRef="qt" targetRef="c"/>'
    )
    bench = Bench()
    bench.deploy(plain(asks + OTHER + answers, pools(flows)))

    bench.start("p")

    assert [case.trace for case in bench.cases] == [["s", "t", "c", "e"], ["qs", "qt", "qe"]]
