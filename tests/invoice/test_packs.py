"""Next year's rules stand beside this year's: the invoice's date says which of them judge it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from invoice.checking import check_invoice
from invoice.profiles import Profile
from invoice.rules import packs
from invoice.rules.packs import AUTUMN_2026, FIRST, PACKS, pack_on

UBL = (Path(__file__).parent / "samples" / "ubl_tiefbau.xml").read_bytes()
ISSUED = b"<cbc:IssueDate>2026-11-02</cbc:IssueDate>"
LINK = (
    b"<cac:AdditionalDocumentReference><cbc:ID>Plan</cbc:ID><cac:Attachment><cac:ExternalReference>"
    b"<cbc:URI>www.example.de/plan.pdf</cbc:URI></cac:ExternalReference></cac:Attachment>"
    b"</cac:AdditionalDocumentReference><cac:AccountingSupplierParty>"
)
LINKED = UBL.replace(b"<cac:AccountingSupplierParty>", LINK, 1)


def issued(day: str) -> bytes:
    assert ISSUED in LINKED
    return LINKED.replace(ISSUED, f"<cbc:IssueDate>{day}</cbc:IssueDate>".encode())


@pytest.mark.parametrize(
    ("day", "severity", "verdict"),
    [
        ("2026-08-30", "warning", "annehmbar_mit_hinweisen"),
        ("2026-08-31", "fatal", "beanstandet"),
    ],
)
def test_a_rule_weighs_what_it_weighed_on_the_invoices_date(
    day: str, severity: str, verdict: str
) -> None:
    report = check_invoice(issued(day))

    assert [(f.rule, f.severity) for f in report.findings] == [("BR-TMP-2", severity)]
    assert report.verdict == verdict


def test_another_day_may_be_asked_for() -> None:
    report = check_invoice(issued("2026-08-30"), on=date(2027, 1, 1))

    assert report.findings[0].severity == "fatal"


def test_each_day_has_one_pack() -> None:
    assert [p.valid_from for p in PACKS] == sorted({p.valid_from for p in PACKS})
    assert pack_on(date(1999, 1, 1)) is FIRST
    assert pack_on(AUTUMN_2026.valid_from - timedelta(days=1)) is FIRST
    assert pack_on(None) is PACKS[-1]
    assert all(pack.name and pack.code_lists for pack in PACKS)


def test_a_pack_may_drop_a_rule_and_the_earlier_one_keeps_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = tuple(rule for rule in AUTUMN_2026.xrechnung if rule.id != "BR-TMP-2")
    later = replace(AUTUMN_2026, valid_from=date(2027, 2, 1), xrechnung=kept)
    monkeypatch.setattr(packs, "PACKS", (*PACKS, later))

    assert check_invoice(issued("2027-02-01")).findings == ()
    assert check_invoice(issued("2027-01-31")).findings != ()


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: str(pack.valid_from))
def test_whatever_a_pack_weighs_otherwise_is_a_rule_of_it(pack: packs.Pack) -> None:
    known = {rule.id for profile in Profile for rule in pack.rules_of(profile)}

    assert {rule for _, rule in pack.overrides} <= known
