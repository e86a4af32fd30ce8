"""A table's columns: the values that its rules are asked about, and those that they give.

Where nobody has declared the type of what a column reads, as in Camunda's models, a text that says
a number or a date is converted to the column's type, as Camunda 7 does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bpmn.dmn.expressions import Code
from bpmn.feel import Type, conforms, kind, temporal
from bpmn.feel.builtins.conversion import print_value, read_number

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


def _to_string(value: Any) -> Any:
    return None if type(value) in (list, dict) else print_value(value)


def _to_boolean(value: Any) -> Any:
    words = {"true": True, "false": False}
    return words.get(value.lower()) if type(value) is str else None


def _to_number(value: Any) -> Any:
    return read_number(value.strip()) if type(value) is str else None


def _read(*readers: Convert) -> Convert:
    """The first of what the readers make of a text."""

    def convert(value: Any) -> Any:
        found = (reader(value) for reader in readers if type(value) is str)
        return next((each for each in found if each is not None), None)

    return convert


_CONVERSIONS: dict[str, Convert] = {
    "string": _to_string,
    "boolean": _to_boolean,
    "number": _to_number,
    "date": _read(temporal.read_date, temporal.read_datetime),
    "time": _read(temporal.read_time),
    "date and time": _read(temporal.read_datetime, temporal.read_date),
    "days and time duration": _read(temporal.read_duration),
    "years and months duration": _read(temporal.read_duration),
}


def converted(value: Any, type_: Type) -> Any:
    """The value as Camunda 7 makes it one of the type; unchanged where it does not."""
    convert = _CONVERSIONS.get(type_.name)
    if convert is None or value is None or conforms(value, type_):
        return value
    found = convert(value)
    return value if found is None else found


def column_type(type_: Type) -> Type:
    """Camunda 7 calls a date and time a `date` too."""
    return _MOMENT if type_ == _DATE else type_


_DATE = Type("date")


def _is_moment(value: Any) -> bool:
    return kind(value) in ("date", "date and time")


_MOMENT = Type("Any", allows=_is_moment)
