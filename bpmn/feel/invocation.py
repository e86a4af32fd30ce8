"""How a function value is called (DMN 1.5 §10.3.2.13.2).

Invariant: a function sees as many arguments as it has parameters, in their types. Anything else
gives null and never reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bpmn.feel.limits import Run
from bpmn.feel.types import coerced
from bpmn.feel.values import Function


def invoke(function: Any, run: Run, arguments: Sequence[Any], names: Sequence[str] = ()) -> Any:
    """The result of the call; with `names`, one for each argument, by name."""
    if type(function) is not Function:
        return None
    if function.overloaded is not None:
        return function.overloaded(run, arguments, names)
    if names:
        by_name = dict(zip(names, arguments, strict=True))
        if by_name.keys() != set(function.parameters):
            return None
        arguments = [by_name[name] for name in function.parameters]
    if len(arguments) != len(function.parameters):
        return None
    if any(function.types):
        typed = _typed(function, run, arguments)
        if typed is None:
            return None
        arguments = typed
    return function.call(run, list(arguments))


def misfit(function: Function, run: Run, given: Mapping[str, Any]) -> str:
    """The name of an argument that is none of its parameter's type."""
    for name, wanted in zip(function.parameters, function.types, strict=False):
        value = given.get(name)
        if wanted and value is not None and coerced(value, wanted, run) is None:
            return name
    return ""


def _typed(function: Function, run: Run, arguments: Sequence[Any]) -> list[Any] | None:
    """The arguments in the parameters' types; None if one cannot be."""
    found: list[Any] = []
    for argument, wanted in zip(arguments, function.types, strict=True):
        value = argument if wanted is None else coerced(argument, wanted, run)
        if value is None and argument is not None:
            return None
        found.append(value)
    return found
