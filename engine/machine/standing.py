"""Where an instance stands, as its facts tell it: a fold, from the first fact to the last.

The ledger holds facts, the instance's row a state; both must say the same. Invariant: what a state
says of entered tokens, of what is open and of variables follows from the facts alone. What only
the machine needs (counters of joins and loops, what compensation keeps) is in no fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bpmn.values import Variables
from engine.machine import facts
from engine.machine.facts import Fact
from engine.machine.state import State

Open = tuple[str, str, int]
"""Kind of the wait, its node, its token."""


@dataclass(slots=True)
class Standing:
    """`tokens` are those that have entered their node; `open` bears the numbers of the waits."""

    tokens: dict[int, str] = field(default_factory=dict)
    open: dict[int, Open] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)
    """Jobs without attempts left; their incidents bear their numbers."""
    variables: dict[int, Variables] = field(default_factory=dict)
    ended: str | None = None


def standing(happened: Iterable[Fact]) -> Standing:
    """Fold an instance's facts."""
    at = Standing()
    for fact in happened:
        fold = FOLDS.get(type(fact))
        if fold is not None:
            fold(at, fact)
    return at


def standing_of(state: State) -> Standing:
    """What a state says of the same."""
    return Standing(
        tokens={number: token.node for number, token in state.tokens.items() if token.entered},
        open={
            number: (wait.kind, wait.node, wait.token)
            for number, wait in state.waits.items()
            if wait.kind in _TOLD
        },
        variables={
            scope: dict(values) for scope in (0, *state.tokens) if (values := state.local(scope))
        },
        ended=state.ended,
    )


_TOLD = frozenset({"task", "job", "continuation", "timer", "subscription", "incident", "call"})
"""The waits that are opened and closed by facts; conditions and selections concern nobody else."""


def _entered(at: Standing, fact: facts.Entered) -> None:
    at.tokens[fact.token] = fact.node


def _gone(at: Standing, fact: facts.Left | facts.Cancelled) -> None:
    """Variables end with the activity that held them."""
    at.tokens.pop(fact.token, None)
    at.variables.pop(fact.token, None)


def _moved(at: Standing, fact: facts.Moved) -> None:
    if fact.token in at.tokens:
        at.tokens[fact.token] = fact.node


def _wait_moved(at: Standing, fact: facts.WaitMoved) -> None:
    if fact.wait in at.open:
        kind, _, token = at.open[fact.wait]
        at.open[fact.wait] = (kind, fact.node, token)


def _set(at: Standing, fact: facts.VariableSet) -> None:
    if fact.scope >= 0:  # Below are what the machine keeps for itself.
        at.variables.setdefault(fact.scope, {})[fact.name] = fact.value


def _removed(at: Standing, fact: facts.VariableRemoved) -> None:
    own = at.variables.get(fact.scope, {})
    own.pop(fact.name, None)
    if not own:
        at.variables.pop(fact.scope, None)


def _dropped(at: Standing, fact: facts.VariablesDropped) -> None:
    at.variables.pop(fact.scope, None)


def _requested(at: Standing, fact: facts.JobRequested) -> None:
    kind = "continuation" if fact.kind == "continuation" else "job"
    at.open[fact.job] = (kind, fact.node, fact.token)


def _incident(at: Standing, fact: facts.IncidentOpened) -> None:
    if fact.incident in at.open:
        at.failed.add(fact.incident)
    else:
        at.open[fact.incident] = ("incident", fact.node, fact.token)


def _mended(at: Standing, fact: facts.IncidentClosed) -> None:
    if fact.incident in at.failed:
        at.failed.discard(fact.incident)
    else:
        at.open.pop(fact.incident, None)


def _ended(at: Standing, fact: facts.Ended) -> None:
    at.ended = fact.how


def _opens(kind: str, number: str) -> Callable[[Standing, Any], None]:
    def fold(at: Standing, fact: Any) -> None:
        at.open[getattr(fact, number)] = (kind, fact.node, fact.token)

    return fold


def _closes(number: str) -> Callable[[Standing, Any], None]:
    def fold(at: Standing, fact: Any) -> None:
        at.open.pop(getattr(fact, number), None)
        at.failed.discard(getattr(fact, number))

    return fold


FOLDS: Mapping[type[Fact], Callable[[Standing, Any], None]] = {
    facts.Entered: _entered,
    facts.Left: _gone,
    facts.Cancelled: _gone,
    facts.Moved: _moved,
    facts.WaitMoved: _wait_moved,
    facts.VariableSet: _set,
    facts.VariableRemoved: _removed,
    facts.VariablesDropped: _dropped,
    facts.TaskOpened: _opens("task", "task"),
    facts.TaskClosed: _closes("task"),
    facts.JobRequested: _requested,
    facts.JobClosed: _closes("job"),
    facts.TimerArmed: _opens("timer", "timer"),
    facts.TimerClosed: _closes("timer"),
    facts.Subscribed: _opens("subscription", "subscription"),
    facts.Unsubscribed: _closes("subscription"),
    facts.Called: _opens("call", "call"),
    facts.CallClosed: _closes("call"),
    facts.IncidentOpened: _incident,
    facts.IncidentClosed: _mended,
    facts.Ended: _ended,
}
"""What each fact changes; the others change nothing of this."""
