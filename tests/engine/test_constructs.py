"""Every construct from BPMN text to its trace: compiled, and run through the Bench."""

from __future__ import annotations

from datetime import timedelta
from textwrap import dedent

import pytest

from engine.testing import Bench, BpmnError
from tests.bpmn.drawing import file, flow, line
from tests.engine.constructs import (
    DEFINITIONS,
    ERROR,
    ESCALATION,
    MESSAGE,
    SIGNAL,
    TRIGGERS,
    UNDO_A,
    UNDO_B,
    WAITING,
    A,
    Act,
    B,
    boundary,
    catch,
    element,
    end,
    inside,
    many,
    message,
    on_event,
    script,
    signal,
    start,
    throw,
    u,
)

MODELS: dict[str, tuple[str, str, list[Act], str]] = {
    # name: body, roots, what is done, the trace
    "implicit start and end": (many("task", "a", "b", "c") + line("a", "b"), "", [], "a b c"),
    "a script task without a script": (
        start() + many("scriptTask", "t") + end() + line("s", "t", "e"), "", [], "s t e",
    ),
    "several flows out of a task are all taken": (
        start() + many("task", "a", "b", "c") + line("s", "a", "b") + flow("a", "c"),
        "",
        [],
        "s a b c",
    ),
    "a called process": (
        start()
        + element("callActivity", "c", calledElement="q")
        + end()
        + line("s", "c", "e")
        + "</bpmn:process>"
        + '<bpmn:process id="q" isExecutable="true">'
        + start("qs")
        + many("userTask", "qu")
        + line("qs", "qu"),
        "",
        [lambda bench, case: case.children[0].complete("qu")],
        "s c e",
    ),
    "a called process that ends with an error": (
        start()
        + element("callActivity", "c", calledElement="q")
        + boundary("b", "c", "error")
        + end()
        + end("e2")
        + line("s", "c", "e")
        + flow("b", "e2")
        + "</bpmn:process>"
        + '<bpmn:process id="q" isExecutable="true">'
        + start("qs")
        + end("qe", "error")
        + line("qs", "qe"),
        ERROR,
        [],
        "s b e2",
    ),
    "a global task": (
        start() + element("callActivity", "c", calledElement="g") + end() + line("s", "c", "e"),
        '<bpmn:globalScriptTask id="g" scriptLanguage="feel"><bpmn:script>y = 5</bpmn:script>'
        "</bpmn:globalScriptTask>",
        [],
        "s c e",
    ),
    "an inclusive gateway": (
        start()
        + element("inclusiveGateway", "g")
        + many("task", "a", "b", "c")
        + element("inclusiveGateway", "j")
        + end()
        + line("s", "g")
        + flow("g", "a", "=x = 0")
        + flow("g", "b", "=x &lt; 5")
        + flow("g", "c", "=x = 9")
        + line("a", "j", "e")
        + line("b", "j")
        + line("c", "j"),
        "",
        [],
        "s a b e",
    ),
    "a signal reaches who waits in the same instance": (
        start()
        + many("parallelGateway", "g")
        + catch("c", "signal")
        + throw("t", "signal")
        + line("s", "g", "c")
        + line("g", "t"),
        SIGNAL,
        [],
        "s t c",
    ),
    "an escalation, caught without an interruption": (
        start()
        + inside("sp", start("is") + throw("t", "escalation") + many("task", "a")
                 + line("is", "t", "a"))
        + boundary("b", "sp", "escalation", "false")
        + many("task", "h")
        + end()
        + line("s", "sp", "e")
        + line("b", "h"),
        ESCALATION,
        [],
        "s is t a sp e b h",
    ),
    "an error end event goes to the boundary": (
        start()
        + inside("sp", start("is") + end("ie", "error") + line("is", "ie"))
        + boundary("b", "sp", "error")
        + many("task", "h")
        + end()
        + line("s", "sp", "e")
        + line("b", "h"),
        ERROR,
        [],
        "s is ie b h",
    ),
    "an error starts an event subprocess": (
        start() + end("ee", "error") + line("s", "ee") + on_event("error"),
        ERROR,
        [],
        "s ee es_s es_t es_e es",
    ),
    "terminate ends its scope alone": (
        start()
        + inside("sp", start("is") + many("parallelGateway", "g") + many("userTask", "never")
                 + end("ie", "terminate") + line("is", "g", "never") + line("g", "ie"))
        + end()
        + line("s", "sp", "e"),
        "",
        [],
        "s is ie sp e",
    ),
    "compensation of all, the last one first": (
        start() + A + B + throw("t", "compensate") + end() + line("s", "a", "b", "t", "e")
        + UNDO_A + UNDO_B,
        "",
        [],
        "s a b undo_b undo_a t e",
    ),
    "compensation reaches into a subprocess that completed": (
        start() + inside("sp", start("is") + A + line("is", "a") + UNDO_A)
        + end("e", "compensate") + line("s", "sp", "e"),
        "",
        [],
        "s is a sp undo_a e",
    ),
    "a transaction that is cancelled": (
        start()
        + inside("tx", start("is") + A + end("ce", "cancel") + line("is", "a", "ce") + UNDO_A,
                 "transaction")
        + boundary("cb", "tx", "cancel")
        + many("task", "after")
        + end()
        + line("s", "tx", "e")
        + line("cb", "after"),
        "",
        [],
        "s is a undo_a ce cb after",
    ),
    "a multiple event takes the first": (
        start()
        + element("intermediateCatchEvent", "c", DEFINITIONS["message"] + DEFINITIONS["signal"])
        + end()
        + line("s", "c", "e"),
        MESSAGE + SIGNAL,
        [signal],
        "s c e",
    ),
    "a parallel multiple event needs all": (
        start()
        + element(
            "intermediateCatchEvent",
            "c",
            DEFINITIONS["message"] + DEFINITIONS["signal"],
            parallelMultiple="true",
        )
        + end()
        + line("s", "c", "e"),
        MESSAGE + SIGNAL,
        [signal, message],
        "s c e",
    ),
}  # fmt: skip

for name, act in TRIGGERS.items():
    MODELS[f"a catch event: {name}"] = (
        start() + catch("c", name) + end() + line("s", "c", "e"), MESSAGE + SIGNAL, [act], "s c e",
    )  # fmt: skip
    MODELS[f"an interrupting boundary event: {name}"] = (
        WAITING + boundary("b", "u", name) + many("task", "h") + line("b", "h"),
        MESSAGE + SIGNAL, [act], "s b h",
    )  # fmt: skip
    MODELS[f"a boundary event beside its task: {name}"] = (
        WAITING + boundary("b", "u", name, "false") + many("task", "h") + line("b", "h"),
        MESSAGE + SIGNAL, [act, u], "s b h u e",
    )  # fmt: skip
    MODELS[f"an interrupting event subprocess: {name}"] = (
        WAITING + on_event(name), MESSAGE + SIGNAL, [act], "s es_s es_t es_e es",
    )  # fmt: skip
    MODELS[f"an event subprocess beside: {name}"] = (
        WAITING + on_event(name, "false"), MESSAGE + SIGNAL, [act, u], "s es_s es_t es_e es u e",
    )  # fmt: skip
    MODELS[f"an event-based gateway: {name}"] = (
        start()
        + many("eventBasedGateway", "g")
        + catch("c", name)
        + element("intermediateCatchEvent", "other", '<bpmn:messageEventDefinition '
                  'messageRef="other_m"/>')
        + end()
        + line("s", "g", "c", "e")
        + line("g", "other", "e"),
        MESSAGE + SIGNAL + '<bpmn:message id="other_m" name="other"/>', [act], "s c e",
    )  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_construct_runs_as_bpmn_says(name: str) -> None:
    body, roots, acts, trace = MODELS[name]
    bench = Bench()
    bench.deploy(file(body, roots))

    case = bench.start("p", x=0)
    for act in acts:
        assert not case.ended
        act(bench, case)

    assert case.trace == trace.split()
    assert case.incidents == []
    assert case.ended


@pytest.mark.parametrize(("trigger", "act"), [("message", message), ("signal", signal)])
def test_a_process_begins_at_its_trigger(trigger: str, act: Act) -> None:
    bench = Bench()
    bench.deploy(file(start("s", trigger) + many("task", "t") + line("s", "t"), MESSAGE + SIGNAL))

    act(bench, None)  # type: ignore[arg-type]

    assert [case.trace for case in bench.cases] == [["s", "t"]]


def test_a_process_begins_when_its_time_has_come() -> None:
    bench = Bench()
    bench.deploy(file(start("s", "timer") + many("task", "t") + line("s", "t")))

    bench.advance(timedelta(hours=1))

    assert [case.trace for case in bench.cases] == [["s", "t"]]


def test_a_process_begins_when_its_condition_is_true() -> None:
    bench = Bench()
    bench.deploy(file(start("s", "condition") + many("task", "t") + line("s", "t")))

    assert bench.conditions(x=0) == []
    assert [case.trace for case in bench.conditions(x=1)] == [["s", "t"]]
    assert bench.start("p", x=1).trace == ["s", "t"]


def test_a_signal_of_one_case_reaches_another_and_starts_a_third() -> None:
    thrower = start() + throw("t", "signal") + line("s", "t")
    body = dedent(f"""{thrower}</bpmn:process>
        <bpmn:process id="q" isExecutable="true">{start("qs")}{catch("qc", "signal")}
        {line("qs", "qc")}</bpmn:process>
        <bpmn:process id="r" isExecutable="true">{start("rs", "signal")}{many("task", "rt")}
        {line("rs", "rt")}""")
    bench = Bench()
    bench.deploy(file(body, SIGNAL))
    waiting = bench.start("q")

    bench.start("p")

    assert waiting.trace == ["qs", "qc"]
    assert [case.trace for case in bench.cases][2:] == [["rs", "rt"]]


def test_who_gives_up_a_call_cancels_what_it_called() -> None:
    body = (
        start()
        + element("callActivity", "c", calledElement="q")
        + boundary("b", "c", "timer")
        + end()
        + line("s", "c", "e")
        + line("b", "e")
        + f'</bpmn:process><bpmn:process id="q" isExecutable="true">{WAITING}'
    )
    bench = Bench()
    bench.deploy(file(body.replace('id="s"', 'id="s"', 1)) if "qs" in body else _apart(body))
    case = bench.start("p")
    assert case.waits_at == ["c"]

    bench.advance(timedelta(hours=1))

    assert case.trace == ["s", "b", "e"]
    assert case.children[0].outcome == "cancelled"


def _apart(body: str) -> bytes:
    """The second process of the body with ids of its own."""
    first, second = body.split("</bpmn:process>")
    for name in ("s", "u", "e"):
        for attribute in ("id", "sourceRef", "targetRef"):
            second = second.replace(f'{attribute}="{name}"', f'{attribute}="q{name}"')
    second = second.replace('id="s_u"', 'id="qs_u"').replace('id="u_e"', 'id="qu_e"')
    return file(f"{first}</bpmn:process>{second}")


def test_a_process_that_calls_itself_for_ever_is_stopped() -> None:
    body = start() + element("callActivity", "c", calledElement="p") + line("s", "c")
    bench = Bench()
    bench.deploy(file(body))

    case = bench.start("p")

    assert not case.ended
    assert [each.kind for each in bench.cases[-1].incidents] == ["call_too_deep"]


def test_a_task_ends_with_an_error_that_its_boundary_catches() -> None:
    bench = Bench()
    body = WAITING + boundary("b", "u", "error") + many("task", "h") + line("b", "h")
    bench.deploy(file(body, ERROR))
    case = bench.start("p")

    case.throw(BpmnError("e1"), at="u")

    assert case.trace == ["s", "b", "h"]


def test_an_activity_of_an_ad_hoc_subprocess_is_selected_once_more() -> None:
    asked = (
        '<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">=n = 2'
        "</bpmn:completionCondition>"
    )
    body = start() + inside("ah", script("t", "n = n + 1") + asked, "adHocSubProcess") + end()
    bench = Bench()
    bench.deploy(file(body + line("s", "ah", "e")))
    case = bench.start("p", n=0)
    assert case.waits_at == ["ah"]

    case.select("t")

    assert case.trace == ["s", "t", "t", "ah", "e"]
