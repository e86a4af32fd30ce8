"""`for`, `some` and `every`: bodies evaluated once for each combination of iterators.

Invariant: every round spends steps, so no loop outlives its limit (DMN 1.5 §10.3.2.14).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bpmn.feel import operators, syntax, temporal
from bpmn.feel.limits import Run, weight
from bpmn.feel.scope import Scope
from bpmn.feel.values import NUMBERS, Range

if TYPE_CHECKING:
    from bpmn.feel.compiler import Compiler

Code = Callable[[Scope], Any]


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    low: Code
    high: Code | None


def _sources(compiler: Compiler, iterators: tuple[syntax.Iterator, ...]) -> list[_Source]:
    """The iterators' code; each opens a scope that the next and the body stand in."""
    sources = []
    for iterator in iterators:
        low = compiler.compile(iterator.low)
        high = compiler.compile(iterator.high) if iterator.high else None
        sources.append(_Source(iterator.name, low, high))
        compiler.scopes.append({iterator.name})
    return sources


def compile_for(compiler: Compiler, node: Any) -> Code:
    compiler.scopes.append({"partial"})
    sources = _sources(compiler, node.iterators)
    body = compiler.compile(node.body)
    del compiler.scopes[-len(sources) - 1 :]
    cost, looks_back = syntax.size(node.body), syntax.uses(node, "partial")

    def code(scope: Scope) -> Any:
        results: list[Any] = []
        names: dict[str, Any] = {"partial": []}
        for inner in _rounds(scope.inner(names), sources, 0):
            if inner is None:
                return None
            inner.run.spend(cost)
            results.append(body(inner))
            if looks_back:
                names["partial"] = so_far(results, inner.run)
        return results

    return code


def so_far(results: list[Any], run: Run) -> list[Any]:
    """What `partial` is in the next round: a list of its own, that does not grow with the results,
    so that no value ever holds itself."""
    run.spend(weight(results))
    return [*results]


def compile_quantified(compiler: Compiler, node: Any) -> Code:
    sources = _sources(compiler, node.iterators)
    body = compiler.compile(node.body)
    del compiler.scopes[-len(sources) :]
    cost = syntax.size(node.body)
    aggregate = operators.disjunction if node.quantifier == "some" else operators.conjunction

    def verdicts(scope: Scope) -> Iterator[Any]:
        for inner in _rounds(scope, sources, 0):
            scope.run.spend(cost)
            yield None if inner is None else body(inner)

    return lambda scope: aggregate(verdicts(scope))


def _rounds(scope: Scope, sources: list[_Source], at: int) -> Iterator[Scope | None]:
    """The scopes of all rounds, in order; None where a source is null."""
    source = sources[at]
    items = _items(scope, source)
    if items is None:
        yield None
        return
    for item in items:
        scope.run.spend(1)
        inner = scope.inner({source.name: item})
        if at + 1 == len(sources):
            yield inner
        else:
            yield from _rounds(inner, sources, at + 1)


def _items(scope: Scope, source: _Source) -> Any:
    low = source.low(scope)
    if source.high is not None:
        return _counted(low, source.high(scope))
    if type(low) is Range:
        return _held(low)
    if low is None or type(low) is list:
        return low
    return [low]


def _counted(low: Any, high: Any) -> Any:
    """The whole numbers, or days, from one end to the other, both included."""
    if type(low) in NUMBERS and type(high) in NUMBERS:
        if low != int(low) or high != int(high):
            return None
        first, last = int(low), int(high)
        return range(first, last + 1) if first <= last else range(first, last - 1, -1)
    if type(low) in temporal.DATES and type(high) in temporal.DATES:
        first, last = temporal.day_number(low), temporal.day_number(high)
        step = 1 if first <= last else -1
        return (temporal.make_date(day) for day in range(first, last + step, step))
    return None


def _held(interval: Range) -> Any:
    """What a range of whole numbers or dates holds."""
    ends = (interval.low, interval.high)
    if not operators.comparable(*ends) or operators.greater(*ends):
        return None
    counted = _counted(*ends)
    if counted is None:
        return None
    return (item for item in counted if operators.within(item, interval))
