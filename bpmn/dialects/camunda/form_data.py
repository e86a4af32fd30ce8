"""`camunda:formData`: generated fields, as a form of ours.

Invariant: each field keeps its type, label, default, choices and constraints; a type or validator
of Java's is refused.
"""

from __future__ import annotations

import re
from typing import Any

from bpmn.context import Context
from bpmn.dialects.camunda.words import extensions
from bpmn.dialects.dialect import Element
from bpmn.embedded_forms import embed
from bpmn.model import local

_LIMITS = {"minlength": "minLength", "maxlength": "maxLength", "min": "min", "max": "max"}
_OF_TYPE = {
    "string": frozenset({"minlength", "maxlength"}),
    "long": frozenset({"min", "max"}),
}
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


def generated_form(context: Context, element: Element) -> str | None:
    """The key of the form that the task's `formData` describes, if it has one."""
    holder = next(extensions(element, "formData"), None)
    if holder is None:
        return None
    if holder.get("businessKey"):
        context.report.error("form", holder, "A task's form does not set the business key.")
    components = [
        _field(context, part) for part in holder.iterchildren() if local(part) == "formField"
    ]
    form = {"type": "default", "components": components}
    return embed(context, holder, element.get("id", ""), form)


def _field(context: Context, part: Element) -> dict[str, Any]:
    identifier, kind = (part.get("id") or "").strip(), (part.get("type") or "").strip()
    field: dict[str, Any] = {
        "id": identifier,
        "key": identifier,
        "label": part.get("label") or identifier,
    }
    if kind == "string":
        field["type"] = "textfield"
    elif kind == "long":
        field |= {"type": "number", "decimalDigits": 0}
    elif kind == "boolean":
        field["type"] = "checkbox"
    elif kind == "date":
        field |= {"type": "datetime", "subtype": "date"}
    elif kind == "enum":
        values = [value for value in part.iterchildren() if local(value) == "value"]
        field |= {
            "type": "select",
            "values": [
                {"value": each.get("id") or "", "label": each.get("name") or each.get("id") or ""}
                for each in values
            ],
        }
    else:
        context.report.error("form", part, f'The field type "{kind}" is not executed.')
        field["type"] = "textfield"
    _default(context, part, kind, field)
    _constrain(context, part, kind, field)
    return field


def _default(context: Context, part: Element, kind: str, field: dict[str, Any]) -> None:
    text = (part.get("defaultValue") or "").strip()
    if not text:
        return
    if "${" in text or "#{" in text or text.startswith("="):
        context.report.error("form", part, "A default that is computed is not executed.")
    elif kind == "boolean":
        field["defaultValue"] = text.lower() == "true"
    elif kind == "long" and _WHOLE.fullmatch(text):
        field["defaultValue"] = int(text)
    elif kind in ("string", "enum"):
        field["defaultValue"] = text
    else:
        context.report.error("form", part, f'"{text}" is no default of a {kind} that is executed.')


def _constrain(context: Context, part: Element, kind: str, field: dict[str, Any]) -> None:
    validate: dict[str, Any] = {}
    for holder in part.iterchildren():
        if local(holder) != "validation":
            continue
        for constraint in holder.iterchildren():
            name, config = constraint.get("name") or "", (constraint.get("config") or "").strip()
            if name == "required" and config.lower() != "false":
                validate["required"] = True
            elif name == "readonly" and config.lower() != "false":
                field["readonly"] = True
            elif name in _LIMITS and name in _OF_TYPE.get(kind, ()) and _WHOLE.fullmatch(config):
                validate[_LIMITS[name]] = int(config)
            elif name not in ("required", "readonly"):
                text = f'The constraint {name}="{config}" of a {kind} is not executed.'
                context.report.error("form", constraint, text)
    if validate:
        field["validate"] = validate
