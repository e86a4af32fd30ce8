"""The rules that XRechnung took over from Peppol."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from invoice.checking import Verdict, check_invoice

SAMPLES = Path(__file__).parent / "samples"
UBL = (SAMPLES / "ubl_tiefbau.xml").read_bytes()
CII = (SAMPLES / "cii_jugendamt.xml").read_bytes()
ALLOWANCE = (
    b"<cac:AllowanceCharge><cbc:ChargeIndicator>%s</cbc:ChargeIndicator>"
    b"<cbc:AllowanceChargeReason>Rabatt</cbc:AllowanceChargeReason>%s"
    b'<cbc:Amount currencyID="EUR">%s</cbc:Amount>%s'
    b"<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent>"
    b"<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:TaxCategory></cac:AllowanceCharge>"
)
PERCENT = b"<cbc:MultiplierFactorNumeric>10</cbc:MultiplierFactorNumeric>"
BASE = b'<cbc:BaseAmount currencyID="EUR">100</cbc:BaseAmount>'


def fired(data: bytes) -> set[str]:
    found = {finding.rule for finding in check_invoice(data).findings}
    return {name.removeprefix("PEPPOL-EN16931-") for name in found if name.startswith("PEPPOL")}


def with_allowance(indicator: bytes, percent: bytes, amount: bytes, base: bytes) -> bytes:
    allowance = ALLOWANCE % (indicator, percent, amount, base)
    return UBL.replace(b"<cac:TaxTotal>", allowance + b"<cac:TaxTotal>", 1)


def test_the_samples_break_none() -> None:
    assert fired(UBL) == fired(CII) == set()


@pytest.mark.parametrize(
    ("indicator", "percent", "amount", "base", "rules"),
    [
        (b"false", PERCENT, b"10.00", BASE, set()),
        (b"false", PERCENT, b"10.02", BASE, set()),
        (b"false", PERCENT, b"10.03", BASE, {"R040"}),
        (b"false", PERCENT, b"10.00", b"", {"R041"}),
        (b"false", b"", b"10.00", BASE, {"R042"}),
        (b"0", PERCENT, b"10.00", BASE, {"R043"}),
    ],
)
def test_an_allowance_is_its_percentage_of_its_base(
    indicator: bytes, percent: bytes, amount: bytes, base: bytes, rules: set[str]
) -> None:
    assert fired(with_allowance(indicator, percent, amount, base)) == rules


def test_a_forint_more_or_less_is_not_looked_at() -> None:
    data = with_allowance(b"false", PERCENT, b"10.50", BASE).replace(b"EUR", b"HUF")

    assert "R040" not in fired(data)


@pytest.mark.parametrize("data", [UBL, CII], ids=["ubl", "cii"])
def test_an_empty_element_is_named(data: bytes) -> None:
    emptied = re.sub(rb"(<(?:cbc:CityName|ram:CityName)>)[^<]+", rb"\1 ", data, count=1)

    (finding,) = [f for f in check_invoice(emptied).findings if f.rule.endswith("R008")]

    assert finding.path.endswith("CityName")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (rb"<cbc:ProfileID>.*?</cbc:ProfileID>", b"", "R001"),
        (rb"(?s)<cbc:EndpointID.*?</cbc:EndpointID>", b"", "R020"),
        (rb"(<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>)",
         rb"\1<cbc:TaxCurrencyCode>EUR</cbc:TaxCurrencyCode>", "R005"),
        (rb"(<cbc:LineExtensionAmount [^>]*>)\d+(?=\.\d\d</cbc:LineExtensionAmount>\s*<cac:Item>)",
         rb"\g<1>7", "R120"),
        (rb"</cac:Price>", b"<cbc:BaseQuantity>0</cbc:BaseQuantity></cac:Price>", "R121"),
        (rb"</cac:Price>", b'<cbc:BaseQuantity unitCode="XXX">1</cbc:BaseQuantity></cac:Price>',
         "R130"),
        (rb"</cac:Price>", b"<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>"
         b'<cbc:Amount currencyID="EUR">1</cbc:Amount></cac:AllowanceCharge></cac:Price>', "R044"),
        (rb"<cac:Item>", b"<cac:DocumentReference><cbc:ID>1</cbc:ID></cac:DocumentReference>"
         b"<cac:Item>", "R101"),
        (rb"<cac:TaxSubtotal>(?s:.*)</cac:TaxSubtotal>", b"", "R053"),
        (rb"(<cbc:PaymentMeansCode[^>]*>)\d+", rb"\g<1>59", "R061"),
    ],
)  # fmt: skip
def test_what_peppol_asks_of_ubl(old: bytes, new: bytes, rule: str) -> None:
    changed = re.sub(old, new, UBL, count=1)

    assert changed != UBL
    assert rule in fired(changed)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (rb"</ram:NetPriceProductTradePrice>", b'<ram:BasisQuantity unitCode="XXX">1'
         b"</ram:BasisQuantity></ram:NetPriceProductTradePrice>", "R130"),
        (rb"<ram:NetPriceProductTradePrice>", b"<ram:GrossPriceProductTradePrice>"
         b"<ram:ChargeAmount>1</ram:ChargeAmount></ram:GrossPriceProductTradePrice>"
         b"<ram:NetPriceProductTradePrice>", "R046"),
        (rb"<ram:NetPriceProductTradePrice>", b"<ram:GrossPriceProductTradePrice>"
         b"<ram:ChargeAmount>1</ram:ChargeAmount><ram:BasisQuantity>0</ram:BasisQuantity>"
         b"</ram:GrossPriceProductTradePrice><ram:NetPriceProductTradePrice>", "R121"),
        (rb"(<ram:TaxTotalAmount[^>]*>[^<]*</ram:TaxTotalAmount>)", rb"\1\1", "R053"),
        (rb'(<ram:TaxTotalAmount currencyID=)"EUR"', rb'\1"USD"', "R054"),
    ],
)  # fmt: skip
def test_what_peppol_asks_of_cii(old: bytes, new: bytes, rule: str) -> None:
    changed = re.sub(old, new, CII, count=1)

    assert changed != CII
    assert rule in fired(changed)


def test_a_wrong_line_amount_is_a_warning_only() -> None:
    changed = re.sub(rb"(<cbc:InvoicedQuantity[^>]*>)", rb"\g<1>9", UBL, count=1)

    severities = {f.rule: f.severity for f in check_invoice(changed).findings}

    assert severities["PEPPOL-EN16931-R120"] == "warning"


def test_what_names_no_known_specification_is_not_refused_for_rules_that_it_does_not_claim() -> (
    None
):
    changed = re.sub(rb"(?s)<cac:Contact>.*?</cac:Contact>", b"", UBL, count=1)
    changed = re.sub(rb"(<cbc:CustomizationID>)[^<]*", rb"\1urn:example", changed)

    report = check_invoice(changed)

    assert {"BR-DE-5", "BR-DE-21"} & {f.rule for f in report.findings}
    assert report.verdict is Verdict.TO_CLARIFY
    assert not any(f.refusal for f in report.findings)
