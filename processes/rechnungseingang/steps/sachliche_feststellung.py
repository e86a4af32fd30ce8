"""*Sachlich prüfen und kontieren*: the first signature, and what it is about.

Invariant: what is certified here is what all later signatures are compared with; a change of any of
it voids them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from bpmn.forms import FieldError, FormInvalid
from eakte.beteiligung import Beteiligung
from processes.rechnungseingang import receipts, records, signatures
from processes.rechnungseingang.amounts import parse_amount
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.decisive import periods
from processes.rechnungseingang.disputes import dispute_in
from processes.rechnungseingang.kreditoren.suppliers import bound
from processes.rechnungseingang.steps.act import Act, iban_in, plain, signed
from processes.rechnungseingang.steps.kontierung import (
    established_amount,
    kind_of_order,
    posted_lines,
)
from processes.rechnungseingang.working_days import working_day_until
from storage.database import Row


def certify(act: Act) -> Beteiligung:
    """Sachliche Feststellung with Kontierung: what changes it voids what was signed before."""
    if act.outcome not in signatures.GIVEN:
        return plain(act)
    amount = established_amount(act)
    order = kind_of_order(act, amount)
    lines = posted_lines(act, amount)
    if act.given("mittel_verfuegbar") is not True:
        text = "Ohne verfügbare Mittel keine Feststellung."
        raise FormInvalid([FieldError("mittel_verfuegbar", text)])
    row = bound(act.tx, _with_due_date(act, _with_iban(act, order)))
    subject = signatures.subject_of(row, order, amount, lines)
    signatures.void_changed(act.tx, act.steps, subject)
    given = signed(act, subject)
    disputed = _disputed(act, amount)
    if disputed is None:
        return given
    reason = (act.reason or "").rstrip()
    end = "" if reason.endswith((".", "!", "?")) else "."
    return replace(given, remark=f"{reason}{end} {disputed}")


def _disputed(act: Act, amount: Decimal) -> str | None:
    """What is disputed of a cut invoice; the Vorgang comes back on the day to object by."""
    due = parse_amount(act.row.amount_due)
    found = None
    if act.outcome == "gekuerzt" and due is not None:
        received_on, today = local_day(act.row.received_at), local_day(act.tx.now)
        _, days = periods(act.completion.case)
        found = dispute_in(act.completion.variables, due - amount, received_on, today, days)
    if found is None:
        records.objected(act.tx, act.row.vorgang)
        return None
    land, group = str(act.completion.case.get("land")), str(act.given("fachgruppe"))
    day = working_day_until(found.until, land)
    records.object_until(act.tx, act.row.vorgang, day, found.remark, group)
    return found.remark


def _with_due_date(act: Act, row: Row) -> Row:
    """The row, with the day that was agreed otherwise; the signatures bind it."""
    stated = act.completion.variables.get("faellig_am")
    if stated is None:
        return row
    day = stated.date() if isinstance(stated, datetime) else stated
    if not isinstance(day, date):
        raise FormInvalid([FieldError("faellig_am", "Bitte einen Tag angeben.")])
    if act.reason is None:
        text = "Bitte begründen, woraus sich die andere Fälligkeit ergibt."
        raise FormInvalid([FieldError("begruendung", text)])
    receipts.change(act.tx, row.id, due_on=day, due_source="erfasst")
    return receipts.receipt(act.tx, row.id)


def _with_iban(act: Act, order: str) -> Row:
    """The row, with the IBAN that a person adds where the file names none, or adds anew."""
    added = iban_in(act, "iban_ergaenzt")
    stated = act.completion.case.get("iban_stated") is not False
    if added is not None and stated and act.row.iban not in {None, added}:
        text = "Die Rechnung nennt eine andere IBAN: bitte beanstanden oder rückfragen."
        raise FormInvalid([FieldError("iban_ergaenzt", text)])
    if order == "auszahlung" and added is None and act.row.iban is None:
        text = "Die Rechnung nennt keine IBAN: bitte ergänzen oder eine andere Art wählen."
        raise FormInvalid([FieldError("iban_ergaenzt", text)])
    if added is not None and added != act.row.iban:
        receipts.change(act.tx, act.row.id, iban=added)
        return receipts.receipt(act.tx, act.row.id)
    return act.row
