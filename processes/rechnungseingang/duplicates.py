"""Duplicates: the same invoice in another file.

Invariant: a number alone proves nothing. Suspected is the same supplier, number and year with
other bytes; a predecessor that was refused (or was itself a duplicate) is none. Same bytes never
come this far: `receipts.receive` answers them with the invoice that is there already.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row, Transaction

_GONE = ("abgelehnt", "dublette")


def seller_key(vat_id: str | None, tax_number: str | None, name: str | None) -> str | None:
    """What identifies a supplier, the strongest first."""
    for kind, value in (("ust", vat_id), ("steuer", tax_number), ("name", name)):
        letters = "".join(c for c in (value or "").casefold() if c.isalnum())
        if letters:
            return f"{kind}:{letters[:200]}"
    return None


def predecessor_of(tx: Transaction, receipt: Row) -> Row | None:
    """The earlier invoice that this one may repeat.

    Earlier is what was received before, or has been found to be no duplicate before: so of two
    that arrive at once exactly one is put before a person.
    """
    if not receipt.number or receipt.issued_on is None:
        return None
    c = invoice_receipt.c
    query = select(invoice_receipt).where(
        c.tenant == tx.tenant,
        c.number == receipt.number,
        c.id != receipt.id,
        c.issued_on >= date(receipt.issued_on.year, 1, 1),
        c.issued_on <= date(receipt.issued_on.year, 12, 31),
        c.state.not_in(_GONE),
    )
    mine = (receipt.received_at, receipt.id)
    for other in tx.all(query.order_by(c.received_at, c.id)):
        earlier = (other.received_at, other.id) < mine or other.distinct
        if earlier and _same_supplier(other, receipt):
            return other
    return None


def _same_supplier(one: Row, other: Row) -> bool:
    """By identifier where both have one of a kind, else by name."""
    first, second = one.seller_key or "", other.seller_key or ""
    if first and first.partition(":")[0] == second.partition(":")[0]:
        return first == second
    return bool(one.seller) and (one.seller or "").casefold() == (other.seller or "").casefold()
