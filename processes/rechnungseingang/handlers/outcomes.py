"""What the decisions of people lead to: a letter, a booking file, z.d.A."""

from __future__ import annotations

from bpmn.values import encode
from engine.handlers import Done, Handlers, JobContext
from processes.rechnungseingang import letters, outgoing, receipts, records
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.handlers.work import PATIENT, keeping, only_e_invoices, putter
from processes.rechnungseingang.hkr import booking
from processes.rechnungseingang.records import Paper
from processes.rechnungseingang.routing import INTAKE_UNIT
from storage.database import Transaction
from storage.errors import Conflict

handlers = Handlers()
_CLOSING = {
    "zda_verfuegen": ("gebucht", "Gebucht"),
    "dublette_ablegen": ("dublette", "Dublette"),
    "ablehnung_ablegen": ("abgelehnt", "Abgelehnt"),
}


@handlers.service_task(retry=PATIENT)
@keeping()
def draft_refusal(job: JobContext) -> Done:
    """Draft the letter that names each fault; a person will sign it or not."""
    with job.database.reading(job.tenant) as tx:
        row = receipts.receipt(tx, job.instance_id)
        letter = outgoing.refusal(
            tx, job.objects, row, local_day(job.now), others_refused=only_e_invoices(job)
        )
    blob = putter(job)(letters.refusal_page(letter), letters.MEDIA_TYPE)

    def file(tx: Transaction) -> None:
        current = receipts.receipt(tx, job.instance_id)
        if current.letter is None:
            paper = Paper(blob, "Ablehnung (Entwurf)", "Entwurf", letters.MEDIA_TYPE)
            letter = records.file_paper(tx, job.objects, current, current.vorgang, paper)
            receipts.change(tx, current.id, letter=letter.id)
        else:
            records.replace_paper(
                tx,
                job.objects,
                current.letter,
                blob=blob,
                media_type=letters.MEDIA_TYPE,
                reason="Neuer Entwurf",
            )
        records.ask(tx, current.vorgang, "ablehnung_zeichnen", INTAKE_UNIT)

    return Done({}, [file])


@handlers.service_task(retry=PATIENT)
@keeping(buchungsergebnis=None)
def write_booking_file(job: JobContext) -> Done:
    """Check that all signatures stand, and file what the booking system is to do."""
    with job.database.reading(job.tenant) as tx:
        row = receipts.receipt(tx, job.instance_id)
        content = outgoing.order_file(tx, row, job.variables)
        reduction = outgoing.reduction(tx, job.objects, row, job.variables, local_day(job.now))
    put = putter(job)
    blob = put(content, booking.MEDIA_TYPE)
    told = put(letters.reduction_pdf(reduction), letters.PDF) if reduction is not None else None

    def file(tx: Transaction) -> None:
        current = receipts.receipt(tx, job.instance_id)
        if outgoing.order_file(tx, current, job.variables) != content:
            raise Conflict("a signature or the invoice changed while the file was written")
        number = current.booking_round + 1
        name = f"buchung-{booking.booking_id(current.id, number)}.json"
        paper = Paper(
            blob, f"Buchungsdatei {number}", "Buchungsdatei", booking.MEDIA_TYPE, "ausgang", name
        )
        filed = records.file_paper(tx, job.objects, current, current.vorgang, paper)
        if told is not None:
            draft = Paper(told, f"Kürzung {number} (Entwurf)", "Entwurf", letters.PDF)
            records.file_paper(tx, job.objects, current, current.vorgang, draft)
        receipts.change(
            tx,
            current.id,
            booking_file=filed.current.id,
            booking_round=number,
            booking_result=None,
            voucher=None,
            booked_on=None,
            booking_reason=None,
            posted=encode(job.variables.get("buchungszeilen")),
        )

    return Done({"buchungsergebnis": None}, [file])


@handlers.service_task(retry=PATIENT)
@keeping()
def close_vorgang(job: JobContext) -> Done:
    """z.d.A., for the reason that the node stands for."""
    state, reason = _CLOSING[job.node]
    sent: list[Paper] = []
    if state == "abgelehnt":
        with job.database.reading(job.tenant) as tx:
            known = receipts.receipt(tx, job.instance_id)
            letter = outgoing.signed_refusal(
                tx, job.objects, known, local_day(job.now), others_refused=only_e_invoices(job)
            )
        put = putter(job)
        forms = (
            ("Ablehnung (gezeichnet)", letters.MEDIA_TYPE, letters.refusal_page),
            ("Ablehnung (gezeichnet, PDF zum Versand)", letters.PDF, letters.refusal_pdf),
        )
        sent = [
            Paper(put(write(letter), kind), title, "Schreiben", kind, "ausgang")
            for title, kind, write in forms
        ]

    def close(tx: Transaction) -> None:
        row = receipts.receipt(tx, job.instance_id)
        for letter in sent:
            records.file_paper(tx, job.objects, row, row.vorgang, letter)
        detail = f": Beleg {row.voucher}" if state == "gebucht" and row.voucher else ""
        records.close_record(tx, row.vorgang, f"{reason}{detail}")
        receipts.change(tx, row.id, state=state)

    return Done({}, [close])
