"""Names with spaces and signs (DMN 1.5 §10.3.1.2 to 5): the longest known one is meant."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bpmn.errors import ExpressionRefused
from bpmn.feel import Vocabulary, compile_feel, evaluate_feel
from bpmn.values import Value

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CONTEXT: dict[str, Value] = {
    "a": 7,
    "b": 2,
    "a-b": "name",
    "Profit and Loss": 10,
    "Profit": 1,
    "Route 66": 66,
    "Müller's Konto": 5,
    "x/y": 8,
    "p.q": 9,
    "c*": 4,
    "d+e": 3,
    "🐎": "horse",
    "date": "a date",
    "count": 3,
    "Antrag": {"Datum des Eingangs": 1, "Betrag (neu)": 2, "a-b": 3},
    "rows": [{"Netto-Betrag": 100}, {"Netto-Betrag": 200}],
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a-b", "name"),
        ("a - b", "name"),
        ("(a)-(b)", 5),
        ("b-a", -5),
        ("Profit and Loss + 1", 11),
        ("Profit   and\n Loss", 10),
        ("Profit = 1 and true", True),
        ("Route 66 / 66", 1),
        ("Müller's Konto * 2", 10),
        ("x/y + 1", 9),
        ("p.q + 1", 10),
        ("c* + 1", 5),
        ("d+e + 1", 4),
        ('🐎 + "s"', "horses"),
        ("Antrag.Datum des Eingangs + 1", 2),
        ("Antrag.`Betrag (neu)`", 2),
        ("Antrag.a-b", 3),
        ("`a-b`", "name"),
        ("rows.Netto-Betrag", [100, 200]),
        ("rows[Netto-Betrag > 100].Netto-Betrag", [200]),
        ("sum(rows.Netto-Betrag) + a", 307),
        ("{Netto Preis: 1, Brutto-Preis: Netto Preis + 1}.Brutto-Preis", 2),
        ('{"Netto Preis": 1}.Netto Preis', 1),
        ("{a b: 1}.a b + {a: 5}.a", 6),
        ("[{n m: 1}, {n m: 2}][n m = 2].n m", [2]),
        ("for x y in [1, 2], z in x y..2 return x y * z", [1, 2, 4]),
        ("some x-1 in [1] satisfies x-1 = 1", True),
        ("(function(first name, b) first name + b)(b: 1, first name: 2)", 3),
        ("date", "a date"),
        ('date("2026-01-01").year', 2026),
        ("count([1, 2]) + count", 5),
        ("{count: 1, c: count([1, 2])}.c", 2),
    ],
)
def test_the_longest_known_name_is_meant(text: str, value: object) -> None:
    assert evaluate_feel(text, CONTEXT, NOW) == value


def test_a_name_is_known_only_inside_its_scope() -> None:
    inside = evaluate_feel("{a-b: 1, c: a-b}.c", {"a": 5, "b": 3}, NOW)
    outside = evaluate_feel("[{a-b: 1, c: a-b}.c, a-b]", {"a": 5, "b": 3}, NOW)

    assert inside == 1
    assert outside == [1, 2]


def test_a_vocabulary_knows_names_fields_and_functions() -> None:
    words = Vocabulary(["Tarif Tabelle", "own function"], fields=["gültig ab"])

    field = compile_feel("Tarif Tabelle[gültig ab = 1].gültig ab", words)
    call = compile_feel("own function(1)", words)

    assert field({"Tarif Tabelle": [{"gültig ab": 1}]}, NOW) == [1]
    assert call({"own function": 1}, NOW) is None


@pytest.mark.parametrize(
    ("text", "position"),
    [("unknown name", 8), ("own function(1)", 4), ("{for: 1}", 1), ("{a: 1}.1", 6), ("`a", 0)],
)
def test_what_nobody_knows_is_refused_where_it_stands(text: str, position: int) -> None:
    with pytest.raises(ExpressionRefused) as refused:
        compile_feel(text)

    assert refused.value.position == position


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("is defined(a)", "value != null"),
        ("get or else(a, 1)", "if value != null"),
        ("trim(a)", "replace("),
        ("uuid()", "there is no function uuid"),
    ],
)
def test_a_function_of_another_engine_is_refused_with_what_to_write(
    text: str, instead: str
) -> None:
    with pytest.raises(ExpressionRefused) as refused:
        compile_feel(text)

    assert instead in str(refused.value)
