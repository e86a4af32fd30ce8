"""What an operator does to running instances from the pages, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest

from engine.batches import KINDS as ENGINE_KINDS
from engine.batches import work_once
from engine.commands import Deploy, StartInstance
from engine.queries import InstanceQuery, instance, instance_list, tokens, variables
from engine.views import InstanceView
from identity.principal import system_principal
from processes.house import House
from storage.ledger import Entry, entries
from tests.web.browsing import Browser
from tests.web.test_pages import MODEL
from web.interventions import INTERVENTIONS, KINDS

Browse = Callable[[str], Browser]
ONE = MODEL.format(id="versuch", step='<userTask id="schritt" name="Ansehen"/>')
TWO = ONE.replace('name="Ansehen"', 'name="Genau ansehen"')
RENAMED = ONE.replace('"schritt"', '"pruefung"')


@pytest.fixture
def running(house: House) -> str:
    """An instance that waits for a person."""
    deploy(house, ONE)
    return start(house)


@pytest.fixture
def operator(browse: Browse) -> Browser:
    return browse("olga.ostmann")


def deploy(house: House, model: str) -> None:
    system = system_principal(house.settings.tenant)
    house.engine.execute(Deploy("Versuch", [("versuch.bpmn", model.encode())]), system)


def start(house: House) -> str:
    system = system_principal(house.settings.tenant)
    return house.engine.execute(StartInstance(process_id="versuch"), system).id


def look(house: House, instance_id: str) -> InstanceView:
    with house.database.reading(house.settings.tenant) as tx:
        return instance(tx, system_principal(tx.tenant), instance_id)


def do(browser: Browser, instance_id: str, what: str, **fields: str) -> int:
    return browser.post(f"/instanzen/{instance_id}/eingriffe/{what}", **fields).status_code


def work_off(house: House) -> None:
    """What the clock does with batches."""
    while work_once(house.engine, house.settings.tenant):
        pass


def last_entry(house: House, instance_id: str) -> Entry:
    with house.database.reading(house.settings.tenant) as tx:
        return list(entries(tx, instance_id))[-1]


def test_an_instance_is_suspended_and_resumed(
    operator: Browser, house: House, running: str
) -> None:
    assert do(operator, running, "aussetzen", aussetzen="ja", grund="Prüfung") == 303
    assert look(house, running).suspended
    assert "ausgesetzt" in operator.get(f"/instanzen/{running}").text

    assert do(operator, running, "aussetzen", aussetzen="nein") == 303

    assert not look(house, running).suspended


def test_an_instance_is_cancelled_with_a_reason_by_the_operator(
    operator: Browser, house: House, running: str
) -> None:
    assert do(operator, running, "abbrechen") == 422
    assert look(house, running).ended_at is None

    assert do(operator, running, "abbrechen", grund="Versehentlich begonnen") == 303

    assert look(house, running).how == "cancelled"
    entry = last_entry(house, running)
    assert entry.actor not in ("", "system")
    assert b"Versehentlich begonnen" in (entry.values or b"") + entry.facts


def test_a_value_is_set_exactly(operator: Browser, house: House, running: str) -> None:
    for name, text in (("betrag", "12.50"), ("name", "Käthe"), ("liste", '["a", 1]')):
        assert do(operator, running, "wert", name=name, wert=text) == 303

    with house.database.reading(house.settings.tenant) as tx:
        found = variables(tx, system_principal(tx.tenant), running)
    assert str(found["betrag"].value) == "12.50"
    assert found["name"].value == "Käthe"
    assert found["liste"].value == ["a", 1]


def test_a_step_is_begun_and_withdrawn(operator: Browser, house: House, running: str) -> None:
    more = {"schritt": "schritt", "grund": "doppelt"}
    assert do(operator, running, "aendern", was="davor", **more) == 303
    with house.database.reading(house.settings.tenant) as tx:
        assert len(tokens(tx, system_principal(tx.tenant), running)) == 2

    assert do(operator, running, "aendern", was="abbrechen", **more) == 303

    assert look(house, running).ended_at is not None


def test_what_has_ended_begins_anew_where_it_is_told(
    operator: Browser, house: House, running: str
) -> None:
    do(operator, running, "abbrechen", grund="Versehen")

    answer = operator.post(
        f"/instanzen/{running}/eingriffe/neustart", schritt="schritt", grund="doch nicht"
    )

    again = answer.headers["location"].split("/")[2].split("?")[0]
    assert again != running
    assert look(house, again).ended_at is None


def test_what_the_engine_refuses_is_said_and_changes_nothing(
    operator: Browser, house: House, running: str
) -> None:
    do(operator, running, "abbrechen", grund="Versehen")

    answer = operator.post(f"/instanzen/{running}/eingriffe/abbrechen", grund="noch einmal")

    assert answer.status_code == 422
    assert "Es hat sich nichts geändert" in answer.text


def test_running_instances_move_to_the_new_version(
    operator: Browser, house: House, running: str
) -> None:
    deploy(house, TWO)
    page = operator.get("/prozesse/versuch/umstellen?von=1&nach=2").text
    assert "1 laufende" in page
    assert "Genau ansehen" in page

    answer = operator.post(
        "/prozesse/versuch/umstellen",
        **{"von": "1", "nach": "2", "ziel-schritt": "schritt", "grund": "neue Fassung"},
    )
    assert answer.headers["location"] == "/stapel?hinweis=beauftragt"
    work_off(house)

    with house.database.reading(house.settings.tenant) as tx:
        (found,) = instance_list(
            tx, system_principal(tx.tenant), InstanceQuery(process_id="versuch", state="running")
        )
    assert found.id == running
    page = operator.get("/stapel").text
    assert "1 von 1 getan" in page
    assert "fertig" in page
    assert "Genau ansehen" in operator.get(f"/instanzen/{running}").text


def test_a_plan_that_does_not_fit_is_shown_with_its_fault(
    operator: Browser, house: House, running: str
) -> None:
    deploy(house, RENAMED)

    answer = operator.post(
        "/prozesse/versuch/umstellen",
        **{"von": "1", "nach": "2", "ziel-schritt": "beginn", "grund": "Versuch"},
    )

    assert answer.status_code == 422
    assert "geht nicht" in answer.text
    assert "Noch wurde nichts beauftragt" in operator.get("/stapel").text


def test_a_plan_is_only_validated_where_that_is_asked(
    operator: Browser, house: House, running: str
) -> None:
    deploy(house, TWO)

    answer = operator.post(
        "/prozesse/versuch/umstellen",
        **{"von": "1", "nach": "2", "ziel-schritt": "schritt", "grund": "x", "pruefen": "1"},
    )

    assert answer.status_code == 200
    assert "Der Plan geht auf" in answer.text
    assert "Noch wurde nichts beauftragt" in operator.get("/stapel").text


def test_nothing_starts_from_a_suspended_version(
    operator: Browser, house: House, running: str
) -> None:
    answer = operator.post("/prozesse/versuch/aussetzen", version="1", aussetzen="ja", mit="1")

    assert answer.headers["location"] == "/stapel?hinweis=beauftragt"
    work_off(house)
    assert look(house, running).suspended
    assert "ausgesetzt" in operator.get("/prozesse/versuch").text


@pytest.mark.parametrize("login", ["gero.gestalt", "tim.tannhaus"])
def test_who_does_not_operate_finds_no_way_in(
    browse: Browse, house: House, running: str, login: str
) -> None:
    browser = browse(login)
    page = browser.get(f"/instanzen/{running}")

    assert "Eingreifen" not in page.text
    for name in INTERVENTIONS:
        assert do(browser, running, name, grund="x", schritt="schritt", was="davor") in (403, 404)
    assert browser.get("/stapel").status_code == 403
    assert browser.get("/prozesse/versuch/umstellen?von=1&nach=1").status_code == 403
    for path in ("aussetzen", "stoerungen", "umstellen"):
        assert browser.post(f"/prozesse/versuch/{path}", version="1").status_code == 403
    assert browser.post("/stapel/x/loeschen").status_code == 403
    assert look(house, running).ended_at is None


def test_the_pages_name_every_kind_of_batch() -> None:
    assert set(KINDS) == set(ENGINE_KINDS)


def test_an_unknown_address_is_not_found(operator: Browser, running: str) -> None:
    assert do(operator, running, "zaubern") == 404
    assert operator.post("/stapel/x/zaubern").status_code == 404
    assert operator.get("/prozesse/versuch/umstellen?von=9&nach=1").status_code == 404
    assert operator.get("/prozesse/versuch/umstellen?von=1&nach=1").status_code == 422
    assert unescape(operator.post("/stapel/x/wiederholen").text).count("Nicht ausgeführt") >= 1
