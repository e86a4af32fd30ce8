"""`zeebe:ioMapping`: variables of a node's own, and what goes out of it.

Invariant: a target with dots builds or changes a context, as Zeebe's variable mappings do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bpmn.context import Context
from bpmn.dialects.dialect import Element, Mappings, Parameters
from bpmn.dialects.zeebe.words import given, items, said, word
from bpmn.graph import Expression
from bpmn.values import Value


def mappings(context: Context, element: Element) -> Mappings | None:
    holder = word(element, "ioMapping")
    if holder is None:
        return None
    outputs = _pairs(context, items(holder, "output"), onto_outer=True)
    return Mappings(
        _pairs(context, items(holder, "input"), onto_outer=False), outputs, bool(outputs)
    )


def _pairs(context: Context, parts: list[Element], *, onto_outer: bool) -> Parameters:
    pairs: list[tuple[str, Expression]] = []
    begun: set[str] = set()
    for part in parts:
        value, target = said(context, part, "source"), given(part, "target")
        if target is None or given(part, "source") is None:
            context.report.error("parameter", part, "A mapping needs a source and a target.")
            continue
        if value is None:
            continue
        name, *path = target.split(".")
        if path:
            # Inputs make a variable of their own: what it is outside does not go into it.
            value = _nested(name, path, value, fresh=not (onto_outer or name in begun))
        begun.add(name)
        pairs.append((name, value))
    return tuple(pairs)


def _nested(name: str, path: list[str], value: Expression, *, fresh: bool) -> Expression:
    def evaluate(variables: Mapping[str, Value], now: datetime) -> Value:
        return _put(None if fresh else variables.get(name), path, value.evaluate(variables, now))

    return Expression(value.text, value.language, evaluate, value.line)


def _put(old: Value, path: list[str], value: Value) -> Value:
    known = dict(old) if isinstance(old, dict) else {}
    first, *rest = path
    known[first] = _put(known.get(first), rest, value) if rest else value
    return known
