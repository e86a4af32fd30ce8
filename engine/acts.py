"""What the engine itself does to an instance, beside what happened inside the machine.

Acts stand in a ledger entry among the machine's facts and follow the same rule: nothing personal
but in the fields that `engine.record` puts into the erasable part.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from engine.machine.facts import Fact


class Begun(Fact, frozen=True):
    """The first act of every instance: which definition it follows."""

    definition_id: str
    process_id: str
    version: int
    business_key: str | None = None
    parent: str | None = None
    """The instance that called this one, by its `call`."""
    call: int | None = None
    restarted: str | None = None
    """The instance that this one takes up again."""
    reason: str | None = None


class CallBegun(Fact, frozen=True):
    """The instance that a call activity has begun."""

    call: int
    node: str
    instance_id: str
    definition_id: str


class TaskAssigned(Fact, frozen=True):
    """A task changed hands; None gave it back to its candidates."""

    task: int
    assignee: str | None = None


class TaskUpdated(Fact, frozen=True):
    task: int
    due: datetime | None = None
    follow_up: datetime | None = None
    priority: int | None = None


class JobFailed(Fact, frozen=True):
    """An attempt failed. `again_at` None: no attempt is left, an incident is open."""

    job: int
    node: str
    attempt: int
    again_at: datetime | None = None
    message: str = ""


class JobRetriesSet(Fact, frozen=True):
    job: int
    retries: int


class CancelRequested(Fact, frozen=True):
    reason: str


class Suspended(Fact, frozen=True):
    """From here on no token of the instance moves."""

    reason: str = ""


class Resumed(Fact, frozen=True):
    reason: str = ""


class Modified(Fact, frozen=True):
    """Tokens were put and withdrawn from outside; what that was stands beside this."""

    reason: str = ""


class Migrated(Fact, frozen=True):
    """The instance goes on in another version; what moved stands beside this."""

    source_id: str
    target_id: str
    version: int
    reason: str = ""


class JobSuspended(Fact, frozen=True):
    """One job or timer waits for an operator."""

    job: int


class JobResumed(Fact, frozen=True):
    job: int


class DefinitionSuspended(Fact, frozen=True):
    """Nothing starts from the definition."""

    definition_id: str
    reason: str = ""


class DefinitionResumed(Fact, frozen=True):
    definition_id: str
    reason: str = ""


class NodeHeld(Fact, frozen=True):
    """Jobs and timers of an element wait for an operator."""

    definition_id: str
    node: str


class NodeReleased(Fact, frozen=True):
    definition_id: str
    node: str


class DefinitionDeployed(Fact, frozen=True):
    """`hash` is the SHA-256 of the whole file."""

    kind: str
    key: str
    version: int
    definition_id: str
    resource: str
    hash: str


Act: TypeAlias = (
    Begun
    | CallBegun
    | TaskAssigned
    | TaskUpdated
    | JobFailed
    | JobRetriesSet
    | CancelRequested
    | Suspended
    | Resumed
    | Modified
    | Migrated
    | JobSuspended
    | JobResumed
    | DefinitionSuspended
    | DefinitionResumed
    | NodeHeld
    | NodeReleased
    | DefinitionDeployed
)
