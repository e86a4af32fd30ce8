"""A trigger is one thing from outside that `advance` answers with a new state and facts.

Local ids (`task`, `job`, `timer`, `subscription`, `token`) are counters of the instance's state;
the engine prefixes the instance id to make them global.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from bpmn.graph import Graph
from bpmn.values import Variables


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all triggers."""


class Carrying(Trigger, frozen=True, kw_only=True):
    """A trigger with variables. `wire` states types that differ from the values' own."""

    wire: dict[str, str] = {}


class Start(Carrying, frozen=True, kw_only=True):
    """Begin at `node`, or at the process's none start event."""

    variables: Variables
    node: str | None = None
    business_key: str | None = None
    initiator: str | None = None
    called: bool = False
    """Another instance waits for this one: what nobody catches here, it may."""
    instructions: tuple[Instruction, ...] = ()
    """Instead of a start event: where tokens are put (Camunda 7: startInstructions, restart)."""


class TaskCompleted(Carrying, frozen=True, kw_only=True):
    """A person finished a user task. `performer` acted, `on_behalf_of` is the represented."""

    task: int
    variables: Variables
    performer: str | None = None
    on_behalf_of: str | None = None


class TaskThrew(Carrying, frozen=True, kw_only=True):
    """A user task ended with a BPMN error instead (Camunda 7: `/task/{id}/bpmnError`)."""

    task: int
    code: str
    message: str | None = None
    variables: Variables = {}
    performer: str | None = None
    on_behalf_of: str | None = None


class TaskEscalated(Carrying, frozen=True, kw_only=True):
    """A person escalates from a user task, which stays open unless who catches it interrupts
    (Camunda 7: `/task/{id}/bpmnEscalation`)."""

    task: int
    code: str
    variables: Variables = {}


class JobDone(Carrying, frozen=True, kw_only=True):
    """`local` variables are set in the activity's own scope, before its output mapping."""

    job: int
    variables: Variables
    local: Variables = {}


class JobThrew(Carrying, frozen=True, kw_only=True):
    """The handler or worker raised `BpmnError(code)`: caught by a boundary event or above."""

    job: int
    code: str
    message: str | None = None
    variables: Variables = {}


class TimerDue(Trigger, frozen=True, kw_only=True):
    timer: int


class MessageArrived(Carrying, frozen=True, kw_only=True):
    """What a subscription waits for came: a message, or a signal."""

    subscription: int
    variables: Variables


class CallEnded(Carrying, frozen=True, kw_only=True):
    """The called instance has completed with these variables (all of its own)."""

    call: int
    variables: Variables


class CallThrew(Carrying, frozen=True, kw_only=True):
    """The called instance ended with a BPMN error that it did not catch itself."""

    call: int
    code: str
    message: str | None = None
    variables: Variables = {}


class CallEscalated(Carrying, frozen=True, kw_only=True):
    """The called instance threw an escalation that it did not catch itself, and goes on."""

    call: int
    code: str
    variables: Variables = {}


class CallFailed(Trigger, frozen=True, kw_only=True):
    """The call cannot be made (no such definition, too deep), or what it called was cancelled:
    an incident of this `kind` keeps the token, and its retry calls again."""

    call: int
    kind: str
    message: str


class Selected(Trigger, frozen=True, kw_only=True):
    """Execute an inner activity of the ad-hoc subprocess that `token` holds open (once more)."""

    token: int
    node: str


class Continue(Trigger, frozen=True, kw_only=True):
    """Run a continuation: asyncBefore/After, or what `advance` put off after 1,000 nodes."""

    job: int


class Retried(Trigger, frozen=True, kw_only=True):
    """Try again what an expression's failure stopped."""

    incident: int


class VariablesSet(Carrying, frozen=True, kw_only=True):
    """Variables changed from outside; `scope` is a scope instance, 0 the process itself."""

    variables: Variables
    scope: int = 0
    removed: tuple[str, ...] = ()


class Instruction(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what a modification consists of."""


class StartBefore(Instruction, frozen=True, kw_only=True):
    """A token arrives at the node; scopes around it that do not run are begun."""

    node: str
    variables: Variables = {}


class StartAfter(Instruction, frozen=True, kw_only=True):
    """A token leaves the node by its outgoing flows."""

    node: str
    variables: Variables = {}


class StartTransition(Instruction, frozen=True, kw_only=True):
    """A token goes on along the sequence flow."""

    flow: str
    variables: Variables = {}


class CancelActivity(Instruction, frozen=True, kw_only=True):
    """Withdraw all that runs at the node, or the one `token` there."""

    node: str
    token: int | None = None


class Modify(Trigger, frozen=True, kw_only=True):
    """Put and withdraw tokens from outside (Camunda 7: process instance modification)."""

    instructions: tuple[Instruction, ...]


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One instruction of a migration plan: what stood at `source` stands at `target`. `update`
    makes what its event waits for anew, after the target's definition."""

    source: str
    target: str
    update: bool = False


class Migrate(Trigger, frozen=True, kw_only=True):
    """Go on in the graph that `advance` is called with, after a plan that has been checked."""

    source: Graph
    moves: tuple[Move, ...]


class Cancel(Trigger, frozen=True, kw_only=True):
    """End the instance from outside."""

    reason: str


AnyTrigger: TypeAlias = (
    Start
    | TaskCompleted
    | TaskThrew
    | TaskEscalated
    | JobDone
    | JobThrew
    | TimerDue
    | MessageArrived
    | CallEnded
    | CallThrew
    | CallEscalated
    | CallFailed
    | Selected
    | Continue
    | Retried
    | VariablesSet
    | Modify
    | Migrate
    | Cancel
)
