"""Begründende Unterlagen: what a clerk adds to an invoice while it is worked on.

Invariant: who may write to the Vorgang may add to it, under their own name; a supplier's Mahnung
makes the invoice urgent, on the tasks that are open and on those to come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select

from eakte.access import may
from eakte.dokumente import Dokument, file_dokument
from eakte.tables import vorgang
from engine.commands import SetVariables, UpdateTask
from engine.tables import user_task
from identity.principal import Principal, system_principal
from invoice.attachments import sniffed
from processes.package import Papers
from processes.rechnungseingang import receipts
from processes.rechnungseingang.cancellation import STATE
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.errors import InvoiceClosed, InvoiceTooLarge, NothingReceived
from processes.rechnungseingang.status import visible_receipt
from storage.database import Transaction

if TYPE_CHECKING:
    from processes.house import House

Kind = Literal["lieferschein", "vermerk", "mahnung", "schriftverkehr"]
TITLES: dict[str, str] = {
    "lieferschein": "Lieferschein",
    "vermerk": "Vermerk",
    "mahnung": "Mahnung des Lieferanten",
    "schriftverkehr": "Schriftverkehr",
}
URGENT = 90


def may_add(tx: Transaction, principal: Principal, task: Any) -> bool:
    """Whether there is an open Vorgang that the principal may write to."""
    row = receipts.find(tx, task.instance_id)
    if row is None or row.vorgang is None or row.state not in {receipts.OPEN, STATE}:
        return False
    return may(tx, principal, vorgang, row.vorgang, "write")


def add_to_task(  # noqa: PLR0917 as `package.Papers` asks for it
    house: House, principal: Principal, task: Any, kind: str, data: bytes, name: str | None
) -> Dokument:
    """As `add_paper`, for the invoice of a task."""
    return add_paper(house, principal, task.instance_id, kind=kind, data=data, name=name)


PAPERS = Papers(kinds=TITLES, may=may_add, add=add_to_task)


def add_paper(
    house: House, principal: Principal, invoice: str, *, kind: str, data: bytes, name: str | None
) -> Dokument:
    """File the bytes into the invoice's Vorgang; a Mahnung raises the priority."""
    if not data or kind not in TITLES:
        raise NothingReceived("Es ist keine Datei angekommen.")
    if len(data) > receipts.LARGEST:
        raise InvoiceTooLarge(f"Eine Unterlage hat höchstens {receipts.LARGEST // 2**20} MB.")
    blob = house.blobs.put(principal.tenant, data, sniffed(data))
    with house.database.begin(principal.tenant) as tx:
        row = visible_receipt(tx, principal, invoice)
        if row.vorgang is None or row.state not in {receipts.OPEN, STATE}:
            raise InvoiceClosed("Zu dieser Rechnung wird nichts mehr abgelegt.")
        urgent = kind == "mahnung" and row.state == receipts.OPEN
        if urgent and may(tx, principal, vorgang, row.vorgang, "write"):
            _make_urgent(house, tx, invoice)
        return file_dokument(
            tx,
            principal,
            row.vorgang,
            titel=TITLES[kind],
            dokumenttyp=TITLES[kind],
            richtung="intern" if kind == "vermerk" else "eingang",
            eingang_am=None if kind == "vermerk" else local_day(tx.now),
            blob_id=blob.id,
            blobs=house.blobs,
            dateiname=name,
        )


def _make_urgent(house: House, tx: Transaction, invoice: str) -> None:
    """In the transaction that files the Mahnung, and before it: the instance is locked before the
    Akte, as everywhere. The first command locks it, so that no task closes in between."""
    system = system_principal(tx.tenant)
    with tx.savepoint():  # sends what the command wrote, for the next to build on
        house.engine.execute_in(tx, SetVariables(invoice, {"priority": URGENT}), system)
    of_invoice = (user_task.c.tenant == tx.tenant, user_task.c.instance_id == invoice)
    query = select(user_task.c.id).where(*of_invoice, user_task.c.closed_at.is_(None))
    for task in tx.all(query.order_by(user_task.c.id)):
        with tx.savepoint():
            house.engine.execute_in(tx, UpdateTask(task.id, priority=URGENT), system)
