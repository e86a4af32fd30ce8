"""External tasks: jobs that workers elsewhere take over HTTP, as Camunda 7's clients expect.

Invariant: who holds a task is its `worker_id`; a lock that has expired keeps its holder until
somebody else takes it. `retries` is the worker's number, apart from attempts (decisions.md, 13).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from bpmn.graph import Work
from bpmn.juel.execution import telling
from bpmn.values import Value
from engine.acts import JobFailed
from engine.commands import (
    CompleteJob,
    ExtendLock,
    FailJob,
    LockExternalTasks,
    LockJob,
    ThrowJobError,
    Topic,
    UnlockJob,
)
from engine.errors import JobNotYours, Misused, NotFound
from engine.instance import Instance
from engine.jobs import CLAIMABLE, KEY, Failure, give_up, lock_job, number_of, release, taken
from engine.limits import check_names
from engine.machine.activities import error_in
from engine.machine.state import decode
from engine.machine.triggers import JobDone, JobThrew
from engine.results import LockedJob
from engine.tables import instance as instances
from engine.tables import job
from engine.unit import Unit
from identity.access import require
from storage.database import Row, skip_locked

_HOLD = (
    update(job)
    .where(*KEY)
    .values(state="leased", worker_id=bindparam("worker_id"), free_at=bindparam("free_at"))
)

_VARIABLES = select(instances.c.id, instances.c.state, instances.c.variables).where(
    instances.c.tenant == bindparam("tenant"), instances.c.id.in_(bindparam("ids", expanding=True))
)


def lock_external(unit: Unit, command: LockExternalTasks) -> list[LockedJob]:
    require(unit.principal, "external_task.work")
    check_names(worker_id=command.worker_id)
    for topic in command.topics:
        check_names(topic=topic.name, business_key=topic.business_key)
    rows: list[tuple[Row, Topic]] = []
    for topic in command.topics:
        left = command.limit - len(rows)
        if left > 0:
            rows += [(row, topic) for row in _take_external(unit, command, topic, left)]
    if not rows:
        return []
    keys = {"tenant": unit.tx.tenant, "ids": sorted({row.instance_id for row, _ in rows})}
    states = {row.id: row for row in unit.tx.all(_VARIABLES, keys)}
    return [_locked(unit, row, topic, states[row.instance_id]) for row, topic in rows]


def _take_external(
    unit: Unit, command: LockExternalTasks, topic: Topic, limit: int
) -> Sequence[Row]:
    order = [job.c.priority.desc()] if command.by_priority else []
    chosen = select(job.c.id).where(
        *CLAIMABLE, job.c.kind == "external", job.c.topic == bindparam("of_topic")
    )
    keys: dict[str, Any] = {"of_topic": topic.name, "of_now": unit.tx.now, "of_limit": limit}
    if topic.business_key is not None:
        chosen = chosen.where(job.c.business_key == bindparam("of_business_key"))
        keys["of_business_key"] = topic.business_key
    if topic.process_ids:
        chosen = chosen.where(job.c.process_id.in_(topic.process_ids))
    if topic.definition_ids:
        chosen = chosen.where(job.c.definition_id.in_(topic.definition_ids))
    chosen = skip_locked(chosen.order_by(*order, job.c.free_at).limit(bindparam("of_limit")))
    keys |= {"of_tenant": unit.tx.tenant, "worker_id": command.worker_id}
    keys["until"] = unit.tx.now + topic.lock_for
    return unit.tx.all(taken(job.c.id.in_(chosen)), keys)


def _locked(unit: Unit, row: Row, topic: Topic, of: Row) -> LockedJob:
    definition = unit.engine.models.definition(unit.tx, row.definition_id)
    node = unit.engine.models.graph(unit.tx, definition).nodes[row.node]
    seen: Mapping[str, Value] = {}
    wires: dict[str, str] = {}
    if topic.variables != ():
        state = decode(of.state, of.variables)
        scope = state.scope_of(row.token)
        seen = state.visible(scope)
        if topic.variables is not None:
            seen = {name: seen[name] for name in topic.variables if name in seen}
        wires = {**state.wire.get(0, {}), **state.wire.get(scope, {})}
    return LockedJob(
        id=row.id,
        topic=row.topic,
        worker_id=row.worker_id,
        locked_until=row.free_at,
        instance_id=row.instance_id,
        definition_id=row.definition_id,
        process_id=row.process_id,
        process_version=definition.version,
        version_tag=definition.version_tag,
        node=row.node,
        token=row.token,
        business_key=row.business_key,
        retries=row.retries,
        priority=row.priority,
        error_message=row.error,
        error_details=row.details,
        created_at=row.created_at,
        variables=seen,
        wires=wires,
        properties=node.properties,
    )


def _held(unit: Unit, job_id: str, worker_id: str) -> tuple[Row, Instance]:
    require(unit.principal, "external_task.work")
    row = lock_job(unit, job_id)
    if row.kind != "external":
        raise NotFound("external task", job_id)
    if row.worker_id != worker_id:
        raise JobNotYours(job_id, worker_id, row.worker_id)
    return row, unit.adopt(row)


def complete(unit: Unit, command: CompleteJob) -> None:
    row, instance = _held(unit, command.job_id, command.worker_id)
    trigger = JobDone(
        job=number_of(row),
        variables=command.variables,
        local=command.local,
        wire=dict(command.wires),
    )
    unit.advance(instance, trigger, "job.done")


def throw(unit: Unit, command: ThrowJobError) -> None:
    row, instance = _held(unit, command.job_id, command.worker_id)
    trigger = JobThrew(
        job=number_of(row),
        code=command.error_code,
        message=command.message,
        variables=command.variables,
    )
    unit.advance(instance, trigger, "job.threw")


def fail(unit: Unit, command: FailJob) -> None:
    row, instance = _held(unit, command.job_id, command.worker_id)
    code = _error_of(unit, row, instance, command)
    if code is not None:
        thrown = JobThrew(job=number_of(row), code=code, message=command.message)
        unit.advance(instance, thrown, "job.threw")
        return
    failure = Failure(command.message or "", command.details or "")
    failures = row.failures + 1
    if command.retries <= 0:
        give_up(unit, row, instance, failure, failures, 0)
        return
    again_at = unit.tx.now + command.retry_after
    release(unit, row, "ready", again_at, failure, failures, command.retries)
    fact = JobFailed(number_of(row), row.node, row.attempt, again_at, failure.message)
    unit.note(instance, "job.failed", fact)


def _error_of(unit: Unit, row: Row, instance: Instance, command: FailJob) -> str | None:
    """A failure may be an error in the model's eyes; its conditions see `errorMessage` too."""
    action = instance.graph.nodes[row.node].action
    if not isinstance(action, Work) or not action.errors:
        return None
    wait = instance.state.waits[number_of(row)]
    seen = instance.state.visible(instance.state.scope_of(wait.token))
    said = {"errorMessage": command.message, "errorDetails": command.details}
    with telling(instance.about, instance.business_key):
        return error_in(action, {**seen, **said}, unit.tx.now, lenient=True)


def lock(unit: Unit, command: LockJob) -> None:
    require(unit.principal, "external_task.work")
    check_names(worker_id=command.worker_id)
    row = lock_job(unit, command.job_id)
    taken = row.state == "leased" and row.free_at > unit.tx.now
    if row.state == "failed":
        raise Misused(f"job {command.job_id} has no retries left: set them first")
    if row.kind != "external" or (taken and row.worker_id != command.worker_id):
        raise JobNotYours(command.job_id, command.worker_id, row.worker_id)
    _hold(unit, row, command.worker_id, command.lock_for)


def extend_lock(unit: Unit, command: ExtendLock) -> None:
    row, _ = _held(unit, command.job_id, command.worker_id)
    _hold(unit, row, command.worker_id, command.lock_for)


def _hold(unit: Unit, row: Row, worker_id: str, lock_for: timedelta) -> None:
    until = unit.tx.now + lock_for
    key = {"of_tenant": unit.tx.tenant, "of_id": row.id}
    unit.add(_HOLD, {**key, "worker_id": worker_id, "free_at": until})


def unlock(unit: Unit, command: UnlockJob) -> None:
    require(unit.principal, "external_task.work")
    row = lock_job(unit, command.job_id)
    if row.kind != "external":
        raise NotFound("external task", command.job_id)
    if row.state != "leased":
        return
    failure = Failure(row.error or "", row.details or "")
    release(unit, row, "ready", unit.tx.now, failure, row.failures)
