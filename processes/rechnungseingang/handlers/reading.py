"""Read and compare: what an invoice says, and what the process decides on and hurries for."""

from __future__ import annotations

from dataclasses import replace

from bpmn.values import Variables
from engine.handlers import BpmnError, Done, Handlers, JobContext
from invoice.checking import Verdict
from processes.rechnungseingang import receipts, records
from processes.rechnungseingang.amounts import parse_amount
from processes.rechnungseingang.dates import due, start_of
from processes.rechnungseingang.decisive import (
    deciding,
    land_of,
    periods,
    received_of,
    remaining,
    undecided,
)
from processes.rechnungseingang.duplicates import predecessor_of
from processes.rechnungseingang.handlers.work import PATIENT, examined, keeping, original
from processes.rechnungseingang.heads import head_in, head_of
from storage.database import Transaction
from storage.errors import Conflict

handlers = Handlers()


@handlers.service_task(retry=PATIENT)
def read_invoice(job: JobContext) -> Done:
    """Read and check the invoice and give the process what its gateways decide on."""
    data, received_at = original(job), received_of(job)
    report = examined(job, data)
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
        "invoice_total": parse_amount(report.invoice.totals.gross),
        **deciding(head, received_at, job.now, land_of(job)),
    }
    return Done(variables, [remember])


@handlers.service_task(retry=PATIENT)
@keeping(dublette=False, dublette_von=None)
def check_duplicate(job: JobContext) -> Done:
    """Look for the same supplier, number and year in another file."""
    with job.database.reading(job.tenant) as tx:
        row = receipts.receipt(tx, job.instance_id)
        found = predecessor_of(tx, row)
    before = found.id if found is not None else None
    head = head_in(row)
    if head.due.source == "errechnet":
        days_to_pay, _ = periods(job.variables)
        head = replace(head, due=due(None, row.received_at, days_to_pay))

    def remember(tx: Transaction) -> None:
        now_found = predecessor_of(tx, receipts.receipt(tx, job.instance_id))
        if (now_found.id if now_found is not None else None) != before:
            raise Conflict("another invoice with this number came in meanwhile")
        receipts.change(tx, job.instance_id, predecessor=before, distinct=before is None)
        receipts.change(tx, job.instance_id, due_on=head.due.on)

    variables = deciding(head, row.received_at, job.now, land_of(job))
    return Done({"dublette": before is not None, "dublette_von": before, **variables}, [remember])


@handlers.service_task(retry=PATIENT)
@keeping(ruege_bis=None)
def update_deadlines(job: JobContext) -> Done:
    """What the sachliche Feststellung has changed: due date, next loss, and the day to object."""
    with job.database.reading(job.tenant) as tx:
        row = receipts.receipt(tx, job.instance_id)
        objection = records.objection(tx, row.vorgang)
    day = None if objection is None else start_of(objection.due)
    return Done({"ruege_bis": day, **remaining(row, job)})
