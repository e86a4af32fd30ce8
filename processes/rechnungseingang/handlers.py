"""The work between the people: read, file, compare, assign, draft, hand over, close.

Each handler computes outside any transaction and returns what must happen with the job's
completion as effects. Invariant: a handler that runs twice leaves the same records as one that
ran once; variables hold references and what gateways decide on, never content.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import sha256

from bpmn.values import Value, Variables, encode
from engine.handlers import Backoff, BpmnError, Done, Handlers, JobContext
from invoice.checking import Report, Verdict
from processes.rechnungseingang import (
    booking,
    covers,
    letters,
    official,
    outgoing,
    receipts,
    records,
)
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.decisive import deciding, land_of, received_of, undecided
from processes.rechnungseingang.duplicates import predecessor_of
from processes.rechnungseingang.examination import examine
from processes.rechnungseingang.heads import head_in, head_of
from processes.rechnungseingang.records import Paper, shortened
from processes.rechnungseingang.routing import (
    INTAKE_UNIT,
    Route,
    competent_units,
    route_for,
    route_of_unit,
)
from processes.rechnungseingang.suggestions import posting_like_before
from storage.database import Row, Transaction
from storage.errors import Conflict

handlers = Handlers()
Work = Callable[[JobContext], Done]
PATIENT = Backoff(attempts=5, first_wait=timedelta(minutes=1))
_CLOSING = {
    "zda_verfuegen": ("gebucht", "Gebucht"),
    "dublette_ablegen": ("dublette", "Dublette"),
    "ablehnung_ablegen": ("abgelehnt", "Abgelehnt"),
}


def keeping(**otherwise: Value) -> Callable[[Work], Work]:
    """Work on the records. A Bench without a database keeps none: `otherwise` is its answer."""

    def decorate(work: Work) -> Work:
        @wraps(work)
        def on_records(job: JobContext) -> Done:
            return work(job) if job.database is not None else Done(dict(otherwise))

        return on_records

    return decorate


@handlers.service_task(retry=PATIENT)
def read_invoice(job: JobContext) -> Done:
    """Read and check the invoice and give the process what its gateways decide on."""
    data, received_at = original(job), received_of(job)
    report = _examined(job, data)
    if report.invoice is None:
        # Retrying cannot help; the model routes this to a person.
        raise BpmnError(
            "invoice_unreadable",
            report.findings[0].text,
            {"readable": False, "verdict": Verdict.TO_CLARIFY.value, **undecided(job)},
        )
    head = head_of(report.invoice, received_at)

    def remember(tx: Transaction) -> None:
        row = receipts.find(tx, job.instance_id)
        if row is None:
            receipts.add(
                tx, job.objects, job.instance_id, str(job.variables["object"]), received_at
            )
        values = {**head.row(), "verdict": report.verdict.value, "profile": report.profile}
        receipts.change(tx, job.instance_id, **values)

    variables: Variables = {
        "readable": head.is_complete,
        "verdict": report.verdict.value,
        "zugeordnet": False,
        **deciding(head, received_at, job.now, land_of(job)),
    }
    return Done(variables, [remember])


@handlers.service_task(retry=PATIENT)
@keeping()
def file_invoice(job: JobContext) -> Done:
    """Open the Vorgang in the competent unit's Akte, else the Rechnungsstelle's."""
    data, received_at = original(job), received_of(job)
    with job.database.reading(job.tenant) as tx:
        intake = receipts.object_of(tx, job.instance_id, str(job.variables["object"]))
        media_type = job.objects.describe(tx, intake).media_type
        known = receipts.find(tx, job.instance_id)
        cover = known.cover if known is not None else None
        said = job.objects.read(tx, cover) if cover else None
    report = _examined(job, data)
    put = _putter(job)
    blob = put(data, media_type)
    verdict = put(booking.canonical(report.as_json()), "application/json")
    shown = put(_report_for_people(data, report, job), letters.MEDIA_TYPE)
    beside = put(said, "text/plain") if said else None

    def file(tx: Transaction) -> None:
        row = receipts.find(tx, job.instance_id)
        if row is None:
            row = receipts.add(tx, job.objects, job.instance_id, intake, received_at)
        if row.cover != cover:
            raise Conflict("another mail of this invoice came in meanwhile")
        route = route_for(tx, row.leitweg_id)
        papers = [
            Paper(blob, _original_title(row), "Rechnung", row.media_type, "eingang", row.file_name),
            Paper(shown, "Prüfbericht", "Prüfbericht", letters.MEDIA_TYPE),
        ]
        if beside is not None:
            papers.append(covers.paper(beside))
        records.open_record(tx, job.objects, row, route.unit if route else INTAKE_UNIT, papers)
        if beside is not None:
            job.objects.shred(tx, cover)
        job.objects.commit(tx, verdict)
        # The intake's copy has done its duty: the Akte's key now holds the bytes.
        job.objects.shred(tx, intake)
        receipts.change(tx, row.id, cover=None, report=verdict, verdict=report.verdict.value)

    return Done({"object": blob}, [file])


@handlers.service_task(retry=PATIENT)
@keeping(dublette=False, dublette_von=None)
def check_duplicate(job: JobContext) -> Done:
    """Look for the same supplier, number and year in another file."""
    with job.database.reading(job.tenant) as tx:
        row = receipts.receipt(tx, job.instance_id)
        found = predecessor_of(tx, row)
    before = found.id if found is not None else None

    def remember(tx: Transaction) -> None:
        now_found = predecessor_of(tx, receipts.receipt(tx, job.instance_id))
        if (now_found.id if now_found is not None else None) != before:
            raise Conflict("another invoice with this number came in meanwhile")
        receipts.change(tx, job.instance_id, predecessor=before, distinct=before is None)

    variables = deciding(head_in(row), row.received_at, job.now, land_of(job))
    return Done({"dublette": before is not None, "dublette_von": before, **variables}, [remember])


@handlers.service_task(retry=PATIENT)
@keeping(zugeordnet=False, ziel=None)
def assign(job: JobContext) -> Done:
    """Find the competent unit by a person's choice or the Leitweg-ID; hand the Vorgang over."""
    wanted = job.variables.get("ziel")
    with job.database.reading(job.tenant) as tx:
        row = receipts.receipt(tx, job.instance_id)
        route = route_of_unit(tx, str(wanted)) if wanted else route_for(tx, row.leitweg_id)
        stellen: list[Value] = [{"value": u, "label": name} for u, name in competent_units(tx)]
        posting = None if route is None else posting_like_before(tx, row, route.unit, job.now)
    if route is None:
        unknown: Variables = {"zugeordnet": False, "ziel": None, "stellen": stellen}
        return Done(unknown, [_ask("zuordnen", INTAKE_UNIT, job)])
    variables: Variables = {
        "zugeordnet": True,
        "ziel": None,
        "stellen": stellen,
        "unit": route.unit,
        "fachgruppe": route.checking_group,
        "rechnerische_gruppe": route.arithmetic_group,
        "anordnungsgruppe": route.ordering_group,
    }
    if row.unit != route.unit or not job.variables.get("buchungszeilen"):
        # Another unit's lines are of no use here.
        variables["buchungszeilen"] = posting.lines if posting is not None else []
    effects = [_ask("sachlich_pruefen", route.checking_group, job)]
    if row.unit != route.unit:
        variables["object"], effect = _hand_over(job, row, route)
        effects.insert(0, effect)
    return Done(variables, effects)


@handlers.service_task(retry=PATIENT)
@keeping()
def draft_refusal(job: JobContext) -> Done:
    """Draft the letter that names each fault; a person will sign it or not."""
    with job.database.reading(job.tenant) as tx:
        row = receipts.receipt(tx, job.instance_id)
        text = outgoing.refusal(
            tx, job.objects, row, local_day(job.now), others_refused=_only_e_invoices(job)
        )
    blob = _putter(job)(text, letters.MEDIA_TYPE)

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
    blob = _putter(job)(content, booking.MEDIA_TYPE)

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
            made = outgoing.signed_refusals(
                tx, job.objects, known, local_day(job.now), others_refused=_only_e_invoices(job)
            )
        put, title = _putter(job), "Ablehnung (gezeichnet)"
        sent = [Paper(put(text, kind), title, "Schreiben", kind, "ausgang") for kind, text in made]

    def close(tx: Transaction) -> None:
        row = receipts.receipt(tx, job.instance_id)
        for letter in sent:
            records.file_paper(tx, job.objects, row, row.vorgang, letter)
        detail = f": Beleg {row.voucher}" if state == "gebucht" and row.voucher else ""
        records.close_record(tx, row.vorgang, f"{reason}{detail}")
        receipts.change(tx, row.id, state=state)

    return Done({}, [close])


def original(job: JobContext) -> bytes:
    """The received bytes."""
    if job.database is None:  # a Bench keeps them in memory
        return bytes(job.objects.read(job.variables["object"]))
    with job.database.reading(job.tenant) as tx:
        mine = receipts.object_of(tx, job.instance_id, str(job.variables["object"]))
        data: bytes = job.objects.read(tx, mine)
        return data


def _hand_over(
    job: JobContext, row: Row, route: Route
) -> tuple[str, Callable[[Transaction], None]]:
    """The copy of the original that the other unit's Akte will hold, and the effect."""
    data = original(job)
    with job.database.reading(job.tenant) as tx:
        mails = covers.filed(tx, row)
        texts = [(each.titel, job.objects.read(tx, each.current.blob_id)) for each in mails]
    put = _putter(job)
    report = _examined(job, data)
    blob = put(data, row.media_type)
    said = [covers.paper(put(text, covers.MEDIA_TYPE), title) for title, text in texts]
    shown = put(_report_for_people(data, report, job), letters.MEDIA_TYPE)

    def effect(tx: Transaction) -> None:
        current = receipts.receipt(tx, job.instance_id)
        if len(covers.filed(tx, current)) != len(mails):
            raise Conflict("another mail of this invoice came in meanwhile")
        papers = [
            Paper(
                blob,
                _original_title(current),
                "Rechnung",
                current.media_type,
                "eingang",
                current.file_name,
            ),
            Paper(shown, "Prüfbericht", "Prüfbericht", letters.MEDIA_TYPE),
            *said,
        ]
        records.hand_over(tx, job.objects, current, route, papers)

    return blob, effect


def _examined(job: JobContext, data: bytes) -> Report:
    on = local_day(received_of(job))
    report = examine(data, on, others_refused=_only_e_invoices(job))
    if job.database is None:  # a Bench has no imports
        return report
    with job.database.reading(job.tenant) as tx:
        rules = official.in_force(tx, job.objects, report.dated or on)
    return official.examined_officially(report, data, rules)


def _only_e_invoices(job: JobContext) -> bool:
    """The tenant's choice, as it was when the invoice was taken in."""
    return job.variables.get("nur_e_rechnung") is True


def _ask(kind: str, group: str, job: JobContext) -> Callable[[Transaction], None]:
    def effect(tx: Transaction) -> None:
        row = receipts.receipt(tx, job.instance_id)
        records.ask(tx, row.vorgang, kind, group)

    return effect


def _putter(job: JobContext) -> Callable[[bytes, str], str]:
    def put(data: bytes, media_type: str) -> str:
        return str(job.objects.put(job.tenant, data, media_type).id)

    return put


def _report_for_people(data: bytes, report: Report, job: JobContext) -> bytes:
    return letters.check_report(sha256(data).hexdigest(), received_of(job), report, job.now)


def _original_title(row: Row) -> str:
    return f"Rechnung {shortened(row.number)}" if row.number else "Eingang, nicht lesbar"
