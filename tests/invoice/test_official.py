"""What official rules find, how much it weighs, and what comes of it beside ours."""

from __future__ import annotations

import pytest

from invoice.checking import MAX_OF_ONE_RULE, Finding, Report, Verdict, check_invoice
from invoice.errors import NoVerdict
from invoice.official.locations import element_at
from invoice.official.verdict import (
    OfficialFinding,
    OfficialResult,
    compared,
    disagreement,
    official_result,
    without_verdict,
)
from invoice.reading import read_tree
from tests.invoice.miniature import (
    CII,
    CREDIT_NOTE,
    EN_UBL,
    INVOICE,
    REPORT,
    SAMPLES,
    SCHEMA,
    SHEET,
    SHEETS,
    UBL,
    XSDS,
    acceptable,
    configuration,
    failed,
    found,
    result,
    scenario,
    scenarios,
    step,
)


def test_the_published_en_sheet_finds_nothing_in_a_correct_invoice() -> None:
    official = configuration(sheet=EN_UBL.read_text("utf-8"))

    answer = official_result(UBL, official)

    assert answer.findings == ()
    assert {"BR-01", "BR-CO-15", "UBL-CR-001"} <= answer.asked


def test_the_published_en_sheet_and_our_rules_agree_on_a_broken_one() -> None:
    broken = (SAMPLES / "05_regelbruch_ubl.xml").read_bytes()
    official = official_result(broken, configuration(sheet=EN_UBL.read_text("utf-8")))
    report = check_invoice(broken)

    assert official.findings
    assert disagreement(report, official) == []
    assert {f.rule for f in official.findings} <= {f.rule for f in report.findings}


def test_an_official_finding_is_told_at_its_element_and_field() -> None:
    broken = UBL.replace(b"<cbc:IssueDate>", b"<cbc:IssueDate>x", 1)
    official = official_result(broken, configuration(sheet=EN_UBL.read_text("utf-8")))
    clean = Report(Verdict.ACCEPTABLE, "", "ubl-invoice", (), check_invoice(UBL).invoice)

    told = {f.rule: f for f in compared(clean, replaced(official, "BR-03")).findings}

    assert (told["BR-03"].place, told["BR-03"].path) == ("BT-2", "/ubl:Invoice")
    assert told["BR-03"].line > 0
    assert told["BR-03"].mandatory_vat_field


def replaced(official: OfficialResult, rule: str) -> OfficialResult:
    """As if the sheet had found that rule broken at the document."""
    location = f"/*:Invoice[namespace-uri()='{INVOICE}'][1]"
    made = OfficialFinding(rule, "fatal", "Amtlich", location)
    return OfficialResult(official.scenario, (made,), official.asked)


@pytest.mark.parametrize(
    ("rule", "flag", "role", "severity"),
    [
        ("T-1", "fatal", "", "fatal"),
        ("T-1", "error", "", "fatal"),
        ("T-1", "warning", "", "warning"),
        ("T-1", "information", "", "information"),
        ("T-1", "", "warn", "warning"),
        ("T-1", "", "info", "information"),
        ("T-1", "", "", "fatal"),  # what says nothing is an error
        ("T-1", "warning", "error", "fatal"),  # the graver counts
        ("T-2", "fatal", "", "warning"),  # the scenario's own level comes before all
        ("T-4", "warning", "", "fatal"),
        ("T-5", "fatal", "", "information"),
    ],
)
def test_the_severity_is_that_of_the_scenario(
    rule: str, flag: str, role: str, severity: str
) -> None:
    official = configuration(failed(rule, flag=flag, role=role))

    assert found(UBL, official) == [(rule, severity)]


def test_the_stricter_verdict_wins_and_the_difference_is_told() -> None:
    report = compared(acceptable(), official_result(UBL, configuration(failed("BR-01", "Amtlich"))))

    assert report.verdict is Verdict.OBJECTED
    assert report.findings[0].text == "Amtlich"
    assert "BR-01 (hier nichts, amtlich fatal)" in report.findings[-1].hint


def test_an_official_warning_never_refuses() -> None:
    report = compared(acceptable(), official_result(UBL, configuration(failed("T-2"))))

    assert report.verdict is Verdict.WITH_NOTES
    assert not any(finding.refusal for finding in report.findings)


def test_a_rule_that_only_one_of_them_knows_is_a_finding_but_no_difference() -> None:
    report = compared(acceptable(), official_result(UBL, configuration(failed("T-1"))))

    assert [finding.rule for finding in report.findings] == ["T-1"]


def test_of_a_rule_that_the_official_sheets_do_not_ask_nothing_differs() -> None:
    broken = check_invoice((SAMPLES / "05_regelbruch_ubl.xml").read_bytes())

    assert disagreement(broken, OfficialResult("UBL", (), frozenset({"BR-01"}))) == []
    assert disagreement(broken, OfficialResult("UBL", (), frozenset({"BR-CO-15"}))) == [
        "BR-CO-15 (hier fatal, amtlich nichts)"
    ]


def test_a_thousand_findings_of_one_rule_are_told_as_some() -> None:
    many = [OfficialFinding("T-1", "fatal", "Nein")] * 1000

    assert len(compared(acceptable(), result(*many)).findings) == MAX_OF_ONE_RULE


def test_no_verdict_goes_to_a_person() -> None:
    told = without_verdict(acceptable(), NoVerdict("x", "warum"))

    assert told.verdict is Verdict.TO_CLARIFY
    assert "(x: warum)" in told.findings[-1].hint


def test_what_is_accepted_officially_is_refused_by_no_official_finding() -> None:
    error = OfficialFinding("T-1", "fatal", "Nein")

    accepted = compared(acceptable(), result(error, accepted=True))

    assert accepted.verdict is Verdict.TO_CLARIFY
    assert not any(finding.refusal for finding in accepted.findings)
    assert compared(acceptable(), result(error, accepted=False)).verdict is Verdict.OBJECTED


def test_what_is_rejected_without_an_error_goes_to_a_person() -> None:
    warning = OfficialFinding("T-1", "warning", "Nein")

    rejected = compared(acceptable(), result(warning, accepted=False))

    assert rejected.verdict is Verdict.TO_CLARIFY
    assert "AMTLICH" in {finding.rule for finding in rejected.findings}


CASES = [
    (UBL, "CIUS", ["T-1"]),
    (UBL.replace(b"xrechnung_3.0<", b"xrechnung_3.0#x:extension<"), "Extension", ["T-1"]),
    (CREDIT_NOTE, "Gutschrift", ["T-1"]),
    (CII, "CII", []),
]


@pytest.mark.parametrize(("data", "name", "rules"), CASES)
def test_of_several_scenarios_the_one_that_matches_judges(
    data: bytes, name: str, rules: list[str]
) -> None:
    identifier = "/b:CustomizationID[ends-with(., '{}')]"
    level = '<customLevel level="warning">T-1</customLevel>'
    told = scenarios(
        scenario("CIUS", "exists(/u:Invoice" + identifier.format("xrechnung_3.0") + ")", SHEETS),
        scenario("Extension", "exists(/u:Invoice" + identifier.format("extension") + ")", SHEETS,
                 levels=level),
        scenario("Gutschrift", "/c:CreditNote", SHEETS),
        scenario("CII", "/x:CrossIndustryInvoice", step("Schematron", "resources/other.xsl")),
    )  # fmt: skip
    official = configuration(
        failed("T-1"), scenarios=told, resources__other_xsl=SHEET.format(body="")
    )

    answer = official_result(data, official)

    assert answer.scenario == name
    assert [each.rule for each in answer.findings] == rules
    expected = "warning" if name == "Extension" else "fatal"
    assert all(each.severity == expected for each in answer.findings)


def test_two_scenarios_that_match_are_no_verdict() -> None:
    told = scenarios(scenario("A", "true()", SHEETS), scenario("B", "/u:Invoice", SHEETS))

    with pytest.raises(NoVerdict, match="mehrere Szenarien"):
        official_result(UBL, configuration(scenarios=told))


def test_a_condition_that_cannot_be_told_does_not_match() -> None:
    told = scenarios(
        scenario("A", "xs:integer(/u:Invoice) = 1", SHEETS),
        scenario("B", "/u:Invoice", SHEETS),
    )

    assert official_result(UBL, configuration(scenarios=told)).scenario == "B"


@pytest.mark.parametrize(
    ("test", "accepted"),
    [
        ("exists($input-document/*)", True),
        ("exists(//svrl:failed-assert[@id = 'T-2'])", True),
        ("empty(//svrl:failed-assert)", False),
        ("//in:documentReference and //s:scenario/s:name = 'A' and //s:resource", True),
        ("year-from-dateTime(//in:timestamp) gt 2025", True),
    ],
)
def test_whether_it_is_accepted_says_the_report_of_the_scenario(test: str, accepted: bool) -> None:
    told = scenarios(
        scenario("A", "/u:Invoice", SCHEMA, SHEETS, accept="/rep:report/rep:accept[1]")
    )
    more = XSDS | {"resources__report_xsl": REPORT.format(accept=test)}

    answer = official_result(UBL, configuration(failed("T-2"), scenarios=told, **more))

    assert answer.accepted is accepted


def test_a_report_that_breaks_down_leaves_the_findings_and_goes_to_a_person() -> None:
    told = scenarios(scenario("A", "/u:Invoice", SHEETS, accept="/rep:report/rep:accept"))
    broken = REPORT.format(accept="error()")

    answer = official_result(
        UBL,
        configuration(failed("T-2", flag="warning"), scenarios=told, resources__report_xsl=broken),
    )
    report = compared(acceptable(), answer)

    assert (answer.accepted, [each.rule for each in answer.findings]) == (None, ["T-2"])
    assert report.verdict is Verdict.TO_CLARIFY
    assert [finding.rule for finding in report.findings] == ["T-2", "AMTLICH"]


def test_a_sheet_that_does_not_say_what_it_asks_is_compared_in_all_that_ours_know() -> None:
    dynamic = SHEET.format(body=failed("{concat('BR', '-01')}"))

    answer = official_result(UBL, configuration(sheet=dynamic))

    assert disagreement(acceptable(), answer) == ["BR-01 (hier nichts, amtlich fatal)"]


def test_without_a_condition_to_accept_the_findings_alone_speak() -> None:
    assert official_result(UBL, configuration(failed("T-2"))).accepted is None


def test_a_breach_of_the_schema_is_told_and_no_rule_is_asked() -> None:
    told = scenarios(scenario("A", "/u:Invoice", SCHEMA, SHEETS))
    official = configuration(failed("BR-01"), scenarios=told, **XSDS)
    broken = UBL.replace(b"<cbc:IssueDate>", b"<cbc:IssueDate>x", 1)

    assert found(UBL, official) == [("BR-01", "fatal")]
    assert found(broken, official) == [("XSD", "fatal")]
    assert disagreement(check_invoice(broken), official_result(broken, official)) == []
    assert disagreement(check_invoice(UBL), official_result(broken, official)) == [
        "XSD (hier nichts, amtlich fatal)"
    ]


def test_a_stylesheet_may_import_others_of_the_archive() -> None:
    inner = SHEET.format(body='<xsl:call-template name="told"/>')
    outer = (
        '<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"'
        ' xmlns:svrl="http://purl.oclc.org/dsdl/svrl"><xsl:import href="deep/inner.xsl"/>'
        f'<xsl:template name="told">{failed("T-1")}</xsl:template></xsl:stylesheet>'
    )

    official = configuration(sheet=outer, resources__deep__inner_xsl=inner)

    assert found(UBL, official) == [("T-1", "fatal")]
    assert official_result(UBL, official).asked == {"T-1"}


ISO, SCHXSLT = "/*:{name}[namespace-uri()='{uri}'][{n}]", "/Q{{{uri}}}{name}[{n}]"
_CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"


@pytest.mark.parametrize("form", [ISO, SCHXSLT])
def test_a_location_names_its_element_in_either_form(form: str) -> None:
    root = read_tree(UBL)
    top = form.format(uri=INVOICE, name="Invoice", n=1)
    line = form.format(uri=_CAC, name="InvoiceLine", n=2)
    far = form.format(uri=_CAC, name="InvoiceLine", n=99)

    assert element_at(root, top) is root
    assert element_at(root, top + line) is root.findall(f"{{{_CAC}}}InvoiceLine")[1]
    assert element_at(root, top + line + "/@id") is root.findall(f"{{{_CAC}}}InvoiceLine")[1]
    assert element_at(root, top + far) is None
    assert element_at(root, line) is None


@pytest.mark.parametrize("location", ["", "/", "/a", "//x", "/*[1]", "doc('x')", "/Q{}Invoice[1]"])
def test_any_other_location_names_nothing(location: str) -> None:
    assert element_at(read_tree(UBL), location) is None


def test_what_only_the_official_rules_entitle_to_refuse_is_refused() -> None:
    """Of an invoice whose profile is unknown, ours tell a fault and do not refuse for it."""
    ours = Finding("BR-01", "fatal", "", "", "", 0, "Unser", "", refusal=False)
    report = Report(Verdict.TO_CLARIFY, "unbekannt", "ubl-invoice", (ours,), None)

    judged = compared(report, result(OfficialFinding("BR-01", "fatal", "Amtlich")))

    assert judged.verdict is Verdict.OBJECTED
    assert [(f.text, f.refusal) for f in judged.findings] == [("Unser", False), ("Amtlich", True)]
