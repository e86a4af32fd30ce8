"""What forms are made of, as pages draw it and the server checks it: frozen, compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from bpmn.feel.builtins.conversion import print_value
from bpmn.graph import Evaluate
from bpmn.patterns import Pattern
from bpmn.values import Number, Value

Kind = Literal[
    "textfield",
    "textarea",
    "number",
    "checkbox",
    "select",
    "radio",
    "checklist",
    "date",
    "time",
    "datetime",
]
Format = Literal["", "betrag", "email", "phone"]

MAX_ROWS = 500


@dataclass(frozen=True, slots=True)
class Layout:
    """Components with the same `row` stand side by side, `columns` of 16 wide (0: what is left)."""

    row: str = ""
    columns: int = 0


Base: TypeAlias = tuple[str, Layout, Evaluate | None]
"""What every component begins with: id, layout and the condition that hides it."""


@dataclass(frozen=True, slots=True)
class _Component:
    id: str
    layout: Layout
    hide: Evaluate | None = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Text(_Component):
    """Markdown: headings, paragraphs, lists, bold, italics and links; HTML in it is plain text."""

    parts: tuple[str | Evaluate, ...]

    def shown(self, variables: Mapping[str, Value], now: datetime) -> str:
        return "".join(
            part if isinstance(part, str) else _printed(part(variables, now)) for part in self.parts
        )


@dataclass(frozen=True, slots=True)
class Separator(_Component):
    """A line across."""


@dataclass(frozen=True, slots=True)
class Spacer(_Component):
    height: int


@dataclass(frozen=True, slots=True)
class Option:
    value: Value
    label: str


@dataclass(frozen=True, slots=True)
class Field(_Component):
    """One value. `options` is empty where `options_from` computes them from variables."""

    key: str
    kind: Kind
    label: str
    description: str = ""
    required: bool = False
    disabled: bool = False
    readonly: bool | Evaluate = False
    default: Value = None
    format: Format = ""
    min_length: int | None = None
    max_length: int | None = None
    pattern: Pattern | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    decimal_digits: int | None = None
    as_text: bool = False
    no_past: bool = False
    options: tuple[Option, ...] = ()
    options_from: Evaluate | None = field(default=None, repr=False, compare=False)
    prefix: str = ""
    suffix: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)

    def writable(self, variables: Mapping[str, Value], now: datetime) -> bool:
        if self.disabled:
            return False
        if isinstance(self.readonly, bool):
            return not self.readonly
        return self.readonly(variables, now) is not True

    def choices(self, variables: Mapping[str, Value], now: datetime) -> tuple[Option, ...]:
        """What may be chosen: labels and values, or plain values that are their own labels."""
        if self.options_from is None:
            return self.options
        found = self.options_from(variables, now)
        return tuple(_option(item) for item in found) if isinstance(found, list) else ()


@dataclass(frozen=True, slots=True)
class Group(_Component):
    label: str
    outline: bool
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Rows(_Component):
    """Repeated rows (`dynamiclist`): a list of contexts under `path`."""

    path: str
    label: str
    components: tuple[Component, ...]
    may_add: bool
    first_count: int


Component: TypeAlias = Text | Separator | Spacer | Field | Group | Rows


def owners(components: tuple[Component, ...]) -> Iterator[Field | Rows]:
    """The components that own a key of this level; groups own none."""
    for component in components:
        if isinstance(component, Group):
            yield from owners(component.components)
        elif isinstance(component, Field | Rows):
            yield component


def hidden(component: Component, variables: Mapping[str, Value], now: datetime) -> bool:
    """Whether the component's own condition hides it."""
    return component.hide is not None and component.hide(variables, now) is True


def empty_row(rows: Rows) -> dict[str, Value]:
    """A new row with its fields' defaults."""
    return {item.key: item.default for item in owners(rows.components) if isinstance(item, Field)}


def _option(item: Value) -> Option:
    if isinstance(item, dict):
        value = item.get("value")
        return Option(value, _printed(item.get("label", value)))
    return Option(item, _printed(item))


def _printed(value: Value) -> str:
    return "" if value is None else print_value(value)
