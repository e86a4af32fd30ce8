"""Errors of the machine: triggers that do not fit the state. The state is unchanged by them."""

from __future__ import annotations


class MachineError(Exception):
    """Base of all refusals of a trigger, each with a stable `code`."""

    code = "machine"


class NotStarted(MachineError):
    """A trigger other than `Start` for an instance that has not begun."""

    code = "not_started"


class AlreadyStarted(MachineError):
    """A second `Start`."""

    code = "already_started"


class InstanceEnded(MachineError):
    """A trigger for an instance that is over."""

    code = "instance_ended"


class StartUnknown(MachineError):
    """The process has no such start event, or no none start event."""

    code = "start_unknown"


class WaitNotOpen(MachineError):
    """Base: what the trigger names is not waited for (any more). `local` is its local id."""

    code = "wait_not_open"
    subject = "wait"

    def __init__(self, local: int) -> None:
        super().__init__(f"{self.subject} {local} is not open")
        self.local = local


class TaskNotOpen(WaitNotOpen):
    code = "task_not_open"
    subject = "task"


class JobNotOpen(WaitNotOpen):
    code = "job_not_open"
    subject = "job"


class TimerNotOpen(WaitNotOpen):
    code = "timer_not_open"
    subject = "timer"


class SubscriptionNotOpen(WaitNotOpen):
    code = "subscription_not_open"
    subject = "subscription"


class IncidentNotOpen(WaitNotOpen):
    code = "incident_not_open"
    subject = "incident"


class CallNotOpen(WaitNotOpen):
    code = "call_not_open"
    subject = "call"


class AdHocNotOpen(WaitNotOpen):
    """No ad-hoc subprocess where an activity could still be selected."""

    code = "ad_hoc_not_open"
    subject = "ad-hoc subprocess"


class SelectionRefused(MachineError):
    """The activity cannot be selected in this ad-hoc subprocess."""

    code = "selection_refused"

    def __init__(self, node: str, why: str) -> None:
        super().__init__(f"{node} cannot be selected: {why}")
        self.node = node


class ModificationRefused(MachineError):
    """An instruction of a modification that does not fit the instance; none has taken effect."""

    code = "modification_refused"

    def __init__(self, element: str, why: str) -> None:
        super().__init__(f"{element}: {why}")
        self.element = element


class ScopeNotOpen(WaitNotOpen):
    code = "scope_not_open"
    subject = "scope"


class PerformerExcluded(MachineError):
    """A four-eyes rule: this person, or whom they represent, performed a task it names."""

    code = "performer_excluded"

    def __init__(self, node: str, person: str) -> None:
        super().__init__(f"{person} may not complete {node}: four eyes")
        self.node = node
        self.person = person


class PerformerMissing(MachineError):
    """A task under a four-eyes rule can only be completed by somebody."""

    code = "performer_missing"

    def __init__(self, node: str) -> None:
        super().__init__(f"{node} is under a four-eyes rule: say who completes it")
        self.node = node


class MigrationRefused(MachineError):
    """The instance cannot go on in the other version. `failures`: element and reason of each."""

    code = "migration_refused"

    def __init__(self, failures: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{node}: {text}" for node, text in failures))
        self.failures = failures


class StateTooNew(MachineError):
    """A state that a later version has written."""

    code = "state_too_new"


LONGEST_NAME = 255
"""Characters of what stands in a column of its own: a person, a group, a message's name or key."""


def fits(text: str | None) -> bool:
    """Whether every database keeps it as a name: not too long, no NUL, no half characters."""
    return text is None or (
        len(text) <= LONGEST_NAME
        and "\0" not in text
        and (text.isascii() or not any("\ud800" <= each <= "\udfff" for each in text))
    )


class Stopped(Exception):
    """Inside the machine only: a token cannot go on and keeps its place, with an incident."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
