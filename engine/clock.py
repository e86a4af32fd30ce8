"""The clock: what time alone sets in motion. Any number of clocks may run.

One sweep takes what is due and nobody else holds (`SKIP LOCKED`), many at once in a transaction;
if one of them cannot be done, they are done one by one, so that it stops only itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select

from bpmn.errors import ModelError
from engine.commands import Command, FireTimer, RunJob
from engine.engine import Engine
from engine.errors import EngineError
from engine.inbound import ReceiveMessages
from engine.jobs import due_continuations, run_continuations
from engine.machine.errors import MachineError
from engine.tables import definition, inbox, job, message, timer
from engine.timers import due_starts, due_timers, fire_due, start_due
from engine.unit import Unit
from identity.principal import system_principal
from storage.database import Transaction
from storage.errors import Conflict, StorageError

log = logging.getLogger(__name__)

AT_ONCE = 50
"""How many are advanced in one transaction."""


@dataclass(frozen=True)
class Sweep:
    """One kind of due thing: many at once, or which they are, to be done one by one."""

    many: Callable[[Unit, int], int]
    due: Callable[[Transaction, int], list[str]]
    one: Callable[[str], Command[Any]]


SWEEPS = (
    Sweep(run_continuations, due_continuations, RunJob),
    Sweep(fire_due, due_timers, FireTimer),
    Sweep(start_due, due_starts, FireTimer),
)

_TENANTS = select(definition.c.tenant).distinct()
_INBOXES = select(inbox.c.instance_id).where(inbox.c.tenant == bindparam("tenant")).distinct()
_EXPIRED = delete(message).where(
    message.c.tenant == bindparam("of_tenant"), message.c.expires_at <= bindparam("of_now")
)
_NEXT_TIMER = select(func.min(timer.c.due)).where(timer.c.tenant == bindparam("tenant"))
_NEXT_JOB = select(func.min(job.c.free_at)).where(
    job.c.tenant == bindparam("tenant"),
    job.c.kind.in_(("handler", "continuation")),
    job.c.state != "failed",
)


def sweep(engine: Engine) -> int:
    """Do everything that is due now, for every tenant; how much was done."""
    return sum(sweep_tenant(engine, tenant) for tenant in tenants(engine))


def tenants(engine: Engine) -> list[str]:
    """The tenants that have deployed anything."""
    with engine.database.reading() as tx:
        return [row.tenant for row in tx.all(_TENANTS)]


def sweep_tenant(engine: Engine, tenant: str) -> int:
    """Until nothing is due: one kind may make another due."""
    done = 0
    while taken := sum(sweep_once(engine, tenant, each) for each in SWEEPS):
        done += taken
    return done + _receive(engine, tenant)


def sweep_once(engine: Engine, tenant: str, each: Sweep) -> int:
    """One transaction of one kind; how many it took. 0: nothing is due, or others have it."""
    try:
        with engine.database.begin(tenant, engine.clock()) as tx:
            unit = Unit(engine, tx, system_principal(tenant))
            taken = each.many(unit, AT_ONCE)
            unit.finish()
            return taken
    except (Conflict, EngineError, MachineError, ModelError) as error:
        log.warning("%s at once failed, going one by one: %s", AT_ONCE, error)
        return _one_by_one(engine, tenant, each)


def _one_by_one(engine: Engine, tenant: str, each: Sweep) -> int:
    with engine.database.reading(tenant) as tx:
        due = each.due(tx, AT_ONCE)
    return sum(_alone(engine, tenant, each.one(id_)) for id_ in due)


def _alone(engine: Engine, tenant: str, command: Command[Any]) -> int:
    try:
        engine.execute(command, system_principal(tenant))
    except (StorageError, EngineError, MachineError, ModelError) as error:
        log.error("%s cannot be done: %s", command, error)  # noqa: TRY400 the text says it
        return 0
    return 1


def _receive(engine: Engine, tenant: str) -> int:
    """Inboxes whose sender was cut off before it could deliver."""
    with engine.database.reading(tenant) as tx:
        waiting = [row.instance_id for row in tx.all(_INBOXES, {"tenant": tenant})]
    return sum(_alone(engine, tenant, ReceiveMessages(each)) for each in waiting)


def forget_expired(engine: Engine, tenant: str) -> int:
    """Delete messages whose time to live is over."""
    with engine.database.begin(tenant, engine.clock()) as tx:
        return tx.run(_EXPIRED, {"of_tenant": tenant, "of_now": tx.now})


def next_due(engine: Engine) -> datetime | None:
    """When the next timer, retry or lease is due, of any tenant."""
    moments: list[datetime] = []
    for tenant in tenants(engine):
        with engine.database.reading(tenant) as tx:
            for statement in (_NEXT_TIMER, _NEXT_JOB):
                moment = tx.scalar(statement, {"tenant": tenant})
                if moment is not None:
                    moments.append(moment)
    return min(moments, default=None)
