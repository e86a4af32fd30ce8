"""Methods that models call on values, by the kind of value, as Java's classes have them.

Invariant: a method does what Java's does, or fails where Java throws. Numbers are one kind here:
`equals` compares them by value, whatever their Java types would be.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bpmn.errors import ExpressionFailed
from bpmn.feel import temporal
from bpmn.feel.limits import checked_text
from bpmn.juel import coercion, spin
from bpmn.juel.spin import Node

Method = tuple[range, Callable[..., Any]]
"""How many arguments it takes, and what it does."""

NONE, ONE, TWO, ONE_OR_TWO = range(1), range(1, 2), range(2, 3), range(1, 3)


# --- texts ---


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ExpressionFailed("the argument is no text")
    return value


def _whole(value: Any) -> int:
    number = coercion.to_number(value)
    if number != int(number):
        raise ExpressionFailed(f"{number} is no whole number")
    return int(number)


def _substring(text: str, begin: Any, end: Any = None) -> str:
    first, last = _whole(begin), len(text) if end is None else _whole(end)
    if not 0 <= first <= last <= len(text):
        raise ExpressionFailed(f"the text has no part from {first} to {last}")
    return text[first:last]


def _trimmed(text: str) -> str:
    """Without the control characters and spaces around it, which are what Java takes off."""
    return text.strip("".join(map(chr, range(33))))


_TEXT: dict[str, Method] = {
    "length": (NONE, len),
    "isEmpty": (NONE, lambda text: not text),
    "trim": (NONE, _trimmed),
    "toUpperCase": (NONE, lambda text: checked_text(text.upper())),
    "toLowerCase": (NONE, lambda text: checked_text(text.lower())),
    "equals": (ONE, lambda text, other: text == other),
    "equalsIgnoreCase": (
        ONE,
        lambda text, other: type(other) is str and text.casefold() == other.casefold(),
    ),
    "startsWith": (ONE, lambda text, other: text.startswith(_text(other))),
    "endsWith": (ONE, lambda text, other: text.endswith(_text(other))),
    "contains": (ONE, lambda text, other: _text(other) in text),
    "indexOf": (ONE, lambda text, other: text.find(_text(other))),
    "concat": (ONE, lambda text, other: checked_text(text + _text(other))),
    "replace": (TWO, lambda text, old, new: _replaced(text, _text(old), _text(new))),
    "substring": (ONE_OR_TWO, _substring),
    "toString": (NONE, lambda text: text),
}


def _replaced(text: str, old: str, new: str) -> str:
    if len(text) + text.count(old) * len(new) > 10**7:
        raise ExpressionFailed("the text grows too long")
    return checked_text(text.replace(old, new))


# --- lists and maps ---


def _same(left: Any, right: Any) -> bool:
    """As `equals` compares: a text is no number."""
    left, right = spin.plain(left), spin.plain(right)
    return coercion.same(left, right)


def _at(items: list[Any], index: Any) -> Any:
    position = _whole(index)
    if not 0 <= position < len(items):
        raise ExpressionFailed(f"the list has no item {position}")
    return items[position]


def _index_of(items: list[Any], wanted: Any) -> int:
    return next((at for at, item in enumerate(items) if _same(item, wanted)), -1)


_LIST: dict[str, Method] = {
    "size": (NONE, len),
    "isEmpty": (NONE, lambda items: not items),
    "contains": (ONE, lambda items, wanted: _index_of(items, wanted) >= 0),
    "containsAll": (
        ONE,
        lambda items, wanted: all(_index_of(items, each) >= 0 for each in _listed(wanted)),
    ),
    "indexOf": (ONE, _index_of),
    "get": (ONE, _at),
    "equals": (ONE, _same),
}


def _listed(value: Any) -> list[Any]:
    if type(value) is not list:
        raise ExpressionFailed("the argument is no list")
    return value


_MAP: dict[str, Method] = {
    "size": (NONE, len),
    "isEmpty": (NONE, lambda entries: not entries),
    "get": (ONE, lambda entries, key: entries.get(key) if type(key) is str else None),
    "getOrDefault": (TWO, lambda entries, key, default: entries.get(_text(key), default)),
    "containsKey": (ONE, lambda entries, key: type(key) is str and key in entries),
    "containsValue": (ONE, lambda entries, wanted: _index_of(list(entries.values()), wanted) >= 0),
    "equals": (ONE, _same),
}


# --- numbers, truth, moments ---


def _compared(left: Any, right: Any) -> int:
    if type(right) not in (int, Decimal):
        raise ExpressionFailed("a number is compared with a number")
    return int(left > right) - int(left < right)


_NUMBER: dict[str, Method] = {
    "intValue": (NONE, int),
    "longValue": (NONE, int),
    "compareTo": (ONE, _compared),
    "equals": (ONE, _same),
    "toString": (NONE, coercion.to_text),
}
_TRUTH: dict[str, Method] = {
    "booleanValue": (NONE, lambda value: value),
    "equals": (ONE, _same),
    "toString": (NONE, coercion.to_text),
}


def office_time(now: datetime) -> datetime:
    """The clock in the office's zone, as `dateTime()` gives it."""
    return now.astimezone(temporal.OFFICE_ZONE)


def with_offset(value: Any) -> Any:
    """A moment in the office's zone with its offset, which is how variables hold it."""
    if type(value) is datetime and isinstance(value.tzinfo, ZoneInfo):
        offset = value.utcoffset()
        assert offset is not None
        return value.replace(tzinfo=timezone(offset))
    return value


def _days(count: int) -> Callable[[Any, Any], Any]:
    """So many days for each unit: the clock on the wall stays, as in Joda."""
    return lambda moment, units: _moved(moment, lambda at: at + timedelta(count * _whole(units)))


def _seconds(count: int) -> Callable[[Any, Any], Any]:
    """So many seconds for each unit, on the time line."""

    def later(moment: datetime, units: Any) -> datetime:
        length = timedelta(seconds=count * _whole(units))
        if moment.tzinfo is None:
            return moment + length
        return (moment.astimezone(UTC) + length).astimezone(moment.tzinfo)

    return lambda moment, units: _moved(moment, lambda at: later(at, units))


def _months(count: int) -> Callable[[Any, Any], Any]:
    return lambda moment, units: _moved(
        moment, lambda at: temporal.add_months(at, count * _whole(units))
    )


def _moved(moment: datetime, how: Callable[[datetime], Any]) -> datetime:
    try:
        moved = how(moment)
        if type(moved) is not datetime:
            raise ExpressionFailed("the date lies outside of the years 1 to 9999")
        if moved.tzinfo is None:
            return moved
        return moved.astimezone(UTC).astimezone(moved.tzinfo)  # out of the hour that is skipped
    except OverflowError:
        raise ExpressionFailed("the date lies outside of the years 1 to 9999") from None


_UNITS: dict[str, tuple[Callable[[int], Any], int]] = {
    "Seconds": (_seconds, 1),
    "Minutes": (_seconds, 60),
    "Hours": (_seconds, 3600),
    "Days": (_days, 1),
    "Weeks": (_days, 7),
    "Months": (_months, 1),
    "Years": (_months, 12),
}
_MOMENT: dict[str, Method] = {
    "toDate": (NONE, lambda moment: moment),
    "before": (ONE, lambda moment, other: _order(moment, other) < 0),
    "after": (ONE, lambda moment, other: _order(moment, other) > 0),
    "isBefore": (ONE, lambda moment, other: _order(moment, other) < 0),
    "isAfter": (ONE, lambda moment, other: _order(moment, other) > 0),
    "equals": (ONE, _same),
}
for _unit, (_move, _count) in _UNITS.items():
    _MOMENT[f"plus{_unit}"] = (ONE, _move(_count))
    _MOMENT[f"minus{_unit}"] = (ONE, _move(-_count))


def _order(left: Any, right: Any) -> int:
    keys = temporal.keys(left, right)
    if keys is None:
        raise ExpressionFailed("these two have no order in time")
    return int(keys[0] > keys[1]) - int(keys[0] < keys[1])


# --- the tables ---

_BY_TYPE: dict[type, dict[str, Method]] = {
    str: _TEXT,
    list: _LIST,
    dict: _MAP,
    int: _NUMBER,
    Decimal: _NUMBER,
    bool: _TRUTH,
    datetime: _MOMENT,
    date: {name: _MOMENT[name] for name in ("before", "after", "isBefore", "isAfter", "equals")},
    Node: {name: (range(count, count + 1), run) for name, (count, run) in spin.METHODS.items()},
}
NAMES = frozenset(name for methods in _BY_TYPE.values() for name in methods)


def fits(name: str, count: int) -> bool:
    """Whether some kind of value has a method that takes so many arguments."""
    return any(name in methods and count in methods[name][0] for methods in _BY_TYPE.values())


def call(receiver: Any, name: str, arguments: list[Any]) -> Any:
    """`receiver.name(arguments)`. Raises `ExpressionFailed`."""
    found = _BY_TYPE.get(type(receiver), {}).get(name)
    if found is None or len(arguments) not in found[0]:
        kind = "null" if receiver is None else type(receiver).__name__
        raise ExpressionFailed(f"there is no {name} on a value of kind {kind}")
    return found[1](receiver, *arguments)
