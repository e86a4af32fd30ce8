"""What the bindings allow of UBL and CII: the tables, the walk, the rules that are functions."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from lxml import etree

from invoice import syntax
from invoice.checking import check_invoice
from invoice.elements import clark
from invoice.model import Syntax
from invoice.syntax.walk import syntax_faults

SAMPLES = Path(__file__).parent / "samples"
UBL = etree.parse(str(SAMPLES / "ubl_tiefbau.xml")).getroot()
CII = etree.parse(str(SAMPLES / "cii_jugendamt.xml")).getroot()
TABLES = Path(syntax.__file__).parent


def copy(root: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(root))


def put(root: etree._Element, path: str, text: str = "x", *, again: bool = False) -> etree._Element:
    """The element at this path; what is missing on the way is added."""
    element, names = root, [name for name in path.split("/") if name]
    for position, name in enumerate(names, start=1):
        below = element.find(clark(name))
        if below is None or (again and position == len(names)):
            below = etree.SubElement(element, clark(name))
            below.text = text
        element = below
    return element


def broken(root: etree._Element, kind: Syntax = "ubl-invoice") -> set[str]:
    return {fault.rule.id for fault in syntax_faults(root, kind)}


def test_a_usual_invoice_breaks_no_rule() -> None:
    assert broken(UBL) == set()
    assert broken(CII, "cii") == set()


@pytest.mark.parametrize("table", ["ubl", "cii"])
def test_each_row_of_a_table_is_broken_by_what_it_names(table: str) -> None:
    source, kind = (UBL, "ubl-invoice") if table == "ubl" else (CII, "cii")
    with (TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    silent = []

    for row in rows:
        if row["context"].startswith("//*"):
            continue  # an ending names no element; see below
        root = copy(source)
        first, *rest = row["path"].split("/")
        context = row["context"].strip("/")
        path = "/".join(filter(None, [context, first.split("|")[0], *rest]))
        path, _, attribute = path.partition("@")
        for again in (False, True) if row["test"] == "one" else (False,):
            element = put(root, path, again=again)
            if attribute:
                element.set(attribute, "x")
        if row["id"] not in broken(root, kind):  # type: ignore[arg-type]
            silent.append(row["id"])

    assert silent == []


@pytest.mark.parametrize(
    ("name", "attribute", "rule"),
    [
        ("cbc:Note", "languageID", "UBL-DT-19"),
        ("cbc:Note", "name", "UBL-DT-18"),
        ("cbc:DocumentCurrencyCode", "listAgencyID", "UBL-DT-28"),
    ],
)
def test_an_attribute_that_is_used_nowhere_is_named(name: str, attribute: str, rule: str) -> None:
    root = copy(UBL)
    put(root, name).set(attribute, "x")

    (fault,) = syntax_faults(root, "ubl-invoice")

    assert (fault.rule.id, fault.attribute or attribute) == (rule, attribute)


def test_the_payment_means_may_be_named() -> None:
    root = copy(UBL)
    put(root, "cac:PaymentMeans/cbc:PaymentMeansCode").set("name", "Überweisung")

    assert "UBL-DT-18" not in broken(root)


def test_once_counts_in_each_context_for_itself() -> None:
    root = copy(UBL)
    for line in root.findall(clark("cac:InvoiceLine")) or [put(root, "cac:InvoiceLine")]:
        put(line, "cbc:Note")
    assert "UBL-SR-34" not in broken(root)

    put(root, "cac:InvoiceLine/cbc:Note", again=True)

    assert "UBL-SR-34" in broken(root)


def test_an_element_is_asked_by_the_first_context_alone() -> None:
    root = copy(CII)
    number = put(root, "rsm:ExchangedDocument/ram:ID")
    number.set("schemeName", "x")

    assert broken(root, "cii") == {"CII-DT-001"}


def test_an_ending_stands_for_all_names_that_end_so() -> None:
    root = copy(CII)
    agreement = "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement"
    put(root, f"{agreement}/ram:BuyerOrderReferencedDocument/ram:StatusCode")

    assert "CII-DT-016" in broken(root, "cii")


def test_units_of_ten_thousand_lines_take_linear_time() -> None:
    root = copy(CII)
    line = root.find(f".//{clark('ram:IncludedSupplyChainTradeLineItem')}")
    assert line is not None
    for unit in root.iter(clark("ram:BilledQuantity")):
        del unit.attrib["unitCode"]
    put(line, "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:BasisQuantity")
    for quantity in line.iter(clark("ram:BasisQuantity")):
        quantity.set("unitCode", "H87")
    above, source = line.getparent(), etree.tostring(line)
    assert above is not None
    for _ in range(10_000):
        above.insert(0, etree.fromstring(source))

    assert "CII-DT-033" in broken(root, "cii")  # the test's time limit stops a quadratic walk


def test_a_finding_says_what_where_and_what_to_do() -> None:
    root = copy(UBL)
    put(root, "cbc:UUID", "123")

    report = check_invoice(etree.tostring(root))

    (finding,) = [f for f in report.findings if f.rule.startswith("UBL-CR")]
    assert "cbc:UUID" in finding.text
    assert finding.hint
    assert finding.path.endswith("/cbc:UUID")
    assert (finding.severity, finding.refusal) == ("warning", False)
