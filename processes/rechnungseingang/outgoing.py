"""What leaves the house: the refusal and the booking file, composed from the records as they stand.

Invariant: both are pure readings of the records within one transaction; composing them twice gives
the same bytes, unless what they say has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from bpmn.values import Value
from eakte.aktenplan import unit
from identity.persons import display_names
from invoice.documents import read_document
from processes.rechnungseingang import disputes, letters, records, signatures, status
from processes.rechnungseingang.amounts import parse_amount
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.examination import examine
from processes.rechnungseingang.hkr import booking
from processes.rechnungseingang.kreditoren.master import kreditor
from processes.rechnungseingang.posting import posting_lines, turned, with_tax
from storage.blobs import Blobs
from storage.database import Row, Transaction

_FINAL = {"dublette_pruefen", "zuordnen"}
"""Who refuses here wants no corrected invoice: it is there already, or concerns another house."""
_ALL: tuple[signatures.Kind, ...] = ("sachlich", "rechnerisch", "anordnung")


def refusal(
    tx: Transaction,
    blobs: Blobs,
    row: Row,
    today: date,
    signed_by: str | None = None,
    *,
    others_refused: bool = False,
) -> letters.Refusal:
    """The letter with all faults: those of the stored report, the official rules' among them, and
    what persons objected to."""
    data, findings = blobs.read(tx, row.blob_id), status.findings(tx, blobs, row)
    if findings is None:
        on = local_day(row.received_at)
        findings = examine(data, on, others_refused=others_refused).findings
    steps = records.steps_of(tx, row.vorgang)
    faults = letters.faults_of(findings)
    for step in steps:
        objected = step.outcome in {"beanstanden", "ablehnen"}
        if objected and step.remark and step.kind != "ablehnung_zeichnen":
            faults.append(letters.Fault(step.remark))
    return letters.Refusal(
        row,
        geschaeftszeichen=records.geschaeftszeichen(tx, row.vorgang),
        unit=unit(tx, row.unit).bezeichnung,
        faults=faults or [letters.Fault("Die Datei ist keine Rechnung, die wir lesen können.")],
        today=today,
        signed_by=signed_by,
        correctable=not any(step.kind in _FINAL and step.outcome == "ablehnen" for step in steps),
        address=letters.address_of(read_document(data).invoice),
    )


def signed_refusal(
    tx: Transaction, blobs: Blobs, row: Row, today: date, *, others_refused: bool = False
) -> letters.Refusal:
    """The letter as it goes out, with the name of who signed the draft."""
    signed = [
        step
        for step in records.steps_of(tx, row.vorgang)
        if step.kind == "ablehnung_zeichnen" and step.outcome == "ablehnen"
    ][-1]
    signer = signed.performer or ""
    name = display_names(tx, [signer]).get(signer, signer)
    signed_by = f"i. V. {name}" if signed.on_behalf_of else name
    return refusal(tx, blobs, row, today, signed_by, others_refused=others_refused)


def reduction(
    tx: Transaction, blobs: Blobs, row: Row, case: Mapping[str, Value], today: date
) -> letters.Reduction | None:
    """What the supplier is told of a cut; None where the whole is ordered.

    The reason is the one of the sachliche Feststellung. Until when we may object is our business.
    """
    paid, stated = parse_amount(case.get("festgestellter_betrag")), parse_amount(row.amount_due)
    signed = signatures.standing(records.steps_of(tx, row.vorgang), "sachlich")
    if signed is None or signed.outcome != "gekuerzt" or paid is None or stated is None:
        return None
    if str(case.get("anordnungsart")) in booking.REFUNDS:
        return None  # less is taken back than was offered: nobody has to be told why
    return letters.Reduction(
        row,
        geschaeftszeichen=records.geschaeftszeichen(tx, row.vorgang),
        unit=unit(tx, row.unit).bezeichnung,
        stated=stated,
        paid=paid,
        reasons=disputes.reasons_in(signed.remark or ""),
        today=today,
        address=letters.address_of(read_document(blobs.read(tx, row.blob_id)).invoice),
    )


def order_file(tx: Transaction, row: Row, case: Mapping[str, Value]) -> bytes:
    """The booking file; raises `SignatureVoid` unless all three signatures certify this order.

    A refund's amounts are positive in its own direction, whichever way the invoice states them: a
    credit note over 100 and an invoice over -100 are both an Absetzung over 100.
    """
    amount = parse_amount(case.get("festgestellter_betrag")) or Decimal(0)
    kind = str(case.get("anordnungsart"))
    lines = posting_lines(case.get("buchungszeilen"))
    subject = signatures.subject_of(row, kind, amount, lines)
    signed = signatures.require_standing(records.steps_of(tx, row.vorgang), _ALL, subject)
    refund = kind in booking.REFUNDS and amount < 0
    return booking.booking_file(
        row,
        kreditor=kreditor(tx, row.kreditor).number if row.kreditor else None,
        round_number=row.booking_round + 1,
        geschaeftszeichen=records.geschaeftszeichen(tx, row.vorgang),
        kind=kind,
        amount=-amount if refund else amount,
        lines=with_tax(turned(subject.lines) if refund else subject.lines),
        signatures=[
            booking.Signature(
                kind=signatures.NODES[each.kind],
                person=each.performer or "",
                on_behalf_of=each.on_behalf_of,
                befugnis=each.befugnis,
                wording=each.wording or "",
                content_hash=each.content_hash or "",
                at=each.done_at.isoformat() if each.done_at else "",
            )
            for each in signed
        ],
        reason=signed[-1].remark,
    )
