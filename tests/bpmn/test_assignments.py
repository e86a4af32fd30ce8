from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.assignments import feel_script
from bpmn.errors import ExpressionRefused
from bpmn.feel import compile_feel
from bpmn.suggestions import suggested_feel

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_script_assigns_in_order() -> None:
    script = feel_script('// Beträge\na = 1 +\n  2\nb = {x: [\n  1 ],\n c: 3}\nd = "("\n\n', 10)

    assert [name for name, _ in script] == ["a", "b", "d"]
    assert [compiled.line for _, compiled in script] == [11, 13, 16]
    assert script[0][1].evaluate({}, NOW) == 3


def test_comments_and_brackets_may_span_lines() -> None:
    script = feel_script(
        "/* a = 1\n ( */\n\nx = [ // open (\n  1, /* y = 2\n */\n  z = 3\n]\n\n/* end */ y = 1"
    )

    assert [name for name, _ in script] == ["x", "y"]
    assert script[0][1].evaluate({"z": 3}, NOW) == [1, True]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("x", 0),
        ("a = 1\nb = +", 10),
        ("a.b = 1", 0),
        ("a = 1\n  a.b = 2", 8),
        ("a[1] = 1", 0),
        ("a = unknown(1)", 4),
        ("a = 1;", 5),
        ("a == 1", 0),
        ("a = [1\nb = 2", 7),
    ],
)
def test_a_faulty_script_is_refused_with_its_position(text: str, position: int) -> None:
    with pytest.raises(ExpressionRefused) as refused:
        feel_script(text)

    assert refused.value.position == position


def test_a_statement_without_end_is_refused() -> None:
    with pytest.raises(ExpressionRefused):
        feel_script("x = [\n" + "1,\n" * 100_000)


def test_a_part_of_a_variable_cannot_be_set() -> None:
    with pytest.raises(ExpressionRefused, match='a = context put\\(a, \\["b", "c"\\], …\\)'):
        feel_script("a.b.c = 1")


def test_a_line_that_compares_continues_an_open_condition() -> None:
    script = feel_script("ok = x and\n  a.b = 1")

    assert script[0][1].evaluate({"x": True, "a": {"b": 1}}, NOW) is True


@pytest.mark.parametrize(
    ("text", "feel"),
    [
        ('execution.setVariable("x", 1)', "x = 1"),
        ("execution.setVariable('x', a + b);", "x = a + b"),
        ("x = x + 1", "x = x + 1"),
        ("x += 1;", "x = x + 1"),
        ("x++", "x = x + 1"),
        ("var total = execution.getVariable('net') * 1.19;", "total = net * 1.19"),
        ('def name = "A"\nkind = name', 'name = "A"\nkind = name'),
        ("ok = a === 1 && b != 'x' || c", 'ok = a = 1 and b != "x" or c'),
        ("ok = a > 1 ? 2 : 3", "ok = if a > 1 then 2 else 3"),
        ("name = first.toUpperCase()", "name = upper case(first)"),
        ("found = tags.contains('a') and n == 1", 'found = contains(tags, "a") and n = 1'),
        ("return a * (b + 1)", "a * (b + 1)"),
        ("${amount > 100}", "amount > 100"),
        ("ok = True  # yes", "ok = true"),
        ("x = sum([1, 2])", "x = sum([1, 2])"),
        ("x = rows.size()", "x = count(rows)"),
        ("x = new java.util.Date()", None),
        ("for (i in rows) { x += i }", None),
        ("x = foo(1)", None),
        ("x.y = 1", None),
        ("import os", None),
        ("", None),
    ],
)
def test_the_commonest_scripts_are_said_in_feel(text: str, feel: str | None) -> None:
    suggested = suggested_feel(text)

    assert suggested == feel


@given(
    st.lists(
        st.sampled_from(["x", "=", "+=", "1", "'a'", "(", ")", ".", "size", "?", ":", "&&", ";"])
        | st.text(max_size=3),
        max_size=10,
    ).map(" ".join)
)
def test_what_is_suggested_compiles(text: str) -> None:
    suggested = suggested_feel(text)

    if suggested is not None:
        if " = " in suggested:
            assert feel_script(suggested)
        else:
            assert compile_feel(suggested)
