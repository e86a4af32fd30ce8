"""Processes, instances, audit, Wiedervorlagen, deputies: pages that show and switch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import pytest
from sqlalchemy import select, update

from eakte.beteiligung import Beteiligung
from eakte.tables import vorgang
from eakte.wiedervorlagen import set_wiedervorlage
from engine.commands import Deploy, StartInstance
from engine.handlers import Backoff
from engine.queries import IncidentQuery, incidents
from identity.deputies import set_deputy
from identity.persons import find_by_login
from identity.principal import system_principal
from processes.house import House
from processes.rechnungseingang import demo, records
from storage.ledger import ledger_entry
from tests.web.browsing import Browser, run_all, tasks_of
from web.audit import broken

Browse = Callable[[str], Browser]

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="d" targetNamespace="urn:test">
  <process id="{id}" name="Versuch &lt;1&gt;" isExecutable="true">
    <startEvent id="beginn"/>
    <sequenceFlow id="f1" sourceRef="beginn" targetRef="schritt"/>
    {step}
    <sequenceFlow id="f2" sourceRef="schritt" targetRef="ende"/>
    <endEvent id="ende"/>
  </process>
</definitions>"""
PLAIN = MODEL.format(id="versuch", step='<userTask id="schritt" name="Ansehen"/>')
SCRIPT = MODEL.format(
    id="versuch",
    step='<scriptTask id="schritt" scriptFormat="javascript"><script>1</script></scriptTask>',
)


def deploy(browser: Browser, *files: tuple[str, str]) -> tuple[int, str]:
    answer = browser.request(
        "POST",
        "/prozesse",
        data={"csrf": browser.token(), "name": "Versuch"},
        files=[("dateien", (name, text.encode(), "application/xml")) for name, text in files],
    )
    return answer.status_code, unescape(answer.text)


def test_a_designer_deploys_a_model_and_sees_it(browse: Browse) -> None:
    browser = browse("gero.gestalt")

    status, page = deploy(browser, ("versuch.bpmn", PLAIN))

    assert status == 200
    assert "Eingespielt: Versuch <1> (Version 1)" in page
    shown = browser.get("/prozesse/versuch")
    assert shown.status_code == 200
    assert "Versuch &lt;1&gt;" in shown.text
    assert browser.get("/prozesse/versuch/datei").content == PLAIN.encode()


def test_a_refused_model_names_line_element_and_rule(browse: Browse) -> None:
    status, page = deploy(browse("gero.gestalt"), ("versuch.bpmn", SCRIPT))

    assert status == 422
    assert "Nicht eingespielt" in page
    assert "<code>schritt</code>" in page
    assert "javascript" in page.lower()


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ((), "Bitte mindestens eine Datei auswählen."),
        ((("brief.txt", "x"),), "brief.txt: nur .bpmn, .dmn und .form werden eingespielt."),
    ],
)
def test_what_is_no_model_is_refused_in_a_sentence(
    browse: Browse, files: tuple[tuple[str, str], ...], sentence: str
) -> None:
    status, page = deploy(browse("gero.gestalt"), *files)

    assert status == 422
    assert sentence in page


def test_a_clerk_may_look_at_processes_but_not_deploy(browse: Browse) -> None:
    browser = browse("tim.tannhaus")

    status, page = deploy(browser, ("versuch.bpmn", PLAIN))

    assert "Einspielen" not in browser.get("/prozesse").text
    assert status == 403
    assert "Ihre Rollen erlauben" in page


def test_a_process_shows_its_diagram_and_its_instances(browse: Browse) -> None:
    page = browse("olga.ostmann").get("/prozesse/rechnungseingang").text

    assert '<svg xmlns="http://www.w3.org/2000/svg"' in page
    assert page.count('href="/instanzen/') == len(demo.samples())


@pytest.mark.parametrize("path", ["/prozesse/nichts", "/prozesse/rechnungseingang?version=99"])
def test_a_process_that_is_not_deployed_is_not_found(browse: Browse, path: str) -> None:
    assert browse("olga.ostmann").get(path).status_code == 404


def test_an_instance_says_where_it_stands_and_marks_it(browse: Browse, house: House) -> None:
    task = tasks_of(house, "tim.tannhaus", "sachlich_pruefen")[0]

    page = browse("tim.tannhaus").get(f"/instanzen/{task.instance_id}").text

    assert "<strong>Sachlich prüfen und kontieren</strong>: seit" in page
    assert "frei bei: fachamt_tiefbau" in page
    assert 'class="node userTask active"' in page
    assert 'class="node startEvent done"' in page


def test_who_may_not_read_the_case_sees_neither_values_nor_history(
    browse: Browse, house: House
) -> None:
    task = tasks_of(house, "jule.jansen", "sachlich_pruefen")[0]

    page = browse("gero.gestalt").get(f"/instanzen/{task.instance_id}").text

    assert "Die Werte dieses Vorgangs dürfen Sie nicht sehen." in page
    assert "Den Verlauf dieses Vorgangs dürfen Sie nicht sehen." in page


def test_an_operator_tries_again_what_stopped(browse: Browse, house: House) -> None:
    instance = _stopped(house)
    browser = browse("olga.ostmann")
    page = browser.get(f"/instanzen/{instance}").text
    assert "Störungen" in page
    address = page.split(f'action="/instanzen/{instance}/stoerungen/')[1].split('"')[0]

    answer = browser.post(f"/instanzen/{instance}/stoerungen/{address}")

    assert answer.headers["location"] == f"/instanzen/{instance}?hinweis=wiederholt"


def test_a_designer_sees_what_stopped_but_does_not_operate(browse: Browse, house: House) -> None:
    instance = _stopped(house)
    with house.database.reading(house.settings.tenant) as tx:
        system = system_principal(tx.tenant)
        incident = incidents(tx, system, IncidentQuery(instance_id=instance))[0].id
    browser = browse("gero.gestalt")

    page = browser.get(f"/instanzen/{instance}").text
    answer = browser.post(f"/instanzen/{instance}/stoerungen/{incident}")

    assert "Noch einmal versuchen" not in page
    assert answer.status_code == 403


def _stopped(house: House) -> str:
    """An instance whose service task fails for good."""
    step = '<serviceTask id="schritt" name="Rechnen" camunda:delegateExpression="${faul}"/>'
    model = MODEL.format(id="stoerung", step=step)

    @house.engine.handlers.service_task("faul", retry=Backoff(1, timedelta(0)))
    def fail(job: object) -> None:
        raise ValueError("Division durch Null")

    system = system_principal(house.settings.tenant)
    house.engine.execute(Deploy("Störung", [("stoerung.bpmn", model.encode())]), system)
    started = house.engine.execute(StartInstance(process_id="stoerung"), system)
    run_all(house)
    return started.id


def test_the_audit_says_that_all_is_whole_and_how_to_check_without_us(
    browse: Browse, house: House
) -> None:
    browser = browse("paul.petersen")

    before = browser.get("/pruefung").text
    after = browser.post("/pruefung").text

    assert house.keyring.fingerprint in before
    assert "--trust" in before
    assert "Alles unversehrt" in after
    assert browser.get("/pruefung/verify_bundle.py").text.startswith('"""')


def test_the_audit_names_what_was_changed(browse: Browse, house: House) -> None:
    stream = tasks_of(house, "tim.tannhaus")[0].instance_id
    with house.database.begin(house.settings.tenant) as tx:
        mine = (ledger_entry.c.stream == stream, ledger_entry.c.seq == 2)
        facts = tx.scalar(select(ledger_entry.c.facts).where(*mine))
        tx.run(update(ledger_entry).where(*mine).values(facts=bytes(facts) + b" "))

    page = unescape(browse("paul.petersen").post("/pruefung").text)

    assert "Nicht unversehrt" in page
    assert f"Eintrag 2 der Historie von {stream}" in page
    assert f"<code>{stream}#2</code>" in page


def test_an_unknown_fault_is_shown_as_the_program_names_it() -> None:
    found = broken("checkpoint 4", "something new")

    assert (found.place, found.reason) == ("Prüfpunkt 4", "something new")


def test_only_who_may_verify_sees_the_audit(browse: Browse) -> None:
    assert browse("tim.tannhaus").get("/pruefung").status_code == 403


def test_a_wiedervorlage_comes_back_and_is_done(browse: Browse, house: House) -> None:
    tenant = house.settings.tenant
    tim = demo.principal(house, "tim.tannhaus")
    instance = tasks_of(house, "tim.tannhaus")[0].instance_id
    with house.database.begin(tenant) as tx:
        row = tx.first(select(vorgang).where(vorgang.c.instance_id == instance))
        assert row is not None
        made = set_wiedervorlage(
            tx, tim, row.id, due=date(2020, 1, 1), reason="Aufmaß fehlt", addressee=tim.id
        )
    browser = browse("tim.tannhaus")

    page = browser.get("/wiedervorlagen").text
    answer = browser.post(f"/wiedervorlagen/{made.id}")

    assert "Aufmaß fehlt" in page
    assert "überfällig seit" in page
    assert answer.status_code == 303
    assert "Aufmaß fehlt" not in browser.get("/wiedervorlagen?wessen=alle").text


def test_a_deputy_switches_to_act_for_an_absent_colleague_and_back(
    browse: Browse, house: House
) -> None:
    _let_represent(house, "tim.tannhaus", "rita.rehbein")
    browser = browse("rita.rehbein")
    assert "Tim Tannhaus vertreten" in browser.get("/aufgaben").text

    answer = browser.post("/vertretung", fuer=_id(house, "tim.tannhaus"))

    assert answer.headers["location"] == "/aufgaben?hinweis=vertretung"
    page = browser.get("/aufgaben").text
    assert "in Vertretung für Tim Tannhaus" in page
    assert "18.828,18" in page
    browser.post("/vertretung")
    assert "18.828,18" not in browser.get("/aufgaben").text


def test_nobody_acts_for_a_colleague_without_a_vertretung(browse: Browse, house: House) -> None:
    answer = browse("rita.rehbein").post("/vertretung", fuer=_id(house, "tim.tannhaus"))

    assert answer.status_code == 403
    assert "keine Vertretung" in answer.text


def _id(house: House, login: str) -> str:
    return demo.principal(house, login).id


def _let_represent(house: House, absent: str, deputy: str) -> None:
    with house.database.begin(house.settings.tenant) as tx:
        found = find_by_login(tx, deputy)
        assert found is not None
        set_deputy(
            tx,
            demo.principal_by_login(tx, absent),
            person=_id(house, absent),
            deputy=found.id,
            valid_from=date(2020, 1, 1),
            valid_to=date(2099, 1, 1),
        )


def test_the_start_leads_everybody_to_a_page_they_may_open(browse: Browse) -> None:
    for user in demo.USERS:
        browser = browse(user.login)
        target = browser.get("/").headers["location"]
        assert browser.get(target).status_code == 200, user.login


def test_the_akte_shows_units_steps_and_history_in_words(browse: Browse, house: House) -> None:
    instance = tasks_of(house, "tim.tannhaus")[0].instance_id
    with house.database.reading(house.settings.tenant) as tx:
        row = tx.first(select(vorgang).where(vorgang.c.instance_id == instance))
    assert row is not None
    browser = browse("tim.tannhaus")

    pages = [browser.get(p) for p in (f"/vorgaenge/{row.id}", f"/akten/{row.akte}", "/akten")]

    assert [each.status_code for each in pages] == [200] * 3
    assert "Sachlich prüfen und kontieren" in pages[0].text
    assert "Tiefbau" in pages[0].text
    assert "zur Akte genommen" in pages[0].text


def test_an_outcome_is_not_called_like_a_gateway(browse: Browse, house: House) -> None:
    instance = tasks_of(house, "tim.tannhaus")[0].instance_id
    with house.database.begin(house.settings.tenant) as tx:
        row = tx.first(select(vorgang).where(vorgang.c.instance_id == instance))
        assert row is not None
        booker = demo.principal_by_login(tx, demo.BOOKKEEPER)
        records.did(tx, row.id, booker, Beteiligung(kind="buchung", outcome="gebucht"))

    page = browse("tim.tannhaus").get(f"/vorgaenge/{row.id}").text

    assert "gebucht" in page
    assert "Gebucht?" not in page


def test_an_address_that_cannot_be_read_is_answered_with_a_page(browse: Browse) -> None:
    answer = browse("tim.tannhaus").get("/aufgaben?seite=abc")

    assert answer.status_code == 422
    assert "So geht es nicht" in answer.text


def test_only_the_datenschutz_reads_who_looked_at_what(browse: Browse, house: House) -> None:
    task = tasks_of(house, "tim.tannhaus")[0]
    browse("tim.tannhaus").get(f"/aufgaben/{task.id}")

    page = browse("dora.dietrich").get("/zugriffe").text
    others = [browse(login).get("/zugriffe") for login in ("tim.tannhaus", "olga.ostmann")]

    assert "Tim Tannhaus" in page
    assert task.instance_id in page
    assert [each.status_code for each in others] == [403, 403]
