"""Types: what conforms, what is converted (DMN 1.5 §10.3.2.9)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from bpmn.errors import ExpressionRefused
from bpmn.feel import (
    Range,
    Run,
    Type,
    Vocabulary,
    coerced,
    compile_expression,
    conforms,
    evaluate_feel,
    parse_type,
    print_type,
    type_of,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def parsed(text: str, words: Vocabulary | tuple[str, ...] = ()) -> Type:
    found = parse_type(text, words)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text",
    [
        "number",
        "Any",
        "date and time",
        "days and time duration",
        "list<number>",
        "list<list<context<a: string, b c: date>>>",
        "range<date>",
        "function<>->number",
        "function<number, string>->boolean",
        "function<function<Any>->Any>->list<Any>",
    ],
)
def test_a_type_is_printed_as_it_is_read(text: str) -> None:
    assert print_type(parsed(text)) == text


@pytest.mark.parametrize(
    "text", ["nothing", "list<", "list<number, string>", "number<string>", "context<number>", "a.b"]
)
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(ExpressionRefused):
        parse_type(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 instance of number", True),
        ("1.5 instance of number", True),
        ("true instance of number", False),
        ('"a" instance of string', True),
        ('@"2026-01-01" instance of date', True),
        ('@"2026-01-01" instance of date and time', False),
        ('@"20260-01-01" instance of date', True),
        ('@"10:00:00@Europe/Berlin" instance of time', True),
        ('@"P1D" instance of days and time duration', True),
        ('@"P1D" instance of years and months duration', False),
        ('@"P1D" instance of dayTimeDuration', True),
        ("null instance of Null", True),
        ("null instance of Any", False),
        ("null instance of number", False),
        ("1 instance of Any", True),
        ("[1, 2] instance of list<number>", True),
        ('[1, "a"] instance of list<number>', False),
        ('[1, "a"] instance of list<Any>', True),
        ("[1, null] instance of list<number>", True),
        ("[] instance of list<string>", True),
        ("1 instance of list<number>", False),
        ("{a: 1, b: 2} instance of context<a: number>", True),
        ("{b: 2} instance of context<a: number>", False),
        ("{a: {b: 1}} instance of context<a: context<b: number>>", True),
        ("(function() 1) instance of function<>->number", True),
        ("[1..2] instance of range<number>", True),
        ('["a".."b"] instance of range<number>', False),
        ("(> 1) instance of range<number>", True),
        ("(function(a: number) a) instance of function<number>->number", True),
        ("(function(a: number) a) instance of function<number, number>->number", False),
        ("(function(a: number) a) instance of function<string>->number", False),
        ("(function(a: Any) a) instance of function<string>->number", True),
        ("abs instance of function<number>->number", True),
        ("1 + 1 instance of number", None),
    ],
)
def test_instance_of_says_whether_a_value_conforms(text: str, value: object) -> None:
    assert evaluate_feel(text, {}, NOW) is value


@pytest.mark.parametrize(
    "text",
    [
        "{} instance of context",
        "[1] instance of list",
        "[[1]] instance of list<list>",
        "[1..2] instance of range",
        "abs instance of function",
    ],
)
def test_a_constructed_type_needs_its_parts(text: str) -> None:
    compiled = compile_expression(text)

    assert compiled.value({}, Run(NOW)) is None
    assert "needs its parts" in str(compiled.faults[0])


@pytest.mark.parametrize(
    ("type_", "value", "result"),
    [
        ("number", 1, 1),
        ("number", "1", None),
        ("number", None, None),
        ("number", [1], 1),
        ("number", [1, 2], None),
        ("number", [], None),
        ("number", ["1"], None),
        ("Any", [1], [1]),
        ("list<number>", 1, [1]),
        ("list<number>", [1], [1]),
        ("list<number>", "1", None),
        ("list", 1, [1]),
        ("list<list<number>>", [1], None),
        ("date and time", date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)),
        ("date and time", [date(2026, 1, 1)], datetime(2026, 1, 1, tzinfo=UTC)),
        ("list<date and time>", date(2026, 1, 1), [datetime(2026, 1, 1, tzinfo=UTC)]),
        ("date", datetime(2026, 1, 1, tzinfo=UTC), None),
        ("context<a: number>", {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ("context<a: number>", {"a": "1"}, None),
        ("string", Decimal("1.5"), None),
    ],
)
def test_a_value_is_converted_to_a_type_or_null(type_: str, value: Any, result: object) -> None:
    assert coerced(value, parsed(type_)) == result


def test_a_type_of_the_caller_is_known_by_its_name_and_may_be_narrower() -> None:
    grade = Type("number", (), lambda value: 1 <= value <= 6)
    words = Vocabulary(["x"], types={"t Note": grade, "lib.tPaar": parsed("list<number>")})

    code = compile_expression("[x instance of t Note, [x] instance of list<t Note>]", words)
    other = compile_expression("[x] instance of lib.tPaar", words)

    assert code.value({"x": 2}, Run(NOW)) == [True, True]
    assert code.value({"x": 7}, Run(NOW)) == [False, False]
    assert other.value({"x": 7}, Run(NOW)) is True
    assert coerced(7, grade) is None
    assert not conforms(0, grade)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "number"),
        (None, "Null"),
        ([1, 2], "list<number>"),
        ([1, "a"], "list<Any>"),
        ([], "list<Any>"),
        ({"a": [date(2026, 1, 1)]}, "context<a: list<date>>"),
        (Range(1, None, low_included=True, high_included=False), "range<number>"),
    ],
)
def test_the_type_of_a_value_is_told(value: Any, text: str) -> None:
    assert print_type(type_of(value)) == text
