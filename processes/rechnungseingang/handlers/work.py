"""What all handlers share: the records that a Bench has none of, the bytes, and the check."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from bpmn.values import Value
from engine.handlers import Backoff, Done, JobContext
from invoice.checking import Report
from processes.rechnungseingang import official, receipts, records
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.decisive import received_of
from processes.rechnungseingang.examination import examine
from storage.database import Transaction

Work = Callable[[JobContext], Done]
PATIENT = Backoff(attempts=5, first_wait=timedelta(minutes=1))


def keeping(**otherwise: Value) -> Callable[[Work], Work]:
    """Work on the records. A Bench without a database keeps none: `otherwise` is its answer."""

    def decorate(work: Work) -> Work:
        @wraps(work)
        def on_records(job: JobContext) -> Done:
            return work(job) if job.database is not None else Done(dict(otherwise))

        return on_records

    return decorate


def original(job: JobContext) -> bytes:
    """The received bytes."""
    if job.database is None:  # a Bench keeps them in memory
        return bytes(job.objects.read(job.variables["object"]))
    with job.database.reading(job.tenant) as tx:
        mine = receipts.object_of(tx, job.instance_id, str(job.variables["object"]))
        data: bytes = job.objects.read(tx, mine)
        return data


def examined(job: JobContext, data: bytes) -> Report:
    on = local_day(received_of(job))
    report = examine(data, on, others_refused=only_e_invoices(job))
    if job.database is None:  # a Bench has no imports
        return report
    with job.database.reading(job.tenant) as tx:
        rules = official.in_force(tx, job.objects, report.dated or on)
    return official.examined_officially(report, data, rules)


def only_e_invoices(job: JobContext) -> bool:
    """The tenant's choice, as it was when the invoice was taken in."""
    return job.variables.get("nur_e_rechnung") is True


def ask(kind: str, group: str, job: JobContext) -> Callable[[Transaction], None]:
    def effect(tx: Transaction) -> None:
        row = receipts.receipt(tx, job.instance_id)
        records.ask(tx, row.vorgang, kind, group)

    return effect


def putter(job: JobContext) -> Callable[[bytes, str], str]:
    def put(data: bytes, media_type: str) -> str:
        return str(job.objects.put(job.tenant, data, media_type).id)

    return put
