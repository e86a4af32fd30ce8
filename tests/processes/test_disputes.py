"""A cut: which items are disputed, and when the Vorgang comes back to object."""

from __future__ import annotations

from datetime import date

import pytest

from bpmn.forms import FormInvalid
from eakte.wiedervorlagen import Wiedervorlage, wiedervorlagen
from processes.house import House
from tests.processes.desk import SYSTEM, Desk, Run, kontierung

ITEM = {"position": "3", "abzug": "828.18", "grund": "nicht geliefert"}
CUT = {
    **kontierung("18000.00"),
    "ergebnis": "gekuerzt",
    "begruendung": "Mulch fehlt.",
    "strittige_positionen": [ITEM],
}
DAY = date(2031, 3, 1)


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
    assert "Mängelrüge bis 01.03.2031" in (step.remark or "")


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

    assert [each.reason.partition(":")[0] for each in awaited(house, desk)] == ["Position 3"]
