"""Working on jobs: claim, run the handler outside any transaction, settle.

Both ways of running use this code: worker threads here (`engine.embedded`) and celery workers
(`engine.queue`). Invariant: whatever a handler does, its job ends done, thrown, waiting for its
next attempt, or with an incident; and a result counts only if the claim is still the job's own.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from traceback import format_exc
from typing import Any

from sqlalchemy import bindparam, select

from bpmn.errors import NotAValue
from bpmn.values import to_json
from engine.engine import Engine
from engine.handlers import BpmnError, Done, JobContext, Registration, Retry
from engine.ids import split_id
from engine.jobs import (
    CLAIM_ONE,
    Failure,
    Finished,
    SettleJob,
    Thrown,
    claim_statement,
)
from engine.machine.state import decode
from engine.tables import instance as instances
from identity.principal import system_principal
from storage.database import Row
from storage.errors import Conflict

log = logging.getLogger(__name__)

_CASE = select(instances.c.state, instances.c.variables).where(
    instances.c.tenant == bindparam("tenant"), instances.c.id == bindparam("id")
)


def claim(engine: Engine, tenant: str, worker_id: str, limit: int = 1) -> list[Row]:
    """Take up to `limit` ready jobs of the topics that have a handler here."""
    topics = sorted(engine.handlers.topics())
    if not topics:
        return []
    keys: dict[str, Any] = {f"topic_{index}": topic for index, topic in enumerate(topics)}
    keys |= {"of_limit": limit}
    statement = claim_statement(len(topics))
    return _take(engine, tenant, worker_id, statement, keys)


def claim_one(engine: Engine, tenant: str, worker_id: str, job_id: str) -> Row | None:
    """Take the job that a delivery names; None if it is taken, done or not yet due."""
    rows = _take(engine, tenant, worker_id, CLAIM_ONE, {"of_id": job_id})
    return rows[0] if rows else None


def _take(
    engine: Engine, tenant: str, worker_id: str, statement: Any, keys: dict[str, Any]
) -> list[Row]:
    try:
        with engine.database.begin(tenant, engine.clock()) as tx:
            keys |= {"of_tenant": tenant, "of_now": tx.now}
            keys |= {"until": tx.now + engine.handlers.longest_lease(), "worker_id": worker_id}
            return tx.all(statement, keys)
    except Conflict:
        return []


def run(engine: Engine, tenant: str, row: Row) -> bool:
    """Run a claimed job to its outcome. False: fenced out, somebody else has it."""
    registered = engine.handlers.get(row.topic)
    outcome: Finished | Thrown | Failure
    if registered is None:
        outcome = Failure(f"topic {row.topic!r} has no handler here", again=timedelta(minutes=1))
    elif row.failures >= engine.retry_of(row, 1)[0]:
        outcome = Failure(row.error or "workers were lost while they ran this job")
    else:
        outcome = _run(engine, tenant, row, registered)
    return _settle(engine, tenant, SettleJob(row.id, row.attempt, outcome))


def _settle(engine: Engine, tenant: str, command: SettleJob) -> bool:
    """An effect or output that fails counts against the attempt, like the handler itself."""
    principal = system_principal(tenant)
    try:
        return engine.execute(command, principal)
    except Exception as error:  # noqa: BLE001 effects are a package's code, as handlers are
        log.warning("job %s failed while it was settled: %s", command.job_id, error)
        failure = Failure(_said(error), format_exc())
        return engine.execute(SettleJob(command.job_id, command.attempt, failure), principal)


def _run(
    engine: Engine, tenant: str, row: Row, registered: Registration
) -> Finished | Thrown | Failure:
    context = _context(engine, tenant, row)
    if context is None:
        return Failure("the instance is gone")
    try:
        result = registered.run(context)
        done = result if isinstance(result, Done) else Done(result or {})
        to_json(done.variables)
    except BpmnError as thrown:
        return Thrown(thrown.code, thrown.message, thrown.variables)
    except Retry as asked:
        return Failure(str(asked), again=asked.after)
    except NotAValue as error:
        return Failure(f"the handler's result cannot be kept: {error}", format_exc())
    except Exception as error:  # noqa: BLE001 here jobs are run
        log.warning("job %s (%s) failed: %s", row.id, row.topic, error)
        return Failure(_said(error), format_exc())
    return Finished(done.variables, done.effects)


def _context(engine: Engine, tenant: str, row: Row) -> JobContext | None:
    with engine.database.reading(tenant) as tx:
        case = tx.first(_CASE, {"tenant": tenant, "id": row.instance_id})
        if case is None or case.state is None:
            return None
        node = engine.graph(tx, row.definition_id).nodes[row.node]
    state = decode(case.state, case.variables)
    parts = split_id(row.id)
    if parts is None or parts[1] not in state.waits:
        return None
    return JobContext(
        id=row.id,
        instance_id=row.instance_id,
        process_id=row.process_id,
        business_key=row.business_key,
        node=row.node,
        topic=row.topic,
        variables=state.visible(state.scope_of(row.token)),
        properties=node.properties,
        attempt=row.attempt,
        tenant=tenant,
        now=engine.clock(),
        database=engine.database,
        objects=engine.objects,
    )


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
