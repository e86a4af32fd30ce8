"""Imported official rules in the process."""

from __future__ import annotations

from hashlib import sha256

import pytest
from sqlalchemy import select

from engine.tables import user_task
from invoice.pdf.reading import read_pdf
from processes.house import House
from processes.rechnungseingang import demo, official, status
from processes.rechnungseingang.errors import AttachmentNotOpened
from processes.rechnungseingang.panel import panel_file, task_panel
from tests.invoice.test_official import SCENARIOS, SHEET, archive, failed
from tests.processes.desk import SYSTEM, UBL, Desk, Run


def test_what_only_the_official_rules_find_stands_in_panel_letter_and_interface(
    house: House, run_jobs: Run
) -> None:
    rules = SHEET.format(body=failed("T-1"))
    data = archive(scenarios_xml=SCENARIOS, resources__rules_xsl=rules)
    official.import_rules(house, SYSTEM, data, sha256(data).hexdigest())

    desk = Desk(house, run_jobs)

    assert desk.open_tasks == ["ablehnung_zeichnen"]
    with house.database.begin() as tx:
        clerk = demo.principal(house, demo.INTAKE)
        task = tx.first(select(user_task).where(user_task.c.instance_id == desk.id))
        panel = task_panel(house, tx, clerk, task)
        told = status.status(tx, SYSTEM, house.blobs, desk.id)
        draft = panel_file(house, tx, clerk, task, "entwurf")
    assert panel is not None
    assert panel.html.count("T-1") >= 2  # among the findings, and in the drafted letter
    assert "zu beanstanden" in panel.html
    assert [each["rule"] for each in told["findings"] if each["refusal"]] == ["T-1"]
    assert draft is not None
    assert "T-1" in read_pdf(draft.content).text


def test_an_attachment_that_no_scanner_called_clean_is_not_given_out(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs, UBL)
    clerk = demo.principal(house, demo.INTAKE)

    with house.database.begin() as tx, pytest.raises(AttachmentNotOpened):
        status.attachment(tx, clerk, house.blobs, desk.id, 1, scanner="tcp://127.0.0.1:1")
