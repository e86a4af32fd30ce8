"""Checks what a page or client sends against a form, and turns it into typed values.

Invariant: a value comes out only of a field that is shown and may be written, and only in the
type of its field. Messages are for the person at the form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from bpmn.errors import FieldError
from bpmn.feel import operators
from bpmn.feel.temporal import local_now, read_date, read_datetime, read_time
from bpmn.form_spec import MAX_ROWS, Component, Field, Group, Rows, hidden, owners
from bpmn.german import format_german_amount
from bpmn.values import Number, Value, Variables

MAX_TEXT = 10_000
MAX_LONG_TEXT = 100_000
MAX_PATTERN_TEXT = 2_000

_NUMBER = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{1,20})?|\.\d{1,20})", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,15}(?:\.\d{1,2})?", re.ASCII)
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]{1,63}(?:\.[^\s@.]{1,63}){1,8}")
_PHONE = re.compile(r"\+?[\d ()/.-]{3,40}", re.ASCII)
_UNKNOWN = "Dieses Feld gibt es in diesem Formular nicht."
_REQUIRED = "Bitte ausfüllen."
_AN_AMOUNT = "Bitte einen Betrag wie 1.190,00 eingeben."


class _WrongError(Exception):
    """A value that its field does not take; the message is for the field. Never leaves here."""


class Checking:
    """One form being checked. `errors` grows; nothing is raised before all fields were seen."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.errors: list[FieldError] = []

    def level(
        self,
        components: tuple[Component, ...],
        data: Mapping[str, object],
        variables: Mapping[str, Value],
        prefix: str = "",
    ) -> Variables:
        """The values of one level: the form, or one row."""
        owned = list(owners(components))
        keys = {_key(item) for item in owned}
        for key in data:
            if key not in keys:
                self._wrong(f"{prefix}{str(key)[:80]}", _UNKNOWN)
        typed, wrong = self._typed(owned, data, variables)
        context = {**variables, **typed}
        values: Variables = {}
        for item in self._shown(components, context):
            key = _key(item)
            if isinstance(item, Rows):
                values[key] = self._rows(item, data.get(key), context, f"{prefix}{key}")
            elif item.writable(variables, self.now):
                if key in wrong:
                    self._wrong(f"{prefix}{key}", wrong[key])
                else:
                    self._demand(item, typed[key], f"{prefix}{key}")
                    values[key] = typed[key]
        return values

    def _typed(
        self,
        owned: list[Field | Rows],
        data: Mapping[str, object],
        variables: Mapping[str, Value],
    ) -> tuple[Variables, dict[str, str]]:
        """What conditions see: values as sent, those of fields that may not be written as they
        are; and what is wrong with those that were sent. Rows count as empty or not only."""
        typed: Variables = {}
        wrong: dict[str, str] = {}
        for item in owned:
            key = _key(item)
            if isinstance(item, Rows):
                rows = data.get(key)
                typed[key] = [None] * len(rows) if isinstance(rows, list) else []
            elif not item.writable(variables, self.now):
                typed[key] = variables.get(key, item.default)
            else:
                typed[key] = None
                try:
                    typed[key] = self._value(item, data.get(key), variables)
                except _WrongError as error:
                    wrong[key] = str(error)
        return typed, wrong

    def _shown(
        self, components: tuple[Component, ...], context: Mapping[str, Value]
    ) -> list[Field | Rows]:
        found: list[Field | Rows] = []
        for component in components:
            if hidden(component, context, self.now):
                continue
            if isinstance(component, Group):
                found += self._shown(component.components, context)
            elif isinstance(component, Field | Rows):
                found.append(component)
        return found

    def _rows(
        self, rows: Rows, sent: object, context: Mapping[str, Value], prefix: str
    ) -> list[Value]:
        if sent is None:
            sent = []
        if not isinstance(sent, list) or not all(isinstance(row, Mapping) for row in sent):
            self._wrong(prefix, "Hier werden Zeilen erwartet.")
            return []
        if len(sent) > MAX_ROWS:
            self._wrong(prefix, f"Höchstens {MAX_ROWS} Zeilen sind möglich.")
            return []
        outer = dict(context)
        values: list[Value] = []
        for number, row in enumerate(sent):
            inside: Variables = {**context, "parent": outer, "i": [number + 1]}
            values.append(self.level(rows.components, row, inside, f"{prefix}.{number}."))
        return values

    # --- one field ---

    def _value(self, item: Field, sent: object, variables: Mapping[str, Value]) -> Value:
        """The typed value; an empty one is null (a checkbox false, a checklist empty)."""
        if sent is None or sent == "":
            return _empty(item)
        if item.kind in ("select", "radio"):
            return self._chosen(item, sent, variables)
        if item.kind == "checklist":
            if not isinstance(sent, list) or len(sent) > MAX_ROWS:
                raise _WrongError("Bitte aus der Liste wählen.")
            chosen = [self._chosen(item, one, variables) for one in sent]
            if any(one in chosen[:at] for at, one in enumerate(chosen)):
                raise _WrongError("Ein Eintrag ist doppelt gewählt.")
            return chosen
        if item.kind in ("date", "datetime", "time"):
            return self._moment(item, sent)
        return _READERS[item.kind](item, sent)

    def _chosen(self, item: Field, sent: object, variables: Mapping[str, Value]) -> Value:
        for option in item.choices(variables, self.now):
            if operators.equal(option.value, sent) is True:
                return option.value
            numeric = type(option.value) in (int, Decimal) and type(sent) is str
            if numeric and str(option.value) == sent:
                return option.value
        raise _WrongError("Bitte aus der Liste wählen.")

    def _moment(self, item: Field, sent: object) -> Value:
        kind, read, hint = _MOMENTS[item.kind]
        found: Any = read(sent) if isinstance(sent, str) and len(sent) < 80 else sent
        if type(found) is not kind:
            raise _WrongError(hint)
        if item.no_past and isinstance(found, date):
            today = local_now(self.now).date()
            day = found.date() if isinstance(found, datetime) else found
            if day < today:
                raise _WrongError("Der Tag liegt in der Vergangenheit.")
        moment: Value = found
        return moment

    def _demand(self, item: Field, value: Value, key: str) -> None:
        blank = value is None or value is False or value == []
        if item.required and (blank or (isinstance(value, str) and not value.strip())):
            self._wrong(key, "Bitte bestätigen." if item.kind == "checkbox" else _REQUIRED)

    def _wrong(self, key: str, message: str) -> None:
        self.errors.append(FieldError(key, message))


def _empty(item: Field) -> Value:
    if item.kind == "checklist":
        return []
    return False if item.kind == "checkbox" else None


def _key(item: Field | Rows) -> str:
    return item.path if isinstance(item, Rows) else item.key


# --- texts, numbers, checkboxes ---


def _read_text(item: Field, sent: object) -> Value:
    if item.format == "betrag":
        return _read_amount(sent)
    if type(sent) is not str or "\x00" in sent:
        raise _WrongError("Bitte Text eingeben.")
    text = sent.replace("\r\n", "\n")
    bound = MAX_LONG_TEXT if item.kind == "textarea" else MAX_TEXT
    longest = min(item.max_length or bound, MAX_PATTERN_TEXT if item.pattern else bound)
    if len(text) > longest:
        raise _WrongError(f"Höchstens {longest} Zeichen.")
    if item.min_length is not None and len(text) < item.min_length:
        raise _WrongError(f"Mindestens {item.min_length} Zeichen.")
    if item.pattern and not item.pattern.found_in(text):
        raise _WrongError("Der Eintrag hat nicht die verlangte Form.")
    if item.format == "email" and not _EMAIL.fullmatch(text):
        raise _WrongError("Bitte eine E-Mail-Adresse eingeben.")
    if item.format == "phone" and not _PHONE.fullmatch(text):
        raise _WrongError("Bitte eine Telefonnummer eingeben.")
    return text


def _read_amount(sent: object) -> Decimal:
    """An amount is a decimal text (`1190.00`) or an exact number, with two places at most."""
    plain = str(sent) if type(sent) in (int, Decimal) else sent
    if not isinstance(plain, str) or not _AMOUNT.fullmatch(plain):
        raise _WrongError(_AN_AMOUNT)
    return Decimal(plain)


def _read_number(item: Field, sent: object) -> Value:
    plain = str(sent) if type(sent) in (int, float, Decimal) else sent
    if not isinstance(plain, str) or not _NUMBER.fullmatch(plain):
        raise _WrongError("Bitte eine Zahl eingeben.")
    value = operators.whole(Decimal(plain))
    places = len(plain.partition(".")[2].rstrip("0"))
    if item.decimal_digits is not None and places > item.decimal_digits:
        raise _WrongError(
            f"Höchstens {item.decimal_digits} Nachkommastellen."
            if item.decimal_digits
            else "Bitte eine ganze Zahl eingeben."
        )
    if item.minimum is not None and value < item.minimum:
        raise _WrongError(f"Mindestens {_shown(item.minimum)}.")
    if item.maximum is not None and value > item.maximum:
        raise _WrongError(f"Höchstens {_shown(item.maximum)}.")
    return str(value) if item.as_text else value


def _places(value: Decimal) -> int:
    exponent: Any = value.as_tuple().exponent
    return int(max(0, -exponent))


def _shown(value: Number) -> str:
    places = _places(Decimal(value))
    return (
        format_german_amount(value, places)
        if Decimal(value).copy_abs() > 9999 or places
        else str(value)
    )


def _read_checkbox(_item: Field, sent: object) -> Value:
    if type(sent) is not bool:
        raise _WrongError("Bitte ankreuzen oder frei lassen.")
    return sent


def _date(text: str) -> date | None:
    """A date of the years 1 to 9999; nobody means another one in a form."""
    found = read_date(text)
    return found if isinstance(found, date) else None


def _time(text: str) -> time | None:
    found = read_time(text + ":00" if re.fullmatch(r"\d\d:\d\d", text, re.ASCII) else text)
    return found if isinstance(found, time) else None


def _datetime(text: str) -> datetime | None:
    """Seconds may be left out, a bare date may not stand for midnight."""
    day, _, clock = text.partition("T")
    found = read_datetime(f"{day}T{clock}:00" if len(clock) == 5 else text) if clock else None
    return found if isinstance(found, datetime) else None


_READERS: dict[str, Callable[[Field, object], Value]] = {
    "textfield": _read_text,
    "textarea": _read_text,
    "number": _read_number,
    "checkbox": _read_checkbox,
}
_MOMENTS: dict[str, tuple[type, Callable[[str], Any], str]] = {
    "date": (date, _date, "Bitte ein Datum wie 24.12.2026 eingeben."),
    "time": (time, _time, "Bitte eine Uhrzeit wie 14:30 eingeben."),
    "datetime": (datetime, _datetime, "Bitte Datum und Uhrzeit eingeben."),
}
