"""A cut: which items are disputed, and when the Vorgang comes back to object."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from bpmn.forms import FormInvalid
from eakte.search import dokumente_in
from eakte.wiedervorlagen import Wiedervorlage, wiedervorlagen
from processes.house import House
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.disputes import reasons_in
from tests.processes.desk import BOOKED, SYSTEM, UBL, Desk, Run, kontierung

ITEM = {"position": "3", "abzug": "828.18", "grund": "nicht geliefert"}
CUT = {
    **kontierung("18000.00"),
    "ergebnis": "gekuerzt",
    "begruendung": "Mulch fehlt.",
    "strittige_positionen": [ITEM],
}
DAY = date(2031, 3, 3)


def awaited(house: House, desk: Desk) -> list[Wiedervorlage]:
    with house.database.begin() as tx:
        return wiedervorlagen(tx, SYSTEM, vorgang_id=desk.row.vorgang)


def test_a_disputed_item_stands_in_the_step_and_comes_back_on_its_day(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)

    desk.check(**{**CUT, "ruege_bis": DAY})

    (back,) = awaited(house, desk)
    (step,) = [each for each in desk.steps if each.kind == "sachlich_pruefen" and each.outcome]
    assert (back.due, back.addressee) == (DAY, "fachamt_tiefbau")
    assert "Position 3: 828,18" in (step.remark or "")
    assert ". Mängelrüge bis 03.03.2031." in (step.remark or "")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"strittige_positionen": [{**ITEM, "abzug": "800.00"}]}, "strittige_positionen"),
        ({"strittige_positionen": [{**ITEM, "grund": ""}]}, "strittige_positionen"),
        ({"ruege_bis": date(2020, 1, 1)}, "ruege_bis"),
    ],
    ids=["other sum", "no reason", "past"],
)
def test_a_dispute_that_does_not_explain_the_cut_is_refused(
    house: House, run_jobs: Run, changes: dict[str, object], field: str
) -> None:
    desk = Desk(house, run_jobs)

    with pytest.raises(FormInvalid) as refused:
        desk.check(**{**CUT, "ruege_bis": DAY, **changes})

    assert [each.key for each in refused.value.errors] == [field]


def test_a_cut_without_items_brings_nothing_back(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)

    desk.check(**{**CUT, "strittige_positionen": []})

    assert desk.open_tasks == ["rechnerisch_feststellen"]
    assert awaited(house, desk) == []


def test_an_answer_ends_the_question_and_not_the_objection(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.check(**{**CUT, "ruege_bis": DAY})
    asked = {"ergebnis": "rueckfrage", "rueckfrage_an": "Bauhof", "begruendung": "Geliefert?"}
    desk.complete("rechnerisch_feststellen", "ralf.rieger", **asked, wiedervorlage_am=DAY)

    desk.complete("rueckfrage_beantworten", "tim.tannhaus", antwort="Ja")

    (back,) = awaited(house, desk)
    assert back.reason.startswith("Mängelrüge bis 03.03.2031. Position 3")


def test_what_is_certified_anew_takes_the_place_of_the_objection(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)
    desk.check(**{**CUT, "ruege_bis": DAY})
    back_again = {"ergebnis": "zurueck", "begruendung": "Die Position war doch geliefert"}
    desk.complete("rechnerisch_feststellen", "ralf.rieger", **back_again)

    desk.check(**{**CUT, "ruege_bis": date(2031, 4, 1)})
    later = awaited(house, desk)
    desk.complete("rechnerisch_feststellen", "ralf.rieger", **back_again)
    desk.check()

    assert [each.due for each in later] == [date(2031, 4, 1)]
    assert awaited(house, desk) == []


def test_a_day_off_brings_it_back_on_the_working_day_before(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)

    desk.check(**{**CUT, "ruege_bis": date(2031, 3, 2)})

    (back,) = awaited(house, desk)
    assert back.due == date(2031, 2, 28)
    assert "bis 02.03.2031" in back.reason


def test_without_a_stated_day_the_table_says_when(house: House, run_jobs: Run) -> None:
    received = datetime.now(UTC) - timedelta(days=3)
    plain = Desk(house, run_jobs, UBL, received_at=received)
    building = UBL.replace(b">380<", b">875<").replace(b"WL-2026-1042", b"WL-2026-1043")
    instalment = Desk(house, run_jobs, building, received_at=received)

    for desk in (plain, instalment):
        desk.check(**CUT)

    day = local_day(received)
    for desk, days in ((plain, 30), (instalment, 21)):
        (back,) = awaited(house, desk)
        assert f"bis {day + timedelta(days=days):%d.%m.%Y}" in back.reason


def test_the_objection_goes_with_the_vorgang_to_another_unit(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.check(**{**CUT, "ruege_bis": DAY})
    desk.complete(
        "rechnerisch_feststellen", "ralf.rieger", ergebnis="zurueck", begruendung="Falsche Stelle"
    )
    before = desk.row.vorgang

    desk.complete(
        "sachlich_pruefen",
        "tim.tannhaus",
        ergebnis="weiterleiten",
        weiterleiten_an="jugendamt",
        begruendung="Spielplatz",
    )

    (back,) = awaited(house, desk)
    assert desk.row.vorgang != before
    assert (back.due, back.addressee) == (DAY, "fachamt_jugend")


def booked(desk: Desk) -> None:
    desk.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")
    desk.order()
    desk.report(BOOKED)


@pytest.mark.parametrize("outcome", ["geruegt", "entbehrlich"])
def test_a_booked_invoice_stays_open_until_the_objection_is_settled(
    house: House, run_jobs: Run, outcome: str
) -> None:
    desk = Desk(house, run_jobs)
    desk.check(**{**CUT, "ruege_bis": DAY})

    booked(desk)
    waiting = desk.open_tasks, desk.row.state, len(awaited(house, desk))
    desk.complete(
        "ruege_pruefen", "tim.tannhaus", ergebnis=outcome, begruendung="Schreiben vom 1. März"
    )

    assert waiting == (["ruege_pruefen"], "offen", 1)
    assert desk.row.state == "gebucht"
    assert awaited(house, desk) == []


def test_a_cut_that_nobody_disputes_is_closed_as_booked(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.check(**{**CUT, "strittige_positionen": []})

    booked(desk)

    assert desk.row.state == "gebucht"


def drafts(house: House, desk: Desk) -> list[str]:
    """The texts of the letters to the supplier."""
    with house.database.begin("default") as tx:
        found = [
            house.blobs.read(tx, each.current.blob_id)
            for each in dokumente_in(tx, SYSTEM, desk.row.vorgang)
            if each.titel.startswith("Kürzung")
        ]
    readers = [PdfReader(BytesIO(data)) for data in found]
    return [
        " ".join(" ".join(page.extract_text() for page in reader.pages).split())
        for reader in readers
    ]


def test_a_cut_leaves_the_draft_of_a_letter_with_amounts_and_reasons(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)
    desk.check(**{**CUT, "ruege_bis": DAY})

    booked(desk)

    (text,) = drafts(house, desk)
    for said in (
        "Entwurf",
        "18.828,18",
        "18.000,00",
        "um 828,18",
        "Mulch fehlt.",
        "nicht geliefert",
    ):
        assert said in text
    assert "Mängelrüge" not in text


def test_what_is_paid_in_full_leaves_no_letter(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.check()

    booked(desk)

    assert drafts(house, desk) == []


def test_the_reasons_of_a_cut_stand_one_by_one() -> None:
    remark = (
        "Position geprüft: zu viel. Mängelrüge bis 03.03.2031. Position 3: 10,00 €, fehlt. "
        "Position 4b: 5,00 €, defekt."
    )

    assert reasons_in(remark)[1:] == ["Position 3: 10,00 €, fehlt.", "Position 4b: 5,00 €, defekt."]
    assert reasons_in("Nur so.") == ["Nur so."]
