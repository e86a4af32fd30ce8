"""What is done to many: rows that the clock works off in small transactions. A table of kinds.

An item is deleted in the transaction that does it, so a batch goes on after any crash where it was.
What cannot be done stops only itself: it waits as failed until somebody lets it be tried again.
Invariant: each item is one command with its own ledger entry, by whoever started the batch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, exists, func, insert, select, update

from bpmn.values import decode, encode
from engine.commands import (
    CancelInstance,
    Command,
    DeleteBatch,
    MigrateInstance,
    ModifyInstance,
    RestartInstance,
    RetryBatch,
    RetryIncident,
    SetJobRetries,
    SetVariables,
    StartBatch,
    SuspendBatch,
    SuspendInstance,
)
from engine.errors import Misused, NotFound
from engine.ids import new_id
from engine.machine.errors import InstanceEnded
from engine.machine.triggers import (
    CancelActivity,
    Instruction,
    Move,
    StartAfter,
    StartBefore,
    StartTransition,
)
from engine.projection import shown
from engine.tables import batch, batch_item
from engine.unit import Unit
from identity.access import require
from identity.principal import Principal, system_principal
from storage.database import Row, Transaction, for_update, skip_locked
from storage.errors import StorageError

if TYPE_CHECKING:
    from engine.engine import Engine

log = logging.getLogger(__name__)
AT_ONCE = 20
"""Items done in one transaction."""
Order = dict[str, Any]


# --- what can be done ---


def _instructions(order: Order) -> list[Instruction]:
    return [_INSTRUCTIONS[kind](**fields) for kind, fields in order["instructions"]]


_INSTRUCTIONS: Mapping[str, Callable[..., Instruction]] = {
    "before": StartBefore,
    "after": StartAfter,
    "transition": StartTransition,
    "cancel": CancelActivity,
}


def written(instructions: list[Instruction]) -> list[Any]:
    """Instructions as an order keeps them."""
    words = {kind: word for word, kind in _INSTRUCTIONS.items()}
    return [
        [words[type(each)], {name: getattr(each, name) for name in each.__struct_fields__}]
        for each in instructions
    ]


def _migrate(order: Order, subject: str) -> Command[Any]:
    moves = [Move(source=a, target=b, update=anew) for a, b, anew in order.pop("moves")]
    return MigrateInstance(subject, moves=moves, **order)


def _modify(order: Order, subject: str) -> Command[Any]:
    return ModifyInstance(subject, _instructions(order), order.get("reason", ""))


def _restart(order: Order, subject: str) -> Command[Any]:
    return RestartInstance(subject, **{**order, "instructions": _instructions(order)})


KINDS: Mapping[str, Callable[[Order, str], Command[Any]]] = {
    "delete": lambda order, subject: CancelInstance(subject, **order),
    "suspend": lambda order, subject: SuspendInstance(subject, **order),
    "variables": lambda order, subject: SetVariables(subject, **order),
    "retry": lambda _, subject: RetryIncident(subject),
    "retries": lambda order, subject: SetJobRetries(subject, **order),
    "modify": _modify,
    "migrate": _migrate,
    "restart": _restart,
}
"""Kind → the command for one subject: an instance, an incident (`retry`) or a job (`retries`)."""

# --- statements ---

_START = insert(batch).values({c.name: bindparam(c.name) for c in batch.c})
_ADD = insert(batch_item).values({c.name: bindparam(c.name) for c in batch_item.c})
_OF = (batch.c.tenant == bindparam("of_tenant"), batch.c.id == bindparam("of_id"))
_ITEMS_OF = (
    batch_item.c.tenant == bindparam("of_tenant"),
    batch_item.c.batch_id == bindparam("of_id"),
)
_LOCK = for_update(select(batch).where(*_OF, batch.c.ended_at.is_(None)))
_READY = exists().where(
    batch_item.c.tenant == batch.c.tenant,
    batch_item.c.batch_id == batch.c.id,
    batch_item.c.state == "ready",
)
_NEXT = skip_locked(
    select(batch)
    .where(
        batch.c.tenant == bindparam("tenant"),
        batch.c.ended_at.is_(None),
        batch.c.suspended.is_(False),
        _READY,
    )
    .order_by(batch.c.id)
    .limit(1)
)
_ITEMS = (
    select(batch_item.c.subject)
    .where(*_ITEMS_OF, batch_item.c.state == "ready")
    .order_by(batch_item.c.subject)
    .limit(bindparam("limit"))
)
_ITEM = (*_ITEMS_OF, batch_item.c.subject == bindparam("of_subject"))
_DONE = delete(batch_item).where(*_ITEM)
_FAILED = update(batch_item).where(*_ITEM).values(state="failed", error=bindparam("error"))
_AGAIN = (
    update(batch_item)
    .where(*_ITEMS_OF, batch_item.c.state == "failed")
    .values(state="ready", error=None)
)
_LEFT = select(func.count()).select_from(batch_item).where(*_ITEMS_OF)
_COUNT = update(batch).where(*_OF).values(done=bindparam("done"), ended_at=bindparam("ended_at"))
_SUSPEND = update(batch).where(*_OF).values(suspended=bindparam("suspended"))
_GONE = (delete(batch_item).where(*_ITEMS_OF), delete(batch).where(*_OF))


# --- commands ---


def start(unit: Unit, command: StartBatch) -> str:
    """Note what is to be done to each of the subjects; the clock does it."""
    require(unit.principal, "instance.operate")
    subjects = sorted(set(command.subjects))
    if not subjects:
        raise Misused("a batch needs something to be done to")
    order = encode(dict(command.order))
    _command(command.kind, order, subjects[0])  # What cannot be read is refused now.
    tx, by, id_ = unit.tx, unit.principal, new_id(unit.tx.now)
    row: dict[str, Any] = {"tenant": tx.tenant, "id": id_, "kind": command.kind, "order": order}
    row |= {"total": len(subjects), "done": 0, "suspended": False, "ended_at": None}
    row |= {"started_at": tx.now, "started_by": by.id, "on_behalf_of": by.on_behalf_of}
    unit.add(_START, row)
    for subject in subjects:
        item = {"tenant": tx.tenant, "batch_id": id_, "subject": subject}
        unit.add(_ADD, {**item, "state": "ready", "error": None})
    unit.projection.wakes = True
    return id_


def _command(kind: str, order: bytes, subject: str) -> Command[Any]:
    make = KINDS.get(kind)
    if make is None:
        raise Misused(f"there is no batch of kind {kind!r}")
    stated: Any = decode(order)
    try:
        return make(stated, subject)
    except (TypeError, KeyError, ValueError) as error:
        raise Misused(f"a batch of kind {kind!r} is not ordered so: {error}") from error


def _locked(unit: Unit, batch_id: str) -> dict[str, str]:
    require(unit.principal, "instance.operate")
    key = {"of_tenant": unit.tx.tenant, "of_id": batch_id}
    if unit.tx.first(_LOCK, key) is None:
        raise NotFound("batch", batch_id)
    return key


def suspend(unit: Unit, command: SuspendBatch) -> None:
    key = _locked(unit, command.batch_id)
    unit.tx.run(_SUSPEND, {**key, "suspended": command.suspended})
    unit.projection.wakes = unit.projection.wakes or not command.suspended


def retry(unit: Unit, command: RetryBatch) -> None:
    unit.tx.run(_AGAIN, _locked(unit, command.batch_id))
    unit.projection.wakes = True


def remove(unit: Unit, command: DeleteBatch) -> None:
    """What is done stays done; the rest is not."""
    key = _locked(unit, command.batch_id)
    for statement in _GONE:
        unit.tx.run(statement, key)


# --- working ---


def work_once(engine: Engine, tenant: str, batch_id: str | None = None) -> int:
    """One transaction of one batch; how many items it took."""
    with engine.database.begin(tenant, engine.clock()) as tx:
        row = _next(tx, batch_id)
        if row is None:
            return 0
        key = {"of_tenant": tenant, "of_id": row.id}
        items = tx.all(_ITEMS, {**key, "limit": AT_ONCE})
        done = sum(_do(engine, tx, row, each.subject) for each in items)
        left = int(tx.scalar(_LEFT, key))
        tx.run(_COUNT, {**key, "done": row.done + done, "ended_at": None if left else tx.now})
        return len(items)


def _next(tx: Transaction, batch_id: str | None) -> Row | None:
    if batch_id is None:
        return tx.first(_NEXT, {"tenant": tx.tenant})
    row = tx.first(_LOCK, {"of_tenant": tx.tenant, "of_id": batch_id})
    return None if row is None or row.suspended else row


def _do(engine: Engine, tx: Transaction, row: Row, subject: str) -> bool:
    """Do one item, or note why it cannot be done."""
    key = {"of_tenant": tx.tenant, "of_id": row.id, "of_subject": subject}
    try:
        with tx.savepoint():
            command = _command(row.kind, row.order, subject)
            engine.execute_in(tx, command, _principal(tx.tenant, row))
    except StorageError:
        raise
    except InstanceEnded as error:
        if row.kind != "delete":  # What is to be ended may have ended by itself.
            return _fail(tx, key, error)
    except Exception as error:  # noqa: BLE001 one item's fault, or a participant's
        return _fail(tx, key, error)
    tx.run(_DONE, key)
    return True


def _fail(tx: Transaction, key: dict[str, str], error: Exception) -> bool:
    log.warning("batch %s, %s: %s", key["of_id"], key["of_subject"], error)
    tx.run(_FAILED, {**key, "error": shown(f"{type(error).__name__}: {error}")})
    return False


def _principal(tenant: str, row: Row) -> Principal:
    """Who started the batch, with the rights that it took: they were asked for then."""
    system = system_principal(tenant)
    if row.started_by == system.id:
        return system
    by, operator = row.started_by, frozenset({"operator"})
    return Principal(
        id=by, tenant=tenant, name=by, kind="person", roles=operator, on_behalf_of=row.on_behalf_of
    )


def work_off(engine: Engine, tenant: str, batch_id: str) -> None:
    """Do all of a batch now, unless a clock does it already; what is left the clock does."""
    while work_once(engine, tenant, batch_id):
        pass
