"""What an operator's cancel leaves: an open Vorgang that comes back to those who are competent."""

from __future__ import annotations

import pytest

from eakte.errors import VorgangClosed
from eakte.history import history
from eakte.vorgaenge import close_vorgang, vorgang_head
from eakte.wiedervorlagen import Wiedervorlage, wiedervorlagen
from engine.commands import CancelInstance
from identity.errors import NotPermitted
from processes.house import House
from processes.rechnungseingang import demo, papers
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.receipts import Push, receive
from tests.processes.desk import BOOKED, SAMPLES, SYSTEM, Desk, Run

CANCEL = "Falsche Modellfassung"


def cancel(house: House, desk: Desk) -> None:
    operator = demo.principal(house, "olga.ostmann")
    house.engine.execute(CancelInstance(desk.id, CANCEL), operator)


def comes_back(house: House, login: str) -> list[Wiedervorlage]:
    with house.database.begin() as tx:
        return wiedervorlagen(tx, demo.principal(house, login), mine=True)


def test_a_cancelled_invoice_stays_open_and_says_so(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)

    cancel(house, desk)

    olga = demo.principal(house, "olga.ostmann")
    with house.database.begin() as tx:
        head = vorgang_head(tx, SYSTEM, desk.row.vorgang)
        told = [each.text for each in history(tx, SYSTEM, head.akte, vorgang_id=head.id)]
    assert (desk.row.state, head.state) == ("abgebrochen", "offen")
    assert [(s.kind, s.state, s.outcome) for s in desk.steps] == [
        ("sachlich_pruefen", "uebergangen", None),
        ("abbruch", "erledigt", "abgebrochen"),
    ]
    assert desk.steps[-1].performer == olga.id
    assert any("abbruch" in text for text in told)
    assert desk.open_tasks == []


def test_it_comes_back_today_to_the_competent_group(house: House, run_jobs: Run) -> None:
    known, unknown = Desk(house, run_jobs), Desk(house, run_jobs, SAMPLES["08_keine_rechnung.xml"])

    cancel(house, known)
    cancel(house, unknown)

    (of_the_unit,) = comes_back(house, "tim.tannhaus")
    (of_the_intake,) = comes_back(house, "rita.rehbein")
    assert of_the_unit.vorgang == known.row.vorgang
    assert of_the_intake.vorgang == unknown.row.vorgang
    with house.database.reading() as tx:
        assert of_the_unit.due == local_day(tx.now)


def test_a_person_closes_it_with_a_reason(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    cancel(house, desk)

    with house.database.begin() as tx:
        tim = demo.principal_by_login(tx, "tim.tannhaus")
        close_vorgang(tx, tim, desk.row.vorgang, "In Papier bearbeitet")

    with house.database.reading() as tx:
        assert vorgang_head(tx, SYSTEM, desk.row.vorgang).zda_reason == "In Papier bearbeitet"
    assert comes_back(house, "tim.tannhaus") == []
    with pytest.raises(VorgangClosed):
        add_note(house, desk)


def add_note(house: House, desk: Desk) -> None:
    tim = demo.principal(house, "tim.tannhaus")
    papers.add_paper(house, tim, desk.id, kind="vermerk", data=b"Vermerk", name=None)


def test_papers_are_still_filed_where_it_is_open(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    cancel(house, desk)
    tim = demo.principal(house, "tim.tannhaus")

    add_note(house, desk)
    papers.add_paper(house, tim, desk.id, kind="mahnung", data=b"Mahnung", name=None)

    assert desk.row.state == "abgebrochen"


def test_what_was_booked_all_the_same_is_recorded(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.order()
    cancel(house, desk)

    first, again = desk.report(BOOKED), desk.report(BOOKED)

    assert (first, again) == (True, False)
    assert (desk.row.voucher, desk.steps[-1].kind) == (BOOKED.voucher, "buchung")
    assert desk.row.state == "abgebrochen"


def test_a_cancel_before_anything_is_filed_marks_the_receipt(house: House) -> None:
    desk = Desk(house, lambda: None)

    cancel(house, desk)

    assert (desk.row.state, desk.row.vorgang) == ("abgebrochen", None)


def test_an_invoice_that_ended_as_it_should_is_not_touched(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.order()
    desk.report(BOOKED)

    assert desk.row.state == "gebucht"
    assert [step.kind for step in desk.steps if step.kind == "abbruch"] == []


def test_only_an_operator_cancels(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    tim = demo.principal(house, "tim.tannhaus")

    with pytest.raises(NotPermitted):
        house.engine.execute(CancelInstance(desk.id, CANCEL), tim)

    assert desk.row.state == "offen"


def test_the_same_bytes_still_get_the_same_answer(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    cancel(house, desk)

    again = receive(house, demo.principal(house, demo.INTAKE), Push(SAMPLES["01_tiefbau_ubl.xml"]))

    assert (again.id, again.first) == (desk.id, False)
