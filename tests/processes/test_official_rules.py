"""Imported official rules in the process."""

from __future__ import annotations

from hashlib import sha256

import pytest

from processes.house import House
from processes.rechnungseingang import demo, official, status
from processes.rechnungseingang.errors import AttachmentNotOpened
from tests.invoice.test_official import SCENARIOS, SHEET, archive, failed
from tests.processes.desk import SYSTEM, UBL, Desk, Run


def test_what_only_the_official_rules_find_goes_to_a_person(house: House, run_jobs: Run) -> None:
    rules = SHEET.format(body=failed("T-1"))
    data = archive(scenarios_xml=SCENARIOS, resources__rules_xsl=rules)
    official.import_rules(house, SYSTEM, data, sha256(data).hexdigest())

    desk = Desk(house, run_jobs)

    assert desk.open_tasks == ["rechnung_klaeren"]


def test_an_attachment_that_no_scanner_called_clean_is_not_given_out(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs, UBL)
    clerk = demo.principal(house, demo.INTAKE)

    with house.database.begin() as tx, pytest.raises(AttachmentNotOpened):
        status.attachment(tx, clerk, house.blobs, desk.id, 1, scanner="tcp://127.0.0.1:1")
