"""A fact is one thing that happened inside the machine, in order.

Facts never hold personal data: they go into the ledger's `facts` part, which outlives every
erasure. What does (variable values, names computed for a task, correlation keys) stands in the
fields listed in `values_of`, and goes into the ledger's erasable `values` part.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from bpmn.values import Value, Variables


class Fact(msgspec.Struct, frozen=True, array_like=True, tag=True, omit_defaults=True, gc=False):
    """Base of all facts. `tag=True`: the class name is the first item of the encoded array.

    `gc=False`: a fact holds no reference cycle, so the collector need not look at it.
    """


class Entered(Fact, frozen=True):
    """A token came to a node. `parent` is the scope instance the token moves in, 0 the process."""

    node: str
    token: int
    parent: int = 0


class Left(Fact, frozen=True):
    """A node completed and the token went on (or was consumed by an end event)."""

    node: str
    token: int


class Cancelled(Fact, frozen=True):
    """A token was withdrawn from a node without completing it."""

    node: str
    token: int


class Moved(Fact, frozen=True):
    """A token stands at another element since the instance was migrated."""

    token: int
    node: str


class WaitMoved(Fact, frozen=True):
    """What a token waits for stands at another element since the instance was migrated."""

    wait: int
    kind: str
    node: str


class VariableSet(Fact, frozen=True):
    """`wire` is the type the value was stated with, where it differs from the value's own."""

    scope: int
    name: str
    value: Value
    wire: str | None = None


class VariableRemoved(Fact, frozen=True):
    scope: int
    name: str


class VariablesDropped(Fact, frozen=True):
    """A scope ended that had entered no node: a subprocess that was open again for compensation.
    Elsewhere variables end with `Left` or `Cancelled`."""

    scope: int


class TaskOpened(Fact, frozen=True):
    task: int
    node: str
    token: int
    name: str
    assignee: str | None
    candidate_users: tuple[str, ...]
    candidate_groups: tuple[str, ...]
    due: datetime | None
    follow_up: datetime | None
    priority: int
    form: str | None
    excluded: tuple[str, ...] = ()
    """Persons a four-eyes rule keeps from claiming or completing (see `UserTask`)."""


class TaskClosed(Fact, frozen=True):
    task: int
    how: Literal["completed", "cancelled", "error"]


class JobRequested(Fact, frozen=True):
    """Work for a handler here (`handler`), a worker elsewhere (`external`), or the engine's own
    continuation (`continuation`). `attempts` and `waits` (seconds) come from the model."""

    job: int
    node: str
    token: int
    kind: Literal["handler", "external", "continuation"]
    topic: str
    priority: int = 0
    attempts: int | None = None
    waits: tuple[float, ...] = ()
    exclusive: bool = True


class JobClosed(Fact, frozen=True):
    job: int
    how: Literal["done", "cancelled", "error"]


class TimerArmed(Fact, frozen=True):
    """`due` is an instant in UTC. A cycle arms its next timer when this one fires."""

    timer: int
    node: str
    token: int
    due: datetime


class TimerClosed(Fact, frozen=True):
    timer: int
    how: Literal["fired", "cancelled"]


class Subscribed(Fact, frozen=True):
    """Waits for a message or a signal; `token` is the scope where an event subprocess waits."""

    subscription: int
    node: str
    token: int
    message: str
    key: Value = None
    signal: bool | None = None


class Unsubscribed(Fact, frozen=True):
    subscription: int
    how: Literal["arrived", "cancelled"]


class IncidentOpened(Fact, frozen=True):
    """An expression failed, a decision matched nothing it may, no flow could be taken."""

    incident: int
    node: str
    token: int
    kind: str
    message: str


class IncidentClosed(Fact, frozen=True):
    incident: int


class ErrorThrown(Fact, frozen=True):
    """A BPMN error on its way; `caught_by` is the event that took it, None if nobody did."""

    code: str
    node: str
    caught_by: str | None
    message: str | None = None


class EscalationThrown(Fact, frozen=True):
    """An escalation on its way; `caught_by` is the event that took it, None if nobody did."""

    code: str
    node: str
    caught_by: str | None


class Called(Fact, frozen=True):
    """A call activity wants an instance of another process; the engine begins it in the same
    transaction. `variables` are what the called process begins with."""

    call: int
    node: str
    token: int
    process: str
    binding: str
    version: int | str | None
    business_key: str | None
    variables: Variables


class CallClosed(Fact, frozen=True):
    """The called instance has ended, or is to be cancelled."""

    call: int
    how: Literal["completed", "cancelled", "error"]


class Decided(Fact, frozen=True):
    """A decision was evaluated: enough to explain it later.

    `evaluated` has, for each decision of its graph that was, the id and the tables that it used:
    their ids, hit policies, and the numbers and ids of the rules that the result comes from.
    `values` has, in the same order, what each required, its tables' inputs and outputs, its result.
    """

    node: str
    decision: str
    version: int
    matched: tuple[int, ...]
    inputs: Variables
    result: Value
    definition_id: str | None = None
    evaluated: list[Any] | None = None
    values: Value = None


class MessageThrown(Fact, frozen=True):
    node: str
    message: str
    key: Value
    variables: Variables


class SignalThrown(Fact, frozen=True):
    """This instance's own listeners have it already; the engine carries it to all others."""

    node: str
    signal: str
    variables: Variables


class Ended(Fact, frozen=True):
    """The instance ended. `end` names the end event that was reached last, if any."""

    how: Literal["completed", "terminated", "cancelled", "error"]
    end: str | None = None


AnyFact: TypeAlias = (
    Entered
    | Left
    | Cancelled
    | Moved
    | WaitMoved
    | VariableSet
    | VariableRemoved
    | VariablesDropped
    | TaskOpened
    | TaskClosed
    | JobRequested
    | JobClosed
    | TimerArmed
    | TimerClosed
    | Subscribed
    | Unsubscribed
    | IncidentOpened
    | IncidentClosed
    | ErrorThrown
    | EscalationThrown
    | Called
    | CallClosed
    | Decided
    | MessageThrown
    | SignalThrown
    | Ended
)
