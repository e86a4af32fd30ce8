"""A form as JSON Schema 2020-12, for clients that fill it without a page.

Conditions are not expressible there: what may be hidden or is chosen from computed options is
described as optional and loosely; the server checks it exactly.
"""

from __future__ import annotations

from decimal import Decimal

from bpmn.form_spec import MAX_ROWS, Component, Field, Group, Rows
from bpmn.values import Value

Schema = dict[str, object]

_AMOUNT = r"^-?[0-9]{1,15}(\.[0-9]{1,2})?$"
_FORMATS = {"date": "date", "time": "time", "datetime": "date-time"}


def json_schema(identifier: str, components: tuple[Component, ...]) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:amtsgang:form:{identifier}",
        "title": identifier,
        **_level(components),
    }


def _level(components: tuple[Component, ...]) -> Schema:
    properties: dict[str, Schema] = {}
    required: list[str] = []
    _collect(components, properties, required, certain=True)
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    return schema


def _collect(
    components: tuple[Component, ...],
    properties: dict[str, Schema],
    required: list[str],
    *,
    certain: bool,
) -> None:
    """Adds what the components own; `certain` tells that nothing around them can hide them."""
    for component in components:
        shown = certain and component.hide is None
        if isinstance(component, Group):
            _collect(component.components, properties, required, certain=shown)
        elif isinstance(component, Rows):
            rows: Schema = {
                "title": component.label,
                "type": "array",
                "maxItems": MAX_ROWS,
                "items": _level(component.components),
            }
            properties[component.path] = rows
        elif isinstance(component, Field):
            properties[component.key] = _field(component, demanded=shown and component.required)
            if shown and component.required and component.readonly is False:
                required += [] if component.disabled else [component.key]


def _field(field: Field, *, demanded: bool) -> Schema:
    schema: Schema = {"title": field.label}
    if field.description:
        schema["description"] = field.description
    if field.disabled or field.readonly is True:
        return {**schema, "readOnly": True}
    schema.update(_type(field))
    if not demanded and "type" in schema:
        schema["type"] = [schema["type"], "null"]
    return schema


def _type(field: Field) -> Schema:
    if field.kind in ("select", "radio"):
        return {"enum": _choices(field)} if field.options else {}
    if field.kind == "checklist":
        items: Schema = {"enum": _choices(field, optional=False)} if field.options else {}
        return {"type": "array", "items": items, "uniqueItems": True}
    if field.kind == "checkbox":
        return {"type": "boolean", **({"const": True} if field.required else {})}
    if field.kind == "number":
        bounds = {"minimum": field.minimum, "maximum": field.maximum}
        plain = {key: _number(value) for key, value in bounds.items() if value is not None}
        whole = field.decimal_digits == 0
        return {"type": "integer" if whole else "number", **plain}
    if field.kind in _FORMATS:
        return {"type": "string", "format": _FORMATS[field.kind]}
    return _text(field)


def _text(field: Field) -> Schema:
    schema: Schema = {"type": "string"}
    if field.format == "betrag":
        return {**schema, "pattern": _AMOUNT}
    if field.format == "email":
        schema["format"] = "email"
    if field.min_length or field.required:
        schema["minLength"] = max(field.min_length or 0, int(field.required))
    if field.max_length is not None:
        schema["maxLength"] = field.max_length
    if field.pattern is not None:
        schema["pattern"] = field.pattern.text
    return schema


def _choices(field: Field, *, optional: bool = True) -> list[object]:
    values: list[object] = [_number(option.value) for option in field.options]
    return [*values, None] if optional and not field.required else values


def _number(value: Value) -> object:
    """Whole numbers as such; others as the shortest JSON number, for the schema only."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
