"""Duplicates: the same invoice in another file.

Invariant: a number alone proves nothing. Suspected is the same supplier, number and year with
other bytes (so is a ZUGFeRD file beside its XML); after that the same IBAN and amount within a few
days, for a number may be typed or printed differently; and what a corrected invoice names, since
it takes its place. A predecessor that was refused (or was itself a duplicate) is none. Same bytes
never come this far: `receipts.receive` answers them with the invoice that is there already.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select

from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row, Transaction

GONE = ("abgelehnt", "dublette")
CORRECTION = "384"
NEAR = timedelta(days=3)
"""How far apart the dates of one invoice in two files may be."""


def seller_key(vat_id: str | None, tax_number: str | None, name: str | None) -> str | None:
    """What identifies a supplier, the strongest first."""
    for kind, value in (("ust", vat_id), ("steuer", tax_number), ("name", name)):
        if letters := compact(value):
            return f"{kind}:{letters}"
    return None


def compact(value: str | None) -> str:
    """Small letters and digits only: what is left when people write the same differently."""
    return "".join(c for c in (value or "").casefold() if c.isalnum())[:200]


def predecessor_of(tx: Transaction, receipt: Row) -> Row | None:
    """The earlier invoice that this one may repeat.

    Earlier is what was received before, or has been found to be no duplicate before: so of two
    that arrive at once exactly one is put before a person.
    """
    if receipt.issued_on is None:
        return None
    return _same_number(tx, receipt) or _same_payment(tx, receipt) or _what_it_corrects(tx, receipt)


def why_suspected(receipt: Row, earlier: Row) -> str:
    """For the person who decides."""
    if receipt.type_code == CORRECTION and receipt.preceding == earlier.number:
        return (
            "Sie berichtigt diese Rechnung, die nicht abgelehnt ist: wer beide ganz zahlt, zahlt "
            "doppelt. Weiter nur, wenn die frühere nicht gezahlt ist, oder mit Kürzung um sie."
        )
    if receipt.number == earlier.number and _same_supplier(receipt, earlier):
        return "Gleicher Lieferant, gleiche Nummer, gleiches Jahr."
    return "Gleiche IBAN, gleicher Betrag, fast gleiches Datum; Nummer oder Lieferant weichen ab."


def _same_number(tx: Transaction, receipt: Row) -> Row | None:
    if not receipt.number:
        return None
    c = invoice_receipt.c
    query = select(invoice_receipt).where(
        c.tenant == tx.tenant,
        c.number == receipt.number,
        c.id != receipt.id,
        c.issued_on >= date(receipt.issued_on.year, 1, 1),
        c.issued_on <= date(receipt.issued_on.year, 12, 31),
        c.state.not_in(GONE),
    )
    found = tx.all(query.order_by(c.received_at, c.id))
    return next((o for o in found if _is_earlier(o, receipt) and _same_supplier(o, receipt)), None)


def paid_alike(tx: Transaction, receipt: Row) -> list[Row]:
    """The supplier's other invoices of the same IBAN and amount within a few days: their numbers
    say that they are others, so that nobody is stopped, but whoever signs should see them."""
    return [other for other in _payments_like(tx, receipt) if _differ(other, receipt)]


def _same_payment(tx: Transaction, receipt: Row) -> Row | None:
    found = _payments_like(tx, receipt)
    return next((o for o in found if _is_earlier(o, receipt) and not _differ(o, receipt)), None)


def _payments_like(tx: Transaction, receipt: Row) -> Sequence[Row]:
    if not receipt.iban or receipt.amount_due is None or receipt.issued_on is None:
        return ()
    c = invoice_receipt.c
    query = select(invoice_receipt).where(
        c.tenant == tx.tenant,
        c.iban == receipt.iban,
        c.amount_due == receipt.amount_due,
        c.id != receipt.id,
        c.issued_on >= max(receipt.issued_on, date.min + NEAR) - NEAR,
        c.issued_on <= min(receipt.issued_on, date.max - NEAR) + NEAR,
        c.state.not_in(GONE),
    )
    return tx.all(query.order_by(c.received_at, c.id))


def _what_it_corrects(tx: Transaction, receipt: Row) -> Row | None:
    """A corrected invoice (384) takes the place of one that it names (BT-25)."""
    if receipt.type_code != CORRECTION or not receipt.preceding:
        return None
    c = invoice_receipt.c
    query = select(invoice_receipt).where(
        c.tenant == tx.tenant,
        c.number == receipt.preceding,
        c.id != receipt.id,
        c.state.not_in(GONE),
    )
    found = tx.all(query.order_by(c.received_at, c.id))
    return next((other for other in found if _same_supplier(other, receipt)), None)


def _differ(one: Row, other: Row) -> bool:
    """A supplier gives each of its invoices a number of its own (§ 14 (4) UStG): two numbers that
    differ in more than their writing are two invoices."""
    first, second = compact(one.number), compact(other.number)
    return bool(first and second and first != second and _same_supplier(one, other))


def _is_earlier(other: Row, receipt: Row) -> bool:
    mine = (receipt.received_at, receipt.id)
    return bool((other.received_at, other.id) < mine or other.distinct)


def _same_supplier(one: Row, other: Row) -> bool:
    """By identifier where both have one of a kind, else by name."""
    first, second = one.seller_key or "", other.seller_key or ""
    if first and first.partition(":")[0] == second.partition(":")[0]:
        return first == second
    return bool(one.seller) and (one.seller or "").casefold() == (other.seller or "").casefold()
