"""What the house knows of a supplier from what it has paid: its bank details, and when they change.

Invariant: known is what was booked, never what an invoice only says. A supplier that was never
paid has nothing to compare with; one that was, and now names another account, raises an alarm that
stands beside every check and in the step of the person who orders, who is none of those who
certified.
"""

from __future__ import annotations

from sqlalchemy import select

from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row, Transaction

BOOKED = "gebucht"


def iban_alarm(tx: Transaction, row: Row) -> str | None:
    """Why this invoice's IBAN wants a second look, or None."""
    if not row.iban or not row.seller_key:
        return None
    c = invoice_receipt.c
    paid = (c.tenant == tx.tenant, c.state == BOOKED, c.iban.is_not(None), c.id != row.id)
    query = select(c.iban).where(*paid, c.seller_key == row.seller_key)
    known = [each.iban for each in tx.all(query.order_by(c.received_at.desc()).limit(100))]
    if row.iban in known:
        return None
    if known:
        return (
            f"Neue Bankverbindung: bisher wurde auf {_ending(known[0])} gezahlt, diese Rechnung "
            f"nennt {_ending(row.iban)}. Bitte beim Lieferanten nachfragen, unter einer Nummer, "
            "die schon bekannt war."
        )
    others = select(c.id).where(*paid, c.iban == row.iban, c.seller_key != row.seller_key)
    if tx.first(others.limit(1)) is not None:
        return "Auf diese Bankverbindung wurde bisher an einen anderen Lieferanten gezahlt."
    return None


def _ending(iban: str) -> str:
    """Enough to compare by; the whole stands on the invoice."""
    return f"{iban[:2]}…{iban[-4:]}"
