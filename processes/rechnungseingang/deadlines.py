"""Skonto und Fälligkeiten: which open invoices lose something, when, and how much.

Invariant: what cannot be earned any more is not at stake; a list holds what the E-Akte lets the
principal read, the next loss first, and of one day the dearest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from sqlalchemy import or_, select

from eakte.readlog import record_access
from identity.principal import Principal
from invoice.skonto import Skonto, skonti
from processes.rechnungseingang.amounts import parse_amount
from processes.rechnungseingang.dates import local_day, order_by, skonto_until
from processes.rechnungseingang.receipts import OPEN
from processes.rechnungseingang.status import filed_where_seen
from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row, Transaction

MOST = 5000
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Loss:
    """What is lost next: ordered after `order_by`, the payment misses `ends`."""

    order_by: date
    ends: date
    reason: Literal["skonto", "faelligkeit"]
    at_stake: Decimal
    """The discount; nought where only the due date is missed."""


def discount(term: Skonto, row: Row) -> Decimal:
    """What a term is worth, of its own base or of the amount due; never below nought.

    A base is in the currency of the invoice: where a person has converted that, by the same rate.
    """
    due, stated = parse_amount(row.amount_due) or Decimal(0), parse_amount(row.stated_amount)
    base = due if term.base is None else term.base
    if term.base is not None and stated:
        base = term.base * due / stated
    return max((base * term.percent / 100).quantize(_CENT, ROUND_HALF_UP), Decimal("0.00"))


def next_loss(row: Row, today: date, land: str) -> Loss | None:
    """The next that this invoice can lose; None before it has been read."""
    if row.due_on is None or row.amount_due is None:
        return None
    terms = skonti(row.payment_terms)
    last = order_by(row.due_on, row.issued_on, terms, max(today, local_day(row.received_at)), land)
    worth = Decimal("0.00")
    if last.reason == "skonto":
        ending = [t for t in terms if skonto_until(t, row.issued_on) == last.ends]
        worth = max(discount(term, row) for term in ending)
    return Loss(last.on, last.ends, last.reason, worth)


def queue(
    tx: Transaction, principal: Principal, land: str, limit: int = 100
) -> list[tuple[Row, Loss]]:
    """Open invoices that are not ordered yet. One row in the access log."""
    c = invoice_receipt.c
    seen = filed_where_seen(tx, principal)
    not_ordered = or_(c.booking_file.is_(None), c.booking_result == "abgewiesen")
    query = select(invoice_receipt).where(
        c.tenant == tx.tenant, c.state == OPEN, c.due_on.is_not(None), not_ordered, seen
    )
    rows = tx.all(query.order_by(c.due_on, c.id).limit(MOST))
    today = local_day(tx.now)
    found = [(row, loss) for row in rows if (loss := next_loss(row, today, land)) is not None]
    found.sort(key=lambda each: (each[1].order_by, -each[1].at_stake, each[0].id))
    record_access(tx, principal, "list", "invoice", count=len(found[:limit]))
    return found[:limit]
