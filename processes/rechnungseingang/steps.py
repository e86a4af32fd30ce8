"""What happens when a person completes a task: the check of what the form cannot know, the step in
the Akte, and who is asked next.

Invariant: everything here runs in the transaction that completes the task; what it refuses is as
if it had never been asked. Field faults come back at their field (`FormInvalid`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from bpmn.forms import FieldError, FormInvalid
from bpmn.values import Value
from eakte.beteiligung import Beteiligung, Schritt, steps_of_instance
from eakte.vorgaenge import vorgang_betreff
from engine.handlers import Participants, TaskCompletion
from identity.principal import system_principal
from processes.rechnungseingang import receipts, records, signatures
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.disputes import dispute_in
from processes.rechnungseingang.errors import Befangen, CurrencyForeign
from processes.rechnungseingang.examination import EURO
from processes.rechnungseingang.heads import head_typed, iban_typed
from processes.rechnungseingang.routing import INTAKE_UNIT
from processes.rechnungseingang.suppliers import bound, confirmation, iban_alarm, refuse_blocked
from storage.database import Row, Transaction

participants = Participants()

NO_REASON_NEEDED = {
    ("sachlich_pruefen", "richtig"),
    ("rechnerisch_feststellen", "richtig"),
    ("rechnung_klaeren", "erfassen"),
    ("zuordnen", "zuordnen"),
    ("zuordnen", "nachschlagen"),
    ("ablehnung_zeichnen", "ablehnen"),
}
NEXT: Mapping[tuple[str, str], tuple[str, str]] = {
    # (task, outcome): who is asked then, by the variable that names the group
    ("sachlich_pruefen", "richtig"): ("rechnerisch_feststellen", "rechnerische_gruppe"),
    ("sachlich_pruefen", "gekuerzt"): ("rechnerisch_feststellen", "rechnerische_gruppe"),
    ("sachlich_pruefen", "befangen"): ("sachlich_pruefen", "fachgruppe"),
    ("sachlich_pruefen", "zurueck"): ("zuordnen", INTAKE_UNIT),
    ("rechnerisch_feststellen", "richtig"): ("anordnen", "anordnungsgruppe"),
    ("rechnerisch_feststellen", "gekuerzt"): ("sachlich_pruefen", "fachgruppe"),
    ("rechnerisch_feststellen", "zurueck"): ("sachlich_pruefen", "fachgruppe"),
    ("rechnerisch_feststellen", "befangen"): ("rechnerisch_feststellen", "rechnerische_gruppe"),
    ("anordnen", "zurueck"): ("sachlich_pruefen", "fachgruppe"),
    ("anordnen", "befangen"): ("anordnen", "anordnungsgruppe"),
    ("ablehnung_zeichnen", "annehmen"): ("sachlich_pruefen", "fachgruppe"),
}
_GROUPS = {
    "sachlich_pruefen": "fachgruppe",
    "rechnerisch_feststellen": "rechnerische_gruppe",
    "anordnen": "anordnungsgruppe",
}


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


@participants.on_task_completed(receipts.PROCESS)
def record_completion(tx: Transaction, completion: TaskCompletion) -> None:
    """Judge, record, and ask the next."""
    form = completion.variables
    text = form.get("begruendung") or form.get("antwort") or form.get("vermerk")
    reason = text.strip() if isinstance(text, str) and text.strip() else None
    row = receipts.receipt(tx, completion.instance_id)
    outcome = str(form.get("ergebnis") or "erledigt")
    act = Act(tx, row, completion, outcome, reason, records.steps_of(tx, row.vorgang))
    _require_reason(act)
    _refuse_befangene(act)
    records.did(tx, row.vorgang, completion.performer, _JUDGES.get(act.node, _plain)(act))
    _set_wiedervorlage(act)
    _ask_next(act)


def _plain(act: Act) -> Beteiligung:
    return Beteiligung(kind=act.node, outcome=act.outcome, remark=act.reason)


def _clarify(act: Act) -> Beteiligung:
    """Take over what was typed; a file that could be read keeps its own head data."""
    if act.outcome != "erfassen":
        return _plain(act)
    if act.completion.case.get("readable") is True:
        return _plain(act) if act.row.currency in {None, EURO} else _convert(act)
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


def _rename(act: Act) -> None:
    """The Vorgang is called by what is known now."""
    line = records.subject_line(receipts.receipt(act.tx, act.row.id))
    vorgang_betreff(act.tx, system_principal(act.tx.tenant), act.row.vorgang, line)


def _type_in(act: Act) -> Beteiligung:
    """The head data that the file does not say."""
    iban = _iban(act, "iban")
    if act.completion.variables.get("art") == "auszahlung" and iban is None:
        raise FormInvalid([FieldError("iban", "Eine Auszahlung braucht eine IBAN.")])
    head = head_typed(act.completion.variables, act.row.received_at)
    if head.amount_due is None:
        raise FormInvalid([FieldError("betrag", "Bitte einen Betrag wie 1.190,00 eingeben.")])
    receipts.change(act.tx, act.row.id, **head.row())
    _rename(act)
    return _plain(act)


def _compare(act: Act) -> Beteiligung:
    if act.outcome == "keine_dublette":
        receipts.change(act.tx, act.row.id, distinct=True)
    return _plain(act)


def _certify(act: Act) -> Beteiligung:
    """Sachliche Feststellung with Kontierung: what changes it voids what was signed before."""
    if act.outcome not in signatures.GIVEN:
        return _plain(act)
    amount = _established(act)
    order = str(act.given("anordnungsart"))
    if order == "auszahlung" and amount <= 0:
        text = f"Über {german(amount, act.row.currency)} gibt es keine Auszahlung."
        raise FormInvalid([FieldError("anordnungsart", text)])
    lines = _posting_lines(act, amount)
    if act.given("mittel_verfuegbar") is not True:
        text = "Ohne verfügbare Mittel keine Feststellung."
        raise FormInvalid([FieldError("mittel_verfuegbar", text)])
    subject = signatures.subject_of(bound(act.tx, _with_iban(act, order)), order, amount, lines)
    signatures.void_changed(act.tx, act.steps, subject)
    signed = _signed(act, subject)
    disputed = _disputed(act, amount)
    return signed if disputed is None else replace(signed, remark=f"{act.reason} {disputed}")


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
    added = _iban(act, "iban_ergaenzt")
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


def _iban(act: Act, field: str) -> str | None:
    try:
        return iban_typed(act.completion.variables.get(field))
    except ValueError:
        text = "Diese IBAN stimmt nicht: bitte die Ziffern prüfen."
        raise FormInvalid([FieldError(field, text)]) from None


def _recalculate(act: Act) -> Beteiligung:
    if act.outcome == "gekuerzt":
        amount = parse_amount(act.completion.variables.get("rechnerischer_betrag"))
        if amount is None:
            text = "Bitte den richtigen Betrag eingeben."
            raise FormInvalid([FieldError("rechnerischer_betrag", text)])
        remark = f"{german(amount, act.row.currency)}: {act.reason}"
        return Beteiligung(kind=act.node, outcome=act.outcome, remark=remark, amount=amount)
    if act.outcome not in signatures.GIVEN:
        return _plain(act)
    subject = _subject(act)
    signatures.require_standing(act.steps, ("sachlich",), subject)
    return _signed(act, subject)


def _order(act: Act) -> Beteiligung:
    if act.outcome != "angeordnet":
        return _plain(act)
    subject = _subject(act)
    signatures.require_standing(act.steps, ("sachlich", "rechnerisch"), subject)
    if subject.order == "auszahlung":
        refuse_blocked(act.tx, act.row)
        if not subject.iban:
            text = "Ohne IBAN ist keine Auszahlung möglich: bitte zurückgeben und klären."
            raise FormInvalid([FieldError("ergebnis", text)])
        if act.given("bankverbindung_geprueft") is not True:
            text = "Bitte Zahlungsempfänger und IBAN prüfen und das bestätigen."
            raise FormInvalid([FieldError("bankverbindung_geprueft", text)])
    signed = _signed(act, subject)
    if subject.order != "auszahlung":
        return signed
    cleared = _account_cleared(act)
    return signed if cleared is None else replace(signed, remark=f"{act.reason} ({cleared})")


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


def _sign_letter(act: Act) -> Beteiligung:
    """The signature binds the draft as it stands in the Akte."""
    if act.outcome != "ablehnen" or act.row.letter is None:
        return _plain(act)
    from eakte.dokumente import dokument_head  # noqa: PLC0415 beside its only use

    letter = dokument_head(act.tx, system_principal(act.tx.tenant), act.row.letter)
    return Beteiligung(
        kind=act.node,
        outcome=act.outcome,
        remark=act.reason,
        wording="Ich lehne die Rechnung aus den im Schreiben genannten Gründen ab.",
        versions=(letter.current.id,),
    )


def _answered(act: Act) -> Beteiligung:
    records.came_back(act.tx, act.row.vorgang)
    return _plain(act)


_JUDGES: Mapping[str, Callable[[Act], Beteiligung]] = {
    "rechnung_klaeren": _clarify,
    "dublette_pruefen": _compare,
    "sachlich_pruefen": _certify,
    "rechnerisch_feststellen": _recalculate,
    "anordnen": _order,
    "ablehnung_zeichnen": _sign_letter,
    "rueckfrage_beantworten": _answered,
}


def _signed(act: Act, subject: signatures.Subject) -> Beteiligung:
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


def _subject(act: Act) -> signatures.Subject:
    """What the case says now: the later signers change none of it."""
    case = act.completion.case
    amount = parse_amount(case.get("festgestellter_betrag"))
    assert amount is not None, "the sachliche Feststellung has set it"
    lines = signatures.posting_lines(case.get("buchungszeilen"))
    return signatures.subject_of(act.row, str(case.get("anordnungsart")), amount, lines)


def _established(act: Act) -> Decimal:
    """The amount that is certified; `richtig` means the whole, `gekuerzt` less of it."""
    amount = parse_amount(act.given("festgestellter_betrag"))
    due = parse_amount(act.row.amount_due)
    assert due is not None, "the head data are complete"
    fault = None
    if amount is None:
        fault = "Bitte einen Betrag wie 1.190,00 eingeben."
    elif act.outcome == "richtig" and amount != due:
        fault = f"„Richtig“ heißt der ganze Betrag: {german(due, act.row.currency)}."
    elif act.outcome == "gekuerzt" and (amount * due < 0 or abs(amount) >= abs(due)):
        fault = f"Ein gekürzter Betrag liegt unter {german(due, act.row.currency)}."
    if fault is not None or amount is None:
        raise FormInvalid([FieldError("festgestellter_betrag", fault or "")])
    return amount


def _posting_lines(act: Act, amount: Decimal) -> list[dict[str, Value]]:
    # What the process only suggests is nobody's Kontierung until a person has sent it.
    certified = any(s.kind == act.node and s.outcome in signatures.GIVEN for s in act.steps)
    given = act.completion.variables.get("buchungszeilen")
    lines = signatures.posting_lines(act.given("buchungszeilen") if certified else given)
    amounts = [parse_amount(line.get("betrag")) for line in lines]
    fault = None
    if not lines:
        fault = "Bitte mindestens eine Buchungszeile angeben."
    elif any(each is None for each in amounts):
        fault = "Jede Buchungszeile braucht einen Betrag wie 1.190,00."
    else:
        total = sum((each for each in amounts if each is not None), Decimal(0))
        if total != amount:
            currency = act.row.currency
            fault = (
                f"Die Buchungszeilen ergeben {german(total, currency)}, "
                f"festgestellt sind {german(amount, currency)}."
            )
    if fault is not None:
        raise FormInvalid([FieldError("buchungszeilen", fault)])
    return lines


def _require_reason(act: Act) -> None:
    if act.outcome == "erledigt" or act.reason is not None:
        return
    if (act.node, act.outcome) not in NO_REASON_NEEDED:
        raise FormInvalid([FieldError("begruendung", "Bitte begründen.")])


def _refuse_befangene(act: Act) -> None:
    """Who has declared to be befangen takes no further part, in whatever unit or step."""
    who = act.completion.performer.identities()
    for step in steps_of_instance(act.tx, act.row.id):
        if step.outcome == "befangen" and who & {step.performer, step.on_behalf_of}:
            raise Befangen("Sie haben sich für befangen erklärt: das prüft eine andere Person.")


def _set_wiedervorlage(act: Act) -> None:
    if act.outcome != "rueckfrage":
        return
    on = act.completion.variables.get("wiedervorlage_am")
    day = on.date() if isinstance(on, datetime) else on
    if not isinstance(day, date) or day < local_day(act.tx.now):
        text = "Bitte einen Tag angeben, der nicht vergangen ist."
        raise FormInvalid([FieldError("wiedervorlage_am", text)])
    whom = act.completion.variables.get("rueckfrage_an")
    reason = f"{records.ASKED} {whom}: {act.reason}"
    records.come_back(act.tx, act.row.vorgang, day, reason, act.completion.performer.id)
    records.ask(
        act.tx, act.row.vorgang, "rueckfrage_beantworten", str(act.given("fachgruppe")), day
    )


def _ask_next(act: Act) -> None:
    """Open the step that the next task will finish, so that its group may see the Vorgang."""
    case = act.completion.case
    if act.node == "rueckfrage_beantworten":
        asker = str(case.get("rueckfrage_von"))
        kind, variable = asker, _GROUPS.get(asker, "fachgruppe")
    else:
        kind, variable = NEXT.get((act.node, act.outcome), ("", ""))
    if not kind or (act.node == "ablehnung_zeichnen" and case.get("zugeordnet") is not True):
        return
    group = variable if variable == INTAKE_UNIT else str(case.get(variable))
    records.ask(act.tx, act.row.vorgang, kind, group)
