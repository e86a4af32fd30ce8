"""Expressions, compiled once and evaluated: CPU time of each, the gateways' daily bread first."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime

from bench.machine import cpu_of
from bench.options import Options
from bench.report import Cell, Table
from bpmn.feel import compile_feel
from bpmn.juel import compile_juel
from bpmn.values import Variables

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
VARIABLES: Variables = {
    "amount": 150,
    "kind": "A",
    "day": datetime(2026, 11, 23, tzinfo=UTC),
    "rows": [{"net": net, "rate": 19} for net in range(1000)],
}
FEEL = (
    ('amount > 100 and kind = "A"', 2),
    ("if amount in [100..200) then amount * 1.19 else null", None),
    ('date(day) + @"P30D"', None),
    ("sum(rows[net > 500].net)", None),
    ("for r in rows return r.net * r.rate / 100", None),
)
JUEL = (("${amount > 100 && kind == 'A'}", None),)


def measure(options: Options) -> list[dict[str, Cell]]:
    rounds, seconds = (1, 0.02) if options.quick else (7, 0.25)
    rows: list[dict[str, Cell]] = []
    for texts, compiled in ((FEEL, compile_feel), (JUEL, compile_juel)):
        for text, goal in texts:
            evaluate = compiled(text)
            spent = [
                cpu_of(lambda run=evaluate: run(VARIABLES, NOW), seconds) for _ in range(rounds)
            ]
            rows.append({"expression": text, "µs": statistics.median(spent), "goal": goal})
    return rows


def run(options: Options) -> list[Table]:
    return [Table("Expressions, compiled", measure(options))]
