"""One invoice, written in UBL and in CII, is one model."""

from __future__ import annotations

from random import Random

import pytest

from invoice.parsing import parse_invoice
from invoice.schema import schema_faults
from tests.invoice.random_invoices import random_invoice
from tests.invoice.writing_cii import cii
from tests.invoice.writing_ubl import ubl


@pytest.mark.parametrize("hundred", [0, 1])
def test_two_hundred_random_invoices_read_equal_from_both_syntaxes(hundred: int) -> None:
    for seed in range(100 * hundred, 100 * (hundred + 1)):
        said = random_invoice(Random(seed))

        from_ubl, from_cii = parse_invoice(ubl(said)), parse_invoice(cii(said))

        assert from_ubl == from_cii, seed
        for invoice in (from_ubl, from_cii):
            assert invoice.source is not None
            assert schema_faults(invoice.source, invoice.syntax) == [], seed
        assert from_ubl.number == said["number"]
        assert [line.item.name for line in from_ubl.lines] == [x["name"] for x in said["lines"]]


def test_what_is_said_otherwise_is_another_model() -> None:
    dice = Random(1)
    said = random_invoice(dice)
    other = {**said, "lines": [{**said["lines"][0], "price": "4711.08"}, *said["lines"][1:]]}

    assert parse_invoice(ubl(said)) != parse_invoice(cii(other))
