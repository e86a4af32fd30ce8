"""Which Kreditor an invoice is from, and why: by what its seller states, the strongest first.

VAT id (BT-31), tax number (BT-32), registration (BT-30), a confirmed account (BT-84), name and
place exactly. Invariant: of several that fit none is taken unless weaker marks leave one; who
states another VAT id than the invoice does is never it; a person's choice goes before all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select

from identity.persons import display_names
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.duplicates import compact
from processes.rechnungseingang.errors import KreditorUnknown
from processes.rechnungseingang.kreditoren import accounts
from processes.rechnungseingang.kreditoren.master import Kreditor, kreditor, kreditor_in
from processes.rechnungseingang.tables import invoice_kreditor, invoice_kreditor_account
from storage.database import Row, Transaction

_LOCAL = re.compile(r"(?:hra|hrb|gnr|pr|vr|gsr)\d+[a-z]{0,2}", re.ASCII)
"""A number that each court counts for itself: only with the name it says who."""
MOST = 10
Mark = tuple[str, Callable[[Row], bool], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Match:
    """The Kreditor, or those between whom a person decides; `reason` says why these."""

    kreditor: Kreditor | None
    candidates: tuple[Kreditor, ...]
    reason: str

    @property
    def either(self) -> tuple[Kreditor, ...]:
        return self.candidates if self.kreditor is None else (self.kreditor,)


UNKNOWN = Match(None, (), "")


def match(tx: Transaction, row: Row) -> Match:
    """For a row of `invoice_receipt`."""
    if row.kreditor:
        try:
            return Match(kreditor(tx, row.kreditor), (), _chosen(tx, row))
        except KreditorUnknown:
            return UNKNOWN
    return stated(tx, row)


def stated(tx: Transaction, row: Row) -> Match:
    """By what the invoice says alone, whatever a person chose."""
    marks = list(_marks(tx, row))
    for place, (words, _, where) in enumerate(marks):
        found = _found(tx, row, where)
        if found:
            return _narrowed(found, words, marks[place + 1 :])
    return UNKNOWN


def _narrowed(found: list[Row], words: str, weaker: list[Mark]) -> Match:
    said = [f"Gleiche{words}"]
    for others, fits, _ in weaker:
        left = [each for each in found if fits(each)]
        if len(found) > 1 and left and len(left) < len(found):
            found = left
            said.append(f"gleiche{others}")
    reason = f"{', '.join(said).removesuffix('.')}."
    candidates = tuple(kreditor_in(each) for each in found)
    return Match(candidates[0], (), reason) if len(found) == 1 else Match(None, candidates, reason)


def _found(tx: Transaction, row: Row, where: ColumnElement[bool]) -> list[Row]:
    c, on = invoice_kreditor.c, local_day(tx.now)
    query = select(invoice_kreditor).where(c.tenant == tx.tenant, c.valid_from <= on, where)
    vat_key = _vat_key(row)
    rows = tx.all(query.order_by(c.name_key, c.id).limit(MOST))
    return [r for r in rows if not (vat_key and r.vat_key and r.vat_key != vat_key)]


def _marks(tx: Transaction, row: Row) -> Iterator[Mark]:
    """Each in words after "gleiche", as a test of a row, and as a condition to find rows by."""
    c = invoice_kreditor.c
    if key := _vat_key(row):
        yield " USt-IdNr.", lambda each: bool(each.vat_key == key), c.vat_key == key
    if tax := compact(row.seller_tax_number) or _of_kind(row, "steuer"):
        yield " Steuernummer", lambda each: bool(each.tax_key == tax), c.tax_key == tax
    name, city = compact(row.seller), compact(row.seller_city)
    if number := compact(row.seller_registration):
        where = c.registration_key == number
        if _LOCAL.fullmatch(number):
            where &= c.name_key == name
        yield " Registernummer", lambda each: bool(each.registration_key == number), where
    if row.iban:
        a = invoice_kreditor_account.c
        confirmed = (a.tenant == tx.tenant, a.iban == row.iban, a.state == accounts.CONFIRMED)
        query = select(a.kreditor).where(*confirmed)
        holders = {each.kreditor for each in tx.all(query.limit(MOST))}
        yield " Bankverbindung", lambda each: each.id in holders, c.id.in_(sorted(holders))
    if name and city:
        where = (c.name_key == name) & (c.city_key == city)
        same = (name, city)
        yield "r Name und Ort", lambda each: (each.name_key, each.city_key) == same, where


def _vat_key(row: Row) -> str:
    return compact(row.seller_vat_id) or _of_kind(row, "ust")


def _of_kind(row: Row, kind: str) -> str:
    """From what older rows have instead of the single identifiers."""
    stated, _, key = (row.seller_key or "").partition(":")
    return key if stated == kind else ""


def _chosen(tx: Transaction, row: Row) -> str:
    if not row.kreditor_by:
        return "So mit der sachlichen Feststellung festgehalten."
    name = display_names(tx, [row.kreditor_by]).get(row.kreditor_by, "einer Person")
    return f"Gewählt von {name}."
