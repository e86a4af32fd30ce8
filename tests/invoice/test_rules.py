"""Corners in which the official rules are easily misread. Each was found by comparing verdicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from invoice.checking import check_invoice

SAMPLES = Path(__file__).parent / "samples"
UBL = (SAMPLES / "ubl_tiefbau.xml").read_bytes()
CII = (SAMPLES / "cii_jugendamt.xml").read_bytes()
XRECHNUNG = b"urn:xeinkauf.de:kosit:xrechnung_3.0"
EXTENSION = XRECHNUNG + b"#conformant#urn:xeinkauf.de:kosit:extension:xrechnung_3.0"


def _fired(data: bytes) -> set[str]:
    return {finding.rule for finding in check_invoice(data).findings}


def test_a_currency_with_a_blank_behind_it_is_another_currency() -> None:
    assert "BR-CO-15" in _fired(CII.replace(b">EUR</ram:Inv", b">EUR </ram:Inv"))


def test_a_country_counts_only_with_an_address_in_ubl_and_always_in_cii() -> None:
    without_ubl = UBL.replace(b"cac:PostalAddress", b"cac:PostalBox", 2)
    start, end = CII.index(b"<ram:PostalTradeAddress>"), CII.index(b"</ram:PostalTradeAddress>")
    without_cii = CII[:start] + CII[end + len(b"</ram:PostalTradeAddress>") :]

    assert {"BR-08", "BR-09"} & _fired(without_ubl) == {"BR-08"}
    assert {"BR-08", "BR-09"} & _fired(without_cii) == {"BR-08", "BR-09"}


def test_the_taxable_amount_may_be_less_than_one_off_in_ubl_but_not_in_cii() -> None:
    ubl = UBL.replace(
        b'TaxableAmount currencyID="EUR">6340.00', b'TaxableAmount currencyID="EUR">6340.90'
    )
    cii = CII.replace(b"<ram:BasisAmount>300.00", b"<ram:BasisAmount>300.90")

    assert "BR-S-08" not in _fired(ubl)
    assert "BR-S-08" in _fired(cii)


def test_a_missing_total_also_breaks_the_sums_that_need_it() -> None:
    data = UBL.replace(
        b'<cbc:TaxExclusiveAmount currencyID="EUR">6340.00</cbc:TaxExclusiveAmount>', b""
    )

    assert {"BR-13", "BR-CO-13", "BR-CO-15"} <= _fired(data)


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        ("Z", {"BR-Z-05", "BR-Z-06", "BR-Z-09"}),
        ("E", {"BR-E-05", "BR-E-06", "BR-E-09", "BR-E-10"}),
        ("AE", {"BR-AE-02", "BR-AE-03", "BR-AE-05", "BR-AE-06", "BR-AE-09", "BR-AE-10"}),
        ("G", {"BR-G-05", "BR-G-06", "BR-G-09", "BR-G-10"}),
        ("O", {"BR-O-02", "BR-O-03", "BR-O-05", "BR-O-06", "BR-O-09", "BR-O-10"}),
        ("K", {"BR-IC-02", "BR-IC-03", "BR-IC-05", "BR-IC-06", "BR-IC-09", "BR-IC-10", "BR-IC-12"}),
    ],
)
def test_a_taxed_invoice_that_claims_another_category_is_told_what_it_lacks(
    code: str, rules: set[str]
) -> None:
    data = UBL.replace(b"<cbc:ID>S</cbc:ID>", f"<cbc:ID>{code}</cbc:ID>".encode())

    assert _fired(data) == rules


def test_in_the_extension_payments_for_others_belong_to_what_is_due() -> None:
    payment = (
        b"<cac:PrepaidPayment><cbc:ID>Vermittlung</cbc:ID><cbc:PaidAmount currencyID='EUR'>10.00"
        b"</cbc:PaidAmount><cbc:InstructionID>Maut</cbc:InstructionID></cac:PrepaidPayment>"
    )
    data = UBL.replace(XRECHNUNG, EXTENSION).replace(
        b"<cac:AllowanceCharge>", payment + b"<cac:AllowanceCharge>", 1
    )
    data = data.replace(
        b'PayableAmount currencyID="EUR">7544.60', b'PayableAmount currencyID="EUR">7554.60'
    )

    findings = check_invoice(data).findings

    assert [(f.rule, f.severity) for f in findings] == [
        ("UBL-CR-470", "information"),
        ("BR-CO-16", "information"),
    ]


def test_a_unit_that_is_in_no_list_is_a_warning_in_an_xrechnung_and_fatal_elsewhere() -> None:
    data = UBL.replace(b'unitCode="MTK"', b'unitCode="QQQ"')
    plain = data.replace(b"#compliant#" + XRECHNUNG, b"")

    here, elsewhere = check_invoice(data).findings, check_invoice(plain).findings

    assert [(f.rule, f.severity) for f in here] == [("BR-CL-23", "warning")]
    assert [(f.rule, f.severity, f.refusal) for f in elsewhere] == [("BR-CL-23", "fatal", True)]
    assert here[0].path == "/ubl:Invoice/cac:InvoiceLine[1]/cbc:InvoicedQuantity"


def test_white_space_behind_an_amount_counts_as_decimals() -> None:
    amount = b'<cbc:TaxExclusiveAmount currencyID="EUR">6340.00'

    assert "BR-DEC-12" not in _fired(UBL)
    assert "BR-DEC-12" in _fired(UBL.replace(amount, amount + b" "))


def test_lines_of_the_other_document_kind_are_lines() -> None:
    data = UBL.replace(b"cac:InvoiceLine", b"cac:CreditNoteLine")

    fired = _fired(data)

    assert "XSD" in fired
    assert "BR-16" not in fired


def test_a_payees_identifiers_count_whether_or_not_they_name_a_scheme() -> None:
    payee = (
        b"<cac:PayeeParty>%s<cac:PartyName><cbc:Name>Inkasso GmbH</cbc:Name></cac:PartyName>"
        b"</cac:PayeeParty><cac:PaymentMeans>"
    )
    one = b"<cac:PartyIdentification><cbc:ID>74</cbc:ID></cac:PartyIdentification>"

    assert "UBL-SR-20" not in _fired(UBL.replace(b"<cac:PaymentMeans>", payee % one, 1))
    assert "UBL-SR-20" in _fired(UBL.replace(b"<cac:PaymentMeans>", payee % (one * 2), 1))
