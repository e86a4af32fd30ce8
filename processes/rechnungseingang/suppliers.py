"""What the house knows of a supplier: the bank details that it was paid to or that a person has
confirmed, and when they change.

Invariant: known is what was booked or confirmed, never what an invoice only says. A supplier
that was never paid has nothing to compare with; one that was, and now names another account,
raises an alarm. It stands beside every check; who orders, and has certified nothing, clears it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, func, insert, select

from identity.access import require
from identity.principal import Principal
from processes.package import Field, Register
from processes.rechnungseingang.errors import SupplierAccountInvalid
from processes.rechnungseingang.heads import iban_typed
from processes.rechnungseingang.routing import record_change
from processes.rechnungseingang.tables import invoice_receipt, invoice_supplier_account
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
    if row.iban in known or confirmation(tx, row) is not None:
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


def confirmation(tx: Transaction, row: Row) -> Row | None:
    """By whom and how this account was confirmed to be this supplier's."""
    a = invoice_supplier_account.c
    query = select(invoice_supplier_account).where(
        a.tenant == tx.tenant, a.iban == row.iban, a.seller_key == row.seller_key
    )
    return tx.first(query)


def confirm(tx: Transaction, principal: Principal, given: Mapping[str, str]) -> None:
    """Record that a person has checked the account, and how; the last word counts."""
    require(principal, "supplier.confirm")
    reason = given["reason"].strip()
    try:
        iban = iban_typed(given["iban"])
    except ValueError:
        iban = None
    if iban is None:
        raise SupplierAccountInvalid("Diese IBAN stimmt nicht: bitte die Ziffern prüfen.")
    if not reason or given["seller_key"] not in _suppliers(tx):
        raise SupplierAccountInvalid("Bitte Lieferant und Art der Prüfung angeben.")
    _delete(tx, iban)
    values = {"iban": iban, "seller_key": given["seller_key"], "reason": reason}
    who = {"confirmed_by": principal.id, "on_behalf_of": principal.on_behalf_of}
    tx.run(
        insert(invoice_supplier_account),
        {"tenant": tx.tenant, **values, **who, "confirmed_at": tx.now},
    )
    record_change(tx, principal, "supplier.account.confirmed", values)


def withdraw(tx: Transaction, principal: Principal, iban: str) -> None:
    """From now on the account raises the alarm again, unless it was paid to."""
    require(principal, "supplier.confirm")
    if not _delete(tx, iban):
        raise SupplierAccountInvalid("Diese Zeile gibt es nicht mehr.")
    record_change(tx, principal, "supplier.account.withdrawn", {"iban": iban})


def _delete(tx: Transaction, iban: str) -> int:
    a = invoice_supplier_account.c
    return tx.run(delete(invoice_supplier_account).where(a.tenant == tx.tenant, a.iban == iban))


def _suppliers(tx: Transaction) -> dict[str, str]:
    """Who has sent an invoice, by key: the name, what identifies it, and since when."""
    c = invoice_receipt.c
    query = select(
        c.seller_key, func.max(c.seller).label("seller"), func.min(c.received_at).label("since")
    ).where(c.tenant == tx.tenant, c.seller_key.is_not(None))
    rows = tx.all(query.group_by(c.seller_key))
    named = {
        row.seller_key: f"{row.seller} ({row.seller_key.partition(':')[2].upper()}), "
        f"seit {row.since:%d.%m.%Y}"
        for row in rows
    }
    return dict(sorted(named.items(), key=lambda each: each[1].casefold()))


def _rows(tx: Transaction) -> list[Mapping[str, str]]:
    a = invoice_supplier_account.c
    query = select(invoice_supplier_account).where(a.tenant == tx.tenant)
    return [
        {"iban": each.iban, "seller_key": each.seller_key, "reason": each.reason}
        for each in tx.all(query.order_by(a.seller_key, a.iban))
    ]


REGISTER = Register(
    name="bankverbindungen",
    title="Bestätigte Bankverbindungen",
    text="Konten, die ein Mensch beim Lieferanten nachgefragt hat, bevor zum ersten Mal darauf "
    "gezahlt wurde. Sie lösen keine Warnung mehr aus. Wer eine Rechnung sachlich oder rechnerisch "
    "feststellt, darf ihr Konto nicht bestätigt haben.",
    permission="supplier.confirm",
    fields=(
        Field("iban", "IBAN", fixed=True),
        Field("seller_key", "Lieferant", "wer schon eine Rechnung gesandt hat", choices=_suppliers),
        Field("reason", "Wie geprüft", "zum Beispiel: Rückruf unter der bekannten Nummer, mit wem"),
    ),
    rows=_rows,
    put=confirm,
    remove=withdraw,
)


def _ending(iban: str) -> str:
    """Enough to compare by; the whole stands on the invoice."""
    return f"{iban[:2]}…{iban[-4:]}"
