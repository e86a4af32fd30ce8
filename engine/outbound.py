"""What an instance is sent goes into its inbox, since only its own command may move it.

Invariant: a row is written in the sender's transaction and taken after its commit, at once by the
process that sent it or later by a clock; so a crash between both loses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert

from bpmn.values import Value, encode
from engine.ids import new_id
from engine.tables import inbox

if TYPE_CHECKING:
    from engine.instance import Instance
    from engine.unit import Unit

_SEND = insert(inbox).values({c.name: bindparam(c.name) for c in inbox.c})


def put(  # noqa: PLR0917 the columns of an inbox
    unit: Unit,
    instance_id: str,
    kind: str,
    number: int,
    name: str,
    payload: bytes,
    *,
    key: str = "null",
    id_: str | None = None,
) -> None:
    """Send something to an instance, and let it take it once this transaction is durable."""
    row: dict[str, Any] = {
        "tenant": unit.tx.tenant,
        "id": id_ or new_id(unit.tx.now),
        "instance_id": instance_id,
        "kind": kind,
        "number": number,
        "name": name,
        "key": key,
        "payload": payload,
        "sent_at": unit.tx.now,
    }
    unit.tx.run(_SEND, row)
    unit.deliver(instance_id)


def report(  # noqa: PLR0917 as `put`
    unit: Unit, sender: Instance, to: str, kind: str, number: int, name: str, payload: Value
) -> None:
    """Send what one instance has to tell another. What it tells is received in the order of its
    own steps, whatever the clocks of the processes say that took them."""
    unit.reports += 1
    id_ = f"{sender.id}-{sender.seq + 1:08d}-{unit.reports:05d}"
    put(unit, to, kind, number, name, encode(payload), id_=id_)
