"""An instance takes what others have put into its inbox.

Invariant: a message leaves the inbox in the transaction that moves its receiver; one whose
receiver is gone by then is offered again, not lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select

from bpmn.values import decode
from engine.commands import Command
from engine.machine.triggers import MessageArrived
from engine.messages import send_again
from engine.tables import inbox
from engine.unit import Unit
from storage.database import for_update

_WAITING = for_update(
    select(inbox)
    .where(inbox.c.tenant == bindparam("tenant"), inbox.c.instance_id == bindparam("instance_id"))
    .order_by(inbox.c.id)
)
_TAKEN = delete(inbox).where(
    inbox.c.tenant == bindparam("of_tenant"), inbox.c.id == bindparam("of_id")
)


@dataclass(frozen=True, slots=True)
class ReceiveMessages(Command[int]):
    """Take every message in the instance's inbox; how many were taken."""

    instance_id: str


def receive(unit: Unit, command: ReceiveMessages) -> int:
    instance = unit.lock(command.instance_id)
    rows = unit.tx.all(_WAITING, {"tenant": unit.tx.tenant, "instance_id": command.instance_id})
    for row in rows:
        unit.tx.run(_TAKEN, {"of_tenant": unit.tx.tenant, "of_id": row.id})
        wait = instance.state.waits.get(row.subscription)
        if instance.state.ended is not None or wait is None or wait.kind != "subscription":
            send_again(unit, row)
            continue
        variables = decode(row.payload)
        assert isinstance(variables, dict)
        trigger = MessageArrived(subscription=row.subscription, variables=variables)
        unit.advance(instance, trigger, "message.arrived")
    return len(rows)
