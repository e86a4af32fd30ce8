"""What a step of one instance sets off elsewhere. A table of facts.

What follows from a step is done after it and before what follows from the step before goes on,
in the order of the facts, and never nested: a chain of calls, signals and messages is a list here,
not a stack of Python's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine import calls, messages, signals
from engine.instance import Instance
from engine.machine import facts
from engine.machine.facts import Fact
from engine.unit import Consequence, Unit

SET_OFF: Mapping[type[Fact], Callable[[Unit, Instance, Any], None]] = {
    facts.Called: calls.call,
    facts.CallClosed: calls.give_up,
    facts.EscalationThrown: calls.escalate,
    facts.SignalThrown: signals.throw,
    facts.Ended: calls.end,
}
"""What one fact sets off. Messages of a step go together: their channels are locked in order."""

_FOLLOWED = frozenset({*SET_OFF, facts.Subscribed, facts.MessageThrown})
_FOLLOWED_ALONE = _FOLLOWED - {facts.Ended, facts.EscalationThrown}
"""Of an instance that nobody waits for."""


def follow(unit: Unit, instance: Instance, happened: Sequence[Fact]) -> None:
    """Do what a step sets off, or leave it to who is just doing what a step before set off."""
    followed = _FOLLOWED if instance.caller else _FOLLOWED_ALONE
    found = [fact for fact in happened if type(fact) in followed]
    if not found:
        return
    unit.fresh += _ordered(instance, found)
    if unit.follows:
        return
    unit.follows = True
    try:
        while unit.fresh or unit.following:
            unit.following.extendleft(reversed(unit.fresh))
            unit.fresh.clear()
            unit.following.popleft()(unit)
    finally:
        unit.follows = False


def _ordered(instance: Instance, found: list[Fact]) -> list[Consequence]:
    planned: list[Consequence] = []
    subscribed = [fact for fact in found if isinstance(fact, facts.Subscribed)]
    thrown = [fact for fact in found if isinstance(fact, facts.MessageThrown)]
    if subscribed or thrown:
        planned.append(lambda unit: messages.follow(unit, instance, subscribed, thrown))
    for fact in found:
        set_off = SET_OFF.get(type(fact))
        if set_off is not None:
            planned.append(lambda unit, do=set_off, of=fact: do(unit, instance, of))  # type: ignore[misc]
    return planned
