"""What stands beside a task's form."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace

from sqlalchemy import select

from engine.tables import user_task
from identity.principal import Principal
from processes.house import House
from processes.package import TaskPanel
from processes.rechnungseingang import PACKAGE, demo, receipts, status
from processes.rechnungseingang.panel import task_panel
from processes.rechnungseingang.receipts import Push
from tests.processes.desk import Desk

Run = Callable[[], None]
SAMPLES = {sample.file: sample.data for sample in demo.samples()}


def panel(house: House, run_jobs: Run, data: bytes, node: str, login: str) -> TaskPanel:
    invoice = receipts.receive(house, demo.principal(house, demo.INTAKE), Push(data)).id
    run_jobs()
    who: Principal = demo.principal(house, login)
    assert PACKAGE.task_panel is not None
    with house.database.begin() as tx:
        due = tx.scalar(
            select(user_task.c.due).where(
                user_task.c.instance_id == invoice, user_task.c.closed_at.is_(None)
            )
        )
        task = SimpleNamespace(id="1-1", instance_id=invoice, node=node, due=due)
        found = PACKAGE.task_panel(house, tx, who, task)
    assert found is not None
    return found


def test_a_clerk_sees_amount_due_date_skonto_and_attachment(house: House, run_jobs: Run) -> None:
    data = SAMPLES["01_tiefbau_ubl.xml"]

    shown = panel(house, run_jobs, data, "sachlich_pruefen", "tim.tannhaus").html

    assert "18.828,18\N{NO-BREAK SPACE}€" in shown
    assert "16.12.2026 (laut Rechnung)" in shown
    assert "2,00 % bis 30.11.2026" in shown
    assert "aufmass.csv" in shown


def test_what_was_found_on_the_day_of_the_check_is_shown_whatever_the_rules_say_today(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs, SAMPLES["05_regelbruch_ubl.xml"])
    with house.database.reading() as tx:
        (now, *_) = status.findings(tx, house.blobs, desk.row) or ()
    task = SimpleNamespace(id="1-1", instance_id=desk.id, node="", due=None)
    then = {**now.as_json(), "rule": "DAMALS-1"}
    kept = house.blobs.put("default", json.dumps({"findings": [then]}).encode(), "application/json")
    with house.database.begin() as tx:
        house.blobs.commit(tx, kept.id)
        receipts.change(tx, desk.id, report=kept.id)

        shown = task_panel(house, tx, demo.principal(house, "rita.rehbein"), task)

    assert shown is not None
    assert "DAMALS-1" in shown.html
    assert now.rule not in shown.html


def test_a_deadline_says_where_it_comes_from(house: House, run_jobs: Run) -> None:
    of_an_invoice, of_a_letter = (
        panel(house, run_jobs, data, "", "rita.rehbein").html
        for data in (SAMPLES["05_regelbruch_ubl.xml"], b"<letter/>")
    )

    assert "3 Arbeitstage der Kasse vor Fälligkeit am " in of_an_invoice
    assert "3 Arbeitstage nach Eingang" in of_a_letter


def test_what_may_not_be_seen_is_not_shown(house: House, run_jobs: Run) -> None:
    data = SAMPLES["02_jugendamt_cii.xml"]

    shown = panel(house, run_jobs, data, "sachlich_pruefen", "tim.tannhaus").html

    assert "Regenbogen" not in shown
    assert "dürfen Sie nicht sehen" in shown


def test_a_file_that_is_no_invoice_is_shown_as_text_that_does_nothing(
    house: House, run_jobs: Run
) -> None:
    letter = b"<letter><script>alert(1)</script></letter>"

    shown = panel(house, run_jobs, letter, "rechnung_klaeren", "rita.rehbein").html

    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_who_signs_a_refusal_reads_the_draft_beside_the_form(house: House, run_jobs: Run) -> None:
    data = SAMPLES["05_regelbruch_ubl.xml"]

    shown = panel(house, run_jobs, data, "ablehnung_zeichnen", "rita.rehbein").html

    assert "noch nicht gezeichnet" in shown
    assert "BR-DE-15" in shown


def test_a_predecessor_of_another_unit_is_told_and_not_shown(house: House, run_jobs: Run) -> None:
    """The supplier wrote once to the Jugendamt and once to the Tiefbauamt."""
    first, second = SAMPLES["01_tiefbau_ubl.xml"], SAMPLES["07_gleiche_nummer_ubl.xml"]
    elsewhere = first.replace(b"05999-TIEFBAU-93", b"05999-JUGENDAMT-52")
    assert elsewhere != first
    Desk(house, run_jobs, elsewhere)

    shown = panel(house, run_jobs, second, "sachlich_pruefen", "tim.tannhaus").html

    assert "Gleicher Lieferant, gleiche Nummer, gleiches Jahr." in shown
    assert "Sie liegt bei einer anderen Stelle." in shown
    assert "vorgaenger" not in shown


def test_a_suspected_duplicate_shows_its_predecessor(house: House, run_jobs: Run) -> None:
    who = demo.principal(house, demo.INTAKE)
    receipts.receive(house, who, Push(SAMPLES["01_tiefbau_ubl.xml"]))
    run_jobs()
    again = SAMPLES["07_gleiche_nummer_ubl.xml"]

    shown = panel(house, run_jobs, again, "dublette_pruefen", "rita.rehbein").html

    assert "Gleicher Lieferant, gleiche Nummer, gleiches Jahr." in shown
