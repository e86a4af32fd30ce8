"""Reads the JSON that form-js writes. Every fault has its line and the component's id or key.

A component or property that is not drawn and checked exactly is refused, never skipped; known are
exactly those in `_PROPERTIES`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from bpmn.errors import ExpressionRefused, Finding, ModelRefused
from bpmn.expressions import feel_expression
from bpmn.form_fields import FieldReader
from bpmn.form_spec import Base, Component, Group, Layout, Rows, Separator, Spacer, Text
from bpmn.graph import Evaluate

MAX_BYTES = 1_000_000
_MAX_COMPONENTS = 500
_MAX_DEPTH = 10
_MAX_SCHEMA_VERSION = 30

_COMMON = {"id", "type", "layout", "conditional"}
_FIELD = (
    _COMMON
    | {"key", "label", "description", "readonly", "disabled", "validate"}
    | {
        "properties",
        "defaultValue",
        "appearance",
    }
)
_VALUES = _FIELD | {"values", "valuesKey", "valuesExpression"}
_PROPERTIES: dict[str, set[str]] = {
    "text": _COMMON | {"text"},
    "separator": _COMMON,
    "spacer": _COMMON | {"height"},
    "button": _COMMON | {"label", "action", "key", "properties", "disabled", "readonly"},
    "group": _COMMON | {"label", "showOutline", "verticalAlignment", "components", "path"},
    "dynamiclist": _COMMON
    | {"label", "path", "isRepeating", "allowAddRemove", "defaultRepetitions", "components"}
    | {"showOutline", "verticalAlignment", "disableCollapse", "nonCollapsedItems", "properties"},
    "textfield": _FIELD,
    "textarea": _FIELD,
    "number": _FIELD | {"decimalDigits", "increment", "serializeToString"},
    "checkbox": _FIELD,
    "select": _VALUES | {"searchable"},
    "radio": _VALUES,
    "checklist": _VALUES,
    "datetime": _FIELD
    | {"subtype", "dateLabel", "timeLabel", "disallowPassedDates", "use24h", "timeInterval"}
    | {"timeSerializingFormat"},
}
_NAME = re.compile(r"[^\W\d]\w{0,79}")


def read_components(source: bytes, file: str) -> tuple[str, tuple[Component, ...]]:
    """The form's id and components. Raises `ModelRefused` with all findings."""
    reading = _Reading(source, file)
    form = reading.form()
    components = reading.components(form.get("components", []), set(), 0)
    if reading.findings:
        raise ModelRefused(reading.findings)
    return str(form["id"]), components


class _Refused(Exception):
    """Stops reading one component."""


class _Reading:
    def __init__(self, source: bytes, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.count = 0
        self.text = self._decoded(source)
        self.lines: dict[str, int] = {}
        line, at = 1, 0
        for match in re.finditer(r'"id"\s*:\s*"((?:[^"\\]|\\.){0,200})"', self.text):
            line += self.text.count("\n", at, match.start())
            at = match.start()
            self.lines.setdefault(match[1], line)

    def _decoded(self, source: bytes) -> str:
        if len(source) > MAX_BYTES:
            self._stop("too-large", f"A form has at most {MAX_BYTES // 1000} KB.")
        try:
            return source.decode("utf-8-sig")
        except UnicodeDecodeError:
            self._stop("not-json", "The file is not UTF-8.")

    def _stop(self, rule: str, message: str, line: int = 1) -> NoReturn:
        raise ModelRefused([*self.findings, Finding(self.file, line, None, rule, "error", message)])

    def form(self) -> dict[str, Any]:
        """The file's object, its head checked."""
        try:
            form = json.loads(
                self.text,
                parse_float=Decimal,
                parse_constant=_no_constant,
                object_pairs_hook=_no_duplicates,
            )
        except json.JSONDecodeError as error:
            self._stop("not-json", f"Not valid JSON: {error.msg}.", error.lineno)
        except (RecursionError, ValueError) as error:
            self._stop("not-json", f"Not valid JSON: {error}.")
        if not isinstance(form, dict) or form.get("type") != "default":
            self._stop("not-a-form", "The file is no form: its type is not “default”.")
        identifier = form.get("id")
        if not isinstance(identifier, str) or not re.fullmatch(r"[\w.-]{1,200}", identifier):
            self._stop("id", "The form needs an id of letters, digits, “_”, “-” and “.”.")
        version = form.get("schemaVersion", 1)
        if not isinstance(version, int) or not 1 <= version <= _MAX_SCHEMA_VERSION:
            self._stop("schema-version", f"The schema version {version!r} is not known.")
        return form

    # --- components ---

    def components(self, found: Any, keys: set[str], depth: int) -> tuple[Component, ...]:
        """The components of one level; `keys` are those already taken there."""
        if not isinstance(found, list) or depth > _MAX_DEPTH:
            self._stop("components", f"Components are a list, nested {_MAX_DEPTH} deep at most.")
        made: list[Component] = []
        for item in found:
            self.count += 1
            if self.count > _MAX_COMPONENTS:
                self._stop("too-large", f"A form has at most {_MAX_COMPONENTS} components.")
            if not isinstance(item, dict):
                self._stop("components", "A component is an object.")
            try:
                component = self._component(item, keys, depth)
            except _Refused:
                continue
            made += [component] if component else []
        return tuple(made)

    def _component(self, item: dict[str, Any], keys: set[str], depth: int) -> Component | None:
        kind = item.get("type")
        if not isinstance(kind, str) or kind not in _PROPERTIES:
            self.refuse(item, "component", f"The component {kind} is not supported.")
        for name in item.keys() - _PROPERTIES[kind]:
            self.fault(item, "property", f"The property {name} of a {kind} is not supported.")
        base = (str(item.get("id", "")), self._layout(item), self._hide(item))
        if kind in ("group", "dynamiclist"):
            make = self._group if kind == "group" else self._rows
            return make(item, base, keys, depth)
        if kind in ("button", "text", "separator", "spacer"):
            return self._still(item, base)
        self.new_key(item, item.get("key"), keys)
        return FieldReader(self, item).field(base)

    def _still(self, item: dict[str, Any], base: Base) -> Component | None:
        """What holds no value. Buttons are the page's own."""
        if item["type"] == "text":
            return Text(*base, self._template(item))
        if item["type"] == "separator":
            return Separator(*base)
        if item["type"] == "spacer":
            return Spacer(*base, self.number(item, item, "height") or 60)
        return None

    def _group(self, item: dict[str, Any], base: Base, keys: set[str], depth: int) -> Group:
        if item.get("path"):
            self.fault(item, "property", "The path of a group is not supported.")
        components = self.components(item.get("components", []), keys, depth + 1)
        return Group(*base, self.words(item, "label"), self.flag(item, "showOutline"), components)

    def _rows(self, item: dict[str, Any], base: Base, keys: set[str], depth: int) -> Rows:
        path = item.get("path")
        self.new_key(item, path, keys)
        if item.get("isRepeating", True) is not True:
            self.fault(item, "property", "A dynamic list that does not repeat is not supported.")
        before = len(self.findings)
        components = self.components(item.get("components", []), set(), depth + 1)
        if len(self.findings) == before and any(isinstance(part, Rows) for part in components):
            self.fault(item, "component", "A dynamic list inside another is not supported.")
        first = self.number(item, item, "defaultRepetitions")
        return Rows(
            *base,
            str(path),
            self.words(item, "label"),
            components,
            self.flag(item, "allowAddRemove", default=True),
            1 if first is None else min(first, 100),
        )

    def new_key(self, item: dict[str, Any], key: object, keys: set[str]) -> None:
        if not isinstance(key, str) or not _NAME.fullmatch(key):
            self.refuse(item, "key", f"The key {key!r} is not a plain name.")
        if key in keys:
            self.refuse(item, "key", f"Two components have the key {key}.")
        keys.add(key)

    def _layout(self, item: dict[str, Any]) -> Layout:
        layout = self.part(item, "layout")
        columns = layout.get("columns")
        return Layout(str(layout.get("row", "")), columns if isinstance(columns, int) else 0)

    def _hide(self, item: dict[str, Any]) -> Evaluate | None:
        conditional = self.part(item, "conditional")
        if conditional.keys() - {"hide"}:
            self.fault(item, "property", "Of conditions only “hide” is supported.")
        hide = conditional.get("hide")
        return self.feel(item, "conditional.hide", hide) if hide not in (None, "") else None

    def _template(self, item: dict[str, Any]) -> tuple[str | Evaluate, ...]:
        """A text with `{{FEEL}}` in it, or one FEEL expression."""
        text = item.get("text", "")
        if not isinstance(text, str):
            self.refuse(item, "property", "The text is no text.")
        if text.startswith("="):
            return (self.feel(item, "text", text),)
        parts: list[str | Evaluate] = []
        for at, piece in enumerate(re.split(r"\{\{(.*?)\}\}", text, flags=re.DOTALL)):
            if at % 2 == 0:
                parts.append(piece)
            elif piece.strip().startswith(("#", "/")):
                self.fault(item, "property", "Blocks ({{#…}}) in a text are not supported.")
            else:
                parts.append(self.feel(item, "text", piece.strip()))
        return tuple(part for part in parts if part != "")

    # --- parts that fields need too ---

    def feel(self, item: dict[str, Any], where: str, text: object) -> Evaluate:
        if not isinstance(text, str):
            self.refuse(item, "expression", f"{where} is no expression.")
        try:
            return feel_expression(text).evaluate
        except ExpressionRefused as refused:
            message = f"{where}: {text[:80]}: {refused} (character {refused.position + 1})."
            self.refuse(item, "expression", message)

    def part(self, item: dict[str, Any], name: str) -> dict[str, Any]:
        found = item.get(name) or {}
        if not isinstance(found, dict):
            self.refuse(item, "property", f"The property {name} is no object.")
        return found

    def words(self, item: Mapping[str, Any], name: str) -> str:
        """A plain text; expressions and templates are not drawn there."""
        text = item.get(name) or ""
        if not isinstance(text, str) or text.startswith("=") or "{{" in text:
            self.refuse(item, "property", f"The property {name} must be a plain text.")
        return text

    def flag(self, item: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
        found = item.get(name, default)
        if not isinstance(found, bool):
            self.refuse(item, "property", f"The property {name} is neither true nor false.")
        return found

    def number(self, item: Mapping[str, Any], part: Mapping[str, Any], name: str) -> int | None:
        """A whole number from 0; form-js writes some as texts."""
        found = part.get(name)
        if found is None or found == "":
            return None
        if isinstance(found, str) and found.isdecimal() and len(found) < 10:
            found = int(found)
        if type(found) is not int or not 0 <= found < 10**9:
            self.refuse(item, "property", f"The property {name} is no whole number.")
        return found

    # --- findings ---

    def refuse(self, item: Mapping[str, Any], rule: str, message: str) -> NoReturn:
        self.fault(item, rule, message)
        raise _Refused

    def fault(self, item: Mapping[str, Any], rule: str, message: str) -> None:
        identifier = item.get("id")
        name = item.get("key") or item.get("path") or identifier
        line = self.lines.get(identifier, 1) if isinstance(identifier, str) else 1
        element = None if name is None else str(name)[:200]
        self.findings.append(Finding(self.file, line, element, rule, "error", message))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object has the same key twice")
    return made
