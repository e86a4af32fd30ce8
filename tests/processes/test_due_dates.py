"""Due dates that the invoice does not say, or says otherwise than agreed; and what becomes of the
deadlines of a case that waits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmn.dmn import compile_decisions
from bpmn.forms import FormInvalid
from bpmn.values import Value, Variables
from engine import queries
from processes.house import House
from processes.rechnungseingang import PACKAGE
from processes.rechnungseingang.dates import local_day, start_of
from processes.rechnungseingang.decisive import periods, remaining
from processes.rechnungseingang.disputes import DAYS_TO_OBJECT
from tests.processes.desk import SYSTEM, UBL, Desk, Run, kontierung

UNDATED = UBL.replace(b"  <cbc:DueDate>2026-12-16</cbc:DueDate>\n", b"")
AGREED = date(2031, 3, 3)
TWO_TERMS = "#SKONTO#TAGE=7#PROZENT=3.00#\n#SKONTO#TAGE=14#PROZENT=2.00#\n"


def variable(house: House, desk: Desk, name: str) -> Value:
    with house.database.reading("default") as tx:
        return queries.variables(tx, SYSTEM, desk.id)[name].value


@pytest.mark.parametrize(
    ("type_code", "pay", "object_"), [("380", 30, 30), ("875", 21, 21), ("877", 30, 30)]
)
def test_the_table_knows_the_kinds_of_invoices(type_code: str, pay: int, object_: int) -> None:
    (path,) = [each for each in PACKAGE.models if Path(each).name == "fristen.dmn"]
    table = compile_decisions(path.read_bytes(), path.name)["fristen"]

    outcome = table.evaluate({"type_code": type_code}, datetime.now(UTC))

    assert periods({"fristen": outcome.outputs[0]}) == (pay, object_)


def test_a_case_that_began_before_the_table_has_the_usual_periods() -> None:
    assert periods({}) == (30, DAYS_TO_OBJECT)


@pytest.mark.parametrize(("type_code", "days"), [(b"380", 30), (b"875", 21)])
def test_an_invoice_without_a_due_date_is_due_as_the_table_says(
    house: House, run_jobs: Run, type_code: bytes, days: int
) -> None:
    desk = Desk(house, run_jobs, UNDATED.replace(b">380<", b">" + type_code + b"<"))

    due_on = local_day(desk.row.received_at) + timedelta(days=days)

    assert (desk.row.due_on, desk.row.due_source) == (due_on, "errechnet")
    assert variable(house, desk, "due_on") == due_on


def test_a_stated_due_date_is_left_as_it_is(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs, UBL.replace(b">380<", b">875<"))

    assert (desk.row.due_on, desk.row.due_source) == (date(2026, 12, 16), "BT-9")


def test_who_checks_states_what_was_agreed(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)

    desk.check(faellig_am=AGREED, begruendung="Zahlungsziel laut Rahmenvertrag")

    assert (desk.row.due_on, desk.row.due_source) == (AGREED, "erfasst")
    assert variable(house, desk, "due_on") == AGREED


def test_another_due_date_needs_a_reason(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)

    with pytest.raises(FormInvalid) as refused:
        desk.check(faellig_am=AGREED)

    assert [each.key for each in refused.value.errors] == ["begruendung"]


def test_another_due_date_voids_what_was_signed_before(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.complete("anordnen", "karla.kranz", ergebnis="zurueck", begruendung="Zahlungsziel?")

    desk.check(faellig_am=AGREED, begruendung="Zahlungsziel laut Rahmenvertrag")

    signed = [each for each in desk.steps if each.content_hash is not None]
    assert [each.voided_at is not None for each in signed] == [True, True, False]


def waiting(today: date, **case: Value) -> tuple[Any, Any]:
    """An invoice of 16 November 2026 that comes to its next step today."""
    row = SimpleNamespace(
        due_on=date(2026, 12, 16),
        due_source="BT-9",
        issued_on=date(2026, 11, 16),
        received_at=datetime(2026, 11, 16, 9, tzinfo=UTC),
        payment_terms=TWO_TERMS,
    )
    known: Variables = {"land": "NW", "priority": 50, "order_by": start_of(date(2026, 11, 18))}
    return row, SimpleNamespace(variables={**known, **case}, now=start_of(today))


@pytest.mark.parametrize(
    ("today", "order_by"),
    [
        (date(2026, 11, 18), date(2026, 11, 18)),
        (date(2026, 11, 19), date(2026, 11, 25)),
        (date(2026, 11, 26), date(2026, 12, 11)),
    ],
    ids=["first Skonto", "second Skonto", "due date"],
)
def test_the_next_step_is_hurried_for_what_can_still_be_earned(today: date, order_by: date) -> None:
    left = remaining(*waiting(today))

    assert left["order_by"] == start_of(order_by)


def test_a_new_deadline_is_warned_of_and_an_old_one_not_again() -> None:
    same, later = remaining(*waiting(date(2026, 11, 18))), remaining(*waiting(date(2026, 11, 26)))

    assert "escalate_at" not in same
    assert later["escalate_at"] == start_of(date(2026, 12, 9))


def test_what_was_urgent_stays_urgent() -> None:
    left = remaining(*waiting(date(2026, 11, 26), priority=90))

    assert left["priority"] == 90


def test_a_check_without_another_due_date_keeps_the_signatures(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.complete("anordnen", "karla.kranz", ergebnis="zurueck", begruendung="Menge prüfen")

    desk.check(**kontierung())

    assert [each.voided_at for each in desk.steps if each.content_hash] == [None, None, None]
