"""What an event throws may end the very scope that it lies in: the event itself has completed."""

from __future__ import annotations

import pytest

from engine.testing import Bench
from tests.bpmn.drawing import file, flow, line
from tests.engine.constructs import (
    DEFINITIONS,
    ERROR,
    ESCALATION,
    MESSAGE,
    SIGNAL,
    UNDO_A,
    A,
    boundary,
    catch,
    element,
    end,
    inside,
    many,
    on_event,
    start,
    throw,
)

ROOTS = ERROR + ESCALATION + MESSAGE + SIGNAL
BESIDE = "never"
"""A user task that runs beside, and that whoever interrupts withdraws."""
FORK = start("is") + many("parallelGateway", "g") + many("userTask", BESIDE)
FORKED = line("is", "g", BESIDE)


def around(thrower: str, *, caught: str) -> tuple[str, str]:
    """The thrower in a subprocess, caught at its boundary by an event of this kind."""
    body = start() + inside("sp", FORK + thrower + FORKED + line("g", "t"))
    body += boundary("b", "sp", caught) + many("task", "h") + line("s", "sp") + line("b", "h")
    return body, "s is t b h"


def within(thrower: str, *, caught: str) -> tuple[str, str]:
    """The thrower in a subprocess, caught by an event subprocess in it."""
    inner = FORK + thrower + FORKED + line("g", "t") + on_event(caught)
    body = start() + inside("sp", inner) + end() + line("s", "sp", "e")
    return body, "s is t es_s es_t es_e es sp e"


def at_top(thrower: str, *, caught: str) -> tuple[str, str]:
    """The thrower in the process, caught by an event subprocess of the process."""
    body = FORK + thrower + FORKED + line("g", "t") + on_event(caught)
    return body, "is t es_s es_t es_e es"


MODELS: dict[str, tuple[str, str]] = {}
for kind in ("escalation", "signal", "error"):
    for place in (around, within, at_top):
        MODELS[f"{kind} end event, {place.__name__}"] = place(end("t", kind), caught=kind)
        if kind != "error":
            thrown = throw("t", kind)
            MODELS[f"{kind} throw event, {place.__name__}"] = place(thrown, caught=kind)
for kind in ("escalation", "signal"):
    several = element("endEvent", "t", DEFINITIONS[kind] + DEFINITIONS["message"])
    MODELS[f"{kind} and message end event"] = around(several, caught=kind)
for kind in ("escalation", "signal"):
    inner = start("is") + end("t", kind) + line("is", "t")
    deep = start() + inside("out", start("os") + inside("sp", inner) + line("os", "sp"))
    MODELS[f"{kind} end event, over two levels"] = (
        deep + boundary("b", "out", kind) + many("task", "h") + line("s", "out") + line("b", "h"),
        "s os is t b h",
    )
BRANCHES = start() + many("parallelGateway", "g") + line("s", "g", "w") + line("g", "t")
for kind in ("message", "signal"):
    for drawn in (end("t", kind), throw("t", kind)):
        event = "end" if drawn.startswith("<bpmn:end") else "throw"
        MODELS[f"{kind} {event} event, caught by who waits beside it"] = (
            BRANCHES + drawn + catch("w", kind) + many("task", "h") + line("w", "h"), "s t w h",
        )  # fmt: skip
MODELS |= {
    "terminate end event of a subprocess": (
        start() + inside("sp", FORK + end("t", "terminate") + FORKED + line("g", "t"))
        + many("task", "h") + line("s", "sp", "h"),
        "s is t sp h",
    ),
    "terminate end event of the process": (
        FORK + end("t", "terminate") + FORKED + line("g", "t"), "is t",
    ),
    "error end event that nobody catches": (
        FORK + end("t", "error") + FORKED + line("g", "t"), "is t",
    ),
    "cancel end event of a transaction": (
        start() + inside("tx", start("is") + A + end("t", "cancel") + line("is", "a", "t")
                         + UNDO_A, "transaction")
        + boundary("b", "tx", "cancel") + many("task", "h") + line("s", "tx") + line("b", "h"),
        "s is a undo_a t b h",
    ),
    "compensation end event waits for what it throws": (
        start() + A + end("t", "compensate") + line("s", "a", "t") + UNDO_A, "s a undo_a t",
    ),
    "compensation throw event that does not wait": (
        start() + A
        + element("intermediateThrowEvent", "t",
                  '<bpmn:compensateEventDefinition waitForCompletion="false"/>')
        + many("task", "h") + line("s", "a", "t", "h") + UNDO_A,
        "s a t h undo_a",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_who_throws_has_completed_once_before_what_it_sets_off(name: str) -> None:
    body, trace = MODELS[name]
    bench = Bench()
    bench.deploy(file(body, ROOTS))

    case = bench.start("p")

    assert case.trace == trace.split()
    assert case.incidents == []
    assert case.ended


def test_an_escalation_that_does_not_interrupt_lets_its_end_event_complete_once() -> None:
    inner = start("is") + end("t", "escalation") + line("is", "t")
    body = start() + inside("sp", inner) + boundary("b", "sp", "escalation", "false") + end()
    bench = Bench()
    bench.deploy(file(body + many("task", "h") + line("s", "sp", "e") + flow("b", "h"), ROOTS))

    assert bench.start("p").trace == ["s", "is", "t", "sp", "e", "b", "h"]
