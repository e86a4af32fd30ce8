"""A `.form` on a page: fields as HTML, and what a browser posts back as data for `validate`.

Works without script: rows are added and removed by submitting. German amounts and dates are read
here and nowhere else. Invariant: nothing is accepted here; `FormSpec.validate` decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from itertools import groupby

from markupsafe import Markup, escape

from bpmn.errors import FieldError
from bpmn.form_spec import (
    Component,
    Field,
    Group,
    Option,
    Rows,
    Separator,
    Spacer,
    Text,
    hidden,
)
from bpmn.forms import FormSpec
from bpmn.german import (
    format_german_amount,
    format_german_date,
    parse_german_amount,
    parse_german_date,
)
from bpmn.values import Value, Variables
from web.rendering import ZONE, environment

Posted = Mapping[str, Sequence[str]]
"""A posted form: each name with all its values."""

MAX_ROWS = 200
_ACTION = re.compile(r"(zeile|ohne):([A-Za-z_][\w.-]*)(?::(\d+))?")


@dataclass(slots=True)
class Filled:
    """A form on its way to a person: its values, what they see besides, and what was wrong."""

    form: FormSpec
    values: Variables
    variables: Mapping[str, Value]
    now: datetime
    errors: Sequence[FieldError] = field(default_factory=tuple)
    locked: bool = False


# --- from the browser ---


def read_posted(form: FormSpec, posted: Posted) -> Variables:
    """The data of all fields that were posted, in the shape `FormSpec.validate` takes."""
    return _read(form.components, posted, "")


def row_action(posted: Posted) -> tuple[str, str, int] | None:
    """`zeile:<path>` adds a row, `ohne:<path>:<index>` takes one away; None is a real submit."""
    match = _ACTION.fullmatch(next(iter(posted.get("aktion", ())), ""))
    return None if match is None else (match[1], match[2], int(match[3] or 0))


def conditional(form: FormSpec) -> bool:
    """Whether choices show or hide parts of the form."""
    pending = list(form.components)
    while pending:
        component = pending.pop()
        if component.hide is not None:
            return True
        if isinstance(component, Group | Rows):
            pending.extend(component.components)
    return False


def change_rows(data: Variables, action: tuple[str, str, int]) -> None:
    verb, path, index = action
    rows = data.get(path)
    if not isinstance(rows, list):
        return
    if verb == "zeile" and len(rows) < MAX_ROWS:
        rows.append({})
    elif verb == "ohne" and index < len(rows):
        del rows[index]


def _read(components: Iterable[Component], posted: Posted, prefix: str) -> Variables:
    data: Variables = {}
    for component in components:
        if isinstance(component, Group):
            data |= _read(component.components, posted, prefix)
        elif isinstance(component, Rows):
            name = prefix + component.path
            if f"{name}.anzahl" not in posted:
                continue
            count = min(int(_first(posted, f"{name}.anzahl") or 0), MAX_ROWS)
            data[component.path] = [
                _read(component.components, posted, f"{name}.{index}.") for index in range(count)
            ]
        elif isinstance(component, Field):
            name = prefix + component.key
            if name in posted or f"{name}.da" in posted:
                data[component.key] = _read_field(component, posted.get(name, ()))
    return data


def _read_field(component: Field, texts: Sequence[str]) -> Value:
    if component.kind == "checkbox":
        return bool(texts)
    if component.kind == "checklist":
        return [_chosen(component.options, text) for text in texts]
    text = texts[0].strip() if texts else ""
    if text == "":
        return None
    if component.kind in ("select", "radio"):
        return _chosen(component.options, text)
    if component.kind == "number" or component.format == "betrag":
        return _read_number(component, text)
    return _read_moment(text) if component.kind in ("date", "datetime") else text


def _read_number(component: Field, text: str) -> Value:
    number = parse_german_amount(text)
    if number is None:
        return text
    return str(number) if component.format == "betrag" or component.as_text else number


def _read_moment(text: str) -> str:
    """`24.12.2026` and `24.12.2026, 14:30` as ISO 8601 without a zone: the tenant's is meant."""
    day_text, _, clock = text.replace(",", " ").replace("T", " ").partition(" ")
    day = parse_german_date(day_text)
    clock = clock.strip().removesuffix("Uhr").strip()
    if day is None:
        return text
    return f"{day.isoformat()}T{clock}" if clock else day.isoformat()


def _chosen(options: Iterable[Option], text: str) -> Value:
    return next((option.value for option in options if str(option.value) == text), text)


def _first(posted: Posted, name: str) -> str | None:
    text = next(iter(posted.get(name, ())), None)
    return text if text and text.isdigit() and len(text) < 5 else None


# --- to the browser ---


def form_html(filled: Filled) -> Markup:
    """All fields, with their values and errors; without the `form` element around them."""
    errors = {error.key: error.message for error in filled.errors}
    painter = _Painter(filled, errors)
    return painter.components(filled.form.components, filled.values, "")


class _Painter:
    def __init__(self, filled: Filled, errors: Mapping[str, str]) -> None:
        self.filled = filled
        self.errors = errors
        self.macros = environment().get_template("fields.html").module

    def components(self, items: Sequence[Component], values: Variables, prefix: str) -> Markup:
        seen = {**self.filled.variables, **self.filled.values, **values}
        shown = [item for item in items if not hidden(item, seen, self.filled.now)]
        html = []
        for _, row in groupby(shown, key=lambda item: item.layout.row or item.id):
            cells = [self.component(item, values, seen, prefix) for item in row]
            html.append(self._macro("side_by_side", cells) if len(cells) > 1 else cells[0])
        return Markup("").join(html)

    def component(self, item: Component, values: Variables, seen: Variables, prefix: str) -> Markup:
        match item:
            case Text():
                return markdown(item.shown(seen, self.filled.now))
            case Separator():
                return Markup("<hr>")
            case Spacer():
                return Markup("")
            case Group():
                inner = self.components(item.components, values, prefix)
                return self._macro("group", item.label, inner)
            case Rows():
                return self.rows(item, values, prefix)
            case Field():
                return self.field(item, values, seen, prefix)

    def rows(self, item: Rows, values: Variables, prefix: str) -> Markup:
        rows = values.get(item.path)
        rows = rows if isinstance(rows, list) else []
        name = prefix + item.path
        cells = [
            self.components(item.components, row if isinstance(row, dict) else {}, f"{name}.{i}.")
            for i, row in enumerate(rows)
        ]
        may_change = item.may_add and not self.filled.locked
        error = self.errors.get(name)
        return self._macro("rows", name, item.label, cells, may_change, error)

    def field(self, item: Field, values: Variables, seen: Variables, prefix: str) -> Markup:
        name = prefix + item.key
        value = values.get(item.key)
        locked = self.filled.locked or not item.writable(seen, self.filled.now)
        choices = [
            (str(option.value), option.label, _is_chosen(option.value, value))
            for option in item.choices(seen, self.filled.now)
        ]
        return self._macro(
            "field", item, name, shown(item, value), choices, self.errors.get(name), locked
        )

    def _macro(self, name: str, *arguments: object) -> Markup:
        made: str = getattr(self.macros, name)(*arguments)
        return Markup(made)  # noqa: S704 made by a template that escapes


def _is_chosen(option: Value, value: Value) -> bool:
    return option in value if isinstance(value, list) else option == value


def shown(item: Field, value: Value) -> str:
    """A value as it stands in the field: what a person would have typed."""
    if isinstance(value, str) and item.kind == "date" and (day := parse_german_date(value)):
        return format_german_date(day)
    if item.format == "betrag" and value is not None:
        return _shown_amount(value)
    match value:
        case None:
            text = ""
        case datetime():
            text = f"{value.astimezone(ZONE) if value.tzinfo else value:%d.%m.%Y %H:%M}"
        case date():
            text = format_german_date(value)
        case time():
            text = f"{value:%H:%M}"
        case Decimal():
            text = format(value, "f").replace(".", ",")
        case _:
            text = str(value)
    return text


def _shown_amount(value: Value) -> str:
    try:
        return format_german_amount(Decimal(str(value)))
    except ArithmeticError:
        return str(value)


# --- the little markdown that forms carry ---

_BOLD = re.compile(r"\*\*(.+?)\*\*|__(.+?)__")


def markdown(text: str) -> Markup:
    """Headings, paragraphs, lists and bold; everything else is plain text, HTML included."""
    html: list[str] = []
    for block in re.split(r"\n\s*\n|\n(?=#)|(?<=\n)(?=[-*] )", text.strip()):
        html += map(_block, _split_heading(block.strip()))
    return Markup("".join(html))  # noqa: S704 every text in it was escaped


def _split_heading(block: str) -> list[str]:
    if block.startswith("#") and "\n" in block:
        head, rest = block.split("\n", 1)
        return [head, rest.strip()]
    return [block] if block else []


def _block(block: str) -> str:
    if block.startswith("#"):
        return f"<h2>{_inline(block.lstrip('#').strip())}</h2>"
    lines = [line.strip() for line in block.splitlines()]
    if all(line.startswith(("- ", "* ")) for line in lines):
        return "<ul>" + "".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "</ul>"
    return f"<p>{'<br>'.join(_inline(line) for line in lines)}</p>"


def _inline(text: str) -> str:
    return _BOLD.sub(lambda m: f"<strong>{m[1] or m[2]}</strong>", str(escape(text)))
