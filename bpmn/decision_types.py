"""Types of a decision table's inputs and outputs: what a value becomes, what is no such value.

DMN's names and Camunda 7's; a text that says a number or date is converted as Camunda does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from bpmn.errors import ExpressionFailed
from bpmn.feel import temporal
from bpmn.feel.builtins.conversion import print_value, read_number
from bpmn.values import Value, YearsMonths

Convert = Callable[[Any], Value]


def _to_number(value: Any) -> Value:
    if type(value) in (int, Decimal):
        return value  # type: ignore[no-any-return]
    return read_number(value.strip()) if type(value) is str else None


def _to_integer(value: Any) -> Value:
    found = _to_number(value)
    if isinstance(found, int | Decimal) and found == int(found):
        return int(found)
    return None


def _to_string(value: Any) -> Value:
    return None if type(value) in (list, dict) else print_value(value)


def _to_boolean(value: Any) -> Value:
    if type(value) is bool:
        return value
    words: dict[object, Value] = {"true": True, "false": False}
    return words.get(value.lower()) if type(value) is str else None


def _to_date(value: Any) -> Value:
    """A date, or a date and time, which Camunda 7 calls `date` too."""
    if isinstance(value, date):
        return value
    if type(value) is not str:
        return None
    return temporal.read_datetime(value) if "T" in value else temporal.read_date(value)


def _to_datetime(value: Any) -> Value:
    if type(value) is datetime:
        return value
    return temporal.read_datetime(value) if type(value) is str else None


def _to_time(value: Any) -> Value:
    if type(value) is time:
        return value
    return temporal.read_time(value) if type(value) is str else None


def _duration(kind: type) -> Convert:
    def convert(value: Any) -> Value:
        found: Value = temporal.read_duration(value) if type(value) is str else value
        return found if type(found) is kind else None

    return convert


def _only(kind: type) -> Convert:
    def convert(value: Any) -> Value:
        found: Value = value
        return found if type(found) is kind else None

    return convert


def _anything(value: Any) -> Value:
    return value  # type: ignore[no-any-return]


TYPES: dict[str, Convert] = {
    "any": _anything,
    "string": _to_string,
    "boolean": _to_boolean,
    "number": _to_number,
    "double": _to_number,
    "integer": _to_integer,
    "long": _to_integer,
    "date": _to_date,
    "time": _to_time,
    "datetime": _to_datetime,
    "date and time": _to_datetime,
    "daytimeduration": _duration(timedelta),
    "days and time duration": _duration(timedelta),
    "yearmonthduration": _duration(YearsMonths),
    "years and months duration": _duration(YearsMonths),
    "context": _only(dict),
    "list": _only(list),
}


def known_type(name: str) -> str | None:
    """The key of a type in `TYPES`; a prefix (`feel:string`) does not count."""
    plain = name.rpartition(":")[2].strip().lower() or "any"
    return plain if plain in TYPES else None


def converted(value: Value, type_name: str, what: str) -> Value:
    """The value in its type; null stays null. Raises `ExpressionFailed` naming `what`."""
    if value is None:
        return None
    found = TYPES[type_name](value)
    if found is None:
        raise ExpressionFailed(f"{what} is no {type_name}: {print_value(value, quoted=True)[:80]}")
    return found
