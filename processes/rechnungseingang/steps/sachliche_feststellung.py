"""*Sachlich prüfen und kontieren*: the first signature, and what it is about.

Invariant: what is certified here is what all later signatures are compared with; a change of any of
it voids them.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bpmn.forms import FieldError, FormInvalid
from eakte.beteiligung import Beteiligung
from processes.rechnungseingang import receipts, records, signatures
from processes.rechnungseingang.amounts import parse_amount
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.disputes import dispute_in
from processes.rechnungseingang.steps.act import Act, iban_in, plain, signed
from processes.rechnungseingang.steps.kontierung import (
    established_amount,
    kind_of_order,
    posted_lines,
)
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
    subject = signatures.subject_of(_with_iban(act, order), order, amount, lines)
    signatures.void_changed(act.tx, act.steps, subject)
    given = signed(act, subject)
    disputed = _disputed(act, amount)
    return given if disputed is None else replace(given, remark=f"{act.reason} {disputed}")


def _disputed(act: Act, amount: Decimal) -> str | None:
    """What is disputed of a cut invoice; the Vorgang comes back on the day to object by."""
    due = parse_amount(act.row.amount_due)
    if act.outcome != "gekuerzt" or due is None:
        return None
    received_on, today = local_day(act.row.received_at), local_day(act.tx.now)
    found = dispute_in(act.completion.variables, due - amount, received_on, today)
    if found is None:
        return None
    group = str(act.given("fachgruppe"))
    records.come_back(act.tx, act.row.vorgang, found.until, found.remark, group)
    return found.remark


def _with_iban(act: Act, order: str) -> Row:
    """The row, with the IBAN that a person adds where the file names none."""
    added = iban_in(act, "iban_ergaenzt")
    if added is not None and act.row.iban not in {None, added}:
        text = "Die Rechnung nennt eine andere IBAN: bitte beanstanden oder rückfragen."
        raise FormInvalid([FieldError("iban_ergaenzt", text)])
    if order == "auszahlung" and added is None and act.row.iban is None:
        text = "Die Rechnung nennt keine IBAN: bitte ergänzen oder eine andere Art wählen."
        raise FormInvalid([FieldError("iban_ergaenzt", text)])
    if added is not None and act.row.iban is None:
        receipts.change(act.tx, act.row.id, iban=added)
        return receipts.receipt(act.tx, act.row.id)
    return act.row
