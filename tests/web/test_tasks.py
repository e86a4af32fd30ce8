"""The inbox and a task's page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape

import pytest

from engine.commands import ClaimTask
from engine.views import Task
from processes.house import House
from processes.rechnungseingang import demo
from tests.invoice.test_documents import carrying
from tests.processes.test_pdf_invoices import MINIMUM
from tests.web.browsing import Browser, push, run_all, tasks_of
from web.deadlines import deadline

Browse = Callable[[str], Browser]

POSTED = {
    "aktion": "erledigen",
    "ergebnis.da": "1",
    "ergebnis": "richtig",
    "anordnungsart": "auszahlung",
    "festgestellter_betrag": "18.828,18",
    "buchungszeilen.anzahl": "1",
    "buchungszeilen.0.haushaltsjahr": "2026",
    "buchungszeilen.0.produkt": "54.10.01",
    "buchungszeilen.0.sachkonto": "523110",
    "buchungszeilen.0.kostenstelle": "6610",
    "buchungszeilen.0.steuerkennzeichen": "hoheitlich",
    "buchungszeilen.0.betrag": "18.828,18",
    "mittel_verfuegbar.da": "1",
    "mittel_verfuegbar": "1",
    "begruendung": "",
}


@pytest.fixture
def check(house: House) -> Task:
    """The sachliche Prüfung of the first sample, at the Tiefbauamt."""
    return _check(house)


def _check(house: House) -> Task:
    who = demo.principal(house, "tim.tannhaus")
    with house.database.reading(who.tenant) as tx:
        by_task = house.package("rechnungseingang").task_summaries
        assert by_task is not None
        found = tasks_of(house, "tim.tannhaus", "sachlich_pruefen")
        summaries = by_task(house, tx, who, found)
    return next(each for each in found if "WL-2026-1042" in summaries[each.id].subject)


def claimed(house: House, task: Task, login: str = "tim.tannhaus") -> str:
    house.engine.execute(ClaimTask(task.id), demo.principal(house, login))
    return f"/aufgaben/{task.id}"


def test_the_inbox_tells_tasks_apart_by_supplier_and_amount(browse: Browse, check: Task) -> None:
    page = browse("tim.tannhaus").get("/aufgaben")

    assert page.status_code == 200
    assert "Wegebau Lindental GmbH, Rechnung WL-2026-1042" in page.text
    assert "18.828,18 €" in page.text
    assert f"/aufgaben/{check.id}" in page.text


def test_each_view_and_order_of_the_inbox_answers(browse: Browse) -> None:
    browser = browse("tim.tannhaus")

    for query in ("ansicht=alle", "ansicht=erledigt", "sort=neu", "seite=9", "ansicht=unsinn"):
        assert browser.get(f"/aufgaben?{query}").status_code == 200


@pytest.mark.parametrize(
    ("due", "text", "tone"),
    [
        (date(2026, 11, 20), "überfällig seit 3 Tagen", "bad"),
        (date(2026, 11, 22), "überfällig seit einem Tag", "bad"),
        (date(2026, 11, 23), "bis heute", "warn"),
        (date(2026, 11, 24), "bis morgen", "warn"),
        (date(2026, 11, 26), "noch 3 Tage", "warn"),
        (date(2026, 12, 24), "bis 24.12.2026", ""),
    ],
)
def test_a_deadline_is_said_in_words(due: date, text: str, tone: str) -> None:
    found = deadline(due, datetime(2026, 11, 23, 12, tzinfo=UTC))

    assert found is not None
    assert (found.text, found.tone) == (text, tone)


def test_a_free_task_is_locked_until_it_is_taken(browse: Browse, check: Task) -> None:
    browser = browse("tim.tannhaus")
    before = browser.get(f"/aufgaben/{check.id}").text

    answer = browser.post(f"/aufgaben/{check.id}/uebernehmen")

    after = browser.get(answer.headers["location"]).text
    assert "disabled" in before
    assert 'value="erledigen"' not in before
    assert 'value="erledigen"' in after
    assert "Sie bearbeiten diese Aufgabe jetzt." in after


def test_the_invoice_stands_beside_the_form_with_its_attachments(
    browse: Browse, house: House, check: Task
) -> None:
    page = browse("tim.tannhaus").get(claimed(house, check)).text

    assert "Zu zahlen" in page
    assert "Asphaltdeckschicht" in page
    assert f"/aufgaben/{check.id}/dateien/anlage-1" in page


def test_an_attachment_opens_sandboxed_and_as_what_it_is(browse: Browse, check: Task) -> None:
    answer = browse("tim.tannhaus").get(f"/aufgaben/{check.id}/dateien/anlage-1")

    assert answer.status_code == 200
    assert "filename*=UTF-8''aufmass.csv" in answer.headers["content-disposition"]
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_invoice_as_it_came_is_saved_and_never_rendered(browse: Browse, check: Task) -> None:
    answer = browse("tim.tannhaus").get(f"/aufgaben/{check.id}/dateien/original")

    assert answer.content.startswith(b"<?xml")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"].startswith("application/octet-stream")


@pytest.mark.parametrize("name", ["anlage-99", "anlage-x", "vorgaenger", "..%2fetc"])
def test_a_file_that_is_not_there_is_not_found(browse: Browse, check: Task, name: str) -> None:
    answer = browse("tim.tannhaus").get(f"/aufgaben/{check.id}/dateien/{name}")

    assert answer.status_code == 404


def test_completing_leads_to_the_next_task_of_the_inbox(
    browse: Browse, house: House, check: Task
) -> None:
    answer = browse("tim.tannhaus").post(claimed(house, check), **POSTED)

    assert answer.status_code == 303, unescape(answer.text)
    assert answer.headers["location"].endswith("?hinweis=naechste")
    assert check.id not in answer.headers["location"]
    run_all(house)
    assert tasks_of(house, "ralf.rieger", "rechnerisch_feststellen")


def test_faults_stand_at_the_top_with_links_and_nothing_typed_is_lost(
    browse: Browse, house: House, check: Task
) -> None:
    wrong = {**POSTED, "festgestellter_betrag": "viel", "buchungszeilen.0.produkt": ""}

    page = browse("tim.tannhaus").post(claimed(house, check), **wrong)

    text = unescape(page.text)
    assert page.status_code == 422
    assert "2 Angaben stimmen noch nicht" in text
    assert '<a href="#festgestellter_betrag">Festgestellter Betrag</a>' in text
    assert '<a href="#buchungszeilen.0.produkt">Buchungszeilen, Zeile 1, Produkt</a>' in text
    assert 'id="buchungszeilen.0.produkt"' in text
    assert 'value="viel"' in text
    assert 'value="523110"' in text
    assert 'aria-invalid="true"' in text


def test_fields_that_a_choice_shows_are_asked_for_before_they_are_faulted(
    browse: Browse, house: House, check: Task
) -> None:
    page = browse("tim.tannhaus").post(
        claimed(house, check), aktion="erledigen", **{"ergebnis.da": "1", "ergebnis": "richtig"}
    )

    text = unescape(page.text)
    assert "Zu Ihrer Auswahl gehören weitere Angaben" in text
    assert 'name="festgestellter_betrag" value="18.828,18"' in text
    assert 'name="buchungszeilen.0.produkt"' in text
    assert "Fehler:" not in text.replace("<title>Fehler:", "")


def test_rows_are_added_and_removed_without_script(
    browse: Browse, house: House, check: Task
) -> None:
    browser, path = browse("tim.tannhaus"), claimed(house, check)

    more = browser.post(path, **{**POSTED, "aktion": "zeile:buchungszeilen"}).text
    two = {**POSTED, "buchungszeilen.anzahl": "2", "buchungszeilen.1.produkt": "11.11.11"}
    less = browser.post(path, **{**two, "aktion": "ohne:buchungszeilen:0"}).text

    assert 'name="buchungszeilen.anzahl" value="2"' in more
    assert 'name="buchungszeilen.1.betrag"' in more
    assert 'name="buchungszeilen.anzahl" value="1"' in less
    assert 'name="buchungszeilen.0.produkt" value="11.11.11"' in less
    assert tasks_of(house, "tim.tannhaus")[0].closed_at is None


def test_a_missing_befugnis_is_said_in_german_and_keeps_the_form(
    browse: Browse, house: House, check: Task
) -> None:
    order = at_the_order(browse, house, check)
    path = claimed(house, order, "anton.ahlers")

    page = browse("anton.ahlers").post(path, **ORDERED)

    text = unescape(page.text)
    assert page.status_code == 422
    assert "Befugnis" in text
    assert "Geprüft & gut" in text


def test_who_certified_may_not_order_and_the_page_says_so(
    browse: Browse, house: House, check: Task
) -> None:
    order = at_the_order(browse, house, check)
    _join(house, "tim.tannhaus", "anordnung")
    browser = browse("tim.tannhaus")

    page = browser.get(f"/aufgaben/{order.id}").text
    claim = browser.post(f"/aufgaben/{order.id}/uebernehmen")
    complete = browser.post(f"/aufgaben/{order.id}", **ORDERED)

    assert "Vier-Augen-Prinzip" in page
    assert "Übernehmen</button>" not in page
    assert (claim.status_code, complete.status_code) == (403, 403)
    assert "Das muss eine andere Person tun" in claim.text
    assert "Geprüft &amp; gut" in complete.text


ORDERED = {
    "aktion": "erledigen",
    "ergebnis.da": "1",
    "ergebnis": "angeordnet",
    "begruendung": "Geprüft & gut",
    "bankverbindung_geprueft.da": "1",
    "bankverbindung_geprueft": "1",
}


def at_the_order(browse: Browse, house: House, check: Task) -> Task:
    """Both certificates are given through the pages; the order is open."""
    assert browse("tim.tannhaus").post(claimed(house, check), **POSTED).status_code == 303
    run_all(house)
    certify = tasks_of(house, "ralf.rieger", "rechnerisch_feststellen")[0]
    right = {"aktion": "erledigen", "ergebnis.da": "1", "ergebnis": "richtig"}
    path = claimed(house, certify, "ralf.rieger")
    assert browse("ralf.rieger").post(path, **right).status_code == 303
    run_all(house)
    return tasks_of(house, "anton.ahlers", "anordnen")[0]


def _join(house: House, login: str, group: str) -> None:
    from identity.persons import find_by_login, set_memberships  # noqa: PLC0415

    with house.database.begin(house.settings.tenant) as tx:
        found = find_by_login(tx, login)
        assert found is not None
        operator = demo.principal_by_login(tx, "olga.ostmann")
        set_memberships(
            tx,
            operator,
            found.id,
            groups=found.groups | {group},
            roles=found.roles,
            units=found.units,
        )


def test_a_task_that_somebody_else_took_says_who_has_it(
    browse: Browse, house: House, check: Task
) -> None:
    _join(house, "rita.rehbein", "fachamt_tiefbau")
    path = claimed(house, check, "rita.rehbein")
    browser = browse("tim.tannhaus")

    page = browser.get(path)
    refused = browser.post(path, **{**POSTED, "begruendung": "Schon getippt"})

    assert "Diese Aufgabe liegt bei Rita Rehbein." in page.text
    assert refused.status_code == 409
    assert "Eine andere Person hat diese Aufgabe gerade übernommen." in refused.text
    assert "Schon getippt" in refused.text


def test_a_task_goes_back_to_its_group(browse: Browse, house: House, check: Task) -> None:
    browser, path = browse("tim.tannhaus"), claimed(house, check)

    answer = browser.post(f"{path}/zurueckgeben")

    assert answer.headers["location"] == f"{path}?hinweis=zurueckgegeben"
    assert "Diese Aufgabe ist frei" in browser.get(path).text


def test_a_task_that_is_done_is_read_only_and_its_form_is_gone(
    browse: Browse, house: House, check: Task
) -> None:
    browser, path = browse("tim.tannhaus"), claimed(house, check)
    browser.post(path, **POSTED)

    page = browser.get(path)
    again = browser.post(path, **{**POSTED, "begruendung": "Noch einmal"})

    assert re.search(r"Erledigt von Tim Tannhaus am", page.text)
    assert 'value="erledigen"' not in page.text
    assert again.status_code == 409
    assert "Noch einmal" in again.text
    assert "WL-2026-1042" in browser.get("/aufgaben?ansicht=erledigt").text


def test_an_auditor_sees_tasks_only_to_read_them(browse: Browse, check: Task) -> None:
    page = browse("paul.petersen").get(f"/aufgaben/{check.id}").text

    assert "nur zum Lesen" in page
    assert "Übernehmen" not in page


def test_the_fields_for_a_sonstige_rechnung_open_with_what_its_xml_says(
    browse: Browse, house: House
) -> None:
    invoice = push(house, carrying(("factur-x.xml", MINIMUM)))
    (task,) = [t for t in tasks_of(house, "rita.rehbein") if t.instance_id == invoice]
    rita = browse("rita.rehbein")
    rita.post(f"/aufgaben/{task.id}/uebernehmen")

    chosen = {"aktion": "anzeigen", "ergebnis.da": "1", "ergebnis": "erfassen"}
    shown = unescape(rita.post(f"/aufgaben/{task.id}", **chosen).text)

    assert 'name="rechnungsnummer" value="KR-2026-0219"' in shown
    assert 'name="betrag" value="3.340,92"' in shown
    assert 'name="lieferant" value="Kinderhaus Regenbogen gGmbH"' in shown
    assert "Woher die vorbelegten Kopfdaten kommen" in shown
