"""Ranges: their ends, what they hold, how they lie to each other (DMN 1.5 §10.3.2.7, §10.3.4.9)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.feel import Range, Run, compile_expression, evaluate_feel
from bpmn.feel.builtins.conversion import print_value

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5 in [1..5]", True),
        ("5 in [1..5)", False),
        ("5 in [1..5[", False),
        ("1 in (1..5]", False),
        ("1 in ]1..5]", False),
        ("3 in (> 2)", True),
        ("3 in (>= 3)", True),
        ("3 in (< 3)", False),
        ("3 in (<= 3)", True),
        ("3 in (= 3)", True),
        ("3 in (!= 3)", False),
        ('"x" in ["a".."z"]', True),
        ('1 in ["a".."z"]', None),
        ("null in [1..2]", None),
        ("3 in ([1..2], [3..4])", True),
        ("3 in [[1..2], [3..4]]", True),
        ("[1..2] in [[1..2], [3..4]]", True),
        ("[1..10].start", 1),
        ("[1..10).end", 10),
        ("[1..10).start included", True),
        ("[1..10).end included", False),
        ("(> 5).start", 5),
        ("(> 5).end", None),
        ("(> 5).start included", False),
        ("(<= 5).end included", True),
        ("(= 5).start included", True),
        ("[1..2] = [1..2]", True),
        ("[1..2] = [1..2)", False),
        ("(= 5) = [5..5]", True),
        ("(> 5) = (> 5)", True),
        ("(> 5) = (>= 5)", False),
        ("(> 5) = (!= 5)", False),
        ("[1..2] != [1..3]", True),
        ('[1.."a"] = null', True),
        ("x in [low..high)", True),
        ("x in [low + 1..high - 1]", True),
        ("[low..high].end", 9),
        ("count(for i in (1..5) return i)", 3),
        ("{r: [1..3], s: sum(for i in r return i)}.s", 6),
        ("some i in [1..3] satisfies i = 3", True),
        ("string([1..3))", "[1..3)"),
        ("string((> 3))", "(3..)"),
        ("string((<= 3))", "(..3]"),
        ('string(["a".."b"])', '["a".."b"]'),
        ('string([@"2026-01-01"..@"2026-02-01"])', '[@"2026-01-01"..@"2026-02-01"]'),
    ],
)
def test_a_range_has_ends_and_holds_what_lies_between(text: str, value: object) -> None:
    assert evaluate_feel(text, {"x": 3, "low": 2, "high": 9}, NOW) == value


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("[1..2]", "[1..2]"),
        ("(1..2[", "(1..2)"),
        ("]-1.5..2]", "(-1.5..2]"),
        ("[1..)", "[1..)"),
        ("(..2]", "(..2]"),
        ('["a".."b"]', '["a".."b"]'),
        ('[@"P1D"..@"P2D")', '[@"P1D"..@"P2D")'),
        ('[date("2026-01-01")..date("2026-02-01")]', '[@"2026-01-01"..@"2026-02-01"]'),
        ("", "null"),
        ("[..]", "null"),
        ("(..)", "null"),
        ("[1..]", "null"),
        ("[..2]", "null"),
        ("[2..1]", "null"),
        ('[1.."a"]', "null"),
        ("[1+1..3]", "null"),
        ("[x..3]", "null"),
        ("[true..false]", "null"),
        ("1", "null"),
        ("(> 1)", "null"),
    ],
)
def test_a_range_is_read_from_a_text(text: str, printed: str) -> None:
    compiled = compile_expression("range(t)", ["t"])

    assert print_value(compiled.value({"t": text}, Run(NOW))) == printed


@pytest.mark.parametrize(
    "true",
    [
        "before(1, 2)",
        "before(1, [2..3])",
        "before(1, (1..3])",
        "before([1..2], 3)",
        "before([1..2), 2)",
        "before([1..2), [2..3])",
        "before([1..2], (2..3])",
        "before(1, (> 1))",
        "after(2, 1)",
        "after((1..3], 1)",
        "after([2..3], [1..2))",
        "meets([1..2], [2..3])",
        "met by([2..3], [1..2])",
        "overlaps([1..3], [2..4])",
        "overlaps([2..4], [1..3])",
        "overlaps([1..2], [2..3])",
        "overlaps before([1..3], [2..4])",
        "overlaps before([1..4), (1..4])",
        "overlaps after([2..4], [1..3])",
        "overlaps after((1..5], [1..5))",
        "finishes(3, [1..3])",
        "finishes([2..3], [1..3])",
        "finishes((1..3], [1..3])",
        "finished by([1..3], 3)",
        "finished by([1..3], [2..3])",
        "includes([1..3], 1)",
        "includes([1..3], [1..3])",
        "includes([1..3], (1..3))",
        "during(2, [1..3])",
        "during((1..3), [1..3])",
        "starts(1, [1..3])",
        "starts([1..2], [1..3])",
        "starts((1..3), (1..3])",
        "started by([1..3], 1)",
        "started by([1..3], [1..2])",
        "coincides(1, 1)",
        "coincides([1..2), [1..2))",
        'before(@"2026-01-01", @"12026-01-01")',
        'before(point1: "a", point2: "b")',
        "before(range: [1..2], point: 3)",
        "before(point: 1, range: [2..3])",
        "overlaps(range1: [1..3], range2: [2..4])",
    ],
)
def test_a_relation_holds(true: str) -> None:
    assert evaluate_feel(true, {}, NOW) is True


@pytest.mark.parametrize(
    "false",
    [
        "before(1, 1)",
        "before(1, [1..3])",
        "before([1..2], [2..3])",
        "meets([1..2), [2..3])",
        "meets([1..2], (2..3])",
        "overlaps([1..2), [2..3])",
        "overlaps([1..2], [3..4])",
        "overlaps before([1..3], [1..4])",
        "overlaps after([1..5], [1..5))",
        "finishes(3, [1..3))",
        "finishes([1..3], (1..3])",
        "includes([1..3), 3)",
        "includes((1..3), [1..3])",
        "starts(1, (1..3])",
        "starts([1..3], [1..2])",
        "coincides([1..2], [1..2))",
        "coincides(1, 2)",
    ],
)
def test_a_relation_does_not_hold(false: str) -> None:
    assert evaluate_feel(false, {}, NOW) is False


@pytest.mark.parametrize(
    "unknown",
    [
        'before(1, "a")',
        "before(null, 1)",
        'overlaps([1..2], ["a".."b"])',
        "meets(1, [1..2])",
        "includes(1, [1..2])",
        "finishes([1..2], 2)",
        "includes((> 1), 2)",
        "overlaps((!= 1), [1..2])",
        "coincides(1, [1..1])",
    ],
)
def test_a_relation_of_what_has_no_order_is_null(unknown: str) -> None:
    assert evaluate_feel(unknown, {}, NOW) is None


RANGES = st.builds(
    lambda ends, low, high: Range(min(ends), max(ends), low_included=low, high_included=high),
    st.tuples(st.integers(0, 6), st.integers(0, 6)),
    st.booleans(),
    st.booleans(),
).filter(lambda range_: range_.low < range_.high)
_all = compile_expression(
    "{before: before(a, b), after: after(a, b), meets: meets(a, b), overlaps: overlaps(a, b),"
    " includes: includes(a, b), during: during(a, b), back: before(b, a), met: met by(b, a),"
    " again: overlaps(b, a), inside: during(b, a), same: coincides(a, b),"
    " equal: a = b, starts: starts(a, b), finishes: finishes(a, b)}",
    ["a", "b"],
)


@given(RANGES, RANGES)
def test_relations_agree_with_each_other(a: Range, b: Range) -> None:
    found: dict[str, Any] = _all.value({"a": a, "b": b}, Run(NOW))

    assert found["after"] is found["back"]
    assert found["meets"] is found["met"]
    assert found["overlaps"] is found["again"]
    assert found["includes"] is found["inside"]
    assert found["overlaps"] is (not found["before"] and not found["after"])
    assert found["same"] is found["equal"] is (found["includes"] and found["during"])
    if found["starts"] or found["finishes"]:
        assert found["during"]


@given(RANGES, st.integers(0, 6))
def test_a_point_is_included_if_it_is_in_the_range(range_: Range, point: int) -> None:
    text = "[includes(r, p), during(p, r), p in r, not(before(p, r)) and not(after(p, r))]"

    found = compile_expression(text, ["r", "p"]).value({"r": range_, "p": point}, Run(NOW))

    assert len(set(found)) == 1


@given(RANGES)
def test_a_range_is_read_as_it_is_printed(range_: Range) -> None:
    found = compile_expression("range(string(r)) = r", ["r"]).value({"r": range_}, Run(NOW))

    assert found is True
