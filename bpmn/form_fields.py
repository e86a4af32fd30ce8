"""Reads one field of a form: its kind, options, default and what its value must be."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bpmn.errors import ExpressionRefused
from bpmn.form_spec import Base, Field, Format, Kind, Option
from bpmn.graph import Evaluate
from bpmn.patterns import Pattern, compile_pattern
from bpmn.values import Number, Value

if TYPE_CHECKING:
    from bpmn.form_reading import _Reading

_MAX_OPTIONS = 2_000
_VALIDATION: dict[str, set[str]] = {
    "textfield": {"required", "minLength", "maxLength", "pattern", "validationType"},
    "textarea": {"required", "minLength", "maxLength"},
    "number": {"required", "min", "max"},
}
_FORMATS: dict[object, Format] = {
    "": "",
    None: "",
    "custom": "",
    "email": "email",
    "phone": "phone",
}
_SUBTYPES: dict[object, Kind] = {"date": "date", "time": "time", "datetime": "datetime"}
_DEFAULTS: dict[str, tuple[type, ...]] = {
    "textfield": (str,),
    "textarea": (str,),
    "number": (int, Decimal),
    "checkbox": (bool,),
    "select": (str, int, Decimal, bool),
    "radio": (str, int, Decimal, bool),
    "checklist": (list,),
}


class FieldReader:
    """Reads one component that holds a value. Faults go to the reading it belongs to."""

    def __init__(self, reading: _Reading, item: dict[str, Any]) -> None:
        self.reading = reading
        self.item = item

    def field(self, base: Base) -> Field:
        reading, item = self.reading, self.item
        kind = self._kind()
        validate = self._validate()
        properties = {
            str(key): str(value) for key, value in reading.part(item, "properties").items()
        }
        appearance = reading.part(item, "appearance")
        options, options_from = self._options(kind)
        return Field(
            *base,
            key=item["key"],
            kind=kind,
            label=self._label(kind),
            description=reading.words(item, "description"),
            required=reading.flag({**validate, "id": item.get("id")}, "required"),
            disabled=reading.flag(item, "disabled"),
            readonly=self._readonly(),
            default=self._default(kind, options),
            format=self._format(kind, validate, properties),
            min_length=reading.number(item, validate, "minLength"),
            max_length=reading.number(item, validate, "maxLength"),
            pattern=self._pattern(validate),
            minimum=self._bound(validate, "min"),
            maximum=self._bound(validate, "max"),
            decimal_digits=reading.number(item, item, "decimalDigits"),
            as_text=reading.flag(item, "serializeToString"),
            no_past=reading.flag(item, "disallowPassedDates"),
            options=options,
            options_from=options_from,
            prefix=reading.words(appearance, "prefixAdorner"),
            suffix=reading.words(appearance, "suffixAdorner"),
            properties=properties,
        )

    def _kind(self) -> Kind:
        kind: Any = self.item["type"]
        if kind != "datetime":
            return kind  # type: ignore[no-any-return]
        subtype = self.item.get("subtype", "date")
        if subtype not in _SUBTYPES:
            self.reading.refuse(self.item, "property", f"The subtype {subtype} is not supported.")
        return _SUBTYPES[subtype]

    def _label(self, kind: str) -> str:
        names = ["timeLabel"] if kind == "time" else ["dateLabel", "timeLabel"]
        words = self.reading.words
        plain = words(self.item, "label")
        return plain or next(filter(None, (words(self.item, name) for name in names)), "")

    def _validate(self) -> dict[str, Any]:
        validate = self.reading.part(self.item, "validate")
        known = _VALIDATION.get(self.item["type"], {"required"})
        for name in validate.keys() - known:
            self.reading.fault(self.item, "property", f"The rule {name} is not supported here.")
        return validate

    def _readonly(self) -> bool | Evaluate:
        readonly = self.item.get("readonly", False)
        if isinstance(readonly, bool):
            return readonly
        return self.reading.feel(self.item, "readonly", readonly)

    def _format(
        self, kind: str, validate: Mapping[str, Any], properties: Mapping[str, str]
    ) -> Format:
        wanted = properties.get("format", "")
        if wanted == "betrag" and kind == "textfield":
            return "betrag"
        if wanted:
            self.reading.fault(self.item, "property", f"The format {wanted} is not known here.")
        said = validate.get("validationType", "")
        if not isinstance(said, str | None) or said not in _FORMATS:
            self.reading.refuse(self.item, "property", f"The validation {said} is not supported.")
        return _FORMATS[said]

    def _pattern(self, validate: Mapping[str, Any]) -> Pattern | None:
        pattern = validate.get("pattern")
        if pattern in (None, ""):
            return None
        if not isinstance(pattern, str):
            self.reading.refuse(self.item, "pattern", "The pattern is no text.")
        try:
            return compile_pattern(pattern)
        except ExpressionRefused as refused:
            message = f"The pattern {pattern[:80]}: {refused} (character {refused.position + 1})."
            self.reading.refuse(self.item, "pattern", message)

    def _bound(self, validate: Mapping[str, Any], name: str) -> Number | None:
        bound = validate.get(name)
        if bound is None or bound == "":
            return None
        if type(bound) not in (int, Decimal):
            self.reading.refuse(self.item, "property", f"The rule {name} is no number.")
        return bound  # type: ignore[no-any-return]

    def _default(self, kind: str, options: tuple[Option, ...]) -> Value:
        default = self.item.get("defaultValue")
        if default is None or default == "":
            return None
        if type(default) not in _DEFAULTS.get(kind, ()):
            self.reading.fault(self.item, "default", "The default has another type than the field.")
        chosen = default if isinstance(default, list) else [default]
        if options and any(one not in [option.value for option in options] for one in chosen):
            self.reading.fault(self.item, "default", "The default is none of the options.")
        return default  # type: ignore[no-any-return]

    # --- options ---

    def _options(self, kind: str) -> tuple[tuple[Option, ...], Evaluate | None]:
        if kind not in ("select", "radio", "checklist"):
            return (), None
        item = self.item
        sources = [name for name in ("values", "valuesKey", "valuesExpression") if item.get(name)]
        if len(sources) != 1:
            self.reading.refuse(item, "values", "The field needs options from exactly one source.")
        if sources[0] == "valuesExpression":
            return (), self.reading.feel(item, "valuesExpression", item["valuesExpression"])
        if sources[0] == "valuesKey":
            return (), _variable(str(item["valuesKey"]))
        return self._static(item["values"]), None

    def _static(self, values: Any) -> tuple[Option, ...]:
        if not isinstance(values, list) or len(values) > _MAX_OPTIONS:
            self.reading.refuse(self.item, "values", f"There are at most {_MAX_OPTIONS} options.")
        options = []
        for value in values:
            plain = value.get("value") if isinstance(value, dict) else None
            if type(plain) not in (str, int, Decimal, bool):
                self.reading.refuse(self.item, "values", "An option is a label with a value.")
            label = self.reading.words({**value, "id": self.item.get("id")}, "label")
            options.append(Option(plain, label or str(plain)))
        if len({(type(option.value), option.value) for option in options}) != len(options):
            self.reading.fault(self.item, "values", "Two options have the same value.")
        return tuple(options)


def _variable(name: str) -> Evaluate:
    return lambda variables, _now: variables.get(name)
