"""The supplier master (Kreditorenstamm): whom the city owes, as the HKR system knows them.

Invariant: every change stands in the Kreditor's own stream, with what was there before; what
identifies a Kreditor carries its accounts: who changes it has them confirmed anew.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, or_, select, update

from bpmn.german import format_german_date, parse_german_date
from bpmn.values import encode
from identity.access import permits, require
from identity.principal import Principal
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.duplicates import compact
from processes.rechnungseingang.errors import KreditorInvalid, KreditorUnknown
from processes.rechnungseingang.tables import invoice_kreditor, invoice_kreditor_account
from storage.database import Row, Transaction, for_update
from storage.ledger import append

LABELS = {
    "number": "Nummer",
    "name": "Name",
    "vat_id": "USt-IdNr.",
    "tax_number": "Steuernummer",
    "registration_id": "Registernummer",
    "electronic_address": "Elektronische Adresse",
    "street": "Straße",
    "post_code": "PLZ",
    "city": "Ort",
    "country": "Land",
    "blocked": "Gesperrt, weil",
    "sachkonto": "Übliches Sachkonto",
    "kostenstelle": "Übliche Kostenstelle",
    "payment_terms": "Zahlungsbedingungen",
    "valid_from": "Gültig ab",
}
"""The fields by column, as people call them."""
IDENTIFYING = frozenset({"vat_id", "tax_number", "registration_id"})
_LONGEST = {"number": 40, "sachkonto": 20, "kostenstelle": 20}
_LONGEST_TEXT = 300
MOST_WORDS = 20
"""Of a search; each is a condition for the database."""
_VAT_ID = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,12}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kreditor:
    """A supplier. `stand` counts its changes: who changes it says which one they saw."""

    id: str
    stand: int
    number: str | None
    name: str
    vat_id: str | None
    tax_number: str | None
    registration_id: str | None
    electronic_address: str | None
    street: str | None
    post_code: str | None
    city: str | None
    country: str | None
    blocked: str | None
    sachkonto: str | None
    kostenstelle: str | None
    payment_terms: str | None
    valid_from: date

    @property
    def called(self) -> str:
        """Number, name and place: enough to tell it from others."""
        known = [each for each in (self.number, self.name) if each]
        return " ".join(known) + (f", {self.city}" if self.city else "")


def kreditor(tx: Transaction, kreditor_id: str) -> Kreditor:
    """Raises `KreditorUnknown`."""
    row = tx.first(select(invoice_kreditor).where(*_where(tx, kreditor_id)))
    if row is None:
        raise KreditorUnknown(f"Diesen Kreditor gibt es nicht: {kreditor_id}")
    return kreditor_in(row)


def kreditor_called(tx: Transaction, number_or_id: str) -> Kreditor:
    """By the number of the HKR system, or by its id here; raises `KreditorUnknown`."""
    c, wanted = invoice_kreditor.c, one_line(number_or_id)
    either = or_(c.number == wanted, c.id == wanted)
    row = tx.first(select(invoice_kreditor).where(c.tenant == tx.tenant, either))
    if row is None:
        raise KreditorUnknown(f"Einen Kreditor „{wanted}“ gibt es nicht.")
    return kreditor_in(row)


def find(tx: Transaction, text: str = "", limit: int = 100, offset: int = 0) -> list[Kreditor]:
    """Those in which every word is found: number, name, identifiers, place, IBAN; by name."""
    c, a = invoice_kreditor.c, invoice_kreditor_account.c
    query = select(invoice_kreditor).where(c.tenant == tx.tenant)
    for word in words_of(text):
        with_iban = select(a.kreditor).where(a.tenant == tx.tenant, a.iban.contains(word.upper()))
        query = query.where(or_(c.words.contains(word), c.id.in_(with_iban)))
    rows = tx.all(query.order_by(c.name_key, c.id).limit(limit).offset(offset))
    return [kreditor_in(row) for row in rows]


def words_of(text: str) -> list[str]:
    """What is looked for, as it is kept: no more words than any Kreditor is found by."""
    return [word for each in text.split()[:MOST_WORDS] if (word := compact(each))]


def create(tx: Transaction, principal: Principal, given: Mapping[str, str]) -> str:
    """A new Kreditor; its id. A clerk makes none of whom there is one already."""
    require(principal, "kreditor.create")
    today = local_day(tx.now)
    values = {"valid_from": today, **values_of(given)}
    if not values.get("name"):
        raise KreditorInvalid("Bitte den Namen angeben.")
    _refuse_taken(tx, values, None)
    if not permits(principal, "kreditor.change"):
        _refuse_twin(tx, values)
        if values.get("number"):
            raise KreditorInvalid("Die Nummer vergibt die Buchhaltung, sie bleibt hier leer.")
    kreditor_id = f"k_{secrets.token_hex(12)}"
    row = {"tenant": tx.tenant, "id": kreditor_id, **values, **_keys(values)}
    tx.run(insert(invoice_kreditor), row)
    stated = {name: [None, _told(value)] for name, value in values.items() if value is not None}
    record(tx, principal, kreditor_id, "kreditor.created", sorted(stated), stated)
    return kreditor_id


def change(
    tx: Transaction,
    principal: Principal,
    kreditor_id: str,
    given: Mapping[str, str],
    stand: int | None = None,
) -> frozenset[str]:
    """Set what is given; which fields that changed. `stand` is the one that the person saw."""
    require(principal, "kreditor.change")
    row = tx.first(for_update(select(invoice_kreditor).where(*_where(tx, kreditor_id))))
    if row is None:
        raise KreditorUnknown(f"Diesen Kreditor gibt es nicht: {kreditor_id}")
    if stand is not None and row.seq != stand:
        raise KreditorInvalid("Inzwischen hat jemand diesen Kreditor geändert: bitte neu ansehen.")
    values = values_of(given)
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not changed:
        return frozenset()
    if changed.get("name", row.name) is None or changed.get("valid_from", row.valid_from) is None:
        raise KreditorInvalid("Name und Beginn der Gültigkeit bleiben angegeben.")
    _refuse_taken(tx, changed, kreditor_id)
    whole = {name: changed.get(name, getattr(row, name)) for name in LABELS}
    tx.run(
        update(invoice_kreditor).where(*_where(tx, kreditor_id)).values(**changed, **_keys(whole))
    )
    told = {n: [_told(getattr(row, n)), _told(value)] for n, value in changed.items()}
    record(tx, principal, kreditor_id, "kreditor.changed", sorted(changed), told)
    return frozenset(changed)


def values_of(given: Mapping[str, str]) -> dict[str, Any]:
    """What was typed as it is kept; what is empty is None. Raises `KreditorInvalid`."""
    values: dict[str, Any] = {}
    for name, label in LABELS.items():
        if name not in given:
            continue
        text = one_line(given[name])
        if len(text) > (most := _LONGEST.get(name, _LONGEST_TEXT)):
            raise KreditorInvalid(f"{label}: höchstens {most} Zeichen.")
        values[name] = _READERS.get(name, _plain)(text) if text else None
    return values


def one_line(text: str) -> str:
    """What can be seen of it: a copied text may hold signs that nobody sees, and no table bears."""
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


def kreditor_in(row: Row) -> Kreditor:
    fields = {name: getattr(row, name) for name in ("id", *LABELS)}
    return Kreditor(stand=row.seq, **fields)


def record(  # noqa: PLR0917 the order of an entry's fields
    tx: Transaction,
    principal: Principal,
    kreditor_id: str,
    kind: str,
    fields: Collection[str] = (),
    values: Mapping[str, Any] | None = None,
    **facts: Any,
) -> None:
    """In the Kreditor's stream. What was typed is erasable: a supplier may be a natural person."""
    append(
        tx,
        invoice_kreditor,
        kreditor_id,
        actor=principal.id,
        on_behalf_of=principal.on_behalf_of,
        kind=kind,
        facts=encode({"fields": list(fields), **facts} if fields else dict(facts)),
        values=encode(dict(values)) if values else None,
    )


def twins(tx: Transaction, of: Kreditor) -> list[Kreditor]:
    """Others under the same identifier, or the same name and place: a branch, or one twice."""
    c, keys = invoice_kreditor.c, _keys({name: getattr(of, name) for name in LABELS})
    same = [
        c[name] == keys[name] for name in ("vat_key", "tax_key", "registration_key") if keys[name]
    ]
    if keys["city_key"]:
        same.append((c.name_key == keys["name_key"]) & (c.city_key == keys["city_key"]))
    if not same:
        return []
    others = (c.tenant == tx.tenant, c.id != of.id, or_(*same))
    query = select(invoice_kreditor).where(*others).order_by(c.name_key).limit(10)
    return [kreditor_in(row) for row in tx.all(query)]


def _refuse_twin(tx: Transaction, values: Mapping[str, Any]) -> None:
    c = invoice_kreditor.c
    for column, name in ((c.vat_key, "vat_id"), (c.tax_key, "tax_number")):
        if values.get(name):
            same = (c.tenant == tx.tenant, column == compact(values[name]))
            found = tx.first(select(invoice_kreditor).where(*same))
            if found is not None:
                called = kreditor_in(found).called
                raise KreditorInvalid(f"{LABELS[name]} {values[name]} hat schon {called}.")


def _refuse_taken(tx: Transaction, values: Mapping[str, Any], mine: str | None) -> None:
    """One number, one Kreditor."""
    if not values.get("number"):
        return
    c = invoice_kreditor.c
    query = select(c.id, c.name).where(c.tenant == tx.tenant, c.number == values["number"])
    found = tx.first(query)
    if found is not None and found.id != mine:
        raise KreditorInvalid(f"Die Nummer {values['number']} hat schon {found.name}.")


def _keys(values: Mapping[str, Any]) -> dict[str, str | None]:
    """What is compared, and what is looked through."""
    found = {
        "vat_key": compact(values.get("vat_id")) or None,
        "tax_key": compact(values.get("tax_number")) or None,
        "registration_key": compact(values.get("registration_id")) or None,
        "name_key": compact(values.get("name")),
        "city_key": compact(values.get("city")) or None,
    }
    others = (compact(values.get("number")), compact(values.get("post_code")))
    return {**found, "words": " ".join(filter(None, (*others, *found.values())))}


def _plain(text: str) -> str:
    return text


def _vat_id(text: str) -> str:
    tight = "".join(text.split()).upper()
    if not _VAT_ID.fullmatch(tight):
        raise KreditorInvalid(f"USt-IdNr.: „{text}“ beginnt nicht mit dem Land wie DE123456789.")
    return tight


def _country(text: str) -> str:
    if not _COUNTRY.fullmatch(text.upper()):
        raise KreditorInvalid(f"Land: „{text}“ ist kein Code aus zwei Buchstaben wie DE.")
    return text.upper()


def _day(text: str) -> date:
    found = parse_german_date(text)
    if found is None:
        try:
            found = date.fromisoformat(text)
        except ValueError:
            raise KreditorInvalid(f"Gültig ab: „{text}“ ist kein Tag wie 31.12.2026.") from None
    return found


_READERS: Mapping[str, Any] = {"vat_id": _vat_id, "country": _country, "valid_from": _day}


def _told(value: Any) -> Any:
    return format_german_date(value) if isinstance(value, date) else value


def _where(tx: Transaction, kreditor_id: str) -> tuple[Any, Any]:
    c = invoice_kreditor.c
    return (c.tenant == tx.tenant, c.id == kreditor_id)
