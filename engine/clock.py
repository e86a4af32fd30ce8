"""The clock: what time alone sets in motion. Any number of clocks may run.

One sweep takes what is due and nobody else holds (`SKIP LOCKED`), many at once in a transaction;
if one of them cannot be done, they are done one by one. Invariant: what cannot be done stops only
itself. It is put off, so that it does not stand before the others for ever.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from traceback import format_exc
from typing import Any

from sqlalchemy import bindparam, delete, func, or_, select

from engine import batches
from engine.commands import Command, FireTimer, RunJob
from engine.engine import Engine
from engine.errors import Overtaken
from engine.inbound import ReceiveInbox
from engine.jobs import Failure, StallContinuation, due_continuations, run_continuations
from engine.tables import definition, inbox, instance, job, message, timer
from engine.timers import PostponeTimer, due_starts, due_timers, fire_due, start_due
from engine.unit import Unit
from identity.principal import system_principal
from storage.database import Transaction
from storage.errors import Conflict, Unavailable

log = logging.getLogger(__name__)

AT_ONCE = 50
"""How many are advanced in one transaction."""
ROUNDS = 200
"""Transactions of each kind before a tenant lets others come: a timer may be ever due."""


@dataclass(frozen=True)
class Sweep:
    """One kind of due thing: many at once, or which they are, to be done one by one."""

    many: Callable[[Unit, int], int]
    due: Callable[[Transaction, int], list[str]]
    one: Callable[[str], Command[Any]]
    put_off: Callable[[str, Exception], Command[Any]]


def _stall(job_id: str, error: Exception) -> Command[Any]:
    return StallContinuation(job_id, Failure(f"{type(error).__name__}: {error}", format_exc()))


def _postpone(timer_id: str, _: Exception) -> Command[Any]:
    return PostponeTimer(timer_id)


SWEEPS = (
    Sweep(run_continuations, due_continuations, RunJob, _stall),
    Sweep(fire_due, due_timers, FireTimer, _postpone),
    Sweep(start_due, due_starts, FireTimer, _postpone),
)

_TENANTS = select(definition.c.tenant).distinct()
_RECEIVER = (instance.c.tenant == inbox.c.tenant) & (instance.c.id == inbox.c.instance_id)
_INBOXES = (
    select(inbox.c.instance_id)
    .join_from(
        inbox,
        instance,
        (instance.c.tenant == inbox.c.tenant) & (instance.c.id == inbox.c.instance_id),
    )
    .where(
        inbox.c.tenant == bindparam("tenant"),
        or_(instance.c.suspended.is_(False), inbox.c.kind == "cancel"),
    )
    .distinct()
    .limit(bindparam("limit"))
)
_EXPIRED = delete(message).where(
    message.c.tenant == bindparam("of_tenant"), message.c.expires_at <= bindparam("of_now")
)
_NEXT_TIMER = select(func.min(timer.c.due)).where(
    timer.c.tenant == bindparam("tenant"), timer.c.suspended.is_(False)
)
_NEXT_JOB = select(func.min(job.c.free_at)).where(
    job.c.tenant == bindparam("tenant"),
    job.c.kind.in_(("handler", "continuation")),
    job.c.state != "failed",
    job.c.suspended.is_(False),
)


def sweep(engine: Engine) -> int:
    """Do everything that is due now, for every tenant; how much was done."""
    return sum(sweep_tenant(engine, tenant) for tenant in tenants(engine))


def tenants(engine: Engine) -> list[str]:
    """The tenants that have deployed anything."""
    with engine.database.reading() as tx:
        return [row.tenant for row in tx.all(_TENANTS)]


def sweep_tenant(engine: Engine, tenant: str) -> int:
    """Until nothing is due (one kind may make another due), or others have waited long enough."""
    done = 0
    for _ in range(ROUNDS):
        taken = sum(sweep_once(engine, tenant, each) for each in SWEEPS)
        taken += _receive(engine, tenant) + _work_on_batches(engine, tenant)
        if not taken:
            break
        done += taken
    return done


def sweep_once(engine: Engine, tenant: str, each: Sweep) -> int:
    """One transaction of one kind; how many it took. 0: nothing is due, or others have it."""
    try:
        with engine.database.begin(tenant, engine.clock()) as tx:
            unit = Unit(engine, tx, system_principal(tenant))
            taken = each.many(unit, AT_ONCE)
            unit.finish()
            return taken
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 one instance's fault, or a participant's
        log.warning("%s at once failed, going one by one: %s", AT_ONCE, error)
        return _one_by_one(engine, tenant, each)


def _one_by_one(engine: Engine, tenant: str, each: Sweep) -> int:
    with engine.database.reading(tenant) as tx:
        due = each.due(tx, AT_ONCE)
    done = 0
    for id_ in due:
        error = _alone(engine, tenant, each.one(id_))
        done += error is None
        if error is not None and not isinstance(error, Overtaken):
            _alone(engine, tenant, each.put_off(id_, error))
    return done


def _alone(engine: Engine, tenant: str, command: Command[Any]) -> Exception | None:
    try:
        engine.execute(command, system_principal(tenant))
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 as above
        log.error("%s cannot be done: %s", type(command).__name__, error)  # noqa: TRY400 it says it
        return error
    return None


def _receive(engine: Engine, tenant: str) -> int:
    """Inboxes whose sender was cut off before it could deliver, or had many to deliver to.

    Where all of an inbox cannot be taken together its first is taken alone.
    """
    with engine.database.reading(tenant) as tx:
        waiting = [row.instance_id for row in tx.all(_INBOXES, {"tenant": tenant, "limit": 500})]
    done = 0
    for each in waiting:
        if _alone(engine, tenant, ReceiveInbox(each)) is None:
            done += 1
        else:
            done += _alone(engine, tenant, ReceiveInbox(each, 1)) is None
    return done


def _work_on_batches(engine: Engine, tenant: str) -> int:
    try:
        return batches.work_once(engine, tenant)
    except Conflict as error:
        log.warning("a batch meets other changes, it goes on later: %s", error)
        return 0


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
