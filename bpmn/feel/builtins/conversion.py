"""Functions that make one kind of value from another (DMN 1.5 §10.3.4.1 and .2)."""

from __future__ import annotations

import re
from datetime import timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bpmn.feel import operators, temporal
from bpmn.feel.builtins.registry import builtin
from bpmn.feel.limits import Run, checked_text
from bpmn.feel.names import words_of
from bpmn.feel.values import NUMBERS, Range, kind
from bpmn.values import Number, YearsMonths

_PLAIN_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)


@builtin("not", "negand: boolean")
def logical_not(_run: Run, value: bool) -> bool:
    return not value


@builtin("is", "value1: any", "value2: any")
def same(run: Run, left: Any, right: Any) -> bool:
    """Equal, and of the same type and offset."""
    if kind(left) in ("time", "date and time") and kind(left) == kind(right):
        return print_value(left) == print_value(right)
    return operators.equal(left, right, run) is True


@builtin("number", "from: string")
@builtin("number", "from: string", "grouping separator: string?", "decimal separator: string?")
def number(
    _run: Run, text: str, grouping: str | None = None, point: str | None = None
) -> Number | None:
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", "."):
        return None
    if grouping is not None and grouping == point:
        return None
    plain = text.replace(grouping, "") if grouping else text
    return read_number(plain.replace(point, ".") if point else plain)


def read_number(plain: str) -> Number | None:
    """The number that the text says in FEEL's own form."""
    if len(plain) > 100 or not _PLAIN_NUMBER.fullmatch(plain):
        return None
    value = Decimal(plain)
    return operators.exact(int(plain) if plain.lstrip("-").isdigit() else value)


@builtin("string", "from: any")
def string(run: Run, value: Any) -> str | None:
    if value is None:
        return None
    text = checked_text(print_value(value))
    run.spend(len(text) >> 4)
    return text


_ESCAPED = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    | {sign: f"\\u{ord(sign):04X}" for sign in "\v\f"}
)


def print_value(value: Any, *, quoted: bool = False) -> str:
    """The value as FEEL's `string` prints it; texts inside lists and contexts are quoted."""
    if type(value) is str:
        return f'"{value.translate(_ESCAPED)}"' if quoted else value
    printer = _PRINTERS.get(kind(value))
    if printer is None:
        return "function"
    return checked_text(str(printer(value)))


def _print_range(value: Range) -> str:
    """As the function `range` reads it."""
    if value.outside:
        return f"(!= {_print_end(value.low)})"
    low, high = _print_end(value.low), _print_end(value.high)
    return f"{'[' if value.low_included else '('}{low}..{high}{']' if value.high_included else ')'}"


def _print_end(value: Any) -> str:
    if value is None:
        return ""
    text = print_value(value, quoted=True)
    return text if type(value) in (str, *NUMBERS) else f'@"{text}"'


def _print_list(value: list[Any]) -> str:
    return f"[{', '.join(print_value(item, quoted=True) for item in value)}]"


def _print_context(value: dict[str, Any]) -> str:
    entries = (f"{_key(key)}: {print_value(item, quoted=True)}" for key, item in value.items())
    return f"{{{', '.join(entries)}}}"


def _key(name: str) -> str:
    """The key as a name where it is one of plain words, else as a text."""
    words = words_of(name)
    plain = " ".join(words) == name and all(word.isalnum() or word.isidentifier() for word in words)
    return name if words and plain else print_value(name, quoted=True)


_PRINTERS: dict[str, Any] = {
    "Null": lambda _value: "null",
    "boolean": lambda value: "true" if value else "false",
    "number": lambda value: str(value) if type(value) is int else format(value, "f"),
    "date": temporal.print_date,
    "time": temporal.print_time,
    "date and time": temporal.print_datetime,
    "days and time duration": temporal.print_duration,
    "years and months duration": temporal.print_duration,
    "list": _print_list,
    "context": _print_context,
    "range": _print_range,
}


@builtin("date", "from: string")
def date_from_text(_run: Run, text: str) -> Any:
    return temporal.read_date(text)


@builtin("date", "from: day")
def date_from_day(_run: Run, day: Any) -> Any:
    return temporal.date_of(day)


@builtin("date", "year: number", "month: number", "day: number")
def date_from_parts(_run: Run, year: Number, month: Number, day: Number) -> Any:
    if any(part != int(part) for part in (year, month, day)):
        return None
    return temporal.dated(int(year), int(month), int(day)) if -(10**9) < year < 10**9 else None


@builtin("time", "from: string")
def time_from_text(_run: Run, text: str) -> Any:
    return temporal.read_time(text)


@builtin("time", "from: time")
def time_from_time(_run: Run, value: Any) -> Any:
    return value


@builtin("time", "from: date and time")
def time_from_datetime(_run: Run, value: Any) -> Any:
    return temporal.time_of(value)


@builtin("time", "hour: number", "minute: number", "second: number", "offset: duration?")
def time_from_parts(
    _run: Run, hour: Number, minute: Number, second: Number, offset: Any = None
) -> Any:
    if hour != int(hour) or minute != int(minute) or type(offset) is YearsMonths:
        return None
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return None
    zone = None if offset is None else _zone(offset)
    if offset is not None and zone is None:
        return None
    return temporal.make_time(int(hour) * 3600 + int(minute) * 60 + Fraction(second), zone)


def _zone(offset: Any) -> timezone | None:
    """The fixed zone; at most 14 hours and whole seconds from Greenwich."""
    seconds = temporal.seconds_of(offset)
    if temporal.magnitude(seconds) > 14 * 3600 or seconds.denominator > 1:
        return None
    return timezone(timedelta(seconds=int(seconds)))


@builtin("date and time", "from: string")
def datetime_from_text(_run: Run, text: str) -> Any:
    return temporal.read_datetime(text)


@builtin("date and time", "date: day", "time: time")
def datetime_from_date_and_time(_run: Run, day: Any, clock: Any) -> Any:
    return temporal.moment(temporal.date_of(day), clock)


@builtin("duration", "from: string")
def duration(_run: Run, text: str) -> Any:
    return temporal.read_duration(text)


@builtin("years and months duration", "from: day", "to: day")
def years_and_months(_run: Run, start: Any, end: Any) -> YearsMonths:
    """Whole months from one day to the other."""
    backwards = (end.year, end.month, end.day) < (start.year, start.month, start.day)
    first, last = (end, start) if backwards else (start, end)
    months = (last.year - first.year) * 12 + last.month - first.month
    months -= last.day < first.day
    return YearsMonths(-months if backwards else months)
