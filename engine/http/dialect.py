"""Camunda 7's JSON: typed variables, dates, error bodies.

Invariant: a variable comes back with the type and the digits it was sent with; what FEEL's value
space cannot hold (NaN, Java objects, files) is refused, never bent.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from bpmn.feel.builtins.conversion import print_value
from bpmn.values import Value, Variables, YearsMonths, from_json, to_json
from bpmn.wide import WideDate, WideDatetime, WideDuration, WideTime

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
        # Clients that state no type send lists and objects as they are; they are kept as Json.
        return from_plain(value), None
    kind = str(kind)[:1].upper() + str(kind)[1:]
    if kind not in _READERS:
        raise BadRequest(
            f"Cannot read variable {name!r}: type {kind!r} is not supported; use String, Boolean, "
            "Integer, Long, Short, Double, Date, Json or Null"
        )
    if value is None:
        return None, kind
    return _READERS[kind](name, value), kind


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
    try:
        return parse_date(str(value))
    except BadRequest as error:
        raise BadRequest(f"Cannot read variable {name!r}: {error}") from error


def _json(name: str, value: object) -> Value:
    if not isinstance(value, str):
        raise BadRequest(f"Cannot read variable {name!r}: a Json value is sent as text")
    try:
        return from_plain(_exact.decode(value.encode()))
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(f"Cannot read variable {name!r}: not JSON: {error}") from error


def from_plain(value: Any) -> Value:
    """JSON from outside is plain: an object `{"$date": …}` is a context, not our encoding."""
    if isinstance(value, dict):
        return {key: from_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_plain(item) for item in value]
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


_WIRES: dict[type, str] = {
    type(None): "Null",
    bool: "Boolean",
    Decimal: "Double",
    datetime: "Date",
    dict: "Json",
    list: "Json",
}


def wire_of(value: Value) -> str:
    """The type a value shows by itself; dates, times and durations are text in this dialect."""
    if isinstance(value, int) and not isinstance(value, bool):
        return "Integer" if value in _INT32 else "Long"
    return _WIRES.get(type(value), "String")


def write_variable(value: Value, wire: str | None = None) -> JsonObject:
    kind = wire or wire_of(value)
    return {"type": kind, "value": write_value(value, kind), "valueInfo": {}}


def write_value(value: Value, kind: str) -> object:
    if kind == "Json" and value is not None:
        return encode(to_plain(value)).decode()
    if isinstance(value, datetime) and value.tzinfo is not None:
        return format_date(value)
    return to_plain(value)


def to_plain(value: Value) -> object:
    """A value as other systems read it: temporal values as ISO 8601 text."""
    match value:
        case dict():
            return {key: to_plain(item) for key, item in value.items()}
        case list():
            return [to_plain(item) for item in value]
        case date() | time():
            return value.isoformat()
        case timedelta() | YearsMonths():
            return next(iter(to_json(value).values()))  # type: ignore[attr-defined]
        case WideDate() | WideTime() | WideDatetime() | WideDuration():
            return print_value(value)
    return value
