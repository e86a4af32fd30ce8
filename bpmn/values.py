"""FEEL's value space, the only values that models, variables and forms hold (DMN 1.5 §10.3.2).

Numbers are `int` or `Decimal`, never float. Encoding to JSON loses nothing: numbers stay JSON
numbers with their digits; what JSON lacks is an object with one key that begins with `$`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from bpmn.errors import NotAValue
from bpmn.wide import Wide, wide_from_json, wide_to_json

Number: TypeAlias = int | Decimal

ARITHMETIC = Context(prec=34)
"""FEEL numbers are IEEE 754 decimal128: 34 digits (DMN 1.5 §10.3.2.3.1)."""

LARGEST_EXPONENT = 6144


@dataclass(frozen=True, slots=True, order=True)
class YearsMonths:
    """A years-and-months duration, as a number of months."""

    months: int


Value: TypeAlias = (
    bool
    | int
    | Decimal
    | str
    | date
    | time
    | datetime
    | timedelta
    | YearsMonths
    | Wide
    | list["Value"]
    | dict[str, "Value"]
    | None
)
Variables: TypeAlias = dict[str, Value]

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_PLAIN = (str, int, bool, type(None), Decimal)
_SIMPLE = frozenset({str, int, bool, type(None)})
"""Classes of what is the same in JSON: long lists are mostly of these."""


def encode(value: Value) -> bytes:
    """The value as JSON bytes from which `decode` makes an equal value."""
    return _encoder.encode(to_json(value))


def decode(data: bytes) -> Value:
    """The value that `encode` was given."""
    return from_json(_decoder.decode(data))


def to_json(value: object) -> object:
    """Replace what JSON lacks by `{"$tag": text}`; plain values pass unchanged."""
    if isinstance(value, _PLAIN):
        if isinstance(value, Decimal) and not value.is_finite():
            raise NotAValue(f"{value} is not a FEEL number")
        return value
    if isinstance(value, dict):
        plain = {str(key): to_json(item) for key, item in value.items()}
        if len(plain) == 1 and next(iter(plain)).startswith("$"):
            return {"$context": plain}
        return plain
    if isinstance(value, list | tuple):
        return [item if item.__class__ in _SIMPLE else to_json(item) for item in value]
    return _tagged(value)


def _tagged(value: object) -> dict[str, object]:
    if isinstance(value, datetime):
        return {"$datetime": _zoned(value)}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    if isinstance(value, time):
        return {"$time": _zoned(value)}
    if isinstance(value, timedelta):
        return {"$duration": (value.days * 86400 + value.seconds) * 10**6 + value.microseconds}
    if isinstance(value, YearsMonths):
        return {"$months": value.months}
    if isinstance(value, Wide):
        return {"$wide": wide_to_json(value)}
    raise NotAValue(f"{type(value).__name__} is not a value of the FEEL value space")


def _zoned(value: datetime | time) -> str:
    """ISO 8601, and a zone's name after `@`."""
    zone = value.tzinfo
    return f"{value.isoformat()}@{zone.key}" if isinstance(zone, ZoneInfo) else value.isoformat()


def _read_datetime(text: str) -> datetime:
    plain, _, zone = text.partition("@")
    found = datetime.fromisoformat(plain)
    if not zone:
        return found
    there = found.replace(tzinfo=ZoneInfo(zone))
    return there if there.utcoffset() == found.utcoffset() else there.replace(fold=1)


def _read_time(text: str) -> time:
    plain, _, zone = text.partition("@")
    found = time.fromisoformat(plain)
    return found.replace(tzinfo=ZoneInfo(zone)) if zone else found


def from_json(value: object) -> Value:
    """The inverse of `to_json`."""
    if isinstance(value, dict):
        if len(value) == 1:
            (tag, content), *_ = value.items()
            if tag == "$context":
                return {key: from_json(item) for key, item in content.items()}
            if tag in _TAGS:
                return _TAGS[tag](content)
        return {key: from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [item if item.__class__ in _SIMPLE else from_json(item) for item in value]
    assert value is None or isinstance(value, str | int | bool | Decimal)
    return value


_TAGS: dict[str, Callable[[Any], Value]] = {
    "$datetime": _read_datetime,
    "$date": date.fromisoformat,
    "$time": _read_time,
    "$duration": lambda microseconds: timedelta(microseconds=microseconds),
    "$months": YearsMonths,
    "$wide": wide_from_json,
}
