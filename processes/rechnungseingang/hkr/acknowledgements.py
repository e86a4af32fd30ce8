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
from processes.rechnungseingang import receipts, records
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.errors import (
    BookingContradicts,
    InvoiceUnknown,
    NotWaitingForBooking,
)
from processes.rechnungseingang.hkr import booking
from processes.rechnungseingang.hkr.booking import Acknowledgement
from processes.rechnungseingang.routing import INTAKE_UNIT, route_of_unit
from storage.blobs import Blobs
from storage.database import Row, Transaction

if TYPE_CHECKING:
    from processes.house import House

MESSAGE = "buchungsrueckmeldung"


def report(house: House, principal: Principal, invoice: str, said: Acknowledgement) -> bool:
    """Apply `gebucht` or `abgewiesen`; False when this very report was applied before."""
    require(principal, "booking.report")
    try:
        return _apply(house, principal, invoice, said)
    except BookingContradicts as error:
        # Something may be booked twice: a person has to ask, whoever reads the answer or not.
        with house.database.begin(principal.tenant) as tx:
            put_before_a_person(tx, principal, receipts.locked(tx, invoice), said, str(error))
        raise


def _apply(house: House, principal: Principal, invoice: str, said: Acknowledgement) -> bool:
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


CONTRADICTION = "Widersprüchliche Meldung der Buchhaltung"
ASK = "Bitte bei der Buchhaltung klären, was gebucht ist; vielleicht ist es doppelt."


def put_before_a_person(
    tx: Transaction, principal: Principal, row: Row, said: Acknowledgement, why: str
) -> None:
    """Record what contradicts, and let it come back today; the same once more changes nothing.

    Where the Vorgang is z.d.A., it lies with what came afterwards.
    """
    if row.vorgang is None:
        return
    of = row.vorgang if records.is_open(tx, row.vorgang) else records.afterwards(tx, row)
    told = f"{said.result}, Beleg {said.voucher or '–'}, {said.booking_id or 'ohne booking_id'}"
    remark = f"{CONTRADICTION}: {told}. {why}"
    if any(step.remark == remark for step in records.steps_of(tx, of)):
        return
    step = Beteiligung(kind="buchung", outcome="widerspruch", remark=remark)
    records.did(tx, of, principal, step)
    records.come_back(tx, of, local_day(tx.now), f"{remark} {ASK}", INTAKE_UNIT)


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
