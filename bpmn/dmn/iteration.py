"""Boxed `for`, `some`, `every` and `filter` (DMN 1.5 §10.2.1.10 and .11).

Invariant: each gives what the same words give in a FEEL text; what they run over is asked of FEEL.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bpmn.dmn.expressions import Code, Names
from bpmn.dmn.source import Element, plain_name
from bpmn.feel import compile_expression
from bpmn.feel.loops import so_far
from bpmn.feel.operators import conjunction, disjunction
from bpmn.feel.scope import Scope

if TYPE_CHECKING:
    from bpmn.dmn.boxed import Boxed

_ITEMS = compile_expression("for item in listed return item", {"listed"}).code
_CHOSEN = compile_expression("listed[position]", {"listed", "position"}).code


def compile_for(boxed: Boxed, element: Element, names: Names) -> Code:
    """`partial` is what the rounds before have given."""
    variable = _variable(boxed, element)
    items = boxed.part(element, "in", names)
    body = boxed.part(element, "return", names | {variable, "partial"})
    looks_back = any("partial" in text for text in element.itertext())

    def code(scope: Scope) -> Any:
        results: list[Any] = []
        more: dict[str, Any] = {"partial": []}
        rounds = _rounds(scope, items, variable, more)
        if rounds is None:
            return None
        for inner in rounds:
            results.append(body(inner))
            if looks_back:
                more["partial"] = so_far(results, scope.run)
        return results

    return code


def compile_some(boxed: Boxed, element: Element, names: Names) -> Code:
    return _quantified(boxed, element, names, disjunction)


def compile_every(boxed: Boxed, element: Element, names: Names) -> Code:
    return _quantified(boxed, element, names, conjunction)


def _quantified(boxed: Boxed, element: Element, names: Names, verdict: Any) -> Code:
    variable = _variable(boxed, element)
    items = boxed.part(element, "in", names)
    test = boxed.part(element, "satisfies", names | {variable})

    def code(scope: Scope) -> Any:
        rounds = _rounds(scope, items, variable, {})
        return None if rounds is None else verdict(test(inner) for inner in rounds)

    return code


def compile_filter(boxed: Boxed, element: Element, names: Names) -> Code:
    """The items that match, or the one that a number points at; an item's entries are names."""
    base = boxed.part(element, "in", names)
    match = boxed.part(element, "match", names | {"item"})

    def code(scope: Scope) -> Any:
        items = base(scope)
        if items is None:
            return None
        if type(items) is not list:
            items = [items]
        first = match(_item_scope(scope, items[0] if items else None))
        if type(first) is not bool and first is not None:
            return _CHOSEN(Scope({"listed": items, "position": first}, scope.run))
        chosen = [items[0]] if items and first is True else []
        rest = (item for item in items[1:] if match(_item_scope(scope, item)) is True)
        return [*chosen, *rest]

    return code


def _item_scope(scope: Scope, item: Any) -> Scope:
    scope.run.spend(1)
    own = item if type(item) is dict else {}
    return Scope({**scope.names, "item": item, **own}, scope.run)


def _variable(boxed: Boxed, element: Element) -> str:
    name = plain_name(element.get("iteratorVariable") or "")
    if not name:
        boxed.source.fault(element, "boxed-structure", "The iterator names no variable.")
    return name


def _rounds(
    scope: Scope, items: Code, variable: str, more: dict[str, Any]
) -> Iterator[Scope] | None:
    """The scopes of all rounds; None where there is nothing to run over."""
    found = _ITEMS(Scope({"listed": items(scope)}, scope.run))
    if found is None:
        return None
    names = scope.names
    return (Scope({**names, **more, variable: item}, scope.run) for item in found)
