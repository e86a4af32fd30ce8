"""Incidents: an expression that failed, or a job without attempts left. A person tries again.

Invariant: an incident closes in the transaction that tries again.
"""

from __future__ import annotations

from sqlalchemy import bindparam, select, update

from engine.acts import JobRetriesSet
from engine.commands import RetryIncident, SetJobRetries
from engine.errors import NotFound
from engine.ids import split_id
from engine.jobs import KEY, Failure, give_up, lock_job, number_of, release
from engine.machine.facts import IncidentClosed
from engine.machine.triggers import Retried
from engine.tables import incident, job
from engine.unit import Unit
from identity.access import require
from storage.database import Row

_ONE = select(incident).where(
    incident.c.tenant == bindparam("tenant"), incident.c.id == bindparam("id")
)
_RETRIES = update(job).where(*KEY).values(retries=bindparam("retries"))
"""What a worker has locked stays locked: only the number changes."""


def retry(unit: Unit, command: RetryIncident) -> None:
    require(unit.principal, "instance.operate")
    key = {"tenant": unit.tx.tenant, "id": command.incident_id}
    parts = split_id(command.incident_id)
    row = unit.tx.first(_ONE, key)
    if row is None or parts is None:
        raise NotFound("incident", command.incident_id)
    if row.job_id is not None:
        _make_ready(unit, lock_job(unit, row.job_id), 1)
        return
    instance = unit.lock(row.instance_id)
    unit.advance(instance, Retried(incident=parts[1]), "incident.retried")


def set_retries(unit: Unit, command: SetJobRetries) -> None:
    """A handler's job gets as many attempts as are set; an external worker sees the number."""
    require(unit.principal, "job.operate")
    row = lock_job(unit, command.job_id)
    if command.retries > 0:
        _make_ready(unit, row, command.retries)
    elif row.state != "failed":
        failure = Failure(row.error or "retries set to 0", row.details or "")
        give_up(unit, row, unit.adopt(row), failure, row.failures, 0)


def _make_ready(unit: Unit, row: Row, retries: int) -> None:
    instance = unit.adopt(row)
    number = number_of(row)
    limit, _ = unit.engine.retry_of(row, 1)
    failure = Failure(row.error or "", row.details or "")
    failures = row.failures if row.kind == "external" else max(0, limit - retries)
    if row.kind == "external" and row.state == "leased":
        unit.add(_RETRIES, {"of_tenant": unit.tx.tenant, "of_id": row.id, "retries": retries})
    else:
        release(unit, row, "ready", unit.tx.now, failure, failures, retries)
    unit.note(instance, "job.retries_set", JobRetriesSet(number, retries))
    if row.state == "failed":
        unit.note(instance, "job.retries_set", IncidentClosed(number))
    unit.projection.wakes = True
