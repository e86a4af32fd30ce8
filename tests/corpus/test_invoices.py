"""The official instances and labels. They lie outside the project; see docs for where."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from invoice.checking import check_invoice
from invoice.parsing import parse_invoice
from invoice.rules import ALL

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


def test_each_label_of_a_rule_that_we_have_agrees() -> None:
    ours = {rule.id for rule in ALL}
    wrong = []

    for case in _labels():
        fired = {f.rule for f in check_invoice(case["xml"].encode()).findings}
        for rule, must_fire in case["fires"].items():
            if rule in ours and (rule in fired) is not must_fire:
                wrong.append((case["origin"], case["syntax"], rule, must_fire))

    assert wrong == []


def _labels() -> Iterator[dict[str, Any]]:
    with gzip.open(LABELS, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
