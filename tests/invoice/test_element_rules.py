"""The rules that are asked of elements: Peppol's, and those of the Extension and of CVD."""

from __future__ import annotations

from pathlib import Path

import pytest

from invoice.checking import Finding, check_invoice

SAMPLES = Path(__file__).parent / "samples"
UBL = (SAMPLES / "ubl_tiefbau.xml").read_bytes()
CII = (SAMPLES / "cii_jugendamt.xml").read_bytes()
CIUS = b"urn:xeinkauf.de:kosit:xrechnung_3.0"
EXTENSION = CIUS + b"#conformant#urn:xeinkauf.de:kosit:extension:xrechnung_3.0"
CVD = CIUS + b"#compliant#urn:xeinkauf.de:kosit:xrechnung:cvd_0.9"


def _found(data: bytes, start: str) -> list[Finding]:
    return [f for f in check_invoice(data).findings if f.rule.startswith(start)]


@pytest.mark.parametrize("data", [UBL, CII], ids=["ubl", "cii"])
def test_a_line_that_is_not_quantity_times_price_is_named_with_its_place(data: bytes) -> None:
    for amount in (b"LineExtensionAmount", b"LineTotalAmount"):
        start = data.rfind(b"<cbc:" + amount), data.find(b"<ram:" + amount)
        at = data.find(b">", max(start)) + 1
        if max(start) >= 0:
            data = data[:at] + b"9" + data[at:]

    (finding,) = _found(data, "PEPPOL-EN16931-R120")

    assert finding.line > 0
    assert "Line" in finding.path


def test_an_empty_element_is_named() -> None:
    data = UBL.replace(b"<cbc:Name>Verkehrssicherung</cbc:Name>", b"<cbc:Name/>")

    (finding,) = _found(data, "PEPPOL-EN16931-R008")

    assert finding.path == "/ubl:Invoice/cac:InvoiceLine[2]/cac:Item/cbc:Name"


def test_the_rules_of_peppol_do_not_bind_a_plain_invoice() -> None:
    data = UBL.replace(b"#compliant#" + CIUS, b"").replace(
        b"<cbc:Name>Verkehrssicherung</cbc:Name>", b"<cbc:Name/>"
    )

    assert _found(data, "PEPPOL") == []


@pytest.mark.parametrize(("scheme", "fires"), [(b"XR01", False), (b"XR11", True)])
def test_the_extension_knows_schemes_of_its_own(scheme: bytes, fires: bool) -> None:
    data = UBL.replace(CIUS, EXTENSION).replace(b'schemeID="EM"', b'schemeID="%s"' % scheme)

    assert bool(_found(data, "BR-DEX-07")) is fires


@pytest.mark.parametrize("data", [UBL, CII], ids=["ubl", "cii"])
def test_an_invoice_for_clean_vehicles_that_names_none_lacks_them(data: bytes) -> None:
    fired = {f.rule for f in _found(data.replace(CIUS, CVD), "BR-DE-CVD")}

    assert "BR-DE-CVD-03" in fired
    assert _found(data, "BR-DE-CVD") == []
