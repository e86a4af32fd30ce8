"""Jobs: claim with attempt and lease, complete, fail, retry.

The row is the truth. A handler's job is fenced by its attempt: whoever settles it with an older
attempt changes nothing. External tasks stand in `engine.external`. Invariant: a job closes in the
transaction that moves its token, together with the effects its handler returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, case, select, update

from bpmn.values import Variables
from engine.acts import JobFailed
from engine.commands import (
    Command,
    RunJob,
)
from engine.errors import Misused, NotFound
from engine.handlers import Effect
from engine.ids import split_id
from engine.instance import Instance
from engine.instance_rows import LOCKED, lock_statement
from engine.machine.facts import IncidentClosed, IncidentOpened
from engine.machine.triggers import AnyTrigger, Continue, JobDone, JobThrew
from engine.projection import CLOSE_JOB, FAILED_JOB, OPEN_INCIDENT, incident_row, shown
from engine.tables import instance as instances
from engine.tables import job
from engine.unit import Unit
from identity.access import require
from storage.database import Row, Transaction, skip_locked

_OF_INSTANCE = (instances.c.tenant == job.c.tenant) & (instances.c.id == job.c.instance_id)
_WITH_INSTANCE = select(job, *LOCKED).join_from(instances, job, _OF_INSTANCE)
_LOCK = lock_statement(job)
CLAIMABLE = (
    job.c.tenant == bindparam("of_tenant"),
    job.c.state != "failed",
    job.c.suspended.is_(False),
    job.c.free_at <= bindparam("of_now"),
)
_READY_CONTINUATIONS = skip_locked(
    _WITH_INSTANCE.where(
        job.c.tenant == bindparam("tenant"),
        job.c.kind == "continuation",
        job.c.topic == "",
        job.c.state != "failed",
        job.c.suspended.is_(False),
        job.c.free_at <= bindparam("now"),
    )
    .order_by(job.c.free_at)
    .limit(bindparam("limit"))
)
KEY = (job.c.tenant == bindparam("of_tenant"), job.c.id == bindparam("of_id"))
RELEASE = (
    update(job)
    .where(*KEY)
    .values(
        state=bindparam("state"),
        failures=bindparam("failures"),
        retries=bindparam("retries"),
        worker_id=None,
        free_at=bindparam("free_at"),
        published_at=None,
        error=bindparam("error"),
        details=bindparam("details"),
    )
)
"""A job that nobody works on: waiting for its next attempt, or failed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that ended in an error; `details` is for the operator. `again`: Retry(after)."""

    message: str
    details: str = ""
    again: timedelta | None = None

    def __post_init__(self) -> None:
        """An error's text may quote anything; what is kept of it fits everywhere."""
        object.__setattr__(self, "message", shown(self.message))
        object.__setattr__(self, "details", shown(self.details, 100_000))


@dataclass(frozen=True, slots=True)
class Thrown:
    code: str
    message: str | None = None
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finished:
    variables: Variables
    effects: Sequence[Effect] = ()


@dataclass(frozen=True, slots=True)
class SettleJob(Command[bool]):
    """What a handler here made of a job. False: fenced out, somebody else has the job."""

    job_id: str
    attempt: int
    outcome: Finished | Thrown | Failure


@dataclass(frozen=True, slots=True)
class StallContinuation(Command[None]):
    """A continuation could not be run: it waits, and has an incident when its attempts are used."""

    job_id: str
    failure: Failure


def lock_job(unit: Unit, job_id: str) -> Row:
    """The job's row, its instance locked with it. Raises NotFound."""
    row = unit.lock_row(_LOCK, job_id)
    if row is None:
        raise NotFound("job", job_id)
    return row


def number_of(row: Row) -> int:
    parts = split_id(row.id)
    assert parts is not None
    return parts[1]


# --- handlers here ---


@cache
def claim_statement(topics: int) -> Any:
    """Claim handler jobs of so many topics; a lease that ran out counts as a failure."""
    names: list[Any] = [bindparam(f"topic_{index}") for index in range(topics)]
    chosen = skip_locked(
        select(job.c.id)
        .where(*CLAIMABLE, job.c.kind == "handler", job.c.topic.in_(names))
        .order_by(job.c.priority.desc(), job.c.free_at)
        .limit(bindparam("of_limit"))
    )
    return taken(job.c.id.in_(chosen))


def taken(which: Any) -> Any:
    return (
        update(job)
        .where(job.c.tenant == bindparam("of_tenant"), which)
        .values(
            state="leased",
            attempt=job.c.attempt + 1,
            failures=job.c.failures + case((job.c.state == "leased", 1), else_=0),
            worker_id=bindparam("worker_id"),
            free_at=bindparam("until"),
        )
        .returning(job)
    )


CLAIM_ONE = taken(and_(*CLAIMABLE, job.c.kind == "handler", job.c.id == bindparam("of_id")))
"""Claim the one job that a delivery names, if it is still to be had.

It waits for the row: a relay may be stamping it just now, and a delivery that passed over it would
be gone.
"""


def settle(unit: Unit, command: SettleJob) -> bool:
    row = unit.lock_row(_LOCK, command.job_id)
    if row is None or row.attempt != command.attempt or row.state != "leased":
        return False
    instance = unit.adopt(row)
    outcome = command.outcome
    if instance.suspended:
        # Its token may not move: the job is done again when it may, as after a crash.
        release(unit, row, "ready", unit.tx.now, Failure(row.error or ""), row.failures)
        return False
    if isinstance(outcome, Failure):
        _failed(unit, row, instance, outcome)
        return True
    if isinstance(outcome, Finished):
        for effect in outcome.effects:
            effect(unit.tx)
        trigger: AnyTrigger = JobDone(job=number_of(row), variables=outcome.variables)
        unit.advance(instance, trigger, "job.done")
    else:
        trigger = JobThrew(
            job=number_of(row),
            code=outcome.code,
            message=outcome.message,
            variables=outcome.variables,
        )
        unit.advance(instance, trigger, "job.threw")
    return True


def _failed(unit: Unit, row: Row, instance: Instance, failure: Failure) -> None:
    """Wait and try again, or give up and open an incident."""
    if failure.again is not None:
        release(unit, row, "ready", unit.tx.now + failure.again, failure, row.failures)
        return
    failures = row.failures + 1
    limit, wait = unit.engine.retry_of(row, failures)
    if failures >= limit:
        give_up(unit, row, instance, failure, failures)
        return
    again_at = unit.tx.now + wait
    release(unit, row, "ready", again_at, failure, failures)
    fact = JobFailed(number_of(row), row.node, row.attempt, again_at, failure.message)
    unit.note(instance, "job.failed", fact)


def release(  # noqa: PLR0917 the columns it sets
    unit: Unit,
    row: Row,
    state: str,
    free_at: datetime,
    failure: Failure,
    failures: int,
    retries: int | None = None,
) -> None:
    unit.add(
        RELEASE,
        {
            "of_tenant": unit.tx.tenant,
            "of_id": row.id,
            "state": state,
            "failures": failures,
            "retries": row.retries if retries is None else retries,
            "free_at": free_at,
            "error": failure.message,
            "details": failure.details,
        },
    )


def give_up(  # noqa: PLR0917 as `release`
    unit: Unit,
    row: Row,
    instance: Instance,
    failure: Failure,
    failures: int,
    retries: int | None = None,
) -> None:
    """No attempt is left: the job waits for a person, its incident bears its number."""
    release(unit, row, "failed", unit.tx.now, failure, failures, retries)
    number = number_of(row)
    opened = IncidentOpened(number, row.node, row.token, FAILED_JOB, failure.message)
    failed = JobFailed(number, row.node, row.attempt, None, failure.message)
    unit.note(instance, "job.failed", failed, opened)
    # The incident's row names its job; so it is written here and not by the projection.
    unit.add(OPEN_INCIDENT, incident_row(unit.projection, instance, opened, row.id))


# --- continuations ---


def run_continuation(unit: Unit, command: RunJob) -> None:
    require(unit.principal, "job.operate")
    row = lock_job(unit, command.job_id)
    if row.kind != "continuation":
        raise Misused(f"job {command.job_id} is worked on by its topic, not run by hand")
    instance = unit.adopt(row)
    if row.state == "failed":
        unit.note(instance, "job.continued", IncidentClosed(number_of(row)))
    unit.advance(instance, Continue(job=number_of(row)), "job.continued")


def stall(unit: Unit, command: StallContinuation) -> None:
    row = unit.lock_row(_LOCK, command.job_id)
    if row is not None and row.kind == "continuation" and row.state != "failed":
        _failed(unit, row, unit.adopt(row), command.failure)


def run_continuations(unit: Unit, limit: int) -> int:
    """Run up to `limit` continuations that nobody else is running."""
    keys = {"tenant": unit.tx.tenant, "now": unit.tx.now, "limit": limit}
    rows = unit.tx.all(_READY_CONTINUATIONS, keys)
    for row in rows:
        instance = unit.adopt(row)
        if number_of(row) in instance.state.waits:
            unit.advance(instance, Continue(job=number_of(row)), "job.continued")
        else:
            unit.projection.close(CLOSE_JOB, instance, number_of(row))
    return len(rows)


def due_continuations(tx: Transaction, limit: int) -> list[str]:
    """Ids of continuations that are due."""
    statement = (
        select(job.c.id)
        .where(*CLAIMABLE, job.c.kind == "continuation")
        .order_by(job.c.free_at)
        .limit(limit)
    )
    return [row.id for row in tx.all(statement, {"of_tenant": tx.tenant, "of_now": tx.now})]
