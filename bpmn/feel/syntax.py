"""FEEL's syntax tree (DMN 1.5 §10.3.1.2). Every node knows the position of its first character."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from bpmn.values import Value


@dataclass(frozen=True, slots=True)
class Node:
    position: int


@dataclass(frozen=True, slots=True)
class Constant(Node):
    value: Value


@dataclass(frozen=True, slots=True)
class Broken(Node):
    """What can only give null: a date that is none, a type nobody knows."""

    message: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ContextOf(Node):
    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Interval(Node):
    """`[1..10)`, or `(< 10)` with one end None. Where `outside`, `low` is the one value that
    the range leaves out: `(!= 3)`."""

    low: Node | None
    high: Node | None
    low_included: bool
    high_included: bool
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Negation(Node):
    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    operator: Literal["+", "-", "*", "/", "**"]
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """A conjunction or disjunction of all its operands."""

    operator: Literal["and", "or"]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Between(Node):
    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class In(Node):
    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Type:
    """A FEEL type: its name and, for structured ones, what it is made of. A list and a range
    have one unnamed part, a context one for each entry, a function one for each parameter and
    `->` for its result. `allows` narrows a type to some of its values (DMN 1.5 §7.3.3)."""

    name: str
    parts: tuple[tuple[str, Type], ...] = ()
    allows: Callable[[Any], bool] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    value: Node
    type: Type | None
    """None where nobody knows the type, so that the answer is null."""


@dataclass(frozen=True, slots=True)
class Path(Node):
    base: Node
    name: str


@dataclass(frozen=True, slots=True)
class Filter(Node):
    base: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """An invocation; `names` is empty when the arguments are positional."""

    function: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FunctionOf(Node):
    parameters: tuple[str, ...]
    types: tuple[Type | None, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class If(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Iterator:
    """`name in low` or `name in low..high`."""

    name: str
    low: Node
    high: Node | None


@dataclass(frozen=True, slots=True)
class For(Node):
    iterators: tuple[Iterator, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    quantifier: Literal["some", "every"]
    iterators: tuple[Iterator, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class UnaryTests(Node):
    """What a decision table's cell says: any of `tests` holds, or none where negated."""

    tests: tuple[Node, ...]
    negated: bool


def children(node: Node) -> list[Node]:
    """The nodes directly below."""
    found: list[Node] = []
    for each in fields(node):
        _collect(getattr(node, each.name), found)
    return found


def _collect(item: Any, found: list[Node]) -> None:
    if isinstance(item, Node):
        found.append(item)
    elif isinstance(item, tuple):
        for part in item:
            _collect(part, found)
    elif isinstance(item, Iterator):
        found.append(item.low)
        if item.high is not None:
            found.append(item.high)


def uses(node: Node, name: str) -> bool:
    """Whether the name occurs in the tree."""
    if isinstance(node, Name) and node.name == name:
        return True
    return any(uses(child, name) for child in children(node))


def size(node: Node) -> int:
    """The number of nodes in the tree."""
    return 1 + sum(size(child) for child in children(node))


def depth(node: Node) -> int:
    """The levels of the tree, counted without recursion."""
    deepest = 0
    pending = [(node, 1)]
    while pending:
        current, level = pending.pop()
        deepest = max(deepest, level)
        pending.extend((child, level + 1) for child in children(current))
    return deepest
