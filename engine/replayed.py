"""What an instance's facts say about it: where tokens stand, what is open, and the variables.

Invariant: folding all facts of a ledger's entries, in order, gives what the stored state says.
What the machine keeps for itself leaves no fact and is not told: counters of loops, what could be
compensated, conditions that are watched. A variable whose values were erased is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bpmn.values import Variables
from engine.machine import facts
from engine.machine.facts import Fact


class Standing(NamedTuple):
    """A node that has begun and is not over, and the scope that its token moves in."""

    node: str
    scope: int


class Open(NamedTuple):
    """Something that is waited for. `token` 0 is the process, which listens for events."""

    kind: str
    node: str
    token: int


@dataclass(slots=True)
class Replayed:
    """An instance as its facts tell it.

    `reopened` are completed subprocesses whose content is being compensated. An incident of a job
    bears the job's number, so incidents stand apart.
    """

    standing: dict[int, Standing] = field(default_factory=dict)
    reopened: dict[int, Standing] = field(default_factory=dict)
    open: dict[int, Open] = field(default_factory=dict)
    incidents: dict[int, Open] = field(default_factory=dict)
    variables: dict[int, Variables] = field(default_factory=lambda: {0: {}})
    ended: str | None = None

    def leave(self, token: int) -> None:
        self.standing.pop(token, None)
        self.variables.pop(token, None)

    def close(self, local: int) -> None:
        del self.open[local]
        self.incidents.pop(local, None)


def replayed(happened: Iterable[Fact]) -> Replayed:
    """Fold an instance's facts, from its first on."""
    told = Replayed()
    for fact in happened:
        fold = FOLDS.get(type(fact))
        if fold is not None:
            fold(told, fact)
    return told


def _entered(told: Replayed, fact: facts.Entered) -> None:
    told.standing[fact.token] = Standing(fact.node, fact.parent or 0)


def _reopened(told: Replayed, fact: facts.Reopened) -> None:
    told.reopened[fact.token] = Standing(fact.node, fact.parent or 0)


def _scope_closed(told: Replayed, fact: facts.ScopeClosed) -> None:
    told.reopened.pop(fact.scope, None)
    told.variables.pop(fact.scope, None)


def _variable_set(told: Replayed, fact: facts.VariableSet) -> None:
    if fact.scope >= 0:  # what is below, a loop's host keeps for itself
        told.variables.setdefault(fact.scope, {})[fact.name] = fact.value


def _variable_removed(told: Replayed, fact: facts.VariableRemoved) -> None:
    told.variables[fact.scope].pop(fact.name)


def _incident_opened(told: Replayed, fact: facts.IncidentOpened) -> None:
    told.incidents[fact.incident] = Open("incident", fact.node, fact.token)


def _incident_closed(told: Replayed, fact: facts.IncidentClosed) -> None:
    told.incidents.pop(fact.incident, None)


def _ended(told: Replayed, fact: facts.Ended) -> None:
    told.ended = fact.how


def _opens(number: str, kind: str) -> Callable[[Replayed, Any], None]:
    def fold(told: Replayed, fact: Any) -> None:
        told.open[getattr(fact, number)] = Open(kind, fact.node, fact.token)

    return fold


def _job_requested(told: Replayed, fact: facts.JobRequested) -> None:
    kind = "continuation" if fact.kind == "continuation" else "job"
    told.open[fact.job] = Open(kind, fact.node, fact.token)


FOLDS: Mapping[type[Fact], Callable[[Replayed, Any], None]] = {
    facts.Entered: _entered,
    facts.Left: lambda told, fact: told.leave(fact.token),
    facts.Cancelled: lambda told, fact: told.leave(fact.token),
    facts.Reopened: _reopened,
    facts.ScopeClosed: _scope_closed,
    facts.VariableSet: _variable_set,
    facts.VariableRemoved: _variable_removed,
    facts.TaskOpened: _opens("task", "task"),
    facts.TaskClosed: lambda told, fact: told.close(fact.task),
    facts.JobRequested: _job_requested,
    facts.JobClosed: lambda told, fact: told.close(fact.job),
    facts.TimerArmed: _opens("timer", "timer"),
    facts.TimerClosed: lambda told, fact: told.close(fact.timer),
    facts.Subscribed: _opens("subscription", "subscription"),
    facts.Unsubscribed: lambda told, fact: told.close(fact.subscription),
    facts.Called: _opens("call", "call"),
    facts.CallClosed: lambda told, fact: told.close(fact.call),
    facts.IncidentOpened: _incident_opened,
    facts.IncidentClosed: _incident_closed,
    facts.Ended: _ended,
}
"""What each fact changes; the others tell of what went by."""
