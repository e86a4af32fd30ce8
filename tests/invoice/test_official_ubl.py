"""Our rules and the official sheet of EN 16931 for UBL name the same faults of an invoice."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.invoice_rules import Comparison
from bench.mutations import mutated
from bench.official_sheets import Sheet, sheet_files

SAMPLE = (Path(__file__).parent / "samples" / "ubl_tiefbau.xml").read_bytes()


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return Sheet(sheet_files("ubl")[0])


def test_the_sheet_finds_nothing_in_the_sample_that_the_faults_are_put_in(sheet: Sheet) -> None:
    assert sheet.fired(SAMPLE.decode()) == set()
    assert len(sheet.rules) > 800


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_fault_is_put_in_both_name_the_same_rules(sheet: Sheet, seed: int) -> None:
    found = Comparison()

    for data in mutated([SAMPLE], seed, 400):
        found.add(data, sheet)

    assert not found.differences
    assert found.compared > 120
    assert len(found.fired) > 40


def test_the_same_seed_puts_in_the_same_faults() -> None:
    assert list(mutated([SAMPLE], 7, 20)) == list(mutated([SAMPLE], 7, 20))
    assert list(mutated([SAMPLE], 7, 20)) != list(mutated([SAMPLE], 8, 20))
