"""Vertretung: every task of the process is done by a deputy, and both persons are recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from eakte.beteiligung import steps_of_instance
from engine.commands import CompleteTask, FireTimer
from engine.errors import OtherPersonNeeded
from engine.tables import timer, user_task
from identity.deputies import act_for, set_deputy
from identity.principal import Principal
from processes.house import House
from processes.rechnungseingang import demo
from tests.processes.desk import BOOKED, SAMPLES, SYSTEM, UBL, Desk, Run, kontierung

DEPUTIES = {
    "tim.tannhaus": "jule.jansen",
    "ralf.rieger": "rita.rehbein",
    "karla.kranz": "anton.ahlers",
    "rita.rehbein": "tim.tannhaus",
}
ORDERED = {
    "ergebnis": "angeordnet",
    "begruendung": "Leistung erbracht",
    "bankverbindung_geprueft": True,
}
ASKED = {
    "ergebnis": "rueckfrage",
    "rueckfrage_an": "Bauhof",
    "wiedervorlage_am": date(2031, 1, 15),
    "begruendung": "Geliefert?",
}


@pytest.fixture(autouse=True)
def absent(house: House) -> None:
    """Each of them has a deputy who is in none of their groups."""
    with house.database.begin() as tx:
        for person, deputy in DEPUTIES.items():
            set_deputy(
                tx,
                SYSTEM,
                person=demo.principal(house, person).id,
                deputy=demo.principal(house, deputy).id,
                valid_from=date(2020, 1, 1),
                valid_to=date(2039, 12, 31),
            )


def deputy_of(house: House, person: str) -> Principal:
    with house.database.reading() as tx:
        own = demo.principal(house, DEPUTIES[person])
        return act_for(tx, own, demo.principal(house, person).id)


def does(desk: Desk, person: str, node: str, **form: object) -> None:
    """The deputy completes; the step that it leaves names both."""
    where = (user_task.c.instance_id == desk.id, user_task.c.closed_at.is_(None))
    with desk.house.database.reading() as tx:
        task = tx.first(select(user_task).where(*where, user_task.c.node == node))
    assert task is not None, desk.open_tasks
    who = deputy_of(desk.house, person)
    desk.house.engine.execute(CompleteTask(task.id, form), who)  # type: ignore[arg-type]
    with desk.house.database.reading() as tx:
        done = [s for s in steps_of_instance(tx, desk.id) if s.kind == node and s.outcome]
    assert (done[-1].performer, done[-1].on_behalf_of) == (who.id, who.on_behalf_of)
    assert who.on_behalf_of is not None
    desk.run_jobs()


def test_deputies_certify_ask_answer_and_order(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)

    does(desk, "tim.tannhaus", "sachlich_pruefen", **ASKED)
    does(desk, "tim.tannhaus", "rueckfrage_beantworten", antwort="Ja")
    does(desk, "tim.tannhaus", "sachlich_pruefen", **kontierung())
    does(desk, "ralf.rieger", "rechnerisch_feststellen", ergebnis="richtig")
    does(desk, "karla.kranz", "anordnen", **ORDERED)
    desk.report(BOOKED)

    assert desk.row.state == "gebucht"


def test_a_deputy_looks_into_a_deadline_that_draws_near(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    with house.database.reading() as tx:
        (warning,) = tx.all(select(timer.c.id).where(timer.c.instance_id == desk.id))
    house.engine.execute(FireTimer(warning.id, early=True), SYSTEM)

    does(desk, "rita.rehbein", "frist_pruefen", vermerk="Die Vertretung prüft heute")

    assert desk.open_tasks == ["sachlich_pruefen"]


def test_a_deputy_settles_an_objection(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    item = {"position": "3", "abzug": "828.18", "grund": "nicht geliefert"}
    cut = {"ergebnis": "gekuerzt", "begruendung": "fehlt", "strittige_positionen": [item]}
    desk.check(**{**kontierung("18000.00"), **cut, "ruege_bis": date(2031, 3, 3)})
    desk.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")
    desk.order()
    desk.report(BOOKED)

    does(desk, "tim.tannhaus", "ruege_pruefen", ergebnis="geruegt", begruendung="Schreiben")

    assert desk.row.state == "gebucht"


SIGNED = [
    ("rechnerisch_feststellen", {"ergebnis": "richtig"}),
    ("anordnen", ORDERED),
]


@pytest.mark.parametrize(("node", "form"), SIGNED, ids=[node for node, _ in SIGNED])
def test_nobody_signs_twice_as_somebodys_deputy(
    house: House, run_jobs: Run, node: str, form: dict[str, object]
) -> None:
    """Tim has certified; he stands in for everybody who signs after him."""
    own = demo.principal(house, "tim.tannhaus")
    principals = {"rechnerisch_feststellen": "ralf.rieger", "anordnen": "karla.kranz"}
    with house.database.begin() as tx:
        for person in ("rosa.rosenau", principals[node]):
            set_deputy(
                tx,
                SYSTEM,
                person=demo.principal(house, person).id,
                deputy=own.id,
                valid_from=date(2020, 1, 1),
                valid_to=date(2039, 12, 31),
            )
    desk = Desk(house, run_jobs)
    desk.check()
    if node == "anordnen":
        desk.complete("rechnerisch_feststellen", "rosa.rosenau", ergebnis="richtig")
    with house.database.reading() as tx:
        (task,) = tx.all(
            select(user_task).where(user_task.c.instance_id == desk.id, user_task.c.node == node)
        )
        acting = act_for(tx, own, demo.principal(house, principals[node]).id)

    with pytest.raises(OtherPersonNeeded):
        house.engine.execute(CompleteTask(task.id, form), acting)  # type: ignore[arg-type]


def test_nobody_signs_what_their_deputy_has_certified(house: House, run_jobs: Run) -> None:
    """Jule certifies for Tim: neither of them orders, whatever group they are in."""
    desk = Desk(house, run_jobs)
    does(desk, "tim.tannhaus", "sachlich_pruefen", **kontierung())
    with house.database.reading() as tx:
        (task,) = tx.all(
            select(user_task).where(
                user_task.c.instance_id == desk.id, user_task.c.node == "rechnerisch_feststellen"
            )
        )

    for login in ("tim.tannhaus", "jule.jansen"):
        who = replace(demo.principal(house, login), groups=frozenset({"rechnerisch"}))
        with pytest.raises(OtherPersonNeeded):
            house.engine.execute(CompleteTask(task.id, {"ergebnis": "richtig"}), who)


def test_a_deputy_assigns(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs, UBL.replace(b"05999-TIEFBAU-93", b"05999-FREMD-11"))

    does(desk, "rita.rehbein", "zuordnen", ergebnis="zuordnen", stelle="tiefbau")

    assert desk.open_tasks == ["sachlich_pruefen"]


def test_a_deputy_decides_on_a_duplicate(house: House, run_jobs: Run) -> None:
    Desk(house, run_jobs)
    desk = Desk(house, run_jobs, UBL.replace(b"WL-2026-1042", b"WL 2026/1042"))

    does(desk, "rita.rehbein", "dublette_pruefen", ergebnis="ablegen", begruendung="Dieselbe")

    assert desk.row.state == "dublette"


def test_a_deputy_clarifies_and_signs_the_refusal(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs, SAMPLES["08_keine_rechnung.xml"])

    does(desk, "rita.rehbein", "rechnung_klaeren", ergebnis="ablehnen", begruendung="Ein Brief")
    does(desk, "rita.rehbein", "ablehnung_zeichnen", ergebnis="ablehnen")

    assert desk.row.state == "abgelehnt"
