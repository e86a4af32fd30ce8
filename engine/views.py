"""What queries answer with: plain data about what stands in the rows at that moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bpmn.values import Value
from engine.machine.facts import Fact


@dataclass(frozen=True, slots=True)
class Variable:
    """A value and the type it was stated with, if that differs from the value's own."""

    value: Value
    wire: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    id: str
    instance_id: str
    definition_id: str
    process_id: str
    business_key: str | None
    node: str
    token: int
    name: str
    assignee: str | None
    candidate_users: tuple[str, ...]
    candidate_groups: tuple[str, ...]
    excluded: tuple[str, ...]
    priority: int
    due: datetime | None
    follow_up: datetime | None
    form: str | None
    form_id: str | None
    opened_at: datetime
    claimed_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    how: str | None
    suspended: bool = False
    """Its instance moves no token now."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token at rest. `waits_for` names what: task, job, timer, subscription, incident …"""

    id: int
    node: str
    scope: int
    waits_for: tuple[tuple[str, str], ...]
    """(kind, global id) of each thing it waits for."""


@dataclass(frozen=True, slots=True)
class InstanceView:
    """`how` is None while it runs, else completed, terminated, cancelled or error."""

    id: str
    definition_id: str
    process_id: str
    business_key: str | None
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    how: str | None
    end_node: str | None
    entries: int
    suspended: bool
    parent_id: str | None = None
    """Who called it, with which call; `root_id` is the outermost caller."""
    parent_call: int | None = None
    root_id: str | None = None


@dataclass(frozen=True, slots=True)
class EvaluationView:
    """A decision that was evaluated, by a process or (no instance) on its own."""

    id: str
    definition_id: str | None
    key: str
    version: int
    instance_id: str | None
    process_definition_id: str | None
    process_id: str | None
    node: str | None
    evaluated_at: datetime
    evaluated_by: str


@dataclass(frozen=True, slots=True)
class JobView:
    id: str
    instance_id: str
    definition_id: str
    process_id: str
    business_key: str | None
    node: str
    token: int
    kind: Literal["handler", "external", "continuation"]
    topic: str
    priority: int
    state: Literal["ready", "leased", "failed"]
    attempt: int
    failures: int
    retries: int | None
    worker_id: str | None
    free_at: datetime
    error: str | None
    details: str | None
    created_at: datetime
    suspended: bool


@dataclass(frozen=True, slots=True)
class TimerView:
    """`instance_id` is None for a start event's timer."""

    id: str
    instance_id: str | None
    definition_id: str
    process_id: str
    node: str
    token: int
    due: datetime
    suspended: bool


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    id: str
    instance_id: str | None
    definition_id: str
    process_id: str
    business_key: str | None
    node: str
    token: int
    event: Literal["message", "signal", "condition"]
    message: str
    key: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class IncidentView:
    id: str
    instance_id: str
    definition_id: str
    process_id: str
    node: str
    token: int
    kind: str
    message: str
    job_id: str | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class DeploymentView:
    id: str
    name: str
    source: str | None
    deployed_at: datetime
    deployed_by: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One command's entry. `redacted`: its values were erased, what they held is None."""

    seq: int
    at: datetime
    actor: str
    on_behalf_of: str | None
    kind: str
    facts: Sequence[Fact]
    redacted: bool


@dataclass(frozen=True, slots=True)
class Activity:
    """One visit of a token to a node. `ended_at` is None while it is there."""

    node: str
    token: int
    started_at: datetime
    ended_at: datetime | None = None
    cancelled: bool = False
    task_id: str | None = None
    performer: str | None = None
    on_behalf_of: str | None = None
    definition_id: str = ""
    """The version whose element `node` is: of a visit that migrated the last."""
    called_id: str | None = None
    """The instance that a call activity has called."""


@dataclass(frozen=True, slots=True)
class BatchView:
    """`errors`: subject and text of some that failed, where one batch is asked for."""

    id: str
    kind: str
    total: int
    done: int
    failed: int
    suspended: bool
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    errors: tuple[tuple[str, str], ...] = ()

    @property
    def remaining(self) -> int:
        return self.total - self.done
