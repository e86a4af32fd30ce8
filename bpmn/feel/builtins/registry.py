"""How a built-in function is declared and how its arguments are checked and converted.

A function names its parameters as the standard does, with their kinds. So an implementation sees
only arguments of the right kinds; others make the result null (DMN 1.5 §10.3.4 and §10.3.2.9.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from bpmn.feel.limits import Run
from bpmn.feel.operators import as_datetime
from bpmn.feel.values import kind

Implementation = Callable[..., Any]

_GROUPS: dict[str, frozenset[str]] = {
    "duration": frozenset({"days and time duration", "years and months duration"}),
    "day": frozenset({"date", "date and time"}),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: str
    optional: bool = False
    """May be left out, or null."""


@dataclass(frozen=True, slots=True)
class Builtin:
    """One signature of a built-in function. A variadic one takes its arguments as one list;
    with `rest` the last parameter may be repeated."""

    name: str
    parameters: tuple[Parameter, ...]
    run: Callable[..., Any]
    variadic: bool = False
    rest: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

    def accepts(self, count: int) -> bool:
        if self.variadic:
            return count >= 1
        if self.rest:
            return count >= len(self.parameters)
        needed = sum(not parameter.optional for parameter in self.parameters)
        return needed <= count <= len(self.parameters)

    def accepts_names(self, names: Iterable[str]) -> bool:
        wanted = {parameter.name for parameter in self.parameters}
        needed = {parameter.name for parameter in self.parameters if not parameter.optional}
        return needed <= set(names) <= wanted

    def converted(self, arguments: list[Any]) -> list[Any] | None:
        """The arguments in the kinds of the parameters, None if one cannot be."""
        if self.variadic:
            one_list = len(arguments) == 1 and type(arguments[0]) is list
            return [arguments[0] if one_list else arguments]
        result: list[Any] = []
        parameters: Iterable[Parameter] = self.parameters
        if self.rest:
            parameters = chain(self.parameters, repeat(self.parameters[-1]))
        for parameter, argument in zip(parameters, arguments, strict=False):
            if argument is None and parameter.optional:
                result.append(None)
                continue
            fits, value = coerced(argument, parameter.kind)
            if not fits:
                return None
            result.append(value)
        return result


BUILTINS: dict[str, list[Builtin]] = {}


def builtin(
    name: str, *parameters: str, variadic: bool = False, rest: bool = False
) -> Callable[[Implementation], Implementation]:
    """Declare a signature: parameters are `name: kind`, optional ones end with `?`."""
    declared = tuple(_parameter(text) for text in parameters)

    def register(implementation: Implementation) -> Implementation:
        signature = Builtin(name, declared, implementation, variadic, rest)
        BUILTINS.setdefault(name, []).append(signature)
        return implementation

    return register


def _parameter(text: str) -> Parameter:
    name, _, wanted = text.partition(": ")
    return Parameter(name, wanted.rstrip("?"), wanted.endswith("?"))


def coerced(value: Any, wanted: str) -> tuple[bool, Any]:
    """Whether the value has the kind, after the conversions of DMN 1.5 §10.3.2.9.4."""
    if wanted == "any" or _fits(value, wanted):
        return True, value
    if wanted == "list" and value is not None:
        return True, [value]
    if type(value) is list and len(value) == 1 and _fits(value[0], wanted):
        return True, value[0]
    if wanted == "date and time" and kind(value) == "date":
        return True, as_datetime(value)
    return False, None


def _fits(value: Any, wanted: str) -> bool:
    actual = kind(value)
    return actual == wanted or actual in _GROUPS.get(wanted, ())


def call(signatures: list[Builtin], run: Run, arguments: list[Any]) -> Any:
    """The result of the first signature that the arguments fit, else null."""
    for signature in signatures:
        if signature.accepts(len(arguments)):
            converted = signature.converted(arguments)
            if converted is not None:
                return signature.run(run, *converted)
    return None


def call_by_name(signatures: list[Builtin], run: Run, given: Mapping[str, Any]) -> Any:
    """The result of the first signature that has these parameters and takes these arguments; one
    that has them in the order given comes before the others, as `before(point, range)` has."""
    order = tuple(given)
    for signature in sorted(signatures, key=lambda one: one.names != order):
        if signature.accepts_names(given):
            arguments = [given.get(parameter.name) for parameter in signature.parameters]
            converted = signature.converted(arguments)
            if converted is not None:
                return signature.run(run, *converted)
    return None
