"""Why an expression gives null: evaluate it once more and watch where the nulls arise.

FEEL has no side effects and its clock is an argument, so the second evaluation is the first one
again. The first pays nothing for it (DMN 1.5 §10.3.2.1: "errors give null").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bpmn.feel import syntax
from bpmn.feel.scope import Scope
from bpmn.feel.values import kind

Code = Callable[[Scope], Any]

MOST = 20
"""Reasons that are kept; more explain nothing."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A null that arose at `position`, and what it arose from."""

    text: str
    position: int


class Trace:
    """Collects reasons while one expression runs."""

    def __init__(self) -> None:
        self.reasons: list[Reason] = []
        self._seen: dict[int, Any] = {}

    def watched(self, node: syntax.Node, code: Code) -> Code:
        explain = _EXPLANATIONS.get(type(node))

        def watch(scope: Scope) -> Any:
            before = len(self.reasons)
            value = self._seen[id(node)] = code(scope)
            if value is None and explain and len(self.reasons) == before < MOST:
                text = explain(self, node, scope)
                if text:
                    self.reasons.append(Reason(text, node.position))
            return value

        return watch

    def kind(self, node: syntax.Node) -> str:
        """What the node gave when it was last evaluated, in words."""
        value = node.value if isinstance(node, syntax.Constant) else self._seen.get(id(node))
        return "null" if value is None else kind(value)


def _operation(trace: Trace, node: Any, _scope: Scope) -> str:
    left, right = trace.kind(node.left), trace.kind(node.right)
    return f"{left} {node.operator} {right} has no value"


def _negation(trace: Trace, node: Any, _scope: Scope) -> str:
    return f"- {trace.kind(node.operand)} has no value"


def _name(_trace: Trace, node: Any, scope: Scope) -> str:
    return "" if scope.look_up(node.name)[0] else f"there is no {node.name}"


def _path(trace: Trace, node: Any, _scope: Scope) -> str:
    base = trace.kind(node.base)
    return "" if base == "context" else f"{base} has no part {node.name}"


def _call(trace: Trace, node: Any, _scope: Scope) -> str:
    given = ", ".join(trace.kind(argument) for argument in node.arguments)
    called = node.function.name if isinstance(node.function, syntax.Name) else "the function"
    return f"{called} has no value for ({given})"


def _filter(trace: Trace, node: Any, _scope: Scope) -> str:
    return f"the filter of {trace.kind(node.base)} chooses nothing"


def _interval(trace: Trace, node: Any, _scope: Scope) -> str:
    ends = " and ".join(trace.kind(end) for end in (node.low, node.high) if end)
    return f"{ends} are no ends of a range"


def _logic(trace: Trace, node: Any, _scope: Scope) -> str:
    kinds = f" {node.operator} ".join(trace.kind(operand) for operand in node.operands)
    return f"{kinds} is neither true nor false"


def _broken(_trace: Trace, node: Any, _scope: Scope) -> str:
    return str(node.message)


_EXPLANATIONS: dict[type[syntax.Node], Callable[[Trace, Any, Scope], str]] = {
    syntax.Arithmetic: _operation,
    syntax.Comparison: _operation,
    syntax.Negation: _negation,
    syntax.Name: _name,
    syntax.Path: _path,
    syntax.Call: _call,
    syntax.Filter: _filter,
    syntax.Interval: _interval,
    syntax.Logic: _logic,
    syntax.Broken: _broken,
}
