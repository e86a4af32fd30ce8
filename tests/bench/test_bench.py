"""Every program of `bench/` runs: its figures here mean nothing, its columns do."""

from __future__ import annotations

import json

import pytest

from bench.__main__ import FIGURES, main

WORDS = {
    "machine": "SpiffWorkflow, µs",
    "expressions": "µs",
    "second_opinion": "right: x",
    "engine": "instances/s",
    "inbox": "p95 ms",
    "http": "requests/s",
    "startup": "start-up s",
    "invoices": "a CPU second",
    "invoice_rules": "differences",
    "invoice_turns": "ratio",
    "official_rules": "value",
    "ledger": "a CPU second",
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_measured_and_printed_as_json(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main([name, "--quick", "--json"])

    answer = json.loads(capsys.readouterr().out)

    tables = answer["figures"][name]
    assert answer["machine"]
    assert all(table["rows"] for table in tables)
    assert WORDS[name] in tables[0]["rows"][0]


def test_tables_are_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    main(["ledger", "--quick", "--sqlite"])

    printed = capsys.readouterr().out

    assert "`python -m bench ledger --quick --sqlite`" in printed
    assert "| entries verified |" in printed


def test_an_unknown_figure_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["speed"])

    assert "inbox" in capsys.readouterr().err
