"""What tells one task of this process from another in a list: supplier, number, amount.

Invariant: one statement a list, and only for invoices whose content the E-Akte lets the principal
see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, select

from eakte.access import visible
from eakte.tables import vorgang
from identity.principal import Principal
from processes.package import TaskSummary
from processes.rechnungseingang.amounts import parse_amount
from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row, Transaction

if TYPE_CHECKING:
    from processes.house import House


def task_summaries(
    _house: House, tx: Transaction, principal: Principal, tasks: Sequence[Any]
) -> Mapping[str, TaskSummary]:
    """By task id."""
    c = invoice_receipt.c
    readable = exists(
        select(1).where(
            vorgang.c.tenant == c.tenant,
            vorgang.c.id == c.vorgang,
            visible(principal, vorgang, now=tx.now, level="content"),
        )
    )
    wanted = sorted({task.instance_id for task in tasks})
    query = select(invoice_receipt).where(c.tenant == tx.tenant, c.id.in_(wanted), readable)
    found = {row.id: _summary(row) for row in tx.all(query)}
    return {task.id: found[task.instance_id] for task in tasks if task.instance_id in found}


def _summary(row: Row) -> TaskSummary:
    known = [row.seller or row.file_name or "Eingang", row.number and f"Rechnung {row.number}"]
    return TaskSummary(
        subject=", ".join(filter(None, known)),
        amount=parse_amount(row.amount_due),
        currency=row.currency or "EUR",
    )
