"""Boxed expressions (DMN 1.5 §10.2.1)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.bpmn.dmn.drawing import (
    considered,
    context,
    decision,
    function,
    input_data,
    invocation,
    knowledge,
    literal,
    model,
    value,
)


def logic(boxed: str, *more: str, needs: tuple[str, ...] = ()) -> bytes:
    return model(input_data("x"), decision("d", boxed, "i:x", *needs), *more)


def test_a_decision_without_logic_is_null_and_says_so() -> None:
    outcome = considered(logic(""), x=1)

    assert outcome.value is None
    assert "no logic" in str(outcome.warnings[0])


def test_an_empty_expression_is_null() -> None:
    assert considered(logic("<literalExpression/>")).value is None


def test_a_context_is_a_value_of_its_entries_each_seeing_those_before() -> None:
    boxed = context(("a", literal("x + 1")), ("b b", literal("a * 2")), ("c", literal("b b - a")))

    assert value(logic(boxed), x=1) == {"a": 2, "b b": 4, "c": 2}


def test_an_entry_without_a_name_is_the_contexts_result() -> None:
    boxed = context(("a", literal("x + 1")), ("", literal("a * 10")))

    assert value(logic(boxed), x=1) == 20


def test_contexts_stand_in_contexts() -> None:
    inner = context(("b", literal("a + x")))

    assert value(logic(context(("a", literal("1")), ("i", inner), ("c", literal("i.b")))), x=4) == {
        "a": 1,
        "i": {"b": 5},
        "c": 5,
    }


def test_a_function_in_a_context_sees_what_is_around_it_and_itself() -> None:
    factorial = function({"n": "number"}, literal("if n < 2 then x else n * factorial(n - 1)"))
    boxed = context(("factorial", factorial), ("", literal("factorial(5)")))

    assert value(logic(boxed), x=1) == 120


def test_a_function_keeps_the_scope_that_it_was_made_in() -> None:
    maker = function({"n": ""}, function({"m": ""}, literal("m + n")))
    boxed = context(("adder", maker), ("add", literal("adder(x)")), ("", literal("add(1)")))

    assert value(logic(boxed), x=41) == 42


@pytest.mark.parametrize("kind", ["Java", "PMML"])
def test_a_function_that_is_not_written_in_feel_gives_null_by_name(kind: str) -> None:
    foreign = function({"n": ""}, context(("class", literal('"C"')))).replace(
        "<functionDefinition>", f'<functionDefinition kind="{kind}">'
    )
    outcome = considered(logic(context(("f", foreign), ("", literal("f(1)")))))

    assert outcome.value is None
    assert any(kind in flaw.message for flaw in outcome.warnings)


def test_an_invocation_binds_arguments_by_name() -> None:
    difference = knowledge("less", {"left side": "", "b": ""}, literal("left side - b"))
    boxed = invocation("less", b="1", left_side="x")

    assert value(logic(boxed, difference, needs=("k:less",)), x=10) == 9


def test_what_an_invocation_does_not_bind_is_null() -> None:
    listed = knowledge("listed", {"a": "", "b": ""}, literal("[a, b]"))

    assert value(logic(invocation("listed", b="1"), listed, needs=("k:listed",))) == [None, 1]


def test_an_invocation_of_a_parameter_that_is_none_is_null() -> None:
    listed = knowledge("listed", {"a": ""}, literal("[a]"))
    outcome = considered(logic(invocation("listed", b="1"), listed, needs=("k:listed",)))

    assert outcome.value is None
    assert outcome.warnings[0].fault


def test_an_invocation_of_what_is_no_function_is_null() -> None:
    outcome = considered(logic(invocation("x", a="1")), x=5)

    assert outcome.value is None
    assert "no function" in outcome.warnings[0].message


def test_an_invocation_with_an_argument_of_another_type_is_null_and_says_so() -> None:
    doubled = knowledge("doubled", {"a": "number"}, literal("a * 2"))
    boxed = logic(invocation("doubled", a="x"), doubled, needs=("k:doubled",))

    right, wrong = considered(boxed, x=2), considered(boxed, x="2")

    assert (right.value, right.warnings) == (4, ())
    assert wrong.value is None
    assert "argument a" in wrong.warnings[0].message
    assert not wrong.warnings[0].fault


def test_an_invocation_calls_a_built_in_function() -> None:
    assert value(logic(invocation("ceiling", n="x")), x=Decimal("1.2")) == 2


def test_a_relation_is_a_list_of_contexts() -> None:
    rows = "".join(f"<row>{literal(a)}{literal(b)}</row>" for a, b in [("1", '"a"'), ("x", "null")])
    boxed = f'<relation><column name="n n"/><column name="t" typeRef="string"/>{rows}</relation>'

    assert value(logic(boxed), x=2) == [{"n n": 1, "t": "a"}, {"n n": 2, "t": None}]


def test_a_list_holds_any_expressions() -> None:
    boxed = f"<list>{literal('x')}{context(('a', literal('2')))}<list>{literal('3')}</list></list>"

    assert value(logic(boxed), x=1) == [1, {"a": 2}, [3]]


@pytest.mark.parametrize(("x", "result"), [(True, "yes"), (False, "no"), (None, "no"), (1, "no")])
def test_a_conditional_takes_the_way_of_true_only_for_true(x: object, result: str) -> None:
    yes, no = literal('"yes"'), literal('"no"')
    boxed = f"<conditional><if>{literal('x')}</if><then>{yes}</then><else>{no}</else></conditional>"

    assert value(logic(boxed), x=x) == result


def iterator(kind: str, over: str, part: str, body: str) -> str:
    return (
        f'<{kind} iteratorVariable="each one"><in>{literal(over)}</in>'
        f"<{part}>{literal(body)}</{part}></{kind}>"
    )


@pytest.mark.parametrize(
    ("over", "body", "result"),
    [
        ("x", "each one * 2", [2, 4, 6]),
        ("[1..3]", "each one + count(partial)", [1, 3, 5]),
        ("5", "each one", [5]),
        ("[]", "each one", []),
        ("null", "each one", None),
    ],
)
def test_a_boxed_for_gives_what_feels_for_gives(over: str, body: str, result: object) -> None:
    assert value(logic(iterator("for", over, "return", body)), x=[1, 2, 3]) == result


@pytest.mark.parametrize(
    ("kind", "test", "result"),
    [
        ("some", "each one > 2", True),
        ("some", "each one > 3", False),
        ("some", "each one", None),
        ("every", "each one > 0", True),
        ("every", "each one > 1", False),
    ],
)
def test_boxed_quantifiers_give_what_feels_give(kind: str, test: str, result: object) -> None:
    assert value(logic(iterator(kind, "x", "satisfies", test)), x=[1, 2, 3]) == result


@pytest.mark.parametrize(
    ("match", "result"),
    [
        ("a > 1", [{"a": 2}, {"a": 3}]),
        ("item.a < 3", [{"a": 1}, {"a": 2}]),
        ("2", {"a": 2}),
        ("-1", {"a": 3}),
        ("9", None),
        ("nobody", []),
    ],
)
def test_a_boxed_filter_chooses_items(match: str, result: object) -> None:
    boxed = f"<filter><in>{literal('x')}</in><match>{literal(match)}</match></filter>"

    assert value(logic(boxed), x=[{"a": 1}, {"a": 2}, {"a": 3}]) == result


def test_a_filter_of_what_is_no_list_takes_it_as_one() -> None:
    boxed = f"<filter><in>{literal('x')}</in><match>{literal('item > 1')}</match></filter>"

    assert value(logic(boxed), x=2) == [2]
    assert value(logic(boxed), x=None) is None


def test_a_table_stands_in_a_context_and_in_a_function() -> None:
    def table(column: str) -> str:
        return (
            f"<decisionTable id='t'><input id='i'>"
            f"<inputExpression><text>{column}</text></inputExpression></input><output id='o'/>"
            "<rule id='r'><inputEntry><text>&gt; 1</text></inputEntry>"
            f"<outputEntry><text>{column} * 2</text></outputEntry></rule></decisionTable>"
        )

    double = function(
        {"n": "number"},
        table("n")
        .replace("'t'", "'u'")
        .replace("'i'", "'j'")
        .replace("'o'", "'p'")
        .replace("'r'", "'q'"),
    )
    boxed = context(("a", table("x")), ("double", double), ("", literal("[a, double(a)]")))

    assert value(logic(boxed), x=5) == [10, 20]


def test_expressions_state_types_that_their_values_must_have() -> None:
    stated = logic(context(("a", literal('"1"', 'typeRef="number"')), ("b", literal("x"))))
    outcome = considered(stated, x=1)

    assert outcome.value == {"a": None, "b": 1}
    assert outcome.warnings[0].fault
