"""A table's columns: the values that its rules are asked about, and those that they give.

Where nobody has declared the type of what a column reads, as in Camunda's models, a text that says
a number or a date is converted to the column's type, as Camunda 7 does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from bpmn.dmn.expressions import Code
from bpmn.feel import Type, conforms, temporal
from bpmn.feel.builtins.conversion import print_value, read_number
from bpmn.values import YearsMonths

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Input:
    """`text` is the expression as written; a rule may call the value by `variable`."""

    id: str
    label: str
    text: str
    evaluate: Code = field(repr=False, compare=False)
    type: Type
    variable: str = "cellInput"
    allowed: Code | None = field(default=None, repr=False, compare=False)
    """The tests of the values that the table lists for this input; None: any."""


@dataclass(frozen=True, slots=True)
class Output:
    """`priorities` is the code of its values, highest priority first."""

    name: str
    label: str
    type: Type
    allowed: Code | None = field(default=None, repr=False, compare=False)
    priorities: Code | None = field(default=None, repr=False, compare=False)
    default: Code | None = field(default=None, repr=False, compare=False)


def _to_number(value: Any) -> Any:
    if type(value) in (int, Decimal):
        return value
    return read_number(value.strip()) if type(value) is str else None


def _to_string(value: Any) -> Any:
    return None if type(value) in (list, dict) else print_value(value)


def _to_boolean(value: Any) -> Any:
    if type(value) is bool:
        return value
    words = {"true": True, "false": False}
    return words.get(value.lower()) if type(value) is str else None


def _to_date(value: Any) -> Any:
    """A date, or a date and time, which Camunda 7 calls `date` too."""
    if isinstance(value, date):
        return value
    if type(value) is not str:
        return None
    return temporal.read_datetime(value) if "T" in value else temporal.read_date(value)


def _to_datetime(value: Any) -> Any:
    if type(value) is datetime:
        return value
    return temporal.read_datetime(value) if type(value) is str else None


def _to_time(value: Any) -> Any:
    if type(value) is time:
        return value
    return temporal.read_time(value) if type(value) is str else None


def _duration(kind: type) -> Convert:
    def convert(value: Any) -> Any:
        found = temporal.read_duration(value) if type(value) is str else value
        return found if type(found) is kind else None

    return convert


_CONVERSIONS: dict[str, Convert] = {
    "string": _to_string,
    "boolean": _to_boolean,
    "number": _to_number,
    "date": _to_date,
    "time": _to_time,
    "date and time": _to_datetime,
    "days and time duration": _duration(timedelta),
    "years and months duration": _duration(YearsMonths),
}


def converted(value: Any, type_: Type) -> Any:
    """The value as Camunda 7 makes it one of the type; unchanged where it does not."""
    convert = _CONVERSIONS.get(type_.name)
    if convert is None or value is None or conforms(value, type_):
        return value
    found = convert(value)
    return value if found is None else found
