"""How the booking system's report reaches the waiting instance.

Invariant: the report on the row and the message to the instance are one transaction, so neither is
there without the other; a report that came before changes nothing. What was booked is recorded even
where the instance was cancelled meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpmn.values import Value
from eakte.beteiligung import Beteiligung
from eakte.dokumente import read_dokument
from eakte.readlog import record_access
from engine.commands import CorrelateMessage
from identity.access import require
from identity.principal import Principal, system_principal
from processes.rechnungseingang import booking, receipts, records
from processes.rechnungseingang.booking import Acknowledgement
from processes.rechnungseingang.errors import InvoiceUnknown, NotWaitingForBooking
from processes.rechnungseingang.routing import route_of_unit
from storage.blobs import Blobs
from storage.database import Row, Transaction

if TYPE_CHECKING:
    from processes.house import House

MESSAGE = "buchungsrueckmeldung"


def report(house: House, principal: Principal, invoice: str, said: Acknowledgement) -> bool:
    """Apply `gebucht` or `abgewiesen`; False when this very report was applied before."""
    require(principal, "booking.report")
    if said.result == "gebucht" and not ((said.voucher or "").strip() and said.booked_on):
        raise NotWaitingForBooking("„gebucht“ nennt Belegnummer und Buchungsdatum.")
    with house.database.begin(principal.tenant) as tx:
        if not booking.apply(tx, invoice, said):
            return False
        row = receipts.receipt(tx, invoice)
        if row.state == receipts.OPEN:
            # The instance is locked before the Akte, as everywhere.
            variables: dict[str, Value] = {"buchungsergebnis": said.result}
            message = CorrelateMessage(name=MESSAGE, instance_id=invoice, variables=variables)
            house.engine.execute_in(tx, message, system_principal(tx.tenant))
        if said.result == "abgewiesen":
            remark = f"Von der Buchhaltung abgewiesen: {said.reason or 'ohne Angabe von Gründen'}"
            step = Beteiligung(kind="buchung", outcome="abgewiesen", remark=remark)
        else:
            remark = f"Beleg {said.voucher} vom {said.booked_on:%d.%m.%Y}"
            step = Beteiligung(kind="buchung", outcome="gebucht", remark=remark)
        records.did(tx, row.vorgang, principal, step)
        kind = _asked_next(tx, row, said)
        if kind is not None and (route := route_of_unit(tx, row.unit)) is not None:
            records.ask(tx, row.vorgang, kind, route.checking_group)
    return True


def _asked_next(tx: Transaction, row: Row, said: Acknowledgement) -> str | None:
    """The task that the instance comes to, if it goes on."""
    if row.state != receipts.OPEN:
        return None
    if said.result == "abgewiesen":
        return "sachlich_pruefen"
    return "ruege_pruefen" if records.objection(tx, row.vorgang) is not None else None


def current_file(tx: Transaction, principal: Principal, blobs: Blobs, invoice: str) -> bytes:
    """The booking file of the current round, for the booking system."""
    require(principal, "booking.report")
    row = receipts.find(tx, invoice)
    if row is None:
        raise InvoiceUnknown(f"Diese Rechnung gibt es nicht: {invoice}")
    if row.booking_file is None:
        raise NotWaitingForBooking("Zu dieser Rechnung ist noch keine Buchungsdatei geschrieben.")
    record_access(tx, principal, "read", "invoice", row.id, akte=row.akte, purpose="Buchung")
    reader = system_principal(tx.tenant)
    return read_dokument(tx, reader, row.booking_file, blobs, "Buchung")
