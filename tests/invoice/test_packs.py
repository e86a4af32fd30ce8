"""Next year's rules stand beside this year's: the invoice's date says which of them judge it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from invoice.checking import Basis, check_invoice
from invoice.profiles import XRECHNUNG_EXTENSION, Profile
from invoice.rules import packs
from invoice.rules.packs import AUTUMN_2026, FIRST, PACKS, SUMMER_2025, pack_on
from invoice.syntax.walk import book_of

SAMPLES = Path(__file__).parent / "samples"
UBL = (SAMPLES / "ubl_tiefbau.xml").read_bytes()
CII = (SAMPLES / "cii_jugendamt.xml").read_bytes()
ISSUED = b"<cbc:IssueDate>2026-11-02</cbc:IssueDate>"
LINK = (
    b"<cac:AdditionalDocumentReference><cbc:ID>Plan</cbc:ID><cac:Attachment><cac:ExternalReference>"
    b"<cbc:URI>www.example.de/plan.pdf</cbc:URI></cac:ExternalReference></cac:Attachment>"
    b"</cac:AdditionalDocumentReference><cac:AccountingSupplierParty>"
)
NEXT = AUTUMN_2026.code_lists.followed_by(
    "EN 16931 1.4.0",
    adds={"units": "X0X", "classifications": "QQQ", "vat_prefixes": "QQ"},
    drops={"units": "HUR", "currencies": "EUR", "vat_prefixes": "DE"},
)
LATER = replace(AUTUMN_2026, valid_from=date(2027, 2, 1), name="Frühjahr 2027", code_lists=NEXT)
"""Made up: a pack that changes nothing but codes."""
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
    assert pack_on(SUMMER_2025.valid_from - timedelta(days=1)) is FIRST
    assert pack_on(AUTUMN_2026.valid_from - timedelta(days=1)) is SUMMER_2025
    assert pack_on(None) is PACKS[-1]
    assert all(pack.name and pack.code_lists.edition for pack in PACKS)


def test_a_pack_may_drop_a_rule_and_the_earlier_one_keeps_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = tuple(rule for rule in AUTUMN_2026.xrechnung if rule.id != "BR-TMP-2")
    later = replace(AUTUMN_2026, valid_from=date(2027, 2, 1), xrechnung=kept)
    monkeypatch.setattr(packs, "PACKS", (*PACKS, later))

    assert check_invoice(issued("2027-02-01")).findings == ()
    assert check_invoice(issued("2027-01-31")).findings != ()


SUBLINE = (
    b'<cac:SubInvoiceLine><cbc:ID>1.1</cbc:ID><cbc:InvoicedQuantity unitCode="HUR">1'
    b'</cbc:InvoicedQuantity><cbc:LineExtensionAmount currencyID="EUR">0</cbc:LineExtensionAmount>'
    b"<cac:Item><cbc:Name>Teil</cbc:Name></cac:Item></cac:SubInvoiceLine></cac:InvoiceLine>"
)


@pytest.mark.parametrize(("day", "severity"), [("2025-07-09", "warning"), ("2025-07-10", "fatal")])
def test_lines_below_lines_are_for_the_extension_alone(day: str, severity: str) -> None:
    data = UBL.replace(ISSUED, f"<cbc:IssueDate>{day}</cbc:IssueDate>".encode())

    report = check_invoice(data.replace(b"</cac:InvoiceLine>", SUBLINE, 1))

    found = next(f for f in report.findings if f.rule == "UBL-CR-646")
    assert found.severity == severity
    assert "nur die XRechnung Extension" in found.text
    assert "nicht gezeigt" not in found.hint


@pytest.mark.parametrize(
    ("written", "expected"),
    [(b"%s", {"BR-DEX-02", "BR-DEX-03"}), (b"%s ", {"BR-DE-21"}), (b"%s.1", {"BR-DE-21"})],
    ids=["exact", "with a blank", "another edition"],
)
def test_the_rules_of_the_extension_bind_only_where_it_is_named_to_the_character(
    written: bytes, expected: set[str]
) -> None:
    named = written % XRECHNUNG_EXTENSION.encode()
    data = UBL.replace(b"</cac:InvoiceLine>", SUBLINE, 1)
    data = re.sub(rb"(<cbc:CustomizationID>)[^<]*", rb"\g<1>" + named, data)

    report = check_invoice(data)

    assert report.profile == "XRechnung Extension"
    fired = {f.rule for f in report.findings}
    assert {rule for rule in fired if rule.startswith("BR-DEX") or rule == "BR-DE-21"} == expected


@pytest.mark.parametrize(
    ("data", "old", "new", "rule"),
    [
        (UBL, rb"(<cbc:DueDate>[^<]+)", rb"\1Z", "BR-TMP-6"),
        (CII, rb'<udt:DateTimeString format="102">', rb"<udt:DateTimeString>", "BR-TMP-7"),
        (CII, rb"(<ram:SellerOrderReferencedDocument>|<ram:BuyerOrderReferencedDocument>)",
         rb"<ram:AdditionalReferencedDocument><ram:IssuerAssignedID>1</ram:IssuerAssignedID>"
         rb"<ram:TypeCode>916</ram:TypeCode><ram:Name>A</ram:Name><ram:Name>B</ram:Name>"
         rb"</ram:AdditionalReferencedDocument>\1", "BR-TMP-4"),
    ],
)  # fmt: skip
def test_what_xrechnung_asks_for_the_time_being_warns_from_autumn_2026_on(
    data: bytes, old: bytes, new: bytes, rule: str
) -> None:
    changed = re.sub(old, new, data, count=1)

    before = check_invoice(changed, on=AUTUMN_2026.valid_from - timedelta(days=1))
    after = check_invoice(changed, on=AUTUMN_2026.valid_from)

    assert changed != data
    assert rule not in {f.rule for f in before.findings}
    assert {f.rule: f.severity for f in after.findings}[rule] == "warning"


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: str(pack.valid_from))
def test_whatever_a_pack_weighs_otherwise_is_a_rule_of_it(pack: packs.Pack) -> None:
    known = {rule.id for profile in Profile for rule in pack.rules_of(profile)}
    known |= {rule for syntax in ("ubl-invoice", "cii") for rule in book_of(syntax).rules}

    assert {rule for _, rule in pack.overrides} <= known


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "PACKS", (*PACKS, LATER))


def dated(day: str, unit: bytes = b"HUR") -> set[str]:
    """The rules that a sound invoice of this day breaks."""
    data = UBL.replace(ISSUED, f"<cbc:IssueDate>{day}</cbc:IssueDate>".encode())
    assert b'unitCode="HUR"' in data
    found = check_invoice(data.replace(b'unitCode="HUR"', b'unitCode="%b"' % unit)).findings
    return {finding.rule for finding in found}


@pytest.mark.usefixtures("later")
def test_a_code_that_a_later_edition_drops_is_still_accepted_for_an_earlier_invoice() -> None:
    assert dated("2027-01-31") == set()
    assert dated("2027-02-01") == {
        "BR-CL-03", "BR-CL-04", "BR-CL-23", "BR-CO-09",
    }  # fmt: skip


@pytest.mark.usefixtures("later")
def test_a_code_that_a_later_edition_adds_is_not_yet_accepted_for_an_earlier_invoice() -> None:
    assert "BR-CL-23" in dated("2027-01-31", b"X0X")
    assert "BR-CL-23" not in dated("2027-02-01", b"X0X")


def test_an_edition_states_only_what_it_changes() -> None:
    assert NEXT["units"] == FIRST.code_lists["units"] - {"HUR"} | {"X0X"}
    assert NEXT["countries_ubl"] is FIRST.code_lists["countries_ubl"]
    assert " QQ " in NEXT.spaced("vat_prefixes")
    assert " DE " in FIRST.code_lists.spaced("vat_prefixes")


def test_an_edition_that_drops_a_code_that_was_never_there_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="HUR"):
        NEXT.followed_by("EN 16931 1.5.0", drops={"units": "HUR"})


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("profile", list(Profile))
def test_every_rule_of_a_pack_asks_the_code_lists_of_that_pack(profile: Profile) -> None:
    assert all(not rule.asks for rule in LATER.rules_of(profile))
    assert LATER.rules_of(profile) is LATER.rules_of(profile)  # bound once, not for each invoice


@pytest.mark.usefixtures("later")
def test_a_report_names_the_pack_and_the_edition_of_the_code_lists() -> None:
    early, late = check_invoice(issued("2027-01-31")), check_invoice(issued("2027-02-01"))

    assert early.basis == Basis(AUTUMN_2026.name, date(2026, 8, 31), "EN 16931 1.3.16")
    assert late.as_json()["basis"] == {
        "pack": "Frühjahr 2027",
        "valid_from": "2027-02-01",
        "code_lists": "EN 16931 1.4.0",
        "official": None,
    }


@pytest.mark.usefixtures("later")
def test_an_invoice_without_a_date_is_judged_by_the_day_on_which_it_came() -> None:
    undated = UBL.replace(ISSUED, b"")

    assert ISSUED in UBL
    early = check_invoice(undated, received_on=date(2027, 1, 31))
    late = check_invoice(undated, received_on=date(2027, 2, 1))
    dated = check_invoice(UBL, received_on=date(2027, 2, 1))
    assert [each.basis.pack for each in (early, late, dated) if each.basis] == [
        AUTUMN_2026.name, "Frühjahr 2027", AUTUMN_2026.name,
    ]  # fmt: skip


@pytest.mark.usefixtures("later")
def test_the_code_lists_bind_in_both_syntaxes() -> None:
    issued = b'<udt:DateTimeString format="102">20261105</udt:DateTimeString>'
    assert CII.count(issued) >= 1, "the sample has another date"

    late = CII.replace(issued, issued.replace(b"20261105", b"20270205"), 1)

    assert check_invoice(CII).basis != check_invoice(late).basis
    assert "BR-CL-04" not in {f.rule for f in check_invoice(CII).findings}
    assert "BR-CL-04" in {f.rule for f in check_invoice(late).findings}
