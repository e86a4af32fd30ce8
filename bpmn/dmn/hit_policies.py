"""Which of the matching rules' outputs a decision table gives (DMN 1.5 §8.2.10 and §8.2.11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bpmn.errors import ModelError
from bpmn.feel import compile_expression
from bpmn.feel.limits import Run
from bpmn.feel.operators import equal, member
from bpmn.feel.scope import Scope


class Violated(ModelError):
    """The matching rules are not what the hit policy allows."""

    code = "hit_policy_violated"


@dataclass(frozen=True, slots=True)
class Hit:
    """A matching rule: its number from 1, and its outputs."""

    rule: int
    outputs: dict[str, Any]


Ranks = Sequence[tuple[str, list[Any]]]
"""For each output that has a list of values: its name and the values, highest priority first."""
Choose = Callable[[list[Hit], Ranks, Run], list[Hit]]


def _unique(hits: list[Hit], _ranks: Ranks, _run: Run) -> list[Hit]:
    if len(hits) > 1:
        rules = ", ".join(str(hit.rule) for hit in hits)
        raise Violated(f"hit policy UNIQUE, but the rules {rules} match")
    return hits


def _first(hits: list[Hit], _ranks: Ranks, _run: Run) -> list[Hit]:
    return hits[:1]


def _any(hits: list[Hit], _ranks: Ranks, run: Run) -> list[Hit]:
    for hit in hits[1:]:
        if equal(hits[0].outputs, hit.outputs, run) is not True:
            raise Violated(f"hit policy ANY, but the rules {hits[0].rule} and {hit.rule} differ")
    return hits[:1]


def _all(hits: list[Hit], _ranks: Ranks, _run: Run) -> list[Hit]:
    return hits


def _output_order(hits: list[Hit], ranks: Ranks, run: Run) -> list[Hit]:
    """By the outputs' priorities, the first output counting most; else in the rules' order."""

    def priority(hit: Hit) -> list[int]:
        return [_rank(hit, name, values, run) for name, values in ranks]

    return sorted(hits, key=priority)


def _rank(hit: Hit, name: str, values: list[Any], run: Run) -> int:
    """Null, which is no value of a list, comes last."""
    found = hit.outputs[name]
    for rank, value in enumerate(values):
        if member(found, value, run) is True:
            return rank
    if found is None:
        return len(values)
    raise Violated(f"rule {hit.rule}: the output {name} is not in its list of values")


def _priority(hits: list[Hit], ranks: Ranks, run: Run) -> list[Hit]:
    return _output_order(hits, ranks, run)[:1]


POLICIES: dict[str, Choose] = {
    "UNIQUE": _unique,
    "FIRST": _first,
    "ANY": _any,
    "PRIORITY": _priority,
    "COLLECT": _all,
    "RULE ORDER": _all,
    "OUTPUT ORDER": _output_order,
}
SINGLE = frozenset({"UNIQUE", "FIRST", "ANY", "PRIORITY"})
"""Policies that give one result at most."""

ORDERED = frozenset({"RULE ORDER", "OUTPUT ORDER"})
"""Policies that give null where no rule matches, as §10.3.2.10 has it. COLLECT gives what it has
collected, be it nothing: a list without items, as Camunda does, and 0 for COUNT."""

RANKED = frozenset({"PRIORITY", "OUTPUT ORDER"})
"""Policies that need the outputs' values in an order."""

_AGGREGATES = {
    "SUM": compile_expression("sum(values)", {"values"}).code,
    "MIN": compile_expression("min(values)", {"values"}).code,
    "MAX": compile_expression("max(values)", {"values"}).code,
    "COUNT": compile_expression("count(values)", {"values"}).code,
}
AGGREGATIONS = frozenset(_AGGREGATES)


def aggregated(aggregation: str, values: list[Any], run: Run) -> Any:
    """COLLECT with an operator. Raises `Violated` where the values do not allow it."""
    result = _AGGREGATES[aggregation](Scope({"values": values}, run))
    if result is None:
        raise Violated(f"COLLECT {aggregation} over values that allow none")
    return result
