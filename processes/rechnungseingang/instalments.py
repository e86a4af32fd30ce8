"""Instalments: the earlier invoices that a final one names (BG-3), and whether what it takes off
for them (BT-113) is what was booked.

Invariant: a doubt is told to the person who checks and decides nothing. Instalments that came
before this house was opened are not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from invoice.model import Invoice
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.credit_notes import CREDIT_NOTES
from processes.rechnungseingang.duplicates import CORRECTION, GONE
from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row, Transaction

MOST = 200


@dataclass(frozen=True, slots=True)
class Instalments:
    """The invoices that are known here, the numbers that are not, and what does not add up."""

    known: tuple[Row, ...]
    unknown: tuple[str, ...]
    doubt: str | None


def instalments_of(tx: Transaction, row: Row, invoice: Invoice | None) -> Instalments | None:
    """None for what names no earlier invoice, and for what names it to credit or to correct it."""
    if invoice is None or row.type_code in {*CREDIT_NOTES, CORRECTION} or not row.seller_key:
        return None
    numbers = tuple(dict.fromkeys(each.number for each in invoice.preceding if each.number))[:MOST]
    if not numbers:
        return None
    c = invoice_receipt.c
    query = select(invoice_receipt).where(
        c.tenant == tx.tenant,
        c.seller_key == row.seller_key,
        c.number.in_(numbers),
        c.id != row.id,
        c.state.not_in(GONE),
    )
    known = tuple(tx.all(query.order_by(c.issued_on, c.id).limit(MOST)))
    missing = tuple(each for each in numbers if each not in {one.number for one in known})
    return Instalments(known, missing, _doubt(known, missing, invoice.totals.prepaid))


def _doubt(known: tuple[Row, ...], missing: tuple[str, ...], prepaid: Decimal | None) -> str | None:
    if missing:
        return None  # nothing can be summed up
    waiting = [str(row.number) for row in known if row.voucher is None]
    if waiting:
        return f"Noch nicht gebucht: {', '.join(waiting)}."
    total = sum((parse_amount(row.amount_due) or Decimal(0) for row in known), Decimal(0))
    taken_off = prepaid or Decimal(0)
    if total == taken_off:
        return None
    return (
        f"Abgezogen sind {german(taken_off)} (BT-113), die genannten Rechnungen lauten zusammen "
        f"über {german(total)}. Gekürzt oder mit Skonto gezahlt, kann das richtig sein."
    )
