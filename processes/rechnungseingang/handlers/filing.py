"""File and assign: the Vorgang in the Akte of the unit that is competent."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from bpmn.values import Value, Variables
from engine.handlers import Done, Handlers, JobContext
from invoice.checking import Report
from processes.rechnungseingang import letters, receipts, records
from processes.rechnungseingang.decisive import received_of
from processes.rechnungseingang.handlers.work import (
    PATIENT,
    ask,
    examined,
    keeping,
    original,
    putter,
)
from processes.rechnungseingang.hkr import booking
from processes.rechnungseingang.intake import covers
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
    report = examined(job, data)
    put = putter(job)
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
        return Done(unknown, [ask("zuordnen", INTAKE_UNIT, job)])
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
    effects = [ask("sachlich_pruefen", route.checking_group, job)]
    if row.unit != route.unit:
        variables["object"], effect = _hand_over(job, row, route)
        effects.insert(0, effect)
    return Done(variables, effects)


def _hand_over(
    job: JobContext, row: Row, route: Route
) -> tuple[str, Callable[[Transaction], None]]:
    """The copy of the original that the other unit's Akte will hold, and the effect."""
    data = original(job)
    with job.database.reading(job.tenant) as tx:
        mails = covers.filed(tx, row)
        texts = [(each.titel, job.objects.read(tx, each.current.blob_id)) for each in mails]
    put = putter(job)
    report = examined(job, data)
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


def _report_for_people(data: bytes, report: Report, job: JobContext) -> bytes:
    return letters.check_report(sha256(data).hexdigest(), received_of(job), report, job.now)


def _original_title(row: Row) -> str:
    return f"Rechnung {shortened(row.number)}" if row.number else "Eingang, nicht lesbar"
