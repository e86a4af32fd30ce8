"""Which of the matching rules' outputs a decision table gives (DMN 1.5 §8.2.10 and §8.2.11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bpmn.errors import ExpressionFailed
from bpmn.feel import operators
from bpmn.feel.builtins import lists
from bpmn.values import Value, Variables


@dataclass(frozen=True, slots=True)
class Hit:
    """A matching rule: its number from 1, and its outputs."""

    rule: int
    outputs: Variables


Ranks = Sequence[tuple[str, tuple[Value, ...]]]
"""For each output that has a list of values: its name and the values, highest priority first."""
Choose = Callable[[list[Hit], Ranks], list[Hit]]


def _unique(hits: list[Hit], _ranks: Ranks) -> list[Hit]:
    if len(hits) > 1:
        rules = ", ".join(str(hit.rule) for hit in hits)
        raise ExpressionFailed(f"hit policy UNIQUE, but the rules {rules} match")
    return hits


def _first(hits: list[Hit], _ranks: Ranks) -> list[Hit]:
    return hits[:1]


def _any(hits: list[Hit], _ranks: Ranks) -> list[Hit]:
    for hit in hits[1:]:
        if operators.equal(hits[0].outputs, hit.outputs) is not True:
            raise ExpressionFailed(
                f"hit policy ANY, but the rules {hits[0].rule} and {hit.rule} differ"
            )
    return hits[:1]


def _all(hits: list[Hit], _ranks: Ranks) -> list[Hit]:
    return hits


def _output_order(hits: list[Hit], ranks: Ranks) -> list[Hit]:
    """By the outputs' priorities, the first output counting most; else in the rules' order."""

    def priority(hit: Hit) -> list[int]:
        return [_rank(hit, name, values) for name, values in ranks]

    return sorted(hits, key=priority)


def _rank(hit: Hit, name: str, values: tuple[Value, ...]) -> int:
    for rank, value in enumerate(values):
        if operators.equal(hit.outputs[name], value) is True:
            return rank
    raise ExpressionFailed(f"rule {hit.rule}: the output {name} is not in its list of values")


def _priority(hits: list[Hit], ranks: Ranks) -> list[Hit]:
    return _output_order(hits, ranks)[:1]


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

AGGREGATIONS = frozenset({"SUM", "MIN", "MAX", "COUNT"})


def aggregated(aggregation: str, values: list[Value]) -> Value:
    """COLLECT with an operator. Raises `ExpressionFailed` where the values do not allow it."""
    if aggregation == "COUNT":
        return len(values)
    functions = {"MIN": lists.minimum, "MAX": lists.maximum, "SUM": lists.total}
    result: Value = functions[aggregation](None, values)
    if result is None:
        raise ExpressionFailed(f"COLLECT {aggregation} over values that allow none")
    return result
