"""Suggestions for the person who assigns or posts an invoice, each with its reason.

Invariant: a suggestion decides nothing. A unit is only shown; posting lines stand in the form and
count for nothing until a person has sent them. Only invoices that were neither refused nor
duplicates are precedents, and lines come only from what was booked in the same unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from bpmn.values import Value, decode
from processes.rechnungseingang.credit_notes import credited_by
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.duplicates import GONE
from processes.rechnungseingang.kreditoren.master import Kreditor
from processes.rechnungseingang.kreditoren.matching import match
from processes.rechnungseingang.routing import INTAKE_UNIT, Route, competent_units, routes
from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row, Transaction

_POSTED = ("produkt", "sachkonto", "kostenstelle", "steuerkennzeichen")


@dataclass(frozen=True, slots=True)
class SuggestedUnit:
    unit: str
    name: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Posting:
    """Lines as the form holds them, and where they come from."""

    lines: list[Value]
    reason: str


def suggested_units(tx: Transaction, row: Row) -> list[SuggestedUnit]:
    """Units of the routing table, the strongest reason first."""
    names = dict(competent_units(tx))
    reasons: dict[str, list[str]] = {}
    for unit, reason in (*_by_leitweg_id(row, routes(tx)), *_by_history(tx, row)):
        if unit in names and unit != INTAKE_UNIT:
            reasons.setdefault(unit, []).append(reason)
    return [SuggestedUnit(unit, names[unit], tuple(why)) for unit, why in reasons.items()]


def posting_like_before(
    tx: Transaction, row: Row, unit: str | None, now: datetime
) -> Posting | None:
    """The lines of the invoice that is credited, else of the supplier's last one in this unit,
    else what is usual for the Kreditor; where it was split, the amounts stay empty. BT-19 of this
    invoice takes the cost centre's place."""
    before = _credited(tx, row, unit) or _last_booked(tx, row, unit)
    usual = match(tx, row).kreditor if before is None else None
    posted = _usual_line(usual)
    if before is None and not row.cost_centre and not posted:
        return None
    known = decode(before.posted) if before is not None else [posted]
    former = [line for line in known if isinstance(line, dict)] if isinstance(known, list) else []
    said = []
    if before is not None:
        said.append(f"Wie bei {before.number} vom {before.issued_on:%d.%m.%Y}, {before.seller}.")
    if usual is not None and posted:
        said.append(f"Übliche Kontierung von {usual.called} laut Kreditorenstamm.")
    if row.cost_centre:
        said.append(f"Kostenstelle {row.cost_centre} laut Rechnung (BT-19).")
    lines: list[Value] = []
    for line in former:
        kept: dict[str, Value] = {name: line[name] for name in _POSTED if name in line}
        if row.cost_centre:
            kept["kostenstelle"] = row.cost_centre[:20]
        kept["haushaltsjahr"] = local_day(now).year
        if len(former) == 1:
            kept["betrag"] = row.amount_due
        lines.append(kept)
    return Posting(lines, " ".join(said))


def _usual_line(kreditor: Kreditor | None) -> dict[str, Value]:
    """What the master says of postings for this supplier."""
    named = {name: getattr(kreditor, name, None) for name in ("sachkonto", "kostenstelle")}
    return {name: value for name, value in named.items() if value}


def _by_leitweg_id(row: Row, known: list[Route]) -> Iterator[tuple[str, str]]:
    """Coarse, fine and check digits stand between hyphens (Leitweg-ID 2.0.2, section 3)."""
    coarse, fine = _parts(row.leitweg_id or "")
    if not coarse:
        return
    for route in known:
        its_coarse, its_fine = _parts(route.leitweg_id)
        if fine and (its_coarse, its_fine) == (coarse, fine):
            yield route.unit, f"Die Leitweg-ID weicht nur in der Prüfziffer von {route.leitweg_id}."
        elif fine and its_fine == fine:
            yield route.unit, f"Gleicher Feinteil {fine} wie {route.leitweg_id}."


def _parts(leitweg_id: str) -> tuple[str, str]:
    parts = "".join(leitweg_id.split()).upper().split("-")
    return parts[0], "-".join(parts[1:-1])


def _by_history(tx: Transaction, row: Row) -> Iterator[tuple[str, str]]:
    c = invoice_receipt.c
    for value, where, of in (
        (row.order_reference, c.order_reference, f"zur Bestellung {row.order_reference} (BT-13)"),
        (row.cost_centre, c.cost_centre, f"zur Kostenstelle {row.cost_centre} (BT-19)"),
        (row.seller_key, c.seller_key, "dieses Lieferanten"),
    ):
        if not value:
            continue
        found = _units_of(tx, row, where == value)
        total = sum(found.values())
        for unit, count in found.most_common(3):
            yield unit, f"{count} von {total} früheren Rechnungen {of}."


def _units_of(tx: Transaction, row: Row, where: ColumnElement[bool]) -> Counter[str]:
    c = invoice_receipt.c
    query = select(c.unit, func.count().label("times")).where(
        c.tenant == tx.tenant,
        c.id != row.id,
        c.unit.is_not(None),
        c.unit != INTAKE_UNIT,
        c.state.not_in(GONE),
        where,
    )
    found = tx.all(query.group_by(c.unit).order_by(c.unit))
    return Counter({each.unit: each.times for each in found})


def _credited(tx: Transaction, row: Row, unit: str | None) -> Row | None:
    found = credited_by(tx, row)
    if found is None or found.row.unit != unit or found.row.posted is None:
        return None
    return found.row if found.row.state == "gebucht" else None


def _last_booked(tx: Transaction, row: Row, unit: str | None) -> Row | None:
    if not row.seller_key or unit is None:
        return None
    c = invoice_receipt.c
    query = select(invoice_receipt).where(
        c.tenant == tx.tenant,
        c.seller_key == row.seller_key,
        c.unit == unit,
        c.id != row.id,
        c.state == "gebucht",
        c.posted.is_not(None),
    )
    return tx.first(query.order_by(c.received_at.desc(), c.id.desc()).limit(1))
