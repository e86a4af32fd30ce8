"""Laws that hold for all values: arithmetic, logic, and what no text may do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.feel import Run, compile_expression, compile_feel, evaluate_feel
from bpmn.feel.builtins.conversion import print_value
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


@given(WORDS)
def test_a_lenient_text_is_refused_stopped_or_gives_a_value_with_reasons(text: str) -> None:
    variables: dict[str, Value] = {"a": 1, "b": [1, {"a": 2}]}
    try:
        compiled = compile_expression(text, variables)
        value = compiled.value(variables, Run(NOW))
    except (ExpressionRefused, ExpressionFailed):
        return

    reasons = compiled.reasons(variables, NOW)

    assert value is not None or reasons or not compiled.faults
    assert all(0 <= reason.position <= len(text) for reason in reasons)


SIGNS = st.text(alphabet="ab1 -+*/.'äß🐎", min_size=1, max_size=8)


@given(SIGNS)
def test_a_name_with_signs_means_the_value_it_names(signs: str) -> None:
    name = " ".join(f"x{signs}y".split())
    try:
        value = evaluate_feel(name, {name: 1}, NOW)
    except ExpressionRefused:
        assert "//" in name or "/*" in name or "1" in name  # a comment, or a number's own sign
        return

    assert value == 1 or "//" in name or "/*" in name


PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(PLAIN)
def test_a_value_is_read_as_it_is_printed(value: Value) -> None:
    printed = print_value(value, quoted=True)

    assert evaluate_feel(printed, {}, NOW) == value


@given(st.lists(NUMBERS, min_size=1, max_size=8))
def test_lists_keep_their_laws(items: list[int | Decimal]) -> None:
    found = _of_list({"items": items}, NOW)

    assert found == [True] * 8


_of_list = compile_feel(
    "[reverse(reverse(items)) = items, count(items) = count(sort(items, function(a, b) a < b)),"
    " min(items) <= max(items), sort(items, function(a, b) a < b)[1] = min(items),"
    " every x in items satisfies list contains(items, x),"
    " concatenate(sublist(items, 1, 1), remove(items, 1)) = items,"
    " count(distinct values(items)) <= count(items), flatten([items, [items]])[-1] = items[-1]]"
)


@given(st.text(max_size=30))
def test_any_characters_are_refused_fail_or_give_a_value(text: str) -> None:
    try:
        evaluate_feel(text, {}, NOW)
    except (ExpressionRefused, ExpressionFailed):
        return
