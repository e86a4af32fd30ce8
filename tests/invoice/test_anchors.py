"""Every finding leads to its field on the page, or to the nearest group that is there."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html

import invoice.syntax
from invoice.checking import Finding, check_invoice, finding_of
from invoice.elements import clark
from invoice.model import Invoice
from invoice.parsing import parse_invoice
from invoice.profiles import Profile
from invoice.rendering import invoice_html
from invoice.rules.packs import pack_on
from invoice.rules.rule import Rule
from tests.invoice import every_term

TABLES = Path(invoice.syntax.__file__).parent
RULES = {rule.id: rule for profile in Profile for rule in pack_on(None).rules_of(profile)}
BOTH = {"UBL": every_term.ubl, "CII": every_term.cii}


def _page(found: Invoice, findings: Sequence[Finding]) -> html.HtmlElement:
    return html.fromstring(invoice_html(found, findings))


def _targets(page: html.HtmlElement) -> list[str]:
    """Where the findings lead, in their order on the page."""
    links = page.xpath("//li[starts-with(@id, 'befund-')]/p[1]/a/@href")
    return [str(href).removeprefix("#") for href in links]


def _breaches(rule: Rule, found: Invoice) -> list[Finding]:
    """What would be told if the invoice broke the rule."""
    return [finding_of(rule, subject, found, "fatal", refusal=True) for subject in rule.on(found)]


@pytest.mark.parametrize("syntax", BOTH)
def test_a_breach_of_any_rule_leads_to_the_field_that_it_names(syntax: str) -> None:
    found = parse_invoice(BOTH[syntax]())
    findings = [each for rule in RULES.values() for each in _breaches(rule, found)]

    page = _page(found, findings)

    ids, astray = set(page.xpath("//@id")), []
    for finding, target in zip(findings, _targets(page), strict=True):
        named = finding.place.removesuffix("-1").lower()
        group_of_line = named in ("bg-26", "bg-29", "bg-30", "bg-31")
        if target not in ids or (named not in target and named[:2] == "bt" and not group_of_line):
            astray.append((finding.rule, finding.place, target))
    assert len({finding.rule for finding in findings}) > 150
    assert astray == []


@pytest.mark.parametrize("syntax", BOTH)
def test_the_field_that_a_finding_leads_to_takes_the_focus_and_leads_back(syntax: str) -> None:
    found = parse_invoice(BOTH[syntax]())

    page = _page(found, _breaches(RULES["BR-CO-16"], found))

    (target,) = _targets(page)
    field = page.get_element_by_id(target)
    assert field.get("tabindex") == "-1"
    assert field.xpath(".//a/@href") == ["#befund-1"]


def _rows(table: str) -> Iterator[tuple[str, str]]:
    """Context and path of what is not used."""
    with (TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        rows: Any = csv.DictReader(file)
        for row in rows:
            if row["test"] == "no":
                yield row["context"], row["path"]


def _put(root: etree._Element, context: str, path: str) -> None:
    """Put what the rule forbids into the document, where there is such a context."""
    where = context.split(" | ", maxsplit=1)[0]
    steps = (
        "/".join(map(clark, where.strip("/").split("/")))
        if "*" not in where and where.strip("/")
        else ""
    )
    anywhere = ".//" if where.startswith("//") else "./"
    element = root if not where.strip("/") else root.find(anywhere + steps) if steps else None
    for step in path.split("/"):
        name = step.split("|")[0]
        if element is None:
            return
        if name.startswith("@"):
            element.set(name[1:], "1")
            return
        found = element.find(clark(name))
        element = etree.SubElement(element, clark(name)) if found is None else found


@pytest.mark.parametrize("table", ["ubl", "cii"])
def test_what_the_syntax_forbids_leads_to_the_group_that_it_stands_in(table: str) -> None:
    root = etree.fromstring(every_term.ubl() if table == "ubl" else every_term.cii())
    for context, path in _rows(table):
        _put(root, context, path)
    report = check_invoice(etree.tostring(root))
    assert report.invoice is not None

    page = _page(report.invoice, report.findings)

    told = {finding.rule for finding in report.findings if finding.klass == "Formatfehler"}
    assert len(told) > 400
    assert set(_targets(page)) <= set(page.xpath("//@id"))


@pytest.mark.parametrize("path", ["", "/", "/a", "//x", "/*[99999999]", "doc('x')"])
def test_a_path_that_names_nothing_leads_to_the_invoice(path: str) -> None:
    found = parse_invoice(every_term.ubl())
    told = Finding("X-1", "fatal", "Formatfehler", "", path, 0, "A", "B", refusal=True)

    assert _targets(_page(found, [told])) == ["rechnung"]


def test_a_path_of_the_schemas_reader_leads_to_its_line() -> None:
    data = every_term.ubl().replace(b"<cbc:Note>Wert BT-127", b"<cbc:Nichts/><cbc:Note>Wert BT-127")
    report = check_invoice(data)
    assert report.invoice is not None

    page = _page(report.invoice, [f for f in report.findings if f.rule == "XSD"])

    assert _targets(page) == ["position-1"]
