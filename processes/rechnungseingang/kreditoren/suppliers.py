"""What the house knows of an invoice's supplier: who it is, which accounts are its own, and when
one of them is new.

Invariant: known is what was booked or what two persons have confirmed, never what an invoice only
says. An account that is not known, of a supplier who has others, raises an alarm. It stands beside
every check; who orders, and has certified nothing, clears it.
"""

from __future__ import annotations

from sqlalchemy import or_, select

from eakte.access import may
from eakte.tables import vorgang
from engine.instance_rows import LOCK
from engine.tables import user_task
from identity.access import require
from identity.principal import Principal
from processes.rechnungseingang import receipts
from processes.rechnungseingang.duplicates import compact
from processes.rechnungseingang.errors import InvoiceClosed, InvoiceUnknown, KreditorBlocked
from processes.rechnungseingang.kreditoren import accounts
from processes.rechnungseingang.kreditoren import master as kreditoren
from processes.rechnungseingang.kreditoren.accounts import CONFIRMED, PROPOSED
from processes.rechnungseingang.kreditoren.matching import Match, match, stated
from processes.rechnungseingang.tables import invoice_kreditor_account, invoice_receipt
from storage.database import Row, Transaction

BOOKED = "gebucht"


def iban_alarm(tx: Transaction, row: Row) -> str | None:
    """Why this invoice's IBAN wants a second look, or None."""
    if not row.iban:
        return None
    found = match(tx, row)
    if (strange := _chosen_against(tx, row, found)) is not None:
        return strange
    mine = accounts.accounts(tx, [each.id for each in found.either])
    held = [each for each in mine if each.iban == row.iban]
    states = {each.state for each in held}
    if CONFIRMED in states:
        return None
    if any(each.removed_at is not None for each in held):
        return (
            f"Die Bankverbindung {_ending(row.iban)} wurde aus dem Kreditorenstamm genommen. "
            "Bitte beim Lieferanten nachfragen, unter einer Nummer, die schon bekannt war."
        )
    paid = _paid_to(tx, row, found)
    if row.iban in paid:
        return None
    confirmed = [each.iban for each in mine if each.state == CONFIRMED]
    if paid or confirmed:
        return _changed(row, paid, confirmed, proposed=PROPOSED in states)
    if not states and any(each.state == PROPOSED for each in mine):
        return (
            f"Der Kreditorenstamm nennt ein anderes Konto als {_ending(row.iban)}, wenn auch noch "
            "unbestätigt. Bitte beim Lieferanten nachfragen, unter einer schon bekannten Nummer."
        )
    if _is_anothers(tx, row):
        return "Diese Bankverbindung ist bisher als die eines anderen Lieferanten bekannt."
    return None


def confirmation(tx: Transaction, row: Row) -> Row | None:
    """By whom and how this account was confirmed to be this supplier's."""
    held = accounts.accounts(tx, [each.id for each in match(tx, row).either], CONFIRMED)
    return next((each for each in held if each.iban == row.iban), None)


def refuse_blocked(tx: Transaction, row: Row) -> None:
    """Raises `KreditorBlocked` where nothing is paid to the supplier for now."""
    found = match(tx, row).kreditor
    if found is not None and found.blocked:
        text = f"Der Kreditor {found.called} ist gesperrt: {found.blocked}"
        raise KreditorBlocked(f"{text} Bitte zurückgeben oder die Sperre aufheben lassen.")


def bound(tx: Transaction, row: Row) -> Row:
    """The row with its Kreditor held fast: from the first signature on it is what was certified,
    whatever becomes of the master."""
    found = match(tx, row).kreditor
    if row.kreditor or found is None:
        return row
    receipts.change(tx, row.id, kreditor=found.id)
    return receipts.receipt(tx, row.id)


CHOSEN_AT = (
    "rechnung_klaeren",
    "dublette_pruefen",
    "zuordnen",
    "sachlich_pruefen",
    "rechnerisch_feststellen",
    "anordnen",
    "rueckfrage_beantworten",
)
"""While the invoice lies there; after the order its Kreditor is settled."""


def may_choose(tx: Transaction, principal: Principal, row: Row) -> bool:
    """Whether the principal may say which Kreditor the invoice is from."""
    if row.vorgang is None or row.state != receipts.OPEN:
        return False
    return _lies_with_people(tx, row) and may(tx, principal, vorgang, row.vorgang, "write")


def _lies_with_people(tx: Transaction, row: Row) -> bool:
    c = user_task.c
    of_invoice = (c.tenant == tx.tenant, c.instance_id == row.id, c.closed_at.is_(None))
    query = select(c.id).where(*of_invoice, c.node.in_(CHOSEN_AT)).limit(1)
    return tx.first(query) is not None


def choose(tx: Transaction, principal: Principal, invoice: str, kreditor_id: str) -> None:
    """A person says whom the invoice is from. Signatures that bound another one are void."""
    require(principal, "kreditor.read")
    # As whoever completes a task does: an order is either given before, or sees the new choice.
    tx.first(LOCK, {"tenant": tx.tenant, "id": invoice})
    row = receipts.receipt(tx, invoice)
    if row.state != receipts.OPEN or not _lies_with_people(tx, row):
        raise InvoiceClosed("Zu dieser Rechnung wird kein Kreditor mehr gewählt.")
    if not may_choose(tx, principal, row):
        raise InvoiceUnknown(f"Diese Rechnung gibt es nicht: {invoice}")
    found = kreditoren.kreditor(tx, kreditor_id)
    receipts.change(tx, invoice, kreditor=found.id, kreditor_by=principal.id)
    kreditoren.record(tx, principal, found.id, "kreditor.chosen", invoice=invoice)


def _changed(row: Row, paid: list[str], confirmed: list[str], *, proposed: bool) -> str:
    before = (
        f"bisher wurde auf {_ending(paid[0])} gezahlt"
        if paid
        else f"bestätigt ist {_ending(confirmed[0])}"
    )
    waits = " Es ist vorgeschlagen, aber noch von niemandem bestätigt." if proposed else ""
    return (
        f"Neue Bankverbindung: {before}, diese Rechnung nennt {_ending(row.iban)}.{waits} Bitte "
        "beim Lieferanten nachfragen, unter einer Nummer, die schon bekannt war."
    )


def _chosen_against(tx: Transaction, row: Row, found: Match) -> str | None:
    """A person's choice is no way round the alarm: it is told where the invoice says otherwise."""
    if found.kreditor is None or not row.kreditor_by:
        return None
    said = stated(tx, row).either
    if said and found.kreditor.id not in {each.id for each in said}:
        others = " oder ".join(each.called for each in said[:3])
        return f"Gewählt ist {found.kreditor.called}; was die Rechnung nennt, passt zu {others}."
    vat_id = found.kreditor.vat_id
    if row.seller_vat_id and vat_id and compact(row.seller_vat_id) != compact(vat_id):
        return (
            f"Gewählt ist {found.kreditor.called} mit der USt-IdNr. {vat_id}; die Rechnung nennt "
            f"{row.seller_vat_id}."
        )
    return None


def _paid_to(tx: Transaction, row: Row, found: Match) -> list[str]:
    """The accounts that this supplier's invoices were booked with, the last one first."""
    c = invoice_receipt.c
    same = [c.seller_key == row.seller_key] if row.seller_key else []
    if found.kreditor is not None:
        same.append(c.kreditor == found.kreditor.id)
    if not same:
        return []
    booked = (c.tenant == tx.tenant, c.state == BOOKED, c.iban.is_not(None), c.id != row.id)
    query = select(c.iban).where(*booked, or_(*same))
    return [each.iban for each in tx.all(query.order_by(c.received_at.desc()).limit(100))]


def _is_anothers(tx: Transaction, row: Row) -> bool:
    c, a = invoice_receipt.c, invoice_kreditor_account.c
    if row.seller_key:
        paid = (c.tenant == tx.tenant, c.state == BOOKED, c.iban == row.iban, c.id != row.id)
        others = select(c.id).where(*paid, c.seller_key != row.seller_key)
        if tx.first(others.limit(1)) is not None:
            return True
    confirmed = (a.tenant == tx.tenant, a.iban == row.iban, a.state == CONFIRMED)
    return tx.first(select(a.id).where(*confirmed).limit(1)) is not None


def _ending(iban: str) -> str:
    """Enough to compare by; the whole stands on the invoice."""
    return f"{iban[:2]}…{iban[-4:]}"
