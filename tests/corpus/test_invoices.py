"""The official instances and labels. They lie outside the project; see docs for where."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from bench.mutations import mutated
from invoice.checking import check_invoice
from invoice.parsing import parse_invoice
from invoice.rendering import invoice_html
from invoice.rules import ALL
from invoice.syntax.walk import book_of

CORPUS = Path(
    os.environ.get("AMTSGANG_CORPUS") or Path(__file__).parents[2] / ".." / "shared" / "data"
)
INSTANCES = sorted((CORPUS / "xrechnung").glob("*.xml"))
LABELS = CORPUS / "rules" / "labels.jsonl.gz"

pytestmark = pytest.mark.corpus


@pytest.mark.parametrize("path", INSTANCES, ids=lambda p: p.name)
def test_an_official_instance_has_no_fatal_finding(path: Path) -> None:
    report = check_invoice(path.read_bytes())

    assert report.invoice is not None
    assert [f for f in report.findings if f.severity == "fatal"] == []


def _twins() -> Iterator[tuple[Path, Path]]:
    for path in INSTANCES:
        other = path.with_name(path.name.replace("_ubl.xml", "_uncefact.xml"))
        if other != path and other in INSTANCES:
            yield path, other


@pytest.mark.parametrize(("ubl", "cii"), list(_twins()), ids=lambda p: p.name)
def test_the_same_invoice_in_both_syntaxes_is_one_model(ubl: Path, cii: Path) -> None:
    assert parse_invoice(ubl.read_bytes()) == parse_invoice(cii.read_bytes())


def test_each_label_agrees() -> None:
    wrong = []

    for case in _labels():
        fired = {f.rule for f in check_invoice(case["xml"].encode()).findings}
        for rule, must_fire in case["fires"].items():
            if (rule in fired) is not must_fire:
                wrong.append((case["origin"], case["syntax"], rule, must_fire))

    assert wrong == []


def test_each_finding_leads_to_a_field_that_is_on_the_page() -> None:
    documents = [case["xml"].encode() for case in _labels()]
    documents += mutated([path.read_bytes() for path in INSTANCES], seed=7, count=300)
    astray = []

    for data in documents:
        report = check_invoice(data)
        if report.invoice is None:
            continue
        page = html.fromstring(invoice_html(report.invoice, report.findings))
        ids = page.xpath("//@id")
        targets = [str(href)[1:] for href in page.xpath("//li/p[1]/a/@href")]
        assert len(ids) == len(set(ids))
        assert len(targets) == len(report.findings)
        astray += sorted(set(targets) - set(ids))

    assert astray == []


ALWAYS_TRUE = {"BR-CO-05", "BR-CO-06", "BR-CO-07", "BR-CO-08"}
"""Rules that the standard words and whose official test is `true()`: nothing can break them."""
NEVER_ASKED = {"CII-DT-010", "CII-DT-011", "CII-DT-012"}
"""An earlier context of the same pattern takes their element: the official sheet never asks."""


@pytest.mark.parametrize("syntax", ["ubl", "cii"])
def test_each_rule_of_the_catalogue_is_ours(syntax: str) -> None:
    catalogue = json.loads((CORPUS / "rules" / "catalogue.json").read_text(encoding="utf-8"))
    book = book_of("cii" if syntax == "cii" else "ubl-invoice")
    ours = {rule.id for rule in ALL} | set(book.rules)

    theirs = {rule["id"] for rule in catalogue if rule["syntax"] == syntax}

    assert theirs - ours == ALWAYS_TRUE | (NEVER_ASKED if syntax == "cii" else set())


def _labels() -> Iterator[dict[str, Any]]:
    with gzip.open(LABELS, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
