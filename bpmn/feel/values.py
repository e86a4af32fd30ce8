"""The values that FEEL has beyond variables: ranges and functions; and the kind of any value.

A range or function lives inside an expression only; a result that holds one is an error, because
variables have no such values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from bpmn.errors import ExpressionFailed
from bpmn.feel.limits import ITEMS, Run, weight
from bpmn.feel.syntax import Type
from bpmn.values import Value, YearsMonths
from bpmn.wide import WideDate, WideDatetime, WideDuration, WideTime

Any_: TypeAlias = Any
"""A FEEL value inside an expression: `bpmn.values.Value`, `Range` or `Function`."""


@dataclass(frozen=True, slots=True)
class Range:
    """An interval. An end that is None is open to infinity (DMN 1.5 §10.3.2.7). Where `outside`,
    both ends are the one value that it leaves out, `(!= 3)`."""

    low: Any_
    high: Any_
    low_included: bool
    high_included: bool
    outside: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function value. `call` gets as many arguments as there are parameters, each in the type of
    its parameter where `types` says one."""

    parameters: tuple[str, ...]
    call: Callable[[Run, list[Any_]], Any_]
    types: tuple[Type | None, ...] = ()
    result: Type | None = None
    overloaded: Callable[[Run, Sequence[Any_], Sequence[str]], Any_] | None = None
    """Takes any arguments, by name or position; built-in functions do, that have several shapes."""


KINDS: dict[type, str] = {
    type(None): "Null",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    str: "string",
    date: "date",
    time: "time",
    datetime: "date and time",
    timedelta: "days and time duration",
    WideDate: "date",
    WideTime: "time",
    WideDatetime: "date and time",
    WideDuration: "days and time duration",
    YearsMonths: "years and months duration",
    list: "list",
    dict: "context",
    Range: "range",
    Function: "function",
}
NUMBERS = (int, Decimal)


def kind(value: Any_) -> str:
    """The name of the value's FEEL type."""
    return KINDS.get(type(value), "unknown")


def exported(value: Any_) -> Value:
    """The result of an expression as a value for variables, its size checked."""
    if type(value) in (list, dict):
        Portion().take_all(value)
    elif type(value) in (Range, Function):
        raise ExpressionFailed(f"the result is a {kind(value)}, which no variable can hold")
    result: Value = value
    return result


class Portion:
    """What may be written out of one result. A value may hold another many times, which costs
    nothing until it is written."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = ITEMS

    def take(self, value: Any_) -> None:
        """Count this one value; a long text counts as several."""
        self._left -= 1 + (weight(value) if type(value) is str else 0)
        if self._left < 0:
            raise ExpressionFailed(f"the expression makes more than {ITEMS} values")

    def take_all(self, value: Any_) -> None:
        """Count a value for variables, and all that it holds."""
        self.take(value)
        if type(value) is list:
            for item in value:
                self.take_all(item)
        elif type(value) is dict:
            for item in value.values():
                self.take_all(item)
        elif type(value) in (Range, Function):
            raise ExpressionFailed(f"the result holds a {kind(value)}, which no variable can hold")
