"""Imported official rules in the process."""

from __future__ import annotations

import importlib.util
import json
import logging
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner, Result

from engine.tables import user_task
from invoice.checking import Report, Verdict, check_invoice
from invoice.errors import RulesRefused
from invoice.official.worker import end_workers
from invoice.pdf.reading import read_pdf
from processes.doctor import examine
from processes.house import House
from processes.rechnungseingang import demo, official, status
from processes.rechnungseingang.errors import AttachmentNotOpened
from processes.rechnungseingang.panel import panel_file, task_panel
from processes.rechnungseingang.tables import invoice_official
from storage.ledger import entries
from tests.invoice.miniature import REPORT, SCENARIOS, SHEET, archive, failed
from tests.processes.desk import SYSTEM, UBL, Desk, Run


@pytest.fixture(autouse=True, scope="module")
def workers() -> Iterator[None]:
    yield
    end_workers()


def published(*rules: str, sheet: str = SHEET, dated: str = "2026-08-31") -> bytes:
    """A release whose rules always find these broken."""
    body = "".join(failed(rule) for rule in rules)
    return archive(
        scenarios_xml=SCENARIOS.replace("2026-08-31", dated),
        resources__rules_xsl=sheet.format(body=body),
        resources__report_xsl=REPORT.format(accept="true()"),
    )


def imported(house: House, data: bytes, valid_from: date | None = None) -> official.Release:
    return official.import_rules(house, SYSTEM, data, sha256(data).hexdigest(), valid_from)


def judged(house: House, day: date, data: bytes = UBL) -> Report:
    """What comes of an invoice of that day."""
    with house.database.reading() as tx:
        rules = official.in_force(tx, house.blobs, day)
    return official.examined_officially(check_invoice(data), data, rules)


def found(report: Report) -> set[str]:
    return {finding.rule for finding in report.findings}


def test_what_only_the_official_rules_find_stands_in_panel_letter_and_interface(
    house: House, run_jobs: Run
) -> None:
    imported(house, published("T-1"))

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


DAYS = [
    (date(2020, 1, 1), "T-1"),  # older than all: the oldest there is
    (date(2026, 8, 31), "T-1"),
    (date(2027, 1, 31), "T-1"),
    (date(2027, 2, 1), "T-9"),
    (date(2030, 1, 1), "T-9"),
]


@pytest.mark.parametrize(("day", "rule"), DAYS)
@pytest.mark.parametrize("later_first", [False, True])
def test_the_release_in_force_on_its_date_judges_an_invoice(
    house: House, day: date, rule: str, later_first: bool
) -> None:
    early, late = published("T-1"), published("T-9", dated="2027-02-01")
    for each in (late, early) if later_first else (early, late):
        imported(house, each)

    assert found(judged(house, day)) == {rule}


def test_a_release_begins_when_the_operator_says_so(house: House) -> None:
    imported(house, published("T-1"))
    release = imported(house, published("T-9"), date(2027, 1, 1))

    assert release.valid_from == date(2027, 1, 1)
    assert found(judged(house, date(2026, 12, 31))) == {"T-1"}
    assert found(judged(house, date(2027, 1, 1))) == {"T-9"}


def test_of_two_that_begin_on_one_day_the_one_imported_last_judges(house: House) -> None:
    imported(house, published("T-9"))
    imported(house, published("T-1"))

    assert found(judged(house, date(2026, 11, 2))) == {"T-1"}


def test_the_same_bytes_again_are_the_same_release_and_may_begin_otherwise(house: House) -> None:
    imported(house, published("T-1"))
    imported(house, published("T-9"), date(2027, 1, 1))
    imported(house, published("T-9"), date(2028, 1, 1))

    with house.database.reading() as tx:
        releases = official.releases(tx)
        told = list(entries(tx, f"amtlich-{releases[-1].sha256[:32]}"))
    assert [each.valid_from for each in releases] == [date(2026, 8, 31), date(2028, 1, 1)]
    assert [each.kind for each in told] == ["official_rules_imported"] * 2
    assert found(judged(house, date(2027, 6, 1))) == {"T-1"}


def test_what_is_withdrawn_judges_no_more_until_it_is_imported_again(house: House) -> None:
    release = imported(house, published("T-1"))
    official.withdraw_rules(house, SYSTEM, release.sha256[:8])

    assert found(judged(house, date(2026, 11, 2))) == set()
    with pytest.raises(RulesRefused):
        official.withdraw_rules(house, SYSTEM, release.sha256[:8])
    imported(house, published("T-1"))
    assert found(judged(house, date(2026, 11, 2))) == {"T-1"}


def test_a_release_without_a_date_needs_one_of_the_operator(house: House) -> None:
    undated = published("T-1", dated="")

    with pytest.raises(RulesRefused, match="kein Datum"):
        imported(house, undated)
    assert imported(house, undated, date(2026, 1, 1)).valid_from == date(2026, 1, 1)


def test_rules_that_cannot_be_compiled_are_not_taken_in(house: House) -> None:
    broken = published(sheet=SHEET.replace("{body}", '<xsl:value-of select="("/>'))

    with pytest.raises(RulesRefused, match="übersetzen"):
        imported(house, broken)
    with house.database.reading() as tx:
        assert official.releases(tx) == []


def test_the_report_names_the_official_rules_and_the_log_who_says_what(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    imported(house, published("BR-01"))

    with caplog.at_level(logging.WARNING):
        report = judged(house, date(2026, 11, 2))

    assert report.basis is not None
    assert report.basis.official is not None
    assert report.basis.official.startswith("Miniatur (SHA-256 ")
    assert report.basis.official.endswith("Szenario UBL")
    assert "BR-01 (hier nichts, amtlich fatal)" in caplog.text


def test_why_there_was_no_verdict_stands_in_the_finding_and_not_in_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    crash = """<xsl:value-of select="error((), concat('Kundin: ', /*/*[1]))"/>"""
    imported(house, published(sheet=SHEET.replace("{body}", crash)))

    with caplog.at_level(logging.WARNING):
        report = judged(house, date(2026, 11, 2))

    assert report.verdict is Verdict.TO_CLARIFY
    assert "Kundin" in report.findings[-1].hint
    assert "no verdict" in caplog.text
    assert "Kundin" not in caplog.text


# --- the command line ---


@pytest.fixture
def run(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from cli import app  # noqa: PLC0415 beside its only use

    monkeypatch.setenv("AMTSGANG_DATA", str(house.settings.data))
    monkeypatch.setenv("AMTSGANG_LANG", "de")

    def rules(verb: str, *more: str, data: bytes | None = None) -> Result:
        file = tmp_path / "regeln.zip"
        if data is not None:
            file.write_bytes(data)
            more = (str(file), *more)
        return CliRunner().invoke(app, ["rules", verb, *more])

    return rules


def test_the_command_imports_what_has_the_published_checksum(house: House, run: Any) -> None:
    data = published("T-1")
    sha = sha256(data).hexdigest()

    first = run("import", "--sha256", sha.upper(), data=data)
    again = run("import", "--sha256", sha, data=data)
    listed = run("list", "--json")

    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    assert "für Rechnungen ab 2026-08-31" in first.output
    assert json.loads(listed.output) == [
        {"name": "Miniatur", "sha256": sha, "valid_from": "2026-08-31"}
    ]
    assert found(judged(house, date(2026, 11, 2))) == {"T-1"}


def test_the_command_says_from_when_a_release_judges(run: Any) -> None:
    data = published("T-1")

    told = run("import", "--sha256", sha256(data).hexdigest(), "--valid-from", "2027-02-01",
               data=data)  # fmt: skip
    listed = run("list")
    run("withdraw", sha256(data).hexdigest())
    empty = run("list")

    assert "ab 2027-02-01" in told.output
    assert listed.output.startswith("2027-02-01  Miniatur  ")
    assert empty.output == ""


@pytest.mark.parametrize(
    ("data", "sha", "words"),
    [
        (published("T-1"), "0" * 64, "die SHA-256 der Datei ist"),
        (published("T-1"), "", "die SHA-256 der Datei ist"),
        (b"no zip", sha256(b"no zip").hexdigest(), "kein lesbares Zip-Archiv"),
        (b"PK" * 30_000_000, "0" * 64, "größer als"),
    ],
    ids=["other", "none", "no_zip", "too_large"],
)
def test_the_command_refuses_what_it_cannot_trust(
    house: House, run: Any, data: bytes, sha: str, words: str
) -> None:
    ended = run("import", "--sha256", sha, data=data)

    assert ended.exit_code == 2
    assert words in ended.output
    assert "Traceback" not in ended.output
    with house.database.reading() as tx:
        assert official.releases(tx) == []


def test_without_the_extra_rules_are_taken_in_and_a_person_decides(
    house: House, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = importlib.util.find_spec

    def lacking(name: str, package: str | None = None) -> Any:
        return None if name == "saxonche" else there(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", lacking)
    monkeypatch.setattr("invoice.official.worker.find_spec", lacking)
    data = published("T-1")

    ended = run("import", "--sha256", sha256(data).hexdigest(), data=data)
    report = judged(house, date(2026, 11, 2))

    assert ended.exit_code == 0, ended.output
    assert "fehlt der Zusatz" in ended.output
    assert report.verdict is Verdict.TO_CLARIFY
    assert "amtsgang[official]" in report.findings[-1].hint


def test_the_doctor_says_what_judges_and_what_is_missing_for_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> tuple[str, str]:
        (said,) = [each for each in examine(house.settings) if each.subject == "Amtliche Regeln"]
        return said.state, said.text

    assert told() == ("ok", "keine übernommen (amtsgang rules import)")
    imported(house, published("T-1"))
    assert told() == ("ok", "Miniatur ab 2026-08-31")
    monkeypatch.setattr("processes.doctor.find_spec", lambda _: None)
    assert told()[0] == "error"
    assert "amtsgang[official]" in told()[1]


def test_what_was_imported_when_there_was_but_one_release_still_judges(house: House) -> None:
    release = imported(house, published("T-1"))
    with house.database.begin("default") as tx:
        tx.run(update(invoice_official).values(valid_from=None, imported_at=None, name=None))

    with house.database.reading() as tx:
        assert official.releases(tx) == [official.Release("", None, release.sha256)]
    assert found(judged(house, date(2020, 1, 1))) == {"T-1"}
    imported(house, published("T-9"))
    assert found(judged(house, date(2026, 8, 30))) == {"T-1"}
    assert found(judged(house, date(2026, 8, 31))) == {"T-9"}


def test_withdrawing_what_was_never_imported_is_a_mistake(run: Any) -> None:
    ended = run("withdraw", "abc")

    assert ended.exit_code == 2
    assert "0 Übernahmen" in ended.output
