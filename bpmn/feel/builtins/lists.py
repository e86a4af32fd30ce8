"""Functions on lists (DMN 1.5 §10.3.4.4 and §10.3.4.8).

Invariant: what costs more than one pass over its list spends steps.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from bpmn.feel import operators
from bpmn.feel.builtins.registry import builtin
from bpmn.feel.invocation import invoke
from bpmn.feel.limits import ITEMS, Run
from bpmn.feel.values import NUMBERS, Function
from bpmn.values import ARITHMETIC, Number


@builtin("list contains", "list: list", "element: any")
def list_contains(run: Run, items: list[Any], element: Any) -> bool:
    return any(operators.equal(item, element, run) is True for item in items)


@builtin("count", "list: list")
def count(_run: Run, items: list[Any]) -> int:
    return len(items)


def _extreme(items: list[Any], better: Callable[[Any, Any], bool | None]) -> Any:
    if not items:
        return None
    best = items[0]
    if not operators.comparable(best, best):
        return None
    for item in items[1:]:
        verdict = better(item, best)
        if verdict is None:
            return None
        best = item if verdict else best
    return best


@builtin("min", "list: list", variadic=True)
def minimum(_run: Run, items: list[Any]) -> Any:
    return _extreme(items, operators.less)


@builtin("max", "list: list", variadic=True)
def maximum(_run: Run, items: list[Any]) -> Any:
    return _extreme(items, operators.greater)


def _numbers(items: list[Any]) -> list[Number] | None:
    """The items if there are any and all are numbers."""
    fits = bool(items) and all(type(item) in NUMBERS for item in items)
    return items if fits else None


@builtin("sum", "list: list", variadic=True)
def total(_run: Run, items: list[Any]) -> Any:
    if _numbers(items) is None:
        return None
    result = items[0]
    for item in items[1:]:
        result = operators.add(result, item)
    return result


@builtin("product", "list: list", variadic=True)
def product(_run: Run, items: list[Any]) -> Any:
    if _numbers(items) is None:
        return None
    result = items[0]
    for item in items[1:]:
        result = operators.multiply(result, item)
    return result


@builtin("mean", "list: list", variadic=True)
def mean(run: Run, items: list[Any]) -> Any:
    return operators.divide(total(run, items), len(items)) if items else None


@builtin("median", "list: list", variadic=True)
def median(run: Run, items: list[Any]) -> Any:
    if _numbers(items) is None:
        return None
    ordered = sorted(items)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return mean(run, ordered[middle - 1 : middle + 1])


@builtin("stddev", "list: list", variadic=True)
def stddev(run: Run, items: list[Any]) -> Any:
    """The standard deviation of a sample."""
    if _numbers(items) is None or len(items) < 2:
        return None
    average = mean(run, items)
    squares: Any = 0
    for item in items:
        difference = operators.subtract(item, average)
        squares = operators.add(squares, operators.multiply(difference, difference))
    variance = operators.divide(squares, len(items) - 1)
    root = operators.computed(ARITHMETIC.sqrt, variance)
    return None if root is None else operators.whole(root)


@builtin("mode", "list: list", variadic=True)
def mode(_run: Run, items: list[Any]) -> Any:
    """The most frequent numbers, in ascending order."""
    if not items:
        return []
    if _numbers(items) is None:
        return None
    counts: dict[Decimal, int] = {}
    for item in items:
        key = Decimal(item)
        counts[key] = counts.get(key, 0) + 1
    most = max(counts.values())
    return sorted(operators.whole(key) for key, times in counts.items() if times == most)


@builtin("all", "list: list", variadic=True)
def all_true(_run: Run, items: list[Any]) -> bool | None:
    return operators.conjunction(items)


@builtin("any", "list: list", variadic=True)
def any_true(_run: Run, items: list[Any]) -> bool | None:
    return operators.disjunction(items)


def _index(items: list[Any], position: Number) -> int | None:
    """Where the position, from 1 or from the end, is in the list."""
    at = int(position)
    if position != at or at == 0 or abs(at) > len(items):
        return None
    return at - 1 if at > 0 else len(items) + at


@builtin("sublist", "list: list", "start position: number", "length: number?")
def sublist(
    _run: Run, items: list[Any], start: Number, length: Number | None = None
) -> list[Any] | None:
    """The length is from 1 to what is left of the list (§10.3.4.4, note 2)."""
    at = _index(items, start)
    if at is None:
        return None
    if length is None:
        return items[at:]
    if length < 1 or length != int(length) or at + length > len(items):
        return None
    return items[at : at + int(length)]


@builtin("append", "list: list", "item: any", rest=True)
def append(_run: Run, items: list[Any], *more: Any) -> list[Any]:
    return [*items, *more]


@builtin("concatenate", "list: list", rest=True)
def concatenate(run: Run, *lists: list[Any]) -> list[Any]:
    run.spend(sum(map(len, lists)))
    return [item for items in lists for item in items]


@builtin("insert before", "list: list", "position: number", "newItem: any")
def insert_before(_run: Run, items: list[Any], position: Number, item: Any) -> list[Any] | None:
    at = _index(items, position)
    return None if at is None else [*items[:at], item, *items[at:]]


@builtin("remove", "list: list", "position: number")
def remove(_run: Run, items: list[Any], position: Number) -> list[Any] | None:
    at = _index(items, position)
    return None if at is None else [*items[:at], *items[at + 1 :]]


@builtin("list replace", "list: list", "position: number", "newItem: any")
def list_replace(_run: Run, items: list[Any], position: Number, item: Any) -> list[Any] | None:
    at = _index(items, position)
    return None if at is None else [*items[:at], item, *items[at + 1 :]]


@builtin("list replace", "list: list", "match: function", "newItem: any")
def list_replace_matching(
    run: Run, items: list[Any], match: Function, new: Any
) -> list[Any] | None:
    verdicts = [invoke(match, run, [item, new]) for item in items]
    if not all(type(verdict) is bool for verdict in verdicts):
        return None
    return [new if verdict else item for item, verdict in zip(items, verdicts, strict=True)]


@builtin("reverse", "list: list")
def reverse(_run: Run, items: list[Any]) -> list[Any]:
    return items[::-1]


@builtin("index of", "list: list", "match: any")
def index_of(run: Run, items: list[Any], match: Any) -> list[int]:
    return [at for at, item in enumerate(items, 1) if operators.equal(item, match, run) is True]


def _distinct(run: Run, items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        run.spend(len(found))
        if not any(operators.equal(item, other, run) is True for other in found):
            found.append(item)
    return found


@builtin("union", "list: list", rest=True)
def union(run: Run, *lists: list[Any]) -> list[Any]:
    return _distinct(run, concatenate(run, *lists))


@builtin("distinct values", "list: list")
def distinct_values(run: Run, items: list[Any]) -> list[Any]:
    return _distinct(run, items)


@builtin("flatten", "list: list")
def flatten(run: Run, items: list[Any]) -> list[Any]:
    flat: list[Any] = []
    pending = [iter(items)]
    while pending:
        for item in pending[-1]:
            run.spend(1)
            if type(item) is list:
                pending.append(iter(item))
                break
            flat.append(item)
        else:
            pending.pop()
        if len(flat) > ITEMS:
            run.spend(ITEMS)
    return flat


@builtin("sort", "list: list", "precedes: function")
def sort(run: Run, items: list[Any], precedes: Function) -> list[Any] | None:
    """Stable; null where `precedes` answers neither true nor false."""
    undecided = False

    def order(left: Any, right: Any) -> int:
        nonlocal undecided
        run.spend(1)
        verdict = invoke(precedes, run, [left, right])
        undecided = undecided or type(verdict) is not bool
        if verdict is True:
            return -1
        return 1 if invoke(precedes, run, [right, left]) is True else 0

    result = sorted(items, key=cmp_to_key(order))
    return None if undecided else result
