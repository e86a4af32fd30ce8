"""Laws that hold for all values: arithmetic, logic, and what no text may do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.feel import compile_feel, evaluate_feel
from bpmn.feel.temporal import print_duration, read_duration
from bpmn.values import ARITHMETIC, Value, decode, encode

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20), st.decimals(-(10**9), 10**9, places=6).map(Decimal.normalize)
)
TRUTH = st.sampled_from([True, False, None])
OPERANDS = ["a", "b", "1", "2.5", '"x"', "null", "true", "?", "item", "partial", '@"P1D"', "number"]
MARKS = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    ".",
    "..",
    "+",
    "-",
    "*",
    "/",
    "**",
    "=",
    "<",
    ">=",
]
VERBS = ["and", "or", "in", "between", "if", "then", "else", "for", "return", "some", "satisfies"]
CALLS = ["not(", "function(", "count(", "sum(", "date and time(", "instance of", "list<"]
WORDS = st.lists(st.sampled_from(OPERANDS + MARKS + VERBS + CALLS), max_size=14).map(" ".join)

_sum = compile_feel("[x + y, x - y, x * y, x < y, x = y, -x]")
_logic = compile_feel("[x and y, not(not(x) or not(y)), x or y, not(not(x) and not(y))]")


@given(NUMBERS, NUMBERS)
def test_arithmetic_is_that_of_34_digits(x: int | Decimal, y: int | Decimal) -> None:
    result = _sum({"x": x, "y": y}, NOW)

    a, b = Decimal(x), Decimal(y)
    assert result == [
        ARITHMETIC.add(a, b),
        ARITHMETIC.subtract(a, b),
        ARITHMETIC.multiply(a, b),
        a < b,
        a == b,
        a.copy_negate(),
    ]


@given(TRUTH, TRUTH)
def test_de_morgan_holds_in_three_valued_logic(x: Value, y: Value) -> None:
    first, second, third, fourth = _logic({"x": x, "y": y}, NOW)  # type: ignore[misc, union-attr]

    assert first is second
    assert third is fourth


@given(st.timedeltas())
def test_a_duration_survives_being_printed_and_read(length: timedelta) -> None:
    assert read_duration(print_duration(length)) == length


@given(WORDS)
def test_any_text_is_refused_fails_or_gives_a_value(text: str) -> None:
    try:
        value = evaluate_feel(text, {"a": 1, "b": [1, {"a": 2}]}, NOW)
    except (ExpressionRefused, ExpressionFailed):
        return

    assert decode(encode(value)) == value


@given(st.text(max_size=30))
def test_any_characters_are_refused_fail_or_give_a_value(text: str) -> None:
    try:
        evaluate_feel(text, {}, NOW)
    except (ExpressionRefused, ExpressionFailed):
        return
