"""Begründende Unterlagen: what a clerk adds to an invoice while it is worked on.

Invariant: who may write to the Vorgang may add to it, under their own name; a supplier's Mahnung
makes the invoice urgent, on the tasks that are open and on those to come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sqlalchemy import select

from eakte.dokumente import Dokument, file_dokument
from engine.commands import SetVariables, UpdateTask
from engine.tables import user_task
from identity.principal import Principal, system_principal
from invoice.attachments import sniffed
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.errors import InvoiceClosed, NothingReceived
from processes.rechnungseingang.status import visible_receipt

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


def add_paper(
    house: House, principal: Principal, invoice: str, *, kind: Kind, data: bytes, name: str | None
) -> Dokument:
    """File the bytes into the invoice's Vorgang; a Mahnung raises the priority."""
    if not data:
        raise NothingReceived("Es ist keine Datei angekommen.")
    blob = house.blobs.put(principal.tenant, data, sniffed(data))
    with house.database.begin(principal.tenant) as tx:
        row = visible_receipt(tx, principal, invoice)
        if row.vorgang is None or row.state != "offen":
            raise InvoiceClosed("Zu dieser Rechnung wird nichts mehr abgelegt.")
        filed = file_dokument(
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
    if kind == "mahnung":
        _make_urgent(house, principal.tenant, invoice)
    return filed


def _make_urgent(house: House, tenant: str, invoice: str) -> None:
    """Each command is a transaction of its own; what a crash leaves out, a repeat makes up for."""
    system = system_principal(tenant)
    of_invoice = (user_task.c.tenant == tenant, user_task.c.instance_id == invoice)
    with house.database.reading(tenant) as tx:
        tasks = tx.all(select(user_task.c.id).where(*of_invoice, user_task.c.closed_at.is_(None)))
    for task in tasks:
        house.engine.execute(UpdateTask(task.id, priority=URGENT), system)
    house.engine.execute(SetVariables(invoice, {"priority": URGENT}), system)
