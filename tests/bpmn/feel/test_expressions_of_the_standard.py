from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.feel import compile_feel, compile_unary_tests, evaluate_feel
from bpmn.values import YearsMonths

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
CONTEXT = {"amount": 150, "kind": "A", "nothing": None, "rows": [{"a": 1}, {"a": 2}]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("-2 ** 2", 4),
        ("2 ** 3 ** 2", 64),
        ("1 / 3", Decimal("0.3333333333333333333333333333333333")),
        ("0.1 + 0.2", Decimal("0.3")),
        ("1 / 0", None),
        ('"a" + "b"', "ab"),
        ('"a" + 1', None),
        ("null = null", True),
        ("null = 1", False),
        ('1 = "1"', None),
        ("true = 1", None),
        ("null > 1", None),
        ("true and null", None),
        ("false and null", False),
        ("true or null", True),
        ("false or null", None),
        ("not(null)", None),
        ("1 between 0 and 2 and true", True),
        ("5 in [1..10]", True),
        ("10 in [1..10)", False),
        ("1 in ]0..2[", True),
        ("5 in (1, 2, > 4)", True),
        ("[1,2] in [[1,2],[3]]", True),
        ("if null then 1 else 2", 2),
        ("[1, 2, 3][-1]", 3),
        ("[1, 2, 3][4]", None),
        ("[1, 2, 3][item > 1]", [2, 3]),
        ("rows[a = 2].a", [2]),
        ("rows.a", [1, 2]),
        ("rows[1].a", 1),
        ("for i in 1..3 return i * i", [1, 4, 9]),
        ("for i in 3..1 return i", [3, 2, 1]),
        ("for x in [1,2], y in [3,4] return x * y", [3, 4, 6, 8]),
        ("for i in 1..4 return if i = 1 then 1 else partial[-1] * 2", [1, 2, 4, 8]),
        ("for i in 1..3 return partial", [[], [[]], [[], [[]]]]),
        ("for i in 1..2, j in [count(partial)] return j", [0, 1]),
        ("some x in [1, 2] satisfies x > 1", True),
        ("every x in [] satisfies x > 1", True),
        ("every x in [1, null] satisfies x > 0", None),
        ("{a: 1, b: a + 1}.b", 2),
        ('{"a b": 1, c: a b + 1}.c', 2),
        ("{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(5)}.r", 120),
        ("(function(x: number, y) x - y)(y: 1, x: 3)", 2),
        ("unknown", None),
        ("1 instance of number", True),
        ("[1, 2] instance of list<number>", True),
        ("null instance of number", False),
        ('@"2020-01-31" + @"P1M"', date(2020, 2, 29)),
        ('@"2020-03-01" - @"2020-02-28"', timedelta(days=2)),
        ('@"PT5H30M".minutes', 30),
        ('-@"P1Y2M"', YearsMonths(-14)),
        ('@"PT1H" * 1.5', timedelta(minutes=90)),
        ('@"2020-01-01T10:00:00+02:00".time offset', timedelta(hours=2)),
        ('@"2020-01-01T10:00:00Z" = @"2020-01-01T11:00:00+01:00"', True),
        ('@"2020-01-01T10:00:00Z" < @"2020-01-01T11:00:00"', True),
        ('date("2020-02-30")', None),
        ('time("10:00:00+01:00")', time(10, tzinfo=timezone(timedelta(hours=1)))),
        ('date and time("2020-01-01T10:00:00")', datetime(2020, 1, 1, 10)),  # noqa: DTZ001
        ("today()", date(2026, 11, 24)),
        ('substring(string: "foobar", start position: 3)', "obar"),
        ('string length("äb")', 2),
        ("sort([3, 1, 2], function(x, y) x < y)", [1, 2, 3]),
        ("sum([1, 2.5])", Decimal("3.5")),
        ("sum([])", None),
        ("min(2, 1)", 1),
        ("distinct values([1, 2, 1])", [1, 2]),
        ("flatten([[1, [2]], 3])", [1, 2, 3]),
        ('string({a: [1, "x"], b: @"PT1H"})', '{a: [1, "x"], b: PT1H}'),
        ('number("1.190,00", ".", ",")', Decimal("1190.00")),
        ("decimal(2.5, 0)", 2),
        ("round half up(2.5, 0)", 3),
        ("floor(-1.5)", -2),
        ("modulo(-12, 5)", 3),
        ("1 // a comment\n + /* another */ 1", 2),
    ],
)
def test_an_expression_gives_what_the_standard_says(text: str, value: object) -> None:
    result = evaluate_feel(text, CONTEXT, NOW)

    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("text", "value", "verdict"),
    [
        ("-", None, True),
        ('"a", "b"', "b", True),
        ("< 5", 3, True),
        ("not(1, 2)", 3, True),
        ("not(1, 2)", 1, False),
        ("[1..5]", 3, True),
        ("(1..5)", 1, False),
        ("? > 5 and ? < 10", 7, True),
        ("true", False, False),
        ("false", False, True),
        ("null", None, True),
        ("> 5", None, False),
        ("not(? > 5)", 3, True),
        ("limit", 3, True),
        ("< limit", 2, True),
        ("allowed", "x", True),
        ('contains(?, "b")', "abc", True),
    ],
)
def test_a_unary_test_judges_its_input(text: str, value: object, verdict: bool) -> None:
    test = compile_unary_tests(text)

    assert test(value, {"limit": 3, "allowed": ["x", "y"]}, NOW) is verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("1 +", 3),
        ("unknown(1)", 0),
        ("count(1, 2)", 0),
        ('substring(text: "a")', 0),
        ('1 + @"nonsense"', 4),
        ("a ; b", 2),
        ('"open', 0),
        ("{a: 1, a: 2}", 8),
        ("x instance of Foo", 14),
        ("1e7000", 0),
        ("function() external {}", 11),
        ("", 0),
    ],
)
def test_what_does_not_compile_is_refused_with_its_position(text: str, position: int) -> None:
    with pytest.raises(ExpressionRefused) as refused:
        compile_feel(text)

    assert refused.value.position == position


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "[" * 5000 + "]" * 5000,
        "-" * 5000 + "1",
        "+".join("1" * 5000),
        "x" + ".y" * 5000,
        "x in (" * 200 + "1" + ")" * 200,
        "not(" * 3000,
        "if " * 3000,
        "1" * 30_000,
    ],
)
def test_deep_or_endless_text_is_refused(text: str) -> None:
    with pytest.raises(ExpressionRefused):
        compile_unary_tests(text)


@pytest.mark.parametrize(
    "text",
    [
        "for i in 1..1000000000 return i",
        "count(for a in 1..1000, b in 1..1000 return 1)",
        "{f: function(n) f(n + 1), r: f(1)}.r",
        '{a: for i in 1..60 return if i = 1 then "xxxxxxxx" else partial[-1] + partial[-1]}',
        "for i in 1..40 return if i = 1 then [1] else [partial[-1], partial[-1]]",
        "some i in 1..1000000000 satisfies i < 0",
        "{a: for i in 1..30 return if i = 1 then [1] else [partial[-1], partial[-1]],"
        " b: for i in 1..30 return if i = 1 then [1] else [partial[-1], partial[-1]], c: a = b}.c",
        "{a: for i in 1..25 return if i = 1 then [1] else [partial[-1], partial[-1]],"
        " b: a[25] instance of " + "list<" * 25 + "number" + ">" * 25 + "}.b",
        "{a: for i in 1..40 return if i = 1 then [1] else [partial[-1], partial[-1]],"
        " b: string length(string(a))}.b",
        '{s: string join(for i in 1..50000 return "aa"), '
        "n: count(for i in 1..40000 return string length(s + s))}.n",
        'matches(string join(for i in 1..50000 return "aa"), "(a?){90}b")',
        '{s: string join(for i in 1..9000 return "0123456789"), r: for i in 1..50000 return s}.r',
    ],
)
def test_an_evaluation_that_takes_too_much_is_stopped(text: str) -> None:
    evaluate = compile_feel(text)

    with pytest.raises(ExpressionFailed):
        evaluate({}, NOW)


@pytest.mark.parametrize(
    "text",
    ["kind.__class__", "rows.__len__", 'kind["__class__"]', "__builtins__", "amount.real"],
)
def test_no_python_attribute_can_be_reached(text: str) -> None:
    value = evaluate_feel(text, CONTEXT, NOW)

    assert value in (None, [], [None, None])
