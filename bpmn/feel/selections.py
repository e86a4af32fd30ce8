"""Filters: `list[condition]` and `list[index]` (DMN 1.5 §10.3.2.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bpmn.feel import syntax
from bpmn.feel.scope import Scope
from bpmn.feel.values import NUMBERS

if TYPE_CHECKING:
    from bpmn.feel.compiler import Compiler

Code = Callable[[Scope], Any]


def compile_filter(compiler: Compiler, node: Any) -> Code:
    """A condition that gives a number for the first item is an index, else it is a condition."""
    base = compiler.compile(node.base)
    cost = syntax.size(node.condition)
    compiler.scopes.append({"item"})
    condition = compiler.inside(None, node.condition)
    compiler.scopes.pop()

    def code(scope: Scope) -> Any:
        items = base(scope)
        if items is None:
            return None
        if type(items) is not list:
            items = [items]
        scope.run.spend(cost)
        first = condition(_item_scope(scope, items[0] if items else None))
        if type(first) in NUMBERS:
            return _indexed(items, first)
        chosen = [items[0]] if items and first is True else []
        for item in items[1:]:
            scope.run.spend(cost)
            if condition(_item_scope(scope, item)) is True:
                chosen.append(item)
        return chosen

    return code


def _item_scope(scope: Scope, item: Any) -> Scope:
    return scope.inner({"item": item}).inner(item if type(item) is dict else {})


def _indexed(items: list[Any], index: Any) -> Any:
    """Counted from 1, or from the end by negative numbers; null beside the list."""
    if index != int(index) or index == 0 or abs(index) > len(items):
        return None
    position = int(index)
    return items[position - 1 if position > 0 else position]
