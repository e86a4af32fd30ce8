"""Models as offices draw them, with results computed by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.bpmn.dmn.drawing import (
    allowed,
    component,
    considered,
    considered_with,
    context,
    decision,
    input_data,
    invocation,
    item,
    knowledge,
    literal,
    model,
    service,
    text,
)

Columns = tuple[tuple[str, str], ...]


def table(policy: str, inputs: Columns, outputs: Columns, *rules: str) -> str:
    """Cells are parted by `|`; an output's second part are its values, if any, or its default."""
    made = [
        f'<input><inputExpression typeRef="{type_}"><text>{called}</text></inputExpression></input>'
        for called, type_ in inputs
    ]
    for name, values in outputs:
        kind = "defaultOutputEntry" if values.isdigit() else "outputValues"
        made.append(f'<output name="{name}">{text(kind, values) if values else ""}</output>')
    for rule in rules:
        cells = [cell.strip() for cell in rule.split("|")]
        made.append("<rule>")
        made += [text("inputEntry", cell) for cell in cells[: len(inputs)]]
        made += [text("outputEntry", cell) for cell in cells[len(inputs) :]]
        made.append("</rule>")
    return f"<decisionTable {policy}>{''.join(made)}</decisionTable>"


LOAN = model(
    item("tLoan", "", component("principal", "number") + component("rate", "number")),
    item(
        "tApplicant",
        "",
        component("age", "number")
        + component("monthly", "", component("income", "number") + component("costs", "number"))
        + component("work", "string", allowed('"EMPLOYED", "STUDENT"')),
    ),
    input_data("loan", "tLoan", "Requested loan"),
    input_data("person", "tApplicant", "Applicant data"),
    knowledge(
        "pmt",
        {"p": "number", "r": "number", "n": "number"},
        literal("(p * r / 12) / (1 - (1 + r / 12) ** -n)"),
        name="PMT",
        type_="number",
    ),
    decision(
        "rate",
        invocation("PMT", p="Requested loan.principal", r="Requested loan.rate", n="12"),
        "i:loan",
        "k:pmt",
        name="Monthly rate",
        type_="number",
    ),
    knowledge(
        "score",
        {"Age": "number", "Work": "string"},
        table(
            'hitPolicy="COLLECT" aggregation="SUM"',
            (("Age", "number"), ("Work", "string")),
            (("points", ""),),
            "[18..26) | - | 22",
            ">= 26 | - | 35",
            '- | "EMPLOYED" | 45',
            '- | "STUDENT" | 18',
        ),
    ),
    decision(
        "points",
        invocation("score", Age="Applicant data.age", Work="Applicant data.work"),
        "i:person",
        "k:score",
        name="Points",
    ),
    decision(
        "routing",
        context(
            ("Left over", literal("Applicant data.monthly.income - Applicant data.monthly.costs")),
            ("Affordable", literal("Left over / 2 > Monthly rate")),
            (
                "",
                table(
                    'hitPolicy="PRIORITY"',
                    (("Affordable", "boolean"), ("Points", "number")),
                    (("way", '"DECLINE", "REFER", "ACCEPT"'),),
                    '- | - | "ACCEPT"',
                    '- | < 60 | "REFER"',
                    'false | - | "DECLINE"',
                ),
            ),
        ),
        "i:person",
        "d:rate",
        "d:points",
        name="Routing",
    ),
    service(
        "Origination",
        outputs=("routing", "rate"),
        encapsulated=("points",),
        data=("person", "loan"),
    ),
)


@pytest.mark.parametrize(
    ("age", "work", "income", "way"),
    [
        (30, "EMPLOYED", 9000, "ACCEPT"),
        (19, "STUDENT", 9000, "REFER"),
        (30, "EMPLOYED", 4000, "DECLINE"),
        (19, "STUDENT", 4000, "DECLINE"),
    ],
)
def test_a_loan_is_routed(age: int, work: str, income: int, way: str) -> None:
    given = {
        "Requested loan": {"principal": 12_000, "rate": Decimal("0.12")},
        "Applicant data": {"age": age, "work": work, "monthly": {"income": income, "costs": 2000}},
    }

    outcome = considered_with(LOAN, "Origination", given)

    assert outcome.value["Routing"] == way
    assert round(outcome.value["Monthly rate"], 2) == Decimal("1066.19")
    assert outcome.warnings == ()


def _days(name: str, policy: str, *rules: str) -> str:
    inputs = (("Age", "number"), ("Years of Service", "number"))
    made = table(f'hitPolicy="{policy}"', inputs, (("days", "0"),), *rules)
    return decision(name.replace(" ", ""), made, "i:age", "i:years", name=name)


HOLIDAYS = model(
    input_data("age", "number", "Age"),
    input_data("years", "number", "Years of Service"),
    _days("Extra 1", "UNIQUE", "< 18 | - | 5", ">= 60 | - | 5", "[18..60) | >= 30 | 5"),
    _days("Extra 2", "FIRST", "- | >= 30 | 3", ">= 60 | - | 3"),
    _days("Extra 3", "ANY", "- | [15..30) | 2", ">= 45 | - | 2"),
    decision(
        "total",
        literal("22 + max([Extra 1, Extra 3]) + Extra 2"),
        "d:Extra1",
        "d:Extra2",
        "d:Extra3",
        name="Total",
        type_="number",
    ),
)


@pytest.mark.parametrize(
    ("age", "years", "days"),
    [(16, 1, 27), (25, 5, 22), (25, 20, 24), (44, 30, 30), (50, 30, 30), (60, 20, 30), (45, 5, 24)],
)
def test_days_of_holidays_are_counted(age: int, years: int, days: int) -> None:
    outcome = considered_with(HOLIDAYS, "Total", {"Age": age, "Years of Service": years})

    assert outcome.value == days
    assert outcome.warnings == ()


TARIFF = model(
    input_data("day", "date"),
    input_data("weight", "number", "Weight (kg)"),
    decision(
        "season",
        table(
            "",
            (("day", "date"),),
            (("name", ""),),
            '[date("2026-01-01")..date("2026-03-31")] | "winter"',
            '(@"2026-03-31"..@"2026-09-30"] | "summer"',
            '> date("2026-09-30") | "autumn"',
        ),
        "i:day",
    ),
    decision(
        "rate",
        table(
            "",
            (("season", "string"), ("Weight (kg)", "number")),
            (("base", ""), ("per kg", "")),
            '"winter", "autumn" | <= 5 | 4.90 | 0',
            'not("summer") | > 5 | 4.90 | 0.35',
            '"summer" | - | 3.90 | 0.30',
        ),
        "d:season",
        "i:weight",
    ),
    decision(
        "price",
        literal("rate.base + rate.per kg * max(Weight (kg) - 5, 0)"),
        "d:rate",
        "i:weight",
    ),
)


@pytest.mark.parametrize(
    ("day", "weight", "price"),
    [
        ("2026-02-10", 4, Decimal("4.90")),
        ("2026-03-31", 8, Decimal("5.95")),
        ("2026-04-01", 10, Decimal("5.40")),
        ("2026-10-01", 5, Decimal("4.90")),
        ("2025-12-31", 5, None),
    ],
)
def test_a_tariff_depends_on_day_and_weight(day: str, weight: int, price: Any) -> None:
    outcome = considered_with(TARIFF, "price", {"day": day, "Weight (kg)": weight})

    assert outcome.value == price


ORDER = model(
    item(
        "tLines",
        "",
        component("sku", "string") + component("qty", "number") + component("unit price", "number"),
        collection=True,
    ),
    input_data("lines", "tLines", "Lines"),
    knowledge(
        "discount",
        {"q": "number"},
        table("", (("q", "number"),), (("d", ""),), "< 10|0", "[10..100)|0.05", ">= 100|0.1"),
        type_="number",
    ),
    decision(
        "total",
        literal("sum(for l in Lines return l.qty * l.unit price * (1 - discount(l.qty)))"),
        "i:lines",
        "k:discount",
    ),
    decision(
        "sorted",
        literal("sort(Lines, function(a, b) a.unit price > b.unit price).sku"),
        "i:lines",
    ),
    decision(
        "grouped",
        f'<for iteratorVariable="s"><in>{literal("distinct values(Lines.sku)")}</in><return>'
        + context(("sku", literal("s")), ("n", literal("sum(Lines[sku = s].qty)")))
        + "</return></for>",
        "i:lines",
    ),
)
LINES = [
    {"sku": "a", "qty": 5, "unit price": 10},
    {"sku": "b", "qty": 20, "unit price": 2},
    {"sku": "a", "qty": 100, "unit price": 1},
]


@pytest.mark.parametrize(
    ("called", "lines", "result"),
    [
        ("total", LINES, 178),
        ("total", LINES[0], 50),
        ("total", [], None),
        ("sorted", LINES, ["a", "b", "a"]),
        ("grouped", LINES, [{"sku": "a", "n": 105}, {"sku": "b", "n": 20}]),
    ],
)
def test_an_order_is_discounted_sorted_and_grouped(called: str, lines: Any, result: Any) -> None:
    outcome = considered(ORDER, called, Lines=lines)

    assert outcome.value == result
    assert not any(flaw.fault for flaw in outcome.warnings)
