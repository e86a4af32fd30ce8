"""Hostile models end with a clear error, in bounded time; honest ones are fast."""

from __future__ import annotations

from time import process_time

import pytest

from bpmn.dmn import compile_decisions
from bpmn.dmn.answers import answer
from bpmn.errors import ExpressionFailed, ModelRefused
from tests.bpmn.dmn.drawing import (
    NOW,
    component,
    context,
    decision,
    input_data,
    item,
    knowledge,
    literal,
    model,
    text,
)


def deep(levels: int) -> str:
    return "<list>" * levels + literal("1") + "</list>" * levels


def wide_table(rules: int, columns: int) -> str:
    expressions = [text("inputExpression", f"x + {n}", 'typeRef="number"') for n in range(columns)]
    inputs = "".join(f"<input id='i{n}'>{each}</input>" for n, each in enumerate(expressions))
    rows = "".join(
        "<rule>"
        + "".join(text("inputEntry", f"[{r + n}..{r + n + 1})") for n in range(columns))
        + text("outputEntry", f'"rule {r}"')
        + "</rule>"
        for r in range(rules)
    )
    return f"<decisionTable id='t'>{inputs}<output id='o'/>{rows}</decisionTable>"


def test_nesting_beyond_the_limit_is_refused() -> None:
    with pytest.raises(ModelRefused) as refused:
        compile_decisions(model(decision("d", deep(5_000))))

    assert refused.value.findings[0].rule in ("too-deep", "not-xml")


def test_nesting_within_the_limit_is_evaluated() -> None:
    made = compile_decisions(model(decision("d", deep(150))))

    assert made["d"].consider({}, NOW).warnings == ()


def test_types_nested_too_deeply_are_refused() -> None:
    chain = [item(f"t{n}", content=component("a", f"t{n + 1}")) for n in range(3_000)]
    content = [*chain, item("t3000", "number"), input_data("x", "t0"), decision("d", literal("1"))]

    with pytest.raises(ModelRefused) as refused:
        compile_decisions(model(*content))

    assert refused.value.findings[0].rule == "too-deep"


def test_a_table_with_too_many_cells_is_refused() -> None:
    row = f"<rule>{text('inputEntry', '-')}{text('outputEntry', '1')}</rule>"
    table = (
        f"<decisionTable id='t'><input>{text('inputExpression', '1')}</input><output/>"
        f"{row * 1_000_000}</decisionTable>"
    )

    with pytest.raises(ModelRefused) as refused:
        compile_decisions(model(decision("d", table)))

    assert [finding.rule for finding in refused.value.findings] == ["too-large"]


@pytest.mark.parametrize(
    "body",
    [
        literal("again(n + 1)"),
        context(("", literal("again(n + 1)"))),
        literal("again(n + 1) + again(n + 2)"),
        literal("for i in 1..1000 return for j in 1..1000 return for k in 1..1000 return i"),
    ],
)
def test_what_would_not_end_is_stopped(body: str) -> None:
    source = model(
        knowledge("again", {"n": ""}, body), decision("d", literal("again(0)"), "k:again")
    )
    made = compile_decisions(source)

    with pytest.raises(ExpressionFailed, match=r"steps|deeply"):
        made["d"].consider({}, NOW, explains=True)
    assert made.consider_all({}, NOW).value == {"d": None}


def test_a_result_that_holds_one_value_too_often_is_not_written_out() -> None:
    doubling = "for i in 1..40 return if i = 1 then [1] else [partial[-1], partial[-1]]"
    made = compile_decisions(model(decision("d", literal(doubling))))
    outcome = made["d"].consider({}, NOW)

    with pytest.raises(ExpressionFailed, match="more than 100000 values"):
        answer(outcome, made)


def test_the_rounds_so_far_are_a_list_that_no_longer_grows() -> None:
    body = '<for iteratorVariable="i"><in>{}</in><return>{}</return></for>'
    loop = decision("d", body.format(literal("[1, 2, 3]"), literal("partial")))

    outcome = compile_decisions(model(loop))["d"].consider({}, NOW)

    assert outcome.value == [[], [[]], [[], [[]]]]


def test_a_hundred_warnings_are_enough() -> None:
    source = model(decision("d", literal('for i in 1..5000 return number("a" + string(i)) + null')))
    body = '<for iteratorVariable="i"><in>{}</in><return>{}</return></for>'
    loop = decision("l", body.format(literal("[1..500]"), literal("i + null")))

    assert compile_decisions(source)["d"].consider({}, NOW, explains=True).value is not None
    outcome = compile_decisions(model(loop))["l"].consider({}, NOW, explains=True)
    assert 0 < len(outcome.warnings) <= 100


def test_a_large_table_is_evaluated_in_linear_time() -> None:
    def cost(rules: int) -> float:
        content = input_data("x", "number"), decision("d", wide_table(rules, 5), "i:x")
        made = compile_decisions(model(*content))["d"]
        best = []
        for _ in range(5):
            begun = process_time()
            assert made.consider({"x": rules - 1}, NOW).value == f"rule {rules - 1}"
            best.append(process_time() - begun)
        return min(best)

    assert cost(4_000) < 12 * cost(1_000) + 0.01


def test_a_model_of_five_hundred_decisions_is_read_quickly() -> None:
    content = [input_data("x", "number"), decision("d0", literal("x + 1"), "i:x", type_="number")]
    content += [
        decision(
            f"d{n}",
            literal(f'if d{n - 1} > {n} then d{n - 1} * {n} else "none {n}"'),
            f"d:d{n - 1}",
            type_="number",
        )
        for n in range(1, 500)
    ]
    source = model(*content)

    best = []
    for _ in range(3):
        begun = process_time()
        made = compile_decisions(source)
        best.append(process_time() - begun)

    assert len(made) == 500
    assert min(best) < 1, "200 ms on a quiet machine"
