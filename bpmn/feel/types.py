"""FEEL's types: whether a value conforms to one (DMN 1.5 §10.3.2.9)."""

from __future__ import annotations

from typing import Any

from bpmn.feel.limits import Run
from bpmn.feel.syntax import Type
from bpmn.feel.values import kind


def conforms(value: Any, wanted: Type, run: Run) -> bool:
    """`value instance of wanted`. Null is an instance of Null only."""
    run.spend(1)
    if value is None:
        return wanted.name == "Null"
    if wanted.name == "Any":
        return True
    if kind(value) != wanted.name:
        return False
    return _parts_conform(value, wanted, run)


def _parts_conform(value: Any, wanted: Type, run: Run) -> bool:
    parts = wanted.parts
    if wanted.name == "list":
        return all(_allowed(item, part, run) for _, part in parts for item in value)
    if wanted.name == "range":
        ends = (end for end in (value.low, value.high) if end is not None)
        return all(conforms(end, part, run) for end in ends for _, part in parts)
    if wanted.name == "context":
        return all(key in value and _allowed(value[key], part, run) for key, part in parts)
    if wanted.name == "function":
        return sum(key != "->" for key, _ in parts) in (0, len(value.parameters))
    return True


def _allowed(value: Any, wanted: Type, run: Run) -> bool:
    """Inside lists and contexts null belongs to every type."""
    return value is None or conforms(value, wanted, run)
