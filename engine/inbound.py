"""An instance takes what others have put into its inbox. A table of kinds.

Invariant: a row leaves the inbox in the transaction that moves its receiver; a message whose
receiver is gone by then is offered again, not lost. Of a suspended instance all waits but the
order to end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select

from bpmn.values import decode
from engine import calls, signals
from engine.commands import Command
from engine.instance import Instance
from engine.machine.triggers import MessageArrived
from engine.messages import send_again
from engine.tables import inbox
from engine.unit import Unit
from storage.database import Row, for_update

_WAITING = for_update(
    select(inbox)
    .where(inbox.c.tenant == bindparam("tenant"), inbox.c.instance_id == bindparam("instance_id"))
    .order_by(inbox.c.id)
    .limit(bindparam("limit"))
)
_TO_END = for_update(
    select(inbox)
    .where(
        inbox.c.tenant == bindparam("tenant"),
        inbox.c.instance_id == bindparam("instance_id"),
        inbox.c.kind == "cancel",
    )
    .order_by(inbox.c.id)
    .limit(bindparam("limit"))
)
_TAKEN = delete(inbox).where(
    inbox.c.tenant == bindparam("of_tenant"), inbox.c.id == bindparam("of_id")
)

AT_ONCE = 100
"""Rows taken in one transaction; more are taken in the next."""


@dataclass(frozen=True, slots=True)
class ReceiveInbox(Command[int]):
    """Take what is in the instance's inbox, a hundred at once; how many were taken.

    `limit` 1 takes the first alone, where all together cannot be taken.
    """

    instance_id: str
    limit: int = AT_ONCE


def receive(unit: Unit, command: ReceiveInbox) -> int:
    instance = unit.lock(command.instance_id)
    statement = _TO_END if instance.suspended else _WAITING
    keys: dict[str, Any] = {"tenant": unit.tx.tenant, "instance_id": command.instance_id}
    rows = unit.tx.all(statement, {**keys, "limit": command.limit})
    for row in rows:
        unit.tx.run(_TAKEN, {"of_tenant": unit.tx.tenant, "of_id": row.id})
        RECEIVED[row.kind](unit, instance, row)
    if len(rows) == command.limit == AT_ONCE:
        unit.deliver(instance.id)
    return len(rows)


def _message(unit: Unit, instance: Instance, row: Row) -> None:
    wait = instance.state.waits.get(row.number)
    if instance.state.ended is not None or wait is None or wait.kind != "subscription":
        send_again(unit, row)
        return
    variables = decode(row.payload)
    assert isinstance(variables, dict)
    trigger = MessageArrived(subscription=row.number, variables=variables)
    unit.advance(instance, trigger, "message.arrived")


def _signal(unit: Unit, instance: Instance, row: Row) -> None:
    content: Any = decode(row.payload)
    signals.receive(unit, instance, row.number, content["variables"], content["wires"])


def _of_call(unit: Unit, instance: Instance, row: Row) -> None:
    content: Any = decode(row.payload)
    calls.take(unit, instance, row.kind, row.number, row.name, content)


def _call(unit: Unit, instance: Instance, row: Row) -> None:
    content: Any = decode(row.payload)
    calls.call_later(unit, instance, row.number, row.name, content)


def _cancel(unit: Unit, instance: Instance, row: Row) -> None:
    content: Any = decode(row.payload)
    if instance.state.ended is None:
        calls.cancel(unit, instance, content["reason"])


RECEIVED: Mapping[str, Callable[[Unit, Instance, Row], None]] = {
    "message": _message,
    "signal": _signal,
    "call": _call,
    "ended": _of_call,
    "threw": _of_call,
    "escalated": _of_call,
    "lost": _of_call,
    "cancel": _cancel,
}
"""What may lie in an inbox, and how it is taken."""
