"""Camunda 7's JSON: typed variables, dates, error bodies.

Invariant: a variable comes back with the type and the digits it was sent with; what FEEL's value
space cannot hold (NaN, Java objects, files) is refused, never bent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from bpmn.values import Value, Variables, YearsMonths, from_json, to_json

_INT32 = range(-(2**31), 2**31)
_INT64 = range(-(2**63), 2**63)
_numbers = msgspec.json.Encoder(decimal_format="number")
_exact = msgspec.json.Decoder(float_hook=Decimal)
JsonObject = dict[str, Any]


class BadRequest(Exception):
    """The request does not say what Camunda's reference says it may. `status` is HTTP's."""

    def __init__(self, message: str, status: int = 400, kind: str = "InvalidRequestException"):
        super().__init__(message)
        self.status = status
        self.kind = kind


def encode(value: object) -> bytes:
    return _numbers.encode(value)


def decode(body: bytes) -> Any:
    """JSON with exact numbers; an empty body is an empty object, as Camunda's clients send it."""
    if not body:
        return {}
    try:
        return _exact.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(f"Cannot parse JSON: {error}") from error


def decode_object(body: bytes) -> JsonObject:
    value = decode(body)
    if not isinstance(value, dict):
        raise BadRequest("A JSON object is expected")
    return value


# --- dates: 2013-01-23T13:42:42.000+0200 ---


def format_date(at: datetime | None) -> str | None:
    if at is None:
        return None
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def parse_date(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise BadRequest(f"Not a date of the form 2013-01-23T13:42:42.000+0200: {text}") from error
    if at.tzinfo is None:
        raise BadRequest(f"The date {text} has no zone: write 2013-01-23T13:42:42.000+0200")
    return at


# --- variables ---


def read_variables(stated: object) -> tuple[Variables, dict[str, str]]:
    """`{name: {value, type}}` → values, and the types stated that the values alone do not show."""
    if stated is None:
        return {}, {}
    if not isinstance(stated, dict):
        raise BadRequest("variables must be an object of name → {value, type}")
    values: Variables = {}
    wires: dict[str, str] = {}
    for name, each in stated.items():
        value, wire = read_variable(name, each)
        values[name] = value
        if wire is not None and wire != wire_of(value):
            wires[name] = wire
    return values, wires


def read_variable(name: str, stated: object) -> tuple[Value, str | None]:
    if not isinstance(stated, dict):
        raise BadRequest(f"Cannot read variable {name!r}: expected an object with value and type")
    value, kind = stated.get("value"), stated.get("type")
    if kind is None:
        return _inferred(name, value), None
    kind = str(kind)[:1].upper() + str(kind)[1:]
    if kind not in _READERS:
        raise BadRequest(
            f"Cannot read variable {name!r}: type {kind!r} is not supported; use String, Boolean, "
            "Integer, Long, Short, Double, Date, Json or Null"
        )
    if value is None:
        return None, kind
    return _READERS[kind](name, value), kind


def _inferred(name: str, value: object) -> Value:
    if isinstance(value, dict | list):
        raise BadRequest(f"Cannot read variable {name!r}: state type Json and the value as text")
    return from_json(value)


def _string(name: str, value: object) -> Value:
    if not isinstance(value, str):
        raise BadRequest(f"Cannot read variable {name!r}: {value!r} is not a String")
    return value


def _boolean(name: str, value: object) -> Value:
    if not isinstance(value, bool):
        raise BadRequest(f"Cannot read variable {name!r}: {value!r} is not a Boolean")
    return value


def _integer(bits: range) -> Any:
    def read(name: str, value: object) -> Value:
        if isinstance(value, Decimal) and value == value.to_integral_value():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value not in bits:
            raise BadRequest(f"Cannot read variable {name!r}: {value!r} is no number of its type")
        return value

    return read


def _double(name: str, value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadRequest(f"Cannot read variable {name!r}: {value!r} is not a Double")
    return value


def _date(name: str, value: object) -> Value:
    return parse_date(value) if isinstance(value, str) else _string(name, value)


def _json(name: str, value: object) -> Value:
    if not isinstance(value, str):
        raise BadRequest(f"Cannot read variable {name!r}: a Json value is sent as text")
    try:
        return _without_tags(_exact.decode(value.encode()))
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(f"Cannot read variable {name!r}: not JSON: {error}") from error


def _without_tags(value: Any) -> Value:
    """JSON from outside is plain: an object `{"$date": …}` is a context, not our encoding."""
    if isinstance(value, dict):
        return {key: _without_tags(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_tags(item) for item in value]
    return from_json(value)


def _null(name: str, value: object) -> Value:
    raise BadRequest(f"Cannot read variable {name!r}: type Null with value {value!r}")


_READERS = {
    "String": _string,
    "Boolean": _boolean,
    "Short": _integer(range(-(2**15), 2**15)),
    "Integer": _integer(_INT32),
    "Long": _integer(_INT64),
    "Double": _double,
    "Date": _date,
    "Json": _json,
    "Null": _null,
}


def wire_of(value: Value) -> str:
    """The type a value shows by itself."""
    match value:
        case None:
            return "Null"
        case bool():
            return "Boolean"
        case int():
            return "Integer" if value in _INT32 else "Long"
        case Decimal():
            return "Double"
        case datetime():
            return "Date"
        case str() | date() | time() | timedelta() | YearsMonths():
            return "String"
    return "Json"


def write_variable(value: Value, wire: str | None = None) -> JsonObject:
    kind = wire or wire_of(value)
    return {"type": kind, "value": write_value(value, kind), "valueInfo": {}}


def write_value(value: Value, kind: str) -> object:
    if kind == "Json" and value is not None:
        return encode(_plain(value)).decode()
    return _plain(value)


def write_variables(values: Mapping[str, Value], wires: Mapping[str, str]) -> JsonObject:
    return {name: write_variable(value, wires.get(name)) for name, value in values.items()}


def _plain(value: Value) -> object:
    """A value as other systems read it: temporal values as text."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case datetime() if value.tzinfo is not None:
            return format_date(value)
        case date() | time():
            return value.isoformat()
        case timedelta() | YearsMonths():
            return next(iter(to_json(value).values()))  # type: ignore[attr-defined]
    return value
