"""What tells one task of this process from another in a list: supplier, number, amount.

Invariant: one statement a list, and only for invoices whose content the E-Akte lets the principal
see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from identity.principal import Principal
from processes.package import TaskSummary
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.deadlines import Loss, next_loss
from processes.rechnungseingang.status import filed_where_seen
from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row, Transaction

if TYPE_CHECKING:
    from processes.house import House


def task_summaries(
    house: House, tx: Transaction, principal: Principal, tasks: Sequence[Any]
) -> Mapping[str, TaskSummary]:
    """By task id."""
    c = invoice_receipt.c
    readable = filed_where_seen(tx, principal)
    wanted = sorted({task.instance_id for task in tasks})
    query = select(invoice_receipt).where(c.tenant == tx.tenant, c.id.in_(wanted), readable)
    today, land = local_day(tx.now), house.settings.land
    found = {row.id: _summary(row, next_loss(row, today, land)) for row in tx.all(query)}
    return {task.id: found[task.instance_id] for task in tasks if task.instance_id in found}


def _summary(row: Row, loss: Loss | None) -> TaskSummary:
    currency = row.currency or "EUR"
    known = [row.seller or row.file_name or "Eingang", row.number and f"Rechnung {row.number}"]
    if loss is not None and loss.at_stake and not row.booked_on:
        worth, last = german(loss.at_stake, currency), f"{loss.order_by:%d.%m.%Y}"
        known.append(f"Skonto {worth}, wenn bis {last} angeordnet")
    return TaskSummary(
        subject=", ".join(filter(None, known)),
        amount=parse_amount(row.amount_due),
        currency=currency,
    )
