"""Imported official rules in the process."""

from __future__ import annotations

from hashlib import sha256

from processes.house import House
from processes.rechnungseingang import official
from tests.invoice.test_official import SCENARIOS, SHEET, archive, failed
from tests.processes.desk import SYSTEM, Desk, Run


def test_what_only_the_official_rules_find_goes_to_a_person(house: House, run_jobs: Run) -> None:
    rules = SHEET.format(body=failed("T-1"))
    data = archive(scenarios_xml=SCENARIOS, resources__rules_xsl=rules)
    official.import_rules(house, SYSTEM, data, sha256(data).hexdigest())

    desk = Desk(house, run_jobs)

    assert desk.open_tasks == ["rechnung_klaeren"]
