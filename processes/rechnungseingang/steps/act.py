"""One completion of a task, with what it is judged by; and what all judges need."""

from __future__ import annotations

from dataclasses import dataclass

from bpmn.forms import FieldError, FormInvalid
from bpmn.values import Value
from eakte.beteiligung import Beteiligung, Schritt
from engine.handlers import TaskCompletion
from processes.rechnungseingang import signatures
from processes.rechnungseingang.amounts import parse_amount
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.errors import CurrencyForeign
from processes.rechnungseingang.examination import EURO
from processes.rechnungseingang.heads import iban_typed
from processes.rechnungseingang.posting import posting_lines
from storage.database import Row, Transaction


@dataclass(frozen=True, slots=True)
class Act:
    """One completion, with what it is judged by. `case` are the variables before it."""

    tx: Transaction
    row: Row
    completion: TaskCompletion
    outcome: str
    reason: str | None
    steps: list[Schritt]

    @property
    def node(self) -> str:
        return self.completion.node

    def given(self, name: str) -> Value:
        """What the form says, else what the process knew before."""
        found = self.completion.variables.get(name)
        return self.completion.case.get(name) if found is None else found


def plain(act: Act) -> Beteiligung:
    return Beteiligung(kind=act.node, outcome=act.outcome, remark=act.reason)


def signed(act: Act, subject: signatures.Subject) -> Beteiligung:
    if act.row.currency not in {None, EURO}:
        raise CurrencyForeign(f"Die Rechnung lautet auf {act.row.currency}: bitte erst umrechnen.")
    kind = signatures.NODES[act.node]
    performer = act.completion.performer
    stufe = act.completion.case.get("befugnisstufe")
    befugnis = signatures.require_befugnis(
        act.tx,
        performer,
        kind,
        unit=act.row.unit,
        subject=subject,
        on=local_day(act.tx.now),
        stufe=stufe if isinstance(stufe, str) else None,
    )
    return Beteiligung(
        kind=act.node,
        outcome=act.outcome,
        remark=act.reason,
        wording=signatures.wording(kind, subject.order, subject.amount, act.row.currency),
        versions=(act.row.version,),
        befugnis=befugnis.id,
        amount=subject.amount,
        content_hash=subject.content_hash(),
    )


def subject_of_case(act: Act) -> signatures.Subject:
    """What the case says now: the later signers change none of it."""
    case = act.completion.case
    amount = parse_amount(case.get("festgestellter_betrag"))
    assert amount is not None, "the sachliche Feststellung has set it"
    lines = posting_lines(case.get("buchungszeilen"))
    return signatures.subject_of(act.row, str(case.get("anordnungsart")), amount, lines)


def iban_in(act: Act, field: str) -> str | None:
    try:
        return iban_typed(act.completion.variables.get(field))
    except ValueError:
        text = "Diese IBAN stimmt nicht: bitte die Ziffern prüfen."
        raise FormInvalid([FieldError(field, text)]) from None
