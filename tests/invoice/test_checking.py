from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from invoice.checking import Finding, Report, Verdict, check_invoice
from invoice.rules import ALL
from invoice.rules.arithmetic import cents

SAMPLES = Path(__file__).parent / "samples"
UBL = (SAMPLES / "ubl_tiefbau.xml").read_bytes()
CII = (SAMPLES / "cii_jugendamt.xml").read_bytes()


def _rules(report: Report) -> set[str]:
    return {finding.rule for finding in report.findings}


@pytest.mark.parametrize("data", [UBL, CII], ids=["UBL", "CII"])
def test_in_a_good_invoice_nothing_is_found(data: bytes) -> None:
    report = check_invoice(data)

    assert report.findings == ()
    assert report.verdict is Verdict.ACCEPTABLE
    assert report.profile == "XRechnung"


def test_no_verdict_says_that_an_invoice_is_valid() -> None:
    assert not any("gültig" in verdict or "gueltig" in verdict for verdict in Verdict)


def test_a_finding_names_rule_field_line_and_what_to_do() -> None:
    data = UBL.replace(
        b'<cbc:PayableAmount currencyID="EUR">7544.60',
        b'<cbc:PayableAmount currencyID="EUR">7544.61',
    )

    (finding,) = check_invoice(data).findings

    assert (finding.rule, finding.place, finding.severity) == ("BR-CO-16", "BT-115", "fatal")
    assert finding.path == "/ubl:Invoice/cac:LegalMonetaryTotal/cbc:PayableAmount"
    assert finding.line == 1 + data[: data.index(b"7544.61")].count(b"\n")
    assert finding.klass == "Geschäftsregelfehler"
    assert finding.refusal
    assert finding.text
    assert finding.hint


def test_a_missing_field_is_placed_where_it_ought_to_stand() -> None:
    data = CII.replace(b"<ram:BuyerReference>059990001-JUGEND-47</ram:BuyerReference>", b"")

    (finding,) = check_invoice(data).findings

    assert (finding.rule, finding.place) == ("BR-DE-15", "BT-10")
    assert finding.path.endswith("/ram:ApplicableHeaderTradeAgreement/ram:BuyerReference")


def test_the_second_of_two_lines_is_named() -> None:
    data = UBL.replace(b"<cbc:Name>Verkehrssicherung</cbc:Name>", b"<cbc:Name> </cbc:Name>")

    (finding,) = [f for f in check_invoice(data).findings if f.rule.startswith("BR")]

    assert finding.rule == "BR-25"
    assert finding.path == "/ubl:Invoice/cac:InvoiceLine[2]/cac:Item/cbc:Name"
    assert finding.klass == "Inhaltsfehler"


@pytest.mark.parametrize(
    "specification",
    [
        b"urn:cen.eu:en16931:2017",
        b"urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
    ],
)
def test_the_german_rules_bind_only_an_xrechnung(specification: bytes) -> None:
    data = UBL.replace(b"<cbc:BuyerReference>059990001-TIEFBAU-02</cbc:BuyerReference>", b"")
    named = b"urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"

    report = check_invoice(data.replace(named, specification))

    assert report.findings == ()


def test_a_warning_never_entitles_to_refuse() -> None:
    data = UBL.replace(b"DE27000000000055501234", b"DE28000000000055501234")

    report = check_invoice(data)

    assert _rules(report) == {"BR-DE-19"}
    assert report.verdict is Verdict.WITH_NOTES
    assert not any(finding.refusal for finding in report.findings)


def test_an_element_that_the_schema_does_not_know_is_a_fault_of_format() -> None:
    data = UBL.replace(b"<cbc:ID>TB-2026-0417</cbc:ID>", b"<cbc:ID>1</cbc:ID><cbc:Nummer/>")

    report = check_invoice(data)

    assert report.verdict is Verdict.OBJECTED
    assert [f.klass for f in report.findings if f.rule == "XSD"] == ["Formatfehler"]


def test_what_is_less_than_an_invoice_is_put_before_a_person() -> None:
    named = b"urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"

    report = check_invoice(UBL.replace(named, b"urn:factur-x.eu:1p0:minimum"))

    assert report.verdict is Verdict.TO_CLARIFY
    assert report.profile == "ZUGFeRD MINIMUM"


def test_a_letter_is_for_a_person() -> None:
    report = check_invoice(b"<brief>Sehr geehrte Damen und Herren</brief>", date(2026, 1, 1))

    assert report.verdict is Verdict.TO_CLARIFY
    assert report.invoice is None


def test_each_rule_stands_once_and_speaks_german_of_its_own() -> None:
    assert [name for name, count in Counter(r.id for r in ALL).items() if count > 1] == []
    assert all(rule.text.endswith(".") and rule.hint for rule in ALL)
    assert not any(rule.text.startswith("[") for rule in ALL)


ROUNDING = [
    ("0.005", "0.01"),  # halves go up
    ("-0.005", "0.00"),  # also below zero
    ("1.0049", "1.00"),
]


@pytest.mark.parametrize(("value", "expected"), ROUNDING)
def test_rounding_is_that_of_xpath(value: str, expected: str) -> None:

    assert cents(Decimal(value)) == Decimal(expected)


def test_a_finding_says_whether_it_is_about_a_fact_that_the_input_tax_needs() -> None:
    undated = UBL.replace(b"<cbc:IssueDate>2026-11-02</cbc:IssueDate>", b"")
    unpaid = UBL.replace(
        b'PayableAmount currencyID="EUR">7544.60', b'PayableAmount currencyID="EUR">1'
    )

    dated = {f.rule: f.as_json()["mandatory_vat_field"] for f in check_invoice(undated).findings}
    paid = {f.rule: f.as_json()["mandatory_vat_field"] for f in check_invoice(unpaid).findings}

    assert dated["BR-03"] is True
    assert paid["BR-CO-16"] is False


def test_a_finding_is_read_back_as_it_was_told() -> None:
    broken = UBL.replace(b"<cbc:Name>Verkehrssicherung</cbc:Name>", b"<cbc:Name> </cbc:Name>")

    findings = check_invoice(broken).findings

    assert findings
    assert [Finding.from_json(each.as_json()) for each in findings] == list(findings)
