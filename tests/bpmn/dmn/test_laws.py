"""What holds for every table and every graph, whatever they say."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bpmn.dmn import compile_decisions
from bpmn.dmn.answers import as_json
from tests.bpmn.dmn.drawing import (
    NOW,
    component,
    considered,
    decision,
    input_data,
    item,
    literal,
    model,
    text,
    value,
)

Rule = tuple[int, int, int]
"""Lower and upper end, and what the rule gives."""

rules = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 3)), max_size=8)


def table(made: list[Rule], attributes: str) -> bytes:
    rows = "".join(
        f"<rule>{text('inputEntry', f'[{low}..{high}]')}{text('outputEntry', str(gives))}</rule>"
        for low, high, gives in made
    )
    inputs = f"<input>{text('inputExpression', 'x')}</input>"
    output = f"<output>{text('outputValues', '3, 2, 1, 0')}</output>"
    logic = f"<decisionTable {attributes}>{inputs}{output}{rows}</decisionTable>"
    return model(input_data("x", "number"), decision("d", logic, "i:x"))


def expected(policy: str, given: list[int]) -> Any:
    """What the standard's table of hit policies says of the matching rules' outputs."""
    single = {
        "UNIQUE": given[0] if len(given) == 1 else None,
        "ANY": given[0] if len(set(given)) == 1 else None,
        "FIRST": given[0] if given else None,
        "PRIORITY": max(given, default=None),
        'COLLECT" aggregation="SUM': sum(given) if given else None,
        'COLLECT" aggregation="MIN': min(given, default=None),
        'COLLECT" aggregation="MAX': max(given, default=None),
        'COLLECT" aggregation="COUNT': len(given),
    }
    if policy in single:
        return single[policy]
    if policy != "COLLECT" and not given:
        return None
    return sorted(given, reverse=True) if policy == "OUTPUT ORDER" else given


POLICIES = (
    "UNIQUE",
    "ANY",
    "FIRST",
    "PRIORITY",
    "RULE ORDER",
    "OUTPUT ORDER",
    "COLLECT",
    *(f'COLLECT" aggregation="{name}' for name in ("SUM", "MIN", "MAX", "COUNT")),
)


@settings(max_examples=60)
@given(rules, st.integers(0, 9), st.sampled_from(POLICIES))
def test_a_table_gives_what_its_matching_rules_and_hit_policy_say(
    made: list[Rule], x: int, policy: str
) -> None:
    matching = [gives for low, high, gives in made if low <= x <= high]

    outcome = considered(table(made, f'hitPolicy="{policy}"'), x=x)

    assert outcome.value == expected(policy, matching)
    violated = policy in ("UNIQUE", "ANY") and len(matching) > 1 and outcome.value is None
    assert any(flaw.fault for flaw in outcome.warnings) == violated


@settings(max_examples=40)
@given(st.data())
def test_each_decision_of_a_graph_is_evaluated_once(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 12))
    needs = [
        data.draw(st.lists(st.integers(0, n - 1), unique=True, max_size=n)) if n else []
        for n in range(size)
    ]
    made = [
        decision(
            f"d{n}",
            literal(" + ".join([str(n + 1), *(f"d{other}" for other in others)])),
            *(f"d:d{other}" for other in others),
        )
        for n, others in enumerate(needs)
    ]
    order = data.draw(st.permutations(made))
    sums: list[int] = []
    for n, others in enumerate(needs):
        sums.append(n + 1 + sum(sums[other] for other in others))

    outcome = considered(model(*order), f"d{size - 1}")

    evaluated = [each.decision for each in outcome.trace]
    assert outcome.value == sums[-1]
    assert len(evaluated) == len(set(evaluated))
    assert compile_decisions(model(*order)).consider_all({}, NOW).value == {
        f"d{n}": total for n, total in enumerate(sums)
    }


values = st.fixed_dictionaries(
    {
        "day": st.dates(),
        "clock": st.times().map(lambda clock: clock.replace(fold=0)),
        "length": st.timedeltas(timedelta(days=-9999), timedelta(days=9999)),
        "many": st.lists(st.dates()),
        "name": st.text(max_size=5),
        "number": st.decimals(allow_nan=False, allow_infinity=False, places=2),
    }
)


@given(values)
def test_what_is_printed_as_json_is_read_back_in_its_type(
    given_value: dict[str, date | time | object],
) -> None:
    types = item(
        "tAll",
        content=component("day", "date")
        + component("clock", "time")
        + component("length", "days and time duration")
        + component("many", "date", collection=True)
        + component("name", "string")
        + component("number", "number"),
    )
    source = model(types, input_data("x", "tAll"), decision("d", literal("x"), "i:x"))

    assert value(source, x=as_json(given_value)) == given_value
