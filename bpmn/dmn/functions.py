"""Function definitions, and what is called: knowledge models, services, closures.

Invariant: a function sees its parameters, in their types, and what was in scope where it was
defined; nothing else (DMN 1.5 §10.2.1.7 and §10.4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bpmn.dmn.evaluation import Evaluation
from bpmn.dmn.expressions import Code, evaluation_of, nothing
from bpmn.feel import Function, Type, coerced
from bpmn.feel.builtins.conversion import print_value
from bpmn.feel.scope import Scope
from bpmn.feel.types import ANY, print_type

LEVELS = 5
"""What a call counts for towards the depth of calls: a boxed body counts as a small text."""


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Definition:
    """A compiled function definition. `place` is the id that its warnings name."""

    parameters: tuple[Parameter, ...]
    body: Code
    result: Type
    place: str

    def function(self, evaluation: Evaluation, closure: Mapping[str, Any]) -> Function:
        """The function as a value, with what is in scope around it."""

        def call(given: dict[str, Any]) -> Any:
            evaluation.enter(LEVELS)
            value = self.body(Scope({**closure, **given}, evaluation))
            evaluation.leave(LEVELS)
            return typed(evaluation, value, self.result, self.place, "the result")

        return callable_(evaluation, self.parameters, call, self.result)


def callable_(
    evaluation: Evaluation,
    parameters: tuple[Parameter, ...],
    call: Callable[[dict[str, Any]], Any],
    result: Type,
) -> Function:
    """A function value whose body takes its arguments by name."""
    names = tuple(parameter.name for parameter in parameters)

    def positional(_run: Any, arguments: list[Any]) -> Any:
        evaluation.spend(1 + len(arguments))
        return call(dict(zip(names, arguments, strict=True)))

    types = tuple(None if each.type is ANY else each.type for each in parameters)
    return Function(names, positional, types, None if result is ANY else result)


def result_of(type_: Type) -> Type:
    """What a function gives whose variable has the type: since DMN 1.3 that of the function,
    before that of its result."""
    return dict(type_.parts).get("->", ANY) if type_.name == "function" else type_


def defined(definition: Definition) -> Code:
    """The code of a boxed function definition: a closure over the scope it stands in."""
    return lambda scope: definition.function(evaluation_of(scope), scope.names)


def typed(evaluation: Evaluation, value: Any, type_: Type, place: str, what: str) -> Any:
    """The value in the type, after conversion; else null, with a warning (§10.3.2.9.4)."""
    if type_ is ANY or value is None:
        return value
    found = coerced(value, type_, evaluation)
    if found is None:
        shown = print_value(value, quoted=True)
        shown = shown if len(shown) <= 80 else shown[:77] + "…"
        evaluation.fault(place, f"{what} is no {print_type(type_)} that is allowed: {shown}")
    return found


def checked(code: Code, type_: Type, place: str, what: str) -> Code:
    """The code, its value in the type."""
    if type_ is ANY or code is nothing:
        return code
    return lambda scope: typed(evaluation_of(scope), code(scope), type_, place, what)
