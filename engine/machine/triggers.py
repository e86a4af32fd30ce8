"""A trigger is one thing from outside that `advance` answers with a new state and facts.

Local ids (`task`, `job`, `timer`, `subscription`, `token`) are counters of the instance's state;
the engine prefixes the instance id to make them global.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from bpmn.values import Variables


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all triggers."""


class Start(Trigger):
    """Begin at `node`, or at the process's none start event."""

    variables: Variables
    node: str | None = None
    business_key: str | None = None
    initiator: str | None = None


class TaskCompleted(Trigger):
    """A person finished a user task. `performer` acted, `on_behalf_of` is the represented."""

    task: int
    variables: Variables
    performer: str | None = None
    on_behalf_of: str | None = None


class TaskThrew(Trigger):
    """A user task ended with a BPMN error instead (Camunda 7: `/task/{id}/bpmnError`)."""

    task: int
    code: str
    message: str | None = None
    variables: Variables = {}


class JobDone(Trigger):
    """`local` variables are set in the activity's own scope, before its output mapping."""

    job: int
    variables: Variables
    local: Variables = {}


class JobThrew(Trigger):
    """The handler or worker raised `BpmnError(code)`: caught by a boundary event or above."""

    job: int
    code: str
    message: str | None = None
    variables: Variables = {}


class TimerDue(Trigger):
    timer: int


class MessageArrived(Trigger):
    subscription: int
    variables: Variables


class Continue(Trigger):
    """Run a continuation: asyncBefore/After, or what `advance` put off after 1,000 nodes."""

    job: int


class Retried(Trigger):
    """Try again what an expression's failure stopped."""

    incident: int


class VariablesSet(Trigger):
    """Variables changed from outside; `scope` is a scope instance, 0 the process itself."""

    variables: Variables
    scope: int = 0
    removed: tuple[str, ...] = ()


class Cancel(Trigger):
    """End the instance from outside."""

    reason: str


AnyTrigger: TypeAlias = (
    Start
    | TaskCompleted
    | TaskThrew
    | JobDone
    | JobThrew
    | TimerDue
    | MessageArrived
    | Continue
    | Retried
    | VariablesSet
    | Cancel
)
