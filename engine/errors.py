"""Errors of the engine. Each leaf names a situation and carries a stable `code`.

A form's errors (`bpmn.forms.FormInvalid`), a refused model (`bpmn.errors.ModelRefused`) and the
machine's own (`engine.machine.errors`) pass through the engine unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.machine.triggers import Move


class EngineError(Exception):
    """Base of all errors that a command or a query can cause."""

    code = "engine"


class NotFound(EngineError):
    """Nothing of that kind has this id, or the principal may not know that it has.

    `kind` is the noun ("task", "instance", "definition" …), `id` what was asked for.
    """

    code = "not_found"

    def __init__(self, kind: str, id: str) -> None:  # noqa: A002 the word of the interface
        super().__init__(f"no {kind} {id!r}")
        self.kind = kind
        self.id = id


class NotAllowed(EngineError):
    """The principal may not do this here. `action` names the command, `subject` its object."""

    code = "not_allowed"

    def __init__(self, action: str, subject: str) -> None:
        super().__init__(f"{action} on {subject!r} is not allowed to you")
        self.action = action
        self.subject = subject


class TaskTaken(EngineError):
    """Somebody else has claimed the task. `holder` is their id."""

    code = "task_taken"

    def __init__(self, task_id: str, holder: str) -> None:
        super().__init__(f"task {task_id} is claimed by another person")
        self.task_id = task_id
        self.holder = holder


class OtherPersonNeeded(EngineError):
    """Four eyes: this person (or whom they represent) did an earlier task of the case."""

    code = "other_person_needed"

    def __init__(self, task_id: str) -> None:
        super().__init__(f"task {task_id} must be done by another person than the one before")
        self.task_id = task_id


class JobNotYours(EngineError):
    """Another worker holds the external task's lock. `holder` is None when nobody does."""

    code = "job_not_yours"

    def __init__(self, job_id: str, worker_id: str, holder: str | None) -> None:
        super().__init__(f"job {job_id} is not locked by worker {worker_id!r} but by {holder!r}")
        self.job_id = job_id
        self.worker_id = worker_id
        self.holder = holder


class CorrelationMismatch(EngineError):
    """A message that must reach exactly one receiver reached none or several."""

    code = "correlation_mismatch"

    def __init__(self, message: str, matches: int) -> None:
        super().__init__(f"message {message!r} matches {matches} receivers instead of one")
        self.message = message
        self.matches = matches


class TooLarge(EngineError):
    """A value or the variables of an instance beyond what they may hold (sizes in bytes)."""

    code = "too_large"

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(f"{what} has {size} bytes, more than {limit}: keep it as a document")
        self.what = what
        self.size = size
        self.limit = limit


class Misused(EngineError):
    """A command that contradicts itself or its object (neither key nor id, no handler, …)."""

    code = "misused"


class Overtaken(EngineError):
    """Others changed the same rows again and again. Asking once more may succeed."""

    code = "overtaken"


class SignalNotAwaited(EngineError):
    """A signal for one execution that does not wait for it."""

    code = "signal_not_awaited"

    def __init__(self, signal: str, instance_id: str) -> None:
        super().__init__(f"instance {instance_id} does not wait for signal {signal!r} there")
        self.signal = signal
        self.instance_id = instance_id


class InstanceSuspended(EngineError):
    """No token of a suspended instance moves until it is resumed."""

    code = "instance_suspended"

    def __init__(self, instance_id: str) -> None:
        super().__init__(f"instance {instance_id} is suspended")
        self.instance_id = instance_id


class DefinitionSuspended(EngineError):
    """Nothing starts from a suspended definition."""

    code = "definition_suspended"

    def __init__(self, definition_id: str) -> None:
        super().__init__(f"definition {definition_id} is suspended")
        self.definition_id = definition_id


class PlanRefused(EngineError):
    """A plan of migration that cannot be carried out. `report`: each instruction, its failures."""

    code = "plan_refused"

    def __init__(self, report: list[tuple[Move, list[str]]]) -> None:
        texts = [text for _, failures in report for text in failures]
        super().__init__("; ".join(texts) or "the plan has no instructions")
        self.report = report


class DefinitionInUse(EngineError):
    """A deployment that still has running instances is not withdrawn."""

    code = "definition_in_use"

    def __init__(self, deployment_id: str, running: int) -> None:
        super().__init__(f"deployment {deployment_id} has {running} running instances")
        self.deployment_id = deployment_id
        self.running = running
