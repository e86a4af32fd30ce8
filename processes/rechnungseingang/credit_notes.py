"""Credit notes: which invoice of the same supplier one belongs to.

Invariant: a match is shown with its reason and decides nothing; a credit note without one goes on,
and the person who checks it is told so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.duplicates import GONE
from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row, Transaction

CREDIT_NOTES = frozenset({"381", "396", "81", "83", "308", "420", "458", "532"})
SELF_BILLED = frozenset({"389", "261", "527"})
"""UNTDID 1001, as models/anordnungsart.dmn has them."""
MOST = 200


@dataclass(frozen=True, slots=True)
class Credited:
    """The invoice, and why it is thought to be the one."""

    row: Row
    reason: str

    @property
    def amount(self) -> str:
        amount = parse_amount(self.row.amount_due)
        return "–" if amount is None else german(amount, self.row.currency or "EUR")


def credited_by(tx: Transaction, note: Row) -> Credited | None:
    """By the number that it names (BT-25), else by its amount where just one invoice has it."""
    if note.type_code not in CREDIT_NOTES or not note.seller_key:
        return None
    c = invoice_receipt.c
    query = select(invoice_receipt).where(
        c.tenant == tx.tenant,
        c.seller_key == note.seller_key,
        c.id != note.id,
        c.state.not_in(GONE),
    )
    if note.preceding:
        named = query.where(c.number == note.preceding).order_by(c.received_at.desc(), c.id)
        found = [row for row in tx.all(named.limit(MOST)) if row.type_code not in CREDIT_NOTES]
        # A number that is not here is an answer, too: an equal amount would be another invoice.
        reason = f"Die Gutschrift nennt diese Rechnung ({note.preceding}, BT-25)."
        return Credited(found[0], reason) if found else None
    return _by_amount(note, tx.all(query.order_by(c.received_at.desc(), c.id).limit(MOST)))


def notes_to(tx: Transaction, invoice: Row) -> list[Row]:
    """The supplier's credit notes that name this invoice (BT-25), the first received first."""
    if invoice.type_code in CREDIT_NOTES or not (invoice.seller_key and invoice.number):
        return []
    c = invoice_receipt.c
    query = select(invoice_receipt).where(
        c.tenant == tx.tenant,
        c.seller_key == invoice.seller_key,
        c.preceding == invoice.number,
        c.type_code.in_(sorted(CREDIT_NOTES)),
        c.state.not_in(GONE),
    )
    return list(tx.all(query.order_by(c.received_at, c.id).limit(MOST)))


def too_much_credited(invoice: Row, notes: Sequence[Row]) -> str | None:
    """For the person who checks: all notes together give back more than the invoice asks for."""
    due = parse_amount(invoice.amount_due)
    amounts = [parse_amount(row.amount_due) or Decimal(0) for row in notes]
    total = sum((abs(each) for each in amounts), Decimal(0))
    if due is None or len({invoice.currency, *(row.currency for row in notes)}) > 1:
        return None
    if total <= abs(due):
        return None
    return (
        f"Gutgeschrieben sind zusammen {german(total)}, die Rechnung lautet über "
        f"{german(abs(due))}: bitte prüfen, ob eine Gutschrift zweimal kam."
    )


def _by_amount(note: Row, invoices: list[Row]) -> Credited | None:
    amount = parse_amount(note.amount_due)
    if amount is None:
        return None
    equal = []
    for row in invoices:
        other = parse_amount(row.amount_due)
        if row.type_code not in CREDIT_NOTES and other is not None and abs(other) == abs(amount):
            equal.append(row)
    if len(equal) != 1 or equal[0].currency != note.currency:
        return None
    return Credited(
        equal[0],
        "Die Gutschrift nennt keine Rechnung; diese ist die einzige des Lieferanten über denselben "
        "Betrag.",
    )
