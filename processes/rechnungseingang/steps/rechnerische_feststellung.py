"""*Rechnerisch feststellen*: the second signature, over the same that the first certifies."""

from __future__ import annotations

from bpmn.forms import FieldError, FormInvalid
from eakte.beteiligung import Beteiligung
from processes.rechnungseingang import signatures
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.steps.act import Act, plain, signed, subject_of_case


def recalculate(act: Act) -> Beteiligung:
    if act.outcome == "gekuerzt":
        amount = parse_amount(act.completion.variables.get("rechnerischer_betrag"))
        if amount is None:
            text = "Bitte den richtigen Betrag eingeben."
            raise FormInvalid([FieldError("rechnerischer_betrag", text)])
        remark = f"{german(amount, act.row.currency)}: {act.reason}"
        return Beteiligung(kind=act.node, outcome=act.outcome, remark=remark, amount=amount)
    if act.outcome not in signatures.GIVEN:
        return plain(act)
    subject = subject_of_case(act)
    signatures.require_standing(act.steps, ("sachlich",), subject)
    return signed(act, subject)
