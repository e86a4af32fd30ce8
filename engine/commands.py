"""All that can be asked of the engine: read it as its table of contents.

A command is data. `Engine.execute` runs it in one transaction and answers with its result type,
the parameter of `Command`. Who asks is not part of it: the principal comes beside it.
`wires` names the type a variable was stated with (Camunda's `Long`, `Json` …), to be given back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, TypeVar

from bpmn.values import Value, Variables
from engine.machine.triggers import Instruction, Move
from engine.results import (
    Correlated,
    DecisionEvaluated,
    Deployed,
    LockedJob,
    Published,
    Started,
)

R_co = TypeVar("R_co", covariant=True)
Wires = Mapping[str, str]
NO_WIRES: Wires = {}


class Command(Generic[R_co]):
    """Base of all commands; the parameter is what `Engine.execute` returns."""

    __slots__ = ()


# --- definitions ---


@dataclass(frozen=True, slots=True)
class EvaluateDecision(Command[DecisionEvaluated]):
    """Evaluate a decision, by definition or the newest of its key, and record it in the ledger.

    Raises NotFound, and ExpressionFailed where the model or the data are at fault.
    """

    variables: Variables
    key: str | None = None
    definition_id: str | None = None


@dataclass(frozen=True, slots=True)
class Deploy(Command[Deployed]):
    """Deploy files (name, content) together or not at all; raises ModelRefused.

    With `filter_duplicates` a file equal to the newest of its name makes no new version, and a
    deployment of nothing new returns the one before.
    """

    name: str
    files: Sequence[tuple[str, bytes]]
    source: str | None = None
    filter_duplicates: bool = True


@dataclass(frozen=True, slots=True)
class DeleteDeployment(Command[None]):
    """Withdraw a deployment: nothing starts from it any more. Its rows stay for the history.

    Raises DefinitionInUse while instances run; `cascade` cancels them.
    """

    deployment_id: str
    cascade: bool = False


# --- instances ---


@dataclass(frozen=True, slots=True)
class StartInstance(Command[Started]):
    """Start the newest version of `process_id`, or exactly the definition `definition_id`."""

    process_id: str | None = None
    definition_id: str | None = None
    version: int | None = None
    variables: Variables = field(default_factory=dict)
    wires: Wires = field(default_factory=dict)
    business_key: str | None = None
    start_node: str | None = None
    instructions: Sequence[Instruction] = ()
    """Where tokens are put instead of a start event (Camunda 7: startInstructions)."""


@dataclass(frozen=True, slots=True)
class SetVariables(Command[None]):
    """Change variables from outside. `scope` 0 is the process itself."""

    instance_id: str
    variables: Variables = field(default_factory=dict)
    wires: Wires = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    scope: int = 0


@dataclass(frozen=True, slots=True)
class CancelInstance(Command[None]):
    instance_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SuspendInstance(Command[None]):
    """Let no token of the instance move until it is resumed (`suspended` False)."""

    instance_id: str
    suspended: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ModifyInstance(Command[None]):
    """Put and withdraw tokens, all or none (Camunda 7: process instance modification)."""

    instance_id: str
    instructions: Sequence[Instruction]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RetryIncident(Command[None]):
    """Try again what an expression's failure stopped, or give a job its attempts back."""

    incident_id: str


@dataclass(frozen=True, slots=True)
class SelectActivity(Command[None]):
    """Execute an activity of an ad-hoc subprocess once more.

    `token` holds the subprocess open; it may be left out where only one does.
    """

    instance_id: str
    node: str
    token: int | None = None


@dataclass(frozen=True, slots=True)
class MigrateInstance(Command[None]):
    """Let a running instance go on in another version, after a plan (`engine.migrations`).

    Raises PlanRefused for the plan, MigrationRefused for the instance; both tell every failure.
    """

    instance_id: str
    source_id: str
    target_id: str
    moves: Sequence[Move]
    variables: Variables = field(default_factory=dict)
    wires: Wires = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RestartInstance(Command[Started]):
    """Begin anew what has ended, with its variables, where the instructions put tokens."""

    instance_id: str
    definition_id: str
    instructions: Sequence[Instruction]
    initial_variables: bool = False
    """Those it began with, instead of those it ended with."""
    with_business_key: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Together(Command[list[Any]]):
    """Several commands in one transaction, all of them or none; their results in order."""

    commands: Sequence[Command[Any]]


# --- what is suspended beyond one instance ---


@dataclass(frozen=True, slots=True)
class SuspendDefinition(Command[str | None]):
    """Let nothing start from a definition. `with_instances` suspends what runs, too, as a batch,
    whose id is the answer."""

    definition_id: str
    suspended: bool = True
    with_instances: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HoldNode(Command[None]):
    """Let jobs and timers of an element wait (Camunda 7: a suspended job definition).

    `with_jobs`: those that are requested already, too.
    """

    definition_id: str
    node: str
    held: bool = True
    with_jobs: bool = True


@dataclass(frozen=True, slots=True)
class SuspendJob(Command[None]):
    """Let one job or timer wait, or go on."""

    job_id: str
    suspended: bool = True


# --- batches ---


@dataclass(frozen=True, slots=True)
class StartBatch(Command[str]):
    """Do something to many, later and one by one; `kind` as in `engine.batches.KINDS`."""

    kind: str
    subjects: Sequence[str]
    order: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SuspendBatch(Command[None]):
    batch_id: str
    suspended: bool = True


@dataclass(frozen=True, slots=True)
class RetryBatch(Command[None]):
    """Try again what could not be done."""

    batch_id: str


@dataclass(frozen=True, slots=True)
class DeleteBatch(Command[None]):
    """Do no more of a batch; what is done stays done."""

    batch_id: str


# --- people's tasks ---


@dataclass(frozen=True, slots=True)
class ClaimTask(Command[None]):
    """Make the task one's own; `person` (a lead's act) makes it somebody else's."""

    task_id: str
    person: str | None = None


@dataclass(frozen=True, slots=True)
class UnclaimTask(Command[None]):
    task_id: str


@dataclass(frozen=True, slots=True)
class AssignTask(Command[None]):
    """Give the task to `person` whoever has it; None gives it back to its group."""

    task_id: str
    person: str | None


@dataclass(frozen=True, slots=True)
class CompleteTask(Command[None]):
    """Finish the task. What a form does not know is refused when the task has a form."""

    task_id: str
    variables: Variables = field(default_factory=dict)
    wires: Wires = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ThrowTaskError(Command[None]):
    """End the task with a BPMN error that a boundary event or an enclosing scope catches."""

    task_id: str
    error_code: str
    message: str | None = None
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EscalateTask(Command[None]):
    """Escalate from a task; it stays open unless the event that catches this interrupts."""

    task_id: str
    code: str
    variables: Variables = field(default_factory=dict)
    wires: Wires = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UpdateTask(Command[None]):
    """Change what the inbox sorts and warns by. None leaves a value as it is."""

    task_id: str
    due: datetime | None = None
    follow_up: datetime | None = None
    priority: int | None = None


# --- jobs ---


@dataclass(frozen=True, slots=True)
class Topic:
    """What an external worker asks for. `variables` None means all."""

    name: str
    lock_for: timedelta
    variables: tuple[str, ...] | None = None
    business_key: str | None = None
    process_ids: tuple[str, ...] = ()
    definition_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LockExternalTasks(Command[list[LockedJob]]):
    """Claim up to `limit` external tasks for `worker_id` until each topic's lock ends."""

    worker_id: str
    topics: Sequence[Topic]
    limit: int = 10
    by_priority: bool = False


@dataclass(frozen=True, slots=True)
class CompleteJob(Command[None]):
    """An external worker's result. `local` variables are set in the activity's own scope."""

    job_id: str
    worker_id: str
    variables: Variables = field(default_factory=dict)
    local: Variables = field(default_factory=dict)
    wires: Wires = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FailJob(Command[None]):
    """`retries` is the worker's number (decisions.md, no. 13); 0 opens an incident."""

    job_id: str
    worker_id: str
    message: str | None = None
    details: str | None = None
    retries: int = 0
    retry_after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class ThrowJobError(Command[None]):
    job_id: str
    worker_id: str
    error_code: str
    message: str | None = None
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LockJob(Command[None]):
    """Lock one external task by its id."""

    job_id: str
    worker_id: str
    lock_for: timedelta


@dataclass(frozen=True, slots=True)
class ExtendLock(Command[None]):
    job_id: str
    worker_id: str
    lock_for: timedelta


@dataclass(frozen=True, slots=True)
class UnlockJob(Command[None]):
    """Give an external task back, whoever holds it."""

    job_id: str


@dataclass(frozen=True, slots=True)
class SetJobRetries(Command[None]):
    """More than 0 closes the job's incident and makes it ready again; 0 opens one."""

    job_id: str
    retries: int


@dataclass(frozen=True, slots=True)
class RunJob(Command[None]):
    """Run a continuation now, whatever the clock says (Camunda 7: `/job/{id}/execute`)."""

    job_id: str


@dataclass(frozen=True, slots=True)
class FireTimer(Command[bool]):
    """Fire a timer that is due; `early` fires it before its time. False: not due, or gone."""

    timer_id: str
    early: bool = False


# --- messages ---


@dataclass(frozen=True, slots=True)
class CorrelateMessage(Command[list[Correlated]]):
    """Deliver now or raise CorrelationMismatch: nothing is buffered (Camunda 7's `/message`).

    A receiver waits for `name`; `key` (the model's correlation key) or `business_key`,
    `instance_id` and `correlation` (equal variables) narrow it. `all_receivers` reaches each.
    """

    name: str
    key: Value = None
    business_key: str | None = None
    instance_id: str | None = None
    correlation: Variables = field(default_factory=dict)
    variables: Variables = field(default_factory=dict)
    wires: Wires = field(default_factory=dict)
    all_receivers: bool = False
    starts: Literal["allowed", "only", "never"] = "allowed"


@dataclass(frozen=True, slots=True)
class PublishMessage(Command[Published]):
    """Deliver to a receiver that waits with `key`, or keep for `time_to_live`.

    A second one with the same `message_id` is ignored until the first one's time is over.
    """

    name: str
    key: Value = None
    variables: Variables = field(default_factory=dict)
    time_to_live: timedelta = timedelta(hours=1)
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class BroadcastSignal(Command[None]):
    """Reach everybody who listens, and start what begins with the signal.

    `instance_id` (and `token` in it) narrows it to one execution, which must listen.
    """

    name: str
    variables: Variables = field(default_factory=dict)
    wires: Wires = field(default_factory=dict)
    instance_id: str | None = None
    token: int | None = None


@dataclass(frozen=True, slots=True)
class StartOnConditions(Command[list[Started]]):
    """Start every process whose conditional start event is true of these variables.

    `definition_id` asks that definition alone, whether it is the newest or not.
    """

    variables: Variables = field(default_factory=dict)
    wires: Wires = field(default_factory=dict)
    business_key: str | None = None
    definition_id: str | None = None
