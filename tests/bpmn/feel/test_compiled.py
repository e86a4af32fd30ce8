"""What a decision model is given: whole values, null for faults, and the reasons of nulls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.feel import (
    Function,
    Range,
    Run,
    compile_expression,
    compile_unary,
    function_of,
    invoke,
    parse_type,
    vocabulary_of,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def value_of(text: str, **variables: Any) -> Any:
    return compile_expression(text, vocabulary_of(variables)).value(variables, Run(NOW))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("unknown(1)", "there is no function unknown"),
        ("abs()", "abs does not take 0 arguments"),
        ("abs(1, 2)", "abs does not take 2 arguments"),
        ("abs(x: 1)", "abs has no parameters x"),
        ('@"nonsense"', "nonsense is no date"),
        ("{a: 1, a: 2}", "the key a stands twice"),
        ("1 instance of Foo", "there is no type Foo"),
        ("function(a, a) 1", "two parameters have the same name"),
        ("abs(n: 1, n: 2)", "an argument is named twice"),
        ('function(a) external {java: {class: "x"}}', "external functions are not run"),
    ],
)
def test_what_can_only_be_null_is_null_and_a_fault(text: str, fault: str) -> None:
    compiled = compile_expression(text)

    assert compiled.value({}, Run(NOW)) is None
    assert fault in str(compiled.faults[0])
    with pytest.raises(ExpressionRefused):
        compile_expression(text, strict=True)


@pytest.mark.parametrize("text", ["1 +", "a b", "(", '"', "if a then b", "for x return 1"])
def test_a_syntax_error_is_refused_in_any_case(text: str) -> None:
    with pytest.raises(ExpressionRefused):
        compile_expression(text)


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ('1 + "a"', ["number + string has no value"]),
        ("missing + 1", ["there is no missing"]),
        ("{a: 1}.a.b", ["number has no part b"]),
        ('date("2026-02-30")', ["date has no value for (string)"]),
        ("[1, 2][3]", ["the filter of list chooses nothing"]),
        ("unknown(1)", ["there is no function unknown"]),
        ("1 < true", ["number < boolean has no value"]),
        ('[1.."a"]', ["number and string are no ends of a range"]),
        ('true and "a"', ["boolean and string is neither true nor false"]),
        ('-"a"', ["- string has no value"]),
        ("[1 / 0, 1 + 1, -null]", ["number / number has no value", "- null has no value"]),
        ("1 + 1", []),
        ("null", []),
        ("nothing = null", []),
    ],
)
def test_the_reasons_of_a_null_are_told(text: str, reasons: list[str]) -> None:
    compiled = compile_expression(text, ["nothing"])

    found = compiled.reasons({"nothing": None}, NOW)

    assert [reason.text for reason in found] == reasons


def test_ranges_and_functions_are_values_for_other_expressions() -> None:
    span = value_of("[1..5)")
    double = value_of("function(a: number) a * 2")

    assert span == Range(1, 5, low_included=True, high_included=False)
    assert value_of("4 in span", span=span) is True
    assert value_of("double(4) + double(a: 1)", double=double) == 10
    assert value_of("double([4])", double=double) == 8
    assert value_of('double("4")', double=double) is None
    assert value_of("double(1, 2)", double=double) is None
    assert value_of("double(b: 1)", double=double) is None
    assert value_of("lib.double(3)", lib={"double": double}) == 6


def test_a_function_is_made_of_an_expression_and_its_surroundings() -> None:
    body = compile_expression("if n < 2 then 1 else n * fact(n - 1)", ["n", "fact"])
    surroundings: dict[str, Any] = {}
    fact = function_of(["n"], body, surroundings, [parse_type("number")])
    surroundings["fact"] = fact

    assert invoke(fact, Run(NOW), [20]) == 2432902008176640000
    assert invoke(fact, Run(NOW), [5], ["n"]) == 120
    assert invoke(fact, Run(NOW), ["a"]) is None
    with pytest.raises(ExpressionFailed, match="too deeply"):
        invoke(fact, Run(NOW), [10_000])


def test_a_function_of_the_caller_is_called_by_position_and_name() -> None:
    join = Function(("a", "b"), lambda _run, arguments: f"{arguments[0]}-{arguments[1]}")

    assert value_of('join("x", "y")', join=join) == "x-y"
    assert value_of('join(b: "x", a: "y")', join=join) == "y-x"
    assert invoke("no function", Run(NOW), []) is None


def test_a_built_in_function_is_a_value_too() -> None:
    assert value_of("{f: abs, x: f(-1), y: f(n: -2)}.y") == 2
    assert value_of("f([1, 2])", f=value_of("count")) == 2
    assert value_of("{f: before, x: f(point: 1, range: [2..3])}.x") is True


@pytest.mark.parametrize(
    ("text", "tested", "verdict"),
    [
        ("-", None, True),
        ("", 1, True),
        ("1, 2", 2, True),
        ("not(1, 2)", 2, False),
        ("> 1", "a", None),
        ("[1..3]", 4, False),
        ("(> 1)", 4, True),
        ("!= 3", 4, True),
        ("(!= 3)", 3, False),
        ("? * 2 = 8", 4, True),
        ("limits", 4, True),
        ("limits", 2, False),
        ("every x in ? satisfies x > 1", [2, 3], True),
        ("count(?) > 1", [2, 3], True),
        ("null", None, True),
        ("null", 1, False),
        ("not(null)", 1, True),
        ('< date("2026-01-01")', 1, None),
        ("false", False, True),
        ("true", False, False),
        ("unknown(?)", 1, None),
    ],
)
def test_tests_have_three_verdicts(text: str, tested: Any, verdict: bool | None) -> None:
    variables: dict[str, Any] = {
        "limits": [4, Range(10, 20, low_included=True, high_included=True)]
    }

    tests = compile_unary(text, variables)

    assert tests.verdict(tested, variables, Run(NOW)) is verdict


def test_constants_of_tests_are_listed_in_order() -> None:
    assert compile_unary('"b", "a", 3').constants == ("b", "a", 3)
    assert compile_unary('"b", > 3').constants == ()
    assert compile_unary("not(1)").constants == ()


def test_the_reasons_of_undecided_tests_are_told() -> None:
    reasons = compile_unary("> 5").reasons("a", {}, NOW)

    assert [reason.text for reason in reasons] == ["string > number has no value"]
