"""Camunda Forms (`.form`, form-js JSON) as one specification that pages draw and the server checks.

Invariant: only fields that are shown and may be written come out of `validate`, typed; what a form
contains and is not drawn and checked exactly is refused when read, naming the field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bpmn.errors import FieldError, FormInvalid, ModelRefused
from bpmn.form_checks import Checking
from bpmn.form_reading import read_components
from bpmn.form_schema import json_schema
from bpmn.form_spec import (
    Component,
    Field,
    Group,
    Rows,
    Separator,
    Spacer,
    Text,
    empty_row,
    hidden,
    owners,
)
from bpmn.german import (
    format_german_amount,
    format_german_date,
    parse_german_amount,
    parse_german_date,
)
from bpmn.values import Value, Variables

__all__ = [
    "Component",
    "Field",
    "FieldError",
    "FormInvalid",
    "FormSpec",
    "Group",
    "ModelRefused",
    "Rows",
    "Separator",
    "Spacer",
    "Text",
    "format_german_amount",
    "format_german_date",
    "parse_form",
    "parse_german_amount",
    "parse_german_date",
]


@dataclass(frozen=True, slots=True)
class FormSpec:
    """A whole form. `now` is always the command's clock; without one, the time of the call."""

    id: str
    components: tuple[Component, ...]
    source_hash: str

    def validate(
        self,
        data: Mapping[str, object],
        variables: Mapping[str, Value],
        now: datetime | None = None,
    ) -> Variables:
        """The typed values of all fields that are shown and may be written; one left empty is
        null. Raises `FormInvalid` with all errors."""
        checking = Checking(now or datetime.now(UTC))
        values = checking.level(self.components, data, variables)
        if checking.errors:
            raise FormInvalid(checking.errors)
        return values

    def initial(self, variables: Mapping[str, Value]) -> Variables:
        """What the fields hold when the form opens: the variable, else the default. A list that
        is still empty opens with the rows the form begins with."""
        values: Variables = {}
        for component in owners(self.components):
            if isinstance(component, Rows):
                rows = variables.get(component.path)
                made: list[Value] = [empty_row(component) for _ in range(component.first_count)]
                values[component.path] = rows if isinstance(rows, list) and rows else made
            else:
                known = variables.get(component.key)
                values[component.key] = component.default if known is None else known
        return values

    def hidden_ids(
        self, values: Mapping[str, Value], variables: Mapping[str, Value], now: datetime
    ) -> frozenset[str]:
        """Ids of the components outside of rows that are not shown with these values."""
        context = {**variables, **values}
        found: set[str] = set()
        pending = list(self.components)
        while pending:
            component = pending.pop()
            if hidden(component, context, now):
                found.add(component.id)
            elif isinstance(component, Group):
                pending.extend(component.components)
        return frozenset(found)

    def fields(self) -> Iterator[Field]:
        """All fields, those of rows too, in the order of the form."""
        pending = list(reversed(self.components))
        while pending:
            component = pending.pop()
            if isinstance(component, Field):
                yield component
            elif isinstance(component, Group | Rows):
                pending.extend(reversed(component.components))

    def json_schema(self) -> dict[str, object]:
        """What `validate` accepts, as JSON Schema 2020-12."""
        return json_schema(self.id, self.components)


def parse_form(source: bytes, file: str = "form.form") -> FormSpec:
    """Read a form. Raises `ModelRefused` with all findings."""
    identifier, components = read_components(source, file)
    return FormSpec(identifier, components, hashlib.sha256(source).hexdigest())
