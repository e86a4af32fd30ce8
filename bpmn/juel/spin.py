"""`S(…)` and `JSON(…)`: a JSON text, list or map as Spin's node, read only.

A node has Spin's methods and nothing else; where Spin throws, they fail. When an expression ends
with a node, its value is the plain one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from bpmn.errors import ExpressionFailed
from bpmn.values import to_json

_exact = msgspec.json.Decoder(float_hook=Decimal)
_NUMBERS = (int, Decimal)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A JSON value."""

    value: Any


def node_of(value: Any) -> Node:
    """What `S(value)` gives: a text is read as JSON, anything else is JSON already."""
    if isinstance(value, Node):
        return value
    if type(value) is not str:
        return Node(value)
    try:
        return Node(_exact.decode(value.encode()))
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        raise ExpressionFailed(f"this is no JSON: {value[:60]}") from error


def plain(value: Any) -> Any:
    """The value without nodes."""
    if isinstance(value, Node):
        return value.value
    return [plain(item) for item in value] if type(value) is list else value


def written(node: Node) -> str:
    """JSON text."""
    return msgspec.json.Encoder(decimal_format="number").encode(to_json(node.value)).decode()


def _of(kind: str, *types: type) -> Callable[[Node], Any]:
    def value(node: Node) -> Any:
        if type(node.value) not in types:
            raise ExpressionFailed(f"the JSON value is no {kind}")
        return node.value

    return value


_object = _of("object", dict)
_array = _of("array", list)


def _prop(node: Node, name: Any) -> Node:
    entries = _object(node)
    if name not in entries:
        raise ExpressionFailed(f"the JSON object has no {name}")
    return Node(entries[name])


def _is(*types: type) -> Callable[[Node], bool]:
    return lambda node: type(node.value) in types


METHODS: dict[str, tuple[int, Callable[..., Any]]] = {
    "prop": (1, _prop),
    "hasProp": (1, lambda node, name: name in _object(node)),
    "fieldNames": (0, lambda node: list(_object(node))),
    "elements": (0, lambda node: [Node(item) for item in _array(node)]),
    "stringValue": (0, _of("string", str)),
    "numberValue": (0, _of("number", *_NUMBERS)),
    "boolValue": (0, _of("boolean", bool)),
    "value": (0, _of("plain value", str, bool, *_NUMBERS, type(None))),
    "isObject": (0, _is(dict)),
    "isArray": (0, _is(list)),
    "isString": (0, _is(str)),
    "isNumber": (0, _is(*_NUMBERS)),
    "isBoolean": (0, _is(bool)),
    "isNull": (0, _is(type(None))),
    "isValue": (0, _is(str, bool, *_NUMBERS)),
    "toString": (0, written),
}
"""By name: how many arguments, and what it does."""
