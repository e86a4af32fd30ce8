"""Timers: fire one, or all that are due. A start event's timer starts an instance.

Invariant: a timer fires in the transaction that deletes its row, so it fires once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, bindparam, delete, select, update

from engine.commands import Command, FireTimer
from engine.ids import split_id
from engine.instance_rows import LOCKED, lock_statement
from engine.machine.time import Cycle, next_due
from engine.machine.triggers import TimerDue
from engine.tables import definition, timer
from engine.tables import instance as instances
from engine.unit import Unit
from identity.access import require
from storage.database import Row, Transaction, for_update, skip_locked

_OF_INSTANCE = (instances.c.tenant == timer.c.tenant) & (instances.c.id == timer.c.instance_id)
_WITH_INSTANCE = select(timer, *LOCKED).join_from(instances, timer, _OF_INSTANCE)
_LOCK = lock_statement(timer)
_DUE_NOW = (
    timer.c.tenant == bindparam("tenant"),
    timer.c.suspended.is_(False),
    timer.c.due <= bindparam("now"),
)
_DUE = skip_locked(_WITH_INSTANCE.where(*_DUE_NOW).order_by(timer.c.due).limit(bindparam("limit")))
_START_DUE = skip_locked(
    select(timer).where(*_DUE_NOW, timer.c.instance_id.is_(None)).limit(bindparam("limit"))
)
_START = for_update(
    select(timer).where(
        timer.c.tenant == bindparam("tenant"),
        timer.c.id == bindparam("id"),
        timer.c.instance_id.is_(None),
    )
)
_KEY = (timer.c.tenant == bindparam("of_tenant"), timer.c.id == bindparam("of_id"))
_AGAIN = update(timer).where(*_KEY).values(due=bindparam("due"), cycle=bindparam("cycle"))
_LATER = update(timer).where(*_KEY).values(due=bindparam("due"))
_GONE = delete(timer).where(*_KEY)
_STILL_NEWEST = select(definition.c.newest).where(
    definition.c.tenant == bindparam("tenant"), definition.c.id == bindparam("id")
)


def fire(unit: Unit, command: FireTimer) -> bool:
    require(unit.principal, "job.operate")
    key = {"tenant": unit.tx.tenant, "id": command.timer_id}
    if split_id(command.timer_id) is None:
        start = unit.tx.first(_START, key)
        if start is None or (start.due > unit.tx.now and not command.early):
            return False
        _begin(unit, start)
        return True
    row = unit.lock_row(_LOCK, command.timer_id)
    if row is None or (row.due > unit.tx.now and not command.early):
        return False
    return _fire(unit, row)


@dataclass(frozen=True, slots=True)
class PostponeTimer(Command[None]):
    """A timer could not be fired: others go first, it is tried again after `by`."""

    timer_id: str
    by: timedelta = timedelta(minutes=1)


def postpone(unit: Unit, command: PostponeTimer) -> None:
    key = {"of_tenant": unit.tx.tenant, "of_id": command.timer_id}
    unit.add(_LATER, {**key, "due": unit.tx.now + command.by})


def fire_due(unit: Unit, limit: int) -> int:
    """Fire up to `limit` timers of this tenant that nobody else is firing."""
    keys: dict[str, Any] = {"tenant": unit.tx.tenant, "now": unit.tx.now, "limit": limit}
    rows = unit.tx.all(_DUE, keys)
    for row in rows:
        _fire(unit, row)
    return len(rows)


def start_due(unit: Unit, limit: int) -> int:
    """The same for start events."""
    keys: dict[str, Any] = {"tenant": unit.tx.tenant, "now": unit.tx.now, "limit": limit}
    rows = unit.tx.all(_START_DUE, keys)
    for row in rows:
        _begin(unit, row)
    return len(rows)


def due_timers(tx: Transaction, limit: int) -> list[str]:
    """Ids of due timers of instances."""
    return _ids(tx, limit, timer.c.instance_id.is_not(None))


def due_starts(tx: Transaction, limit: int) -> list[str]:
    """Ids of due timers of start events."""
    return _ids(tx, limit, timer.c.instance_id.is_(None))


def _ids(tx: Transaction, limit: int, which: ColumnElement[bool]) -> list[str]:
    statement = select(timer.c.id).where(*_DUE_NOW, which).order_by(timer.c.due).limit(limit)
    return [row.id for row in tx.all(statement, {"tenant": tx.tenant, "now": tx.now})]


def _fire(unit: Unit, row: Row) -> bool:
    instance = unit.adopt(row)
    parts = split_id(row.id)
    assert parts is not None
    wait = instance.state.waits.get(parts[1])
    if wait is None or wait.kind != "timer":
        # Another timer of the same instance has just cancelled it.
        unit.add(_GONE, {"of_tenant": unit.tx.tenant, "of_id": row.id})
        return False
    unit.advance(instance, TimerDue(timer=parts[1]), "timer.fired")
    return True


def _begin(unit: Unit, row: Row) -> None:
    key = {"of_tenant": unit.tx.tenant, "of_id": row.id}
    following = next_due(msgspec.json.decode(row.cycle, type=Cycle)) if row.cycle else None
    if following is None:
        unit.add(_GONE, key)
    else:
        cycle = msgspec.json.encode(following.cycle).decode()
        unit.add(_AGAIN, {**key, "due": following.at, "cycle": cycle})
    if unit.tx.scalar(_STILL_NEWEST, {"tenant": unit.tx.tenant, "id": row.definition_id}):
        begun = unit.engine.models.definition(unit.tx, row.definition_id)
        unit.begin(begun, {}, node=row.node, kind="timer.started")
