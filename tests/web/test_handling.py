"""Beside the form: reassign, add papers, close a Vorgang by hand, break the glass."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from sqlalchemy import select

from eakte.search import dokumente_in
from eakte.tables import akte, vorgang
from engine.commands import CancelInstance, ClaimTask
from engine.tables import user_task
from engine.views import Task
from identity.persons import add_person
from identity.principal import system_principal
from processes.house import House
from processes.rechnungseingang import demo
from storage.database import Row
from tests.web.browsing import Browser, tasks_of

Browse = Callable[[str], Browser]
REASON = "Rückfrage des Kreises, Amt nicht besetzt"
SYSTEM = system_principal("default")


def check_of(house: House) -> Task:
    return tasks_of(house, "tim.tannhaus", "sachlich_pruefen")[0]


def vorgang_of(house: House, task: Task) -> Row:
    with house.database.reading() as tx:
        row = tx.first(select(vorgang).where(vorgang.c.instance_id == task.instance_id))
    assert row is not None
    return row


def assignee(house: House, task: Task) -> str | None:
    with house.database.reading() as tx:
        found: str | None = tx.scalar(select(user_task.c.assignee).where(user_task.c.id == task.id))
    return found


@pytest.fixture
def jugendamt(house: House) -> Task:
    """The task of the Jugendamt, whose lead is Jule Jansen; a colleague there has it."""
    with house.database.begin() as tx:
        add_person(
            tx,
            login="jan.jostmann",
            display_name="Jan Jostmann",
            password="jan.jostmann",
            groups=("fachamt_jugend",),
            roles=("clerk",),
            units=("jugendamt",),
        )
    task = tasks_of(house, "jule.jansen", "sachlich_pruefen")[0]
    house.engine.execute(ClaimTask(task.id), demo.principal(house, "jan.jostmann"))
    return task


def test_a_lead_gives_the_task_of_an_absent_colleague_to_another(
    browse: Browse, house: House, jugendamt: Task
) -> None:
    lead, jule = browse("jule.jansen"), demo.principal(house, "jule.jansen")
    page = unescape(lead.get(f"/aufgaben/{jugendamt.id}").text)

    answer = lead.post(f"/aufgaben/{jugendamt.id}/zuweisen", person=jule.id)

    assert "Einer anderen Person geben" in page
    assert 'value="' + jule.id in page
    assert answer.headers["location"].endswith("hinweis=zugewiesen")
    assert assignee(house, jugendamt) == jule.id


def test_who_leads_nobody_there_assigns_nothing(
    browse: Browse, house: House, jugendamt: Task
) -> None:
    jan = demo.principal(house, "jan.jostmann")
    colleague, stranger = browse("jan.jostmann"), browse("karla.kranz")

    assert "zuweisen" not in colleague.get(f"/aufgaben/{jugendamt.id}").text
    for browser in (colleague, stranger):
        answer = browser.post(f"/aufgaben/{jugendamt.id}/zuweisen", person=jan.id)
        assert answer.status_code in {403, 404}
    assert assignee(house, jugendamt) == jan.id


def test_a_task_goes_only_to_somebody_of_the_group(
    browse: Browse, house: House, jugendamt: Task
) -> None:
    tim = demo.principal(house, "tim.tannhaus")

    answer = browse("jule.jansen").post(f"/aufgaben/{jugendamt.id}/zuweisen", person=tim.id)

    assert answer.status_code == 404
    assert assignee(house, jugendamt) != tim.id


def add(browser: Browser, task: Task, kind: str, text: str = "", file: bytes = b"") -> int:
    answer = browser.request(
        "POST",
        f"/aufgaben/{task.id}/unterlagen",
        data={"csrf": browser.token(), "art": kind, "text": text},
        files={"datei": ("mahnung.pdf" if file else "", file, "application/pdf")},
    )
    return answer.status_code


def test_a_clerk_adds_a_mahnung_and_a_vermerk_from_the_task(browse: Browse, house: House) -> None:
    task, browser = check_of(house), browse("tim.tannhaus")

    statuses = [
        add(browser, task, "mahnung", file=b"%PDF-1.7 Mahnung"),
        add(browser, task, "vermerk", text="Lieferung am 12.11. vollständig"),
    ]

    assert statuses == [303, 303]
    with house.database.begin() as tx:
        papers = dokumente_in(tx, SYSTEM, vorgang_of(house, task).id)
    assert [(p.titel, p.current.dateiname) for p in papers[2:]] == [
        ("Mahnung des Lieferanten", "mahnung.pdf"),
        ("Vermerk", "vermerk.txt"),
    ]
    page = unescape(browser.get(f"/aufgaben/{task.id}").text)
    assert "Weitere Unterlagen" in page
    assert f"/dokumente/{papers[3].id}" in page


def test_nothing_is_added_without_a_file_or_a_word(browse: Browse, house: House) -> None:
    task, browser = check_of(house), browse("tim.tannhaus")

    assert add(browser, task, "lieferschein") == 422
    assert add(browser, task, "unsinn", text="x") == 404


def test_who_may_not_write_to_the_vorgang_adds_nothing(browse: Browse, house: House) -> None:
    task, browser = check_of(house), browse("paul.petersen")

    assert "Unterlage hinzufügen" not in unescape(browser.get(f"/aufgaben/{task.id}").text)
    assert add(browser, task, "vermerk", text="x") == 404


def test_a_cancelled_vorgang_is_closed_by_hand_with_a_reason(browse: Browse, house: House) -> None:
    task, browser = check_of(house), browse("tim.tannhaus")
    row = vorgang_of(house, task)
    running = browser.get(f"/vorgaenge/{row.id}").text
    refused = browser.post(f"/vorgaenge/{row.id}/zda", grund="Voreilig geschlossen")
    olga = demo.principal(house, "olga.ostmann")
    house.engine.execute(CancelInstance(task.instance_id, "Testlauf"), olga)
    back = unescape(browser.get("/wiedervorlagen").text)

    short = browser.post(f"/vorgaenge/{row.id}/zda", grund="so")
    closed = browser.post(f"/vorgaenge/{row.id}/zda", grund="Auf Papier bearbeitet")

    assert "z.d.A. verfügen" not in running
    assert (refused.status_code, short.status_code, closed.status_code) == (404, 422, 303)
    assert "über die Rechnung ist nicht entschieden" in back
    shown = unescape(browser.get(f"/vorgaenge/{row.id}").text)
    assert "Auf Papier bearbeitet" in shown
    assert "Ablauf" in shown


def test_only_who_may_write_closes_by_hand(browse: Browse, house: House) -> None:
    task = check_of(house)
    row = vorgang_of(house, task)
    olga = demo.principal(house, "olga.ostmann")
    house.engine.execute(CancelInstance(task.instance_id, "Testlauf"), olga)

    answer = browse("rita.rehbein").post(f"/vorgaenge/{row.id}/zda", grund="Ich kann das")

    assert answer.status_code == 403


def closed_akte(house: House) -> str:
    with house.database.reading() as tx:
        found: str = tx.scalar(select(akte.c.id).where(akte.c.unit == "jugendamt"))
    return found


def test_a_lead_breaks_the_glass_with_a_reason_that_others_read(
    browse: Browse, house: House
) -> None:
    akte_id = closed_akte(house)
    lead = browse("karla.kranz")
    before = unescape(lead.get(f"/akten/{akte_id}").text)

    short = lead.post(f"/akten/{akte_id}/notzugriff", grund="eilig")
    opened = lead.post(
        f"/akten/{akte_id}/notzugriff", grund="Rückfrage des Kreises, Amt nicht besetzt"
    )

    assert "Notzugriff" in before
    assert "Akte mitnehmen" not in before
    assert (short.status_code, opened.status_code) == (422, 303)
    assert "Akte mitnehmen" in lead.get(f"/akten/{akte_id}").text
    log = unescape(browse("dora.dietrich").get(f"/zugriffe?akte={akte_id}").text)
    assert REASON in log


def test_a_clerk_breaks_no_glass(browse: Browse, house: House) -> None:
    akte_id = closed_akte(house)
    clerk = browse("tim.tannhaus")

    answer = clerk.post(f"/akten/{akte_id}/notzugriff", grund="Ich wüsste es eben gerne")

    assert "Notzugriff" not in clerk.get(f"/akten/{akte_id}").text
    assert answer.status_code == 403


def test_the_history_names_steps_as_people_do(browse: Browse, house: House) -> None:
    page = unescape(
        browse("tim.tannhaus").get(f"/vorgaenge/{vorgang_of(house, check_of(house)).id}").text
    )

    assert "um „Sachlich prüfen und kontieren“ gebeten" in page
