"""Verwaltung: units, the routing table and Befugnisse, kept up on pages."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from bpmn.values import decode
from eakte.aktenplan import units
from identity.befugnisse import Befugnis, befugnisse
from identity.principal import system_principal
from processes.house import House, Settings, open_house
from processes.rechnungseingang import demo, receipts
from processes.rechnungseingang.routing import STREAM, Route, route_for
from storage.ledger import entries
from storage.verify import verify_one
from tests.web.browsing import SAMPLES, Browser, push, run_all, tasks_of

Browse = Callable[[str], Browser]
SYSTEM = system_principal("default")
LINE = {
    "leitweg_id": "05999-schule-17",
    "unit": "kaemmerei",
    "checking_group": "rechnerisch",
    "arithmetic_group": "rechnerisch",
    "ordering_group": "anordnung",
}
ROUTES, BEFUGNISSE = "/verwaltung/zuordnung", "/verwaltung/befugnisse"


def route(house: House, leitweg_id: str) -> Route | None:
    with house.database.reading() as tx:
        return route_for(tx, leitweg_id)


def test_a_lead_adds_changes_and_removes_a_line_of_the_routing_table(
    browse: Browse, house: House
) -> None:
    lead = browse("karla.kranz")

    added = lead.post(ROUTES, **LINE)
    known = route(house, "05999-SCHULE-17")
    changed = lead.post(ROUTES, **{**LINE, "unit": "tiefbau"})
    shown = unescape(lead.get(f"{ROUTES}?zeile=05999-SCHULE-17").text)
    moved = route(house, "05999-SCHULE-17")
    removed = lead.post(f"{ROUTES}/entfernen", leitweg_id="05999-SCHULE-17")

    assert (added.status_code, changed.status_code, removed.status_code) == (303, 303, 303)
    assert known is not None
    assert (known.unit, known.name) == ("kaemmerei", "Kämmerei")
    assert moved is not None
    assert moved.unit == "tiefbau"
    assert "05999-SCHULE-17 ändern" in shown
    assert route(house, "05999-SCHULE-17") is None


def test_who_changed_the_routes_stands_in_the_ledger(browse: Browse, house: House) -> None:
    lead = browse("karla.kranz")
    lead.post(ROUTES, **LINE)
    lead.post(f"{ROUTES}/entfernen", leitweg_id="05999-SCHULE-17")

    with house.database.reading() as tx:
        told = [(e.kind, e.actor, decode(e.facts)["leitweg_id"]) for e in entries(tx, STREAM)]

    karla = demo.principal(house, "karla.kranz").id
    assert told == [
        ("route.put", karla, "05999-SCHULE-17"),
        ("route.removed", karla, "05999-SCHULE-17"),
    ]
    assert verify_one(house.database, "default", STREAM).whole


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"leitweg_id": ""}, "Leitweg-ID: bitte ausfüllen."),
        ({"leitweg_id": "<script>"}, "bis zu 46 Zeichen"),
        ({"unit": "mond"}, "Stelle: bitte aus der Liste wählen."),
        ({"ordering_group": "niemand"}, "Anordnung: bitte aus der Liste wählen."),
    ],
)
def test_a_line_that_leads_nowhere_is_refused_and_stays_typed(
    browse: Browse, house: House, change: dict[str, str], said: str
) -> None:
    answer = browse("karla.kranz").post(ROUTES, **{**LINE, **change})

    page = unescape(answer.text)
    assert answer.status_code == 422
    assert said in page
    assert '<option value="rechnerisch" selected>' in page
    assert route(house, LINE["leitweg_id"]) is None


@pytest.mark.parametrize("login", ["tim.tannhaus", "paul.petersen", "regine.roth"])
def test_others_keep_their_hands_off_the_routing_table(
    browse: Browse, house: House, login: str
) -> None:
    browser = browse(login)

    assert browser.get(ROUTES).status_code == 404
    assert browser.post(ROUTES, **LINE).status_code == 404
    assert browser.post(f"{ROUTES}/entfernen", leitweg_id="05999-TIEFBAU-93").status_code == 404
    assert route(house, "05999-TIEFBAU-93") is not None


def test_a_unit_of_the_table_can_be_chosen_where_an_invoice_is_assigned(
    browse: Browse, house: House
) -> None:
    registrar, lead = browse("regine.roth"), browse("karla.kranz")
    school = {"id": "schulamt", "bezeichnung": "Schulamt", "kuerzel": "SA", "vertraulichkeit": "1"}
    registrar.post("/verwaltung/stellen", **school)
    lead.post(ROUTES, **{**LINE, "unit": "schulamt"})
    unknown = SAMPLES["06"].replace(b"FK-2026-0944", b"FK-2026-0945")
    invoice = push(house, unknown)
    (task,) = [t for t in tasks_of(house, "rita.rehbein", "zuordnen") if t.instance_id == invoice]
    rita = browse("rita.rehbein")
    rita.post(f"/aufgaben/{task.id}/uebernehmen")

    rita.post(
        f"/aufgaben/{task.id}",
        **{"aktion": "erledigen", "ergebnis.da": "1", "ergebnis": "zuordnen", "stelle": "schulamt"},
    )
    run_all(house)

    with house.database.reading() as tx:
        assert receipts.receipt(tx, invoice).unit == "schulamt"


def test_a_table_that_was_completed_meanwhile_is_looked_up_again(
    browse: Browse, house: House
) -> None:
    (task,) = tasks_of(house, "rita.rehbein", "zuordnen")
    with house.database.reading() as tx:
        leitweg_id = receipts.receipt(tx, task.instance_id).leitweg_id
    browse("karla.kranz").post(ROUTES, **{**LINE, "leitweg_id": leitweg_id})
    rita = browse("rita.rehbein")
    rita.post(f"/aufgaben/{task.id}/uebernehmen")

    again = {"aktion": "erledigen", "ergebnis.da": "1", "ergebnis": "nachschlagen"}
    rita.post(f"/aufgaben/{task.id}", **again)
    run_all(house)

    with house.database.reading() as tx:
        assert receipts.receipt(tx, task.instance_id).unit == "kaemmerei"


def test_a_unit_keeps_its_kuerzel_and_gets_a_new_name(browse: Browse, house: House) -> None:
    registrar = browse("regine.roth")
    row = {"id": "tiefbau", "bezeichnung": "Amt 66", "kuerzel": "XX", "vertraulichkeit": "2"}

    answer = registrar.post("/verwaltung/stellen", **row)
    twice = registrar.post("/verwaltung/stellen", **{**row, "id": "amt_66", "kuerzel": "JA"})

    with house.database.reading() as tx:
        found = {each.id: each for each in units(tx)}
        regine = demo.principal_by_login(tx, "regine.roth")
        told = [entry.kind for entry in entries(tx, regine.id)]
    assert (answer.status_code, twice.status_code) == (303, 422)
    assert (found["tiefbau"].bezeichnung, found["tiefbau"].kuerzel) == ("Amt 66", "TB")
    assert "amt_66" not in found
    assert told[-1] == "unit.set"


def of(house: House, login: str, state: str) -> list[Befugnis]:
    person = demo.principal(house, login).id
    with house.database.reading() as tx:
        return befugnisse(tx, SYSTEM, person=person, state=state)


def test_a_befugnis_is_proposed_by_one_and_confirmed_by_another(
    browse: Browse, house: House
) -> None:
    operator, lead = browse("olga.ostmann"), browse("karla.kranz")
    anton = demo.principal(house, "anton.ahlers").id

    proposed = operator.post(
        BEFUGNISSE,
        person=anton,
        art="anordnung",
        stufe="Amtsleitung",
        grenze="20.000,00",
        von="01.01.2026",
    )
    (waiting,) = of(house, "anton.ahlers", "proposed")
    own = operator.post(f"{BEFUGNISSE}/{waiting.id}", entscheidung="bestaetigt")
    other = lead.post(f"{BEFUGNISSE}/{waiting.id}", entscheidung="bestaetigt")

    assert (proposed.status_code, own.status_code, other.status_code) == (303, 422, 303)
    assert "bestätigt sie nicht selbst" in unescape(own.text)
    limits = {str(each.limit) for each in of(house, "anton.ahlers", "confirmed")}
    assert limits == {"1000.00", "20000.00"}
    page = unescape(lead.get(BEFUGNISSE).text)
    assert "Amtsleitung" in page
    assert "20.000,00 €" in page
    lead.post(f"{BEFUGNISSE}/{waiting.id}", entscheidung="widerrufen")
    assert len(of(house, "anton.ahlers", "confirmed")) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"grenze": "viel"}, "Wertgrenze"),
        ({"von": "gestern"}, "31.12.2026"),
        ({"von": ""}, "Art und Beginn"),
        ({"bis": "01.01.2020"}, "endet, bevor sie beginnt"),
        ({"person": "u_nobody"}, "Diese Person gibt es nicht"),
    ],
)
def test_a_befugnis_that_makes_no_sense_is_refused_in_a_sentence(
    browse: Browse, house: House, change: dict[str, str], said: str
) -> None:
    anton = demo.principal(house, "anton.ahlers").id
    given = {"person": anton, "art": "sachlich", "von": "01.01.2026", **change}

    answer = browse("olga.ostmann").post(BEFUGNISSE, **given)

    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert of(house, "anton.ahlers", "proposed") == []


def test_a_clerk_sees_no_befugnisse_of_others(browse: Browse) -> None:
    clerk = browse("tim.tannhaus")

    assert clerk.get(BEFUGNISSE).status_code == 403
    assert clerk.get("/verwaltung").status_code == 403
    assert "Verwaltung" not in clerk.get("/aufgaben").text


def test_a_new_house_takes_its_first_invoice_to_a_person(tmp_path: Path) -> None:
    """Nothing was set up but what the first start makes."""
    house = open_house(Settings(data=tmp_path / "var"))
    house.database.create_all()
    house.deploy_packages()
    house.deploy_packages()

    invoice = receipts.receive(house, SYSTEM, receipts.Push(SAMPLES["01"]))
    run_all(house)

    with house.database.reading() as tx:
        row = receipts.receipt(tx, invoice.id)
    house.close()
    assert (row.unit, row.state, row.amount_due) == ("rechnungsstelle", "offen", "18828.18")
    assert row.vorgang is not None
