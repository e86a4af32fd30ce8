"""*Rechnung klären* and *Dublette prüfen*: what the Rechnungsstelle says of a file.

Invariant: what a file states stays beside what a person makes of it.
"""

from __future__ import annotations

from bpmn.forms import FieldError, FormInvalid
from eakte.beteiligung import Beteiligung
from eakte.vorgaenge import vorgang_betreff
from identity.principal import system_principal
from processes.rechnungseingang import receipts, records
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.examination import EURO
from processes.rechnungseingang.heads import head_typed
from processes.rechnungseingang.steps.act import Act, iban_in, plain


def clarify(act: Act) -> Beteiligung:
    """Take over what was typed; a file that could be read keeps its own head data."""
    if act.outcome != "erfassen":
        return plain(act)
    if act.completion.case.get("readable") is True:
        return plain(act) if act.row.currency in {None, EURO} else _convert(act)
    return _type_in(act)


def _convert(act: Act) -> Beteiligung:
    """From here on the invoice is one in euro; what the file states stays beside it."""
    stated, amount = (
        parse_amount(each) for each in (act.row.amount_due, act.completion.variables["betrag_eur"])
    )
    if amount is None or stated is None or (amount > 0) != (stated > 0):
        text = "Bitte den Betrag in Euro eingeben, zum Beispiel 1.190,00."
        raise FormInvalid([FieldError("betrag_eur", text)])
    if act.reason is None:
        raise FormInvalid([FieldError("begruendung", "Bitte Kurs und Quelle nennen.")])
    receipts.change(
        act.tx,
        act.row.id,
        amount_due=f"{amount:.2f}",
        currency=EURO,
        stated_amount=act.row.amount_due,
        stated_currency=act.row.currency,
    )
    _rename(act)
    remark = f"{german(stated, act.row.currency)} sind {german(amount)}: {act.reason}"
    return Beteiligung(kind=act.node, outcome=act.outcome, remark=remark, amount=amount)


def _type_in(act: Act) -> Beteiligung:
    """The head data that the file does not say."""
    iban = iban_in(act, "iban")
    if act.completion.variables.get("art") == "auszahlung" and iban is None:
        raise FormInvalid([FieldError("iban", "Eine Auszahlung braucht eine IBAN.")])
    head = head_typed(act.completion.variables, act.row.received_at)
    if head.amount_due is None:
        raise FormInvalid([FieldError("betrag", "Bitte einen Betrag wie 1.190,00 eingeben.")])
    receipts.change(act.tx, act.row.id, **head.row())
    _rename(act)
    return plain(act)


def _rename(act: Act) -> None:
    """The Vorgang is called by what is known now."""
    line = records.subject_line(receipts.receipt(act.tx, act.row.id))
    vorgang_betreff(act.tx, system_principal(act.tx.tenant), act.row.vorgang, line)


def compare(act: Act) -> Beteiligung:
    if act.outcome == "keine_dublette":
        receipts.change(act.tx, act.row.id, distinct=True)
    return plain(act)
