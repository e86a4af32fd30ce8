"""The clock: what time alone sets in motion. Any number of clocks may run.

One sweep takes what is due and nobody else holds (`SKIP LOCKED`), many at once in a transaction;
if one of them cannot be done, they are done one by one, so that it stops only itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select

from engine.engine import Engine
from engine.inbound import ReceiveMessages
from engine.jobs import run_continuations
from engine.tables import definition, inbox, job, message, timer
from engine.timers import fire_due, start_due
from engine.unit import Unit
from identity.principal import system_principal
from storage.database import Transaction
from storage.errors import Conflict

log = logging.getLogger(__name__)

AT_ONCE = 50
"""How many are advanced in one transaction."""

Sweep = Callable[[Unit, int], int]

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
    done = 0
    for one_sweep in (run_continuations, fire_due, start_due):
        while taken := sweep_once(engine, tenant, one_sweep):
            done += taken
    return done + _receive(engine, tenant)


def sweep_once(engine: Engine, tenant: str, one_sweep: Sweep, limit: int = AT_ONCE) -> int:
    """One transaction of one kind; how many it took. 0: nothing is due, or others have it."""
    try:
        with engine.database.begin(tenant, engine.clock()) as tx:
            return _advance(engine, tx, one_sweep, limit)
    except Conflict:
        return sweep_once(engine, tenant, one_sweep, 1) if limit > 1 else 0


def _advance(engine: Engine, tx: Transaction, one_sweep: Sweep, limit: int) -> int:
    unit = Unit(engine, tx, system_principal(tx.tenant))
    taken = one_sweep(unit, limit)
    unit.finish()
    return taken


def _receive(engine: Engine, tenant: str) -> int:
    """Inboxes whose sender was cut off before it could deliver."""
    with engine.database.reading(tenant) as tx:
        waiting = [row.instance_id for row in tx.all(_INBOXES, {"tenant": tenant})]
    principal = system_principal(tenant)
    return sum(engine.execute(ReceiveMessages(each), principal) for each in waiting)


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
