"""*Anordnen*: the third signature, by a person who has certified nothing.

Invariant: nothing is paid to an account that raised an alarm before somebody has said how it was
checked.
"""

from __future__ import annotations

from dataclasses import replace

from bpmn.forms import FieldError, FormInvalid
from eakte.beteiligung import Beteiligung
from processes.rechnungseingang import signatures
from processes.rechnungseingang.kreditoren.suppliers import confirmation, iban_alarm, refuse_blocked
from processes.rechnungseingang.steps.act import Act, plain, signed, subject_of_case


def order(act: Act) -> Beteiligung:
    if act.outcome != "angeordnet":
        return plain(act)
    subject = subject_of_case(act)
    signatures.require_standing(act.steps, ("sachlich", "rechnerisch"), subject)
    if subject.order == "auszahlung":
        refuse_blocked(act.tx, act.row)
        if not subject.iban:
            text = "Ohne IBAN ist keine Auszahlung möglich: bitte zurückgeben und klären."
            raise FormInvalid([FieldError("ergebnis", text)])
        if act.given("bankverbindung_geprueft") is not True:
            text = "Bitte Zahlungsempfänger und IBAN prüfen und das bestätigen."
            raise FormInvalid([FieldError("bankverbindung_geprueft", text)])
    given = signed(act, subject)
    if subject.order != "auszahlung":
        return given
    cleared = _account_cleared(act)
    return given if cleared is None else replace(given, remark=f"{act.reason} ({cleared})")


def _account_cleared(act: Act) -> str | None:
    """How the account that raised an alarm was checked, by somebody who has certified nothing."""
    alarm, confirmed = iban_alarm(act.tx, act.row), confirmation(act.tx, act.row)
    certifiers = {
        who
        for step in act.steps
        if step.outcome in signatures.GIVEN
        for who in (step.performer, step.on_behalf_of)
        if who is not None
    }
    if confirmed is not None and {confirmed.confirmed_by, confirmed.on_behalf_of} & certifiers:
        alarm = "Dieses Konto hat bestätigt, wer die Rechnung festgestellt hat."
    if alarm is None:
        return None
    how = act.completion.variables.get("bankverbindung_wie")
    if not isinstance(how, str) or not how.strip():
        text = f"{alarm} Bitte angeben, wie und bei wem nachgefragt wurde."
        raise FormInvalid([FieldError("bankverbindung_wie", text)])
    if act.completion.performer.identities() & certifiers:
        raise FormInvalid([FieldError("bankverbindung_wie", "Das bestätigt eine andere Person.")])
    return f"Geprüft und bestätigt: {alarm} Nachgefragt: {how.strip()}"
