"""Listening: what an event waits for is evaluated first, then all of it is armed, or nothing.

Timers, messages, signals and conditions are waited for. Errors, escalations, compensation and
cancellation are not: who throws them looks for who catches them (`propagation`).
"""

from __future__ import annotations

from dataclasses import dataclass

from bpmn.graph import (
    ConditionalEvent,
    EventDefinition,
    Expression,
    MessageEvent,
    SignalEvent,
    SimpleEvent,
    TimerEvent,
)
from bpmn.values import Value, Variables, encode
from engine.machine.errors import LONGEST_NAME, Stopped, fits
from engine.machine.facts import Subscribed, TimerArmed
from engine.machine.run import Run
from engine.machine.shape import definitions
from engine.machine.state import Wait
from engine.machine.time import Due, TimeInvalid, first_due
from engine.machine.variables import holds
from engine.machine.waits import open_wait


@dataclass(frozen=True, slots=True)
class Message:
    """A message's name and key, evaluated."""

    name: str
    key: Value = None


@dataclass(frozen=True, slots=True)
class Signal:
    name: str


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether it is true already."""

    met: bool


Awaited = Due | Message | Signal | Condition
Prepared = tuple[str, int, Awaited]
"""A node, which of its definitions, and what that waits for."""


def prepare(run: Run, scope: int, node: str, event: EventDefinition | None) -> list[Prepared]:
    """Evaluate all that the event waits for, as `scope` sees it."""
    prepared: list[Prepared] = []
    for place, definition in enumerate(definitions(event)):
        awaited = _awaited(run, scope, definition)
        if awaited is not None:
            prepared.append((node, place, awaited))
    return prepared


def _awaited(run: Run, scope: int, event: SimpleEvent) -> Awaited | None:
    seen = run.state.visible(scope)
    if isinstance(event, MessageEvent):
        return message(run, seen, event)
    if isinstance(event, TimerEvent):
        value = event.expression.evaluate(seen, run.now)
        try:
            return first_due(event.kind, value, run.now)
        except TimeInvalid as error:
            raise Stopped("timer_invalid", str(error)) from error
    if isinstance(event, SignalEvent):
        return signal(run, seen, event)
    if isinstance(event, ConditionalEvent):
        return Condition(holds(run, event.condition, seen))
    return None


def listen(run: Run, token_id: int, prepared: list[Prepared]) -> None:
    """Let the token, or with 0 the process, wait for each of these."""
    for node, place, awaited in prepared:
        match awaited:
            case Due():
                wait = Wait("timer", node, token_id, cycle=awaited.cycle, definition=place)
                timer = open_wait(run, token_id, wait)
                run.facts.append(TimerArmed(timer, node, token_id, awaited.at))
            case Message(name, key):
                wait = Wait("subscription", node, token_id, definition=place)
                local = open_wait(run, token_id, wait)
                run.facts.append(Subscribed(local, node, token_id, name, key))
            case Signal(name):
                wait = Wait("subscription", node, token_id, definition=place, signal=name)
                local = open_wait(run, token_id, wait)
                run.facts.append(Subscribed(local, node, token_id, name, signal=True))
            case Condition(met):
                local = open_wait(
                    run, token_id, Wait("condition", node, token_id, definition=place)
                )
                see(run, local, token_id)
                if met:
                    run.risen.append(local)


def see(run: Run, local: int, token_id: int) -> None:
    """Remember for this call which scopes the condition sees, if they were collected already."""
    if run.conditions is not None:
        at = token_id
        while at:
            run.conditions.setdefault(at, []).append(local)
            at = run.state.tokens[at].scope
        run.conditions.setdefault(0, []).append(local)


# --- what names evaluate to ---


def message(run: Run, seen: Variables, event: MessageEvent) -> Message:
    name = _name(run, seen, event.name, "message_unnamed", "message")
    key = event.key.evaluate(seen, run.now) if event.key else None
    if isinstance(key, str | list | dict) and len(encode(key)) > LONGEST_NAME:
        raise Stopped("message_unnamed", "the message's key is too long")
    return Message(name, key)


def signal(run: Run, seen: Variables, event: SignalEvent) -> Signal:
    return Signal(_name(run, seen, event.name, "signal_unnamed", "signal"))


def _name(run: Run, seen: Variables, expression: Expression, kind: str, what: str) -> str:
    name = expression.evaluate(seen, run.now)
    if not isinstance(name, str) or not name:
        raise Stopped(kind, f"{expression.text!r} gave no {what} name")
    if not fits(name):
        raise Stopped(kind, f"the {what}'s name is too long or has a NUL in it")
    return name
