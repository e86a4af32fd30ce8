"""Who is asked after a step, and when a question comes back.

Invariant: a step is open for the group of the task that waits, so that it may see the Vorgang.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from bpmn.forms import FieldError, FormInvalid
from eakte.beteiligung import Beteiligung
from processes.rechnungseingang import records
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.routing import INTAKE_UNIT
from processes.rechnungseingang.steps.act import Act, plain

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
    ("anordnen", "zurueck_rechnerisch"): ("rechnerisch_feststellen", "rechnerische_gruppe"),
    ("anordnen", "befangen"): ("anordnen", "anordnungsgruppe"),
    ("ablehnung_zeichnen", "annehmen"): ("sachlich_pruefen", "fachgruppe"),
}
_GROUPS = {
    "sachlich_pruefen": "fachgruppe",
    "rechnerisch_feststellen": "rechnerische_gruppe",
    "anordnen": "anordnungsgruppe",
}


def answered(act: Act) -> Beteiligung:
    records.came_back(act.tx, act.row.vorgang)
    return plain(act)


def set_wiedervorlage(act: Act) -> None:
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


def ask_next(act: Act) -> None:
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
