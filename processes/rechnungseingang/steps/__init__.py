"""What happens when a person completes a task: the check of what the form cannot know, the step in
the Akte, and who is asked next.

Reading order: act.py (one completion), then a module a step, in the order of the process:
clarification, sachliche_feststellung with kontierung, rechnerische_feststellung, anordnung; at last
sequence (who is asked next).
Invariant: everything here runs in the transaction that completes the task; what it refuses is as
if it had never been asked. Field faults come back at their field (`FormInvalid`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bpmn.forms import FieldError, FormInvalid
from eakte.beteiligung import Beteiligung, steps_of_instance
from eakte.dokumente import dokument_head
from engine.handlers import Participants, TaskCompletion
from identity.principal import system_principal
from processes.rechnungseingang import receipts, records
from processes.rechnungseingang.errors import Befangen
from processes.rechnungseingang.steps.act import Act, plain
from processes.rechnungseingang.steps.anordnung import order
from processes.rechnungseingang.steps.clarification import clarify, compare
from processes.rechnungseingang.steps.rechnerische_feststellung import recalculate
from processes.rechnungseingang.steps.sachliche_feststellung import certify
from processes.rechnungseingang.steps.sequence import answered, ask_next, set_wiedervorlage
from storage.database import Transaction

participants = Participants()

NO_REASON_NEEDED = {
    ("sachlich_pruefen", "richtig"),
    ("rechnerisch_feststellen", "richtig"),
    ("rechnung_klaeren", "erfassen"),
    ("zuordnen", "zuordnen"),
    ("zuordnen", "nachschlagen"),
    ("ablehnung_zeichnen", "ablehnen"),
}


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
    records.did(tx, row.vorgang, completion.performer, _JUDGES.get(act.node, plain)(act))
    set_wiedervorlage(act)
    ask_next(act)


def _sign_letter(act: Act) -> Beteiligung:
    """The signature binds the draft as it stands in the Akte."""
    if act.outcome != "ablehnen" or act.row.letter is None:
        return plain(act)
    letter = dokument_head(act.tx, system_principal(act.tx.tenant), act.row.letter)
    return Beteiligung(
        kind=act.node,
        outcome=act.outcome,
        remark=act.reason,
        wording="Ich lehne die Rechnung aus den im Schreiben genannten Gründen ab.",
        versions=(letter.current.id,),
    )


def _settle_objection(act: Act) -> Beteiligung:
    records.objected(act.tx, act.row.vorgang)
    return plain(act)


_JUDGES: Mapping[str, Callable[[Act], Beteiligung]] = {
    "rechnung_klaeren": clarify,
    "dublette_pruefen": compare,
    "sachlich_pruefen": certify,
    "rechnerisch_feststellen": recalculate,
    "anordnen": order,
    "ablehnung_zeichnen": _sign_letter,
    "rueckfrage_beantworten": answered,
    "ruege_pruefen": _settle_objection,
}


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
