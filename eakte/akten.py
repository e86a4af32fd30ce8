"""Akten: created under the Aktenplan, with a Geschaeftszeichen that is unique and never reused.

Invariant: an Akte is never less closed than the unit that keeps it; its retention starts by its own
trigger and only when all its Vorgaenge are z.d.A.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select, update

from eakte.access import Vertraulichkeit, demand, lock_akten
from eakte.aktenplan import einheit, einheit_by_id, today, unit
from eakte.errors import AccessDenied, AkteClosed, HeadDataInvalid, NotFound, StepsOpen
from eakte.ids import new_id
from eakte.journal import record
from eakte.tables import akte, dokument, geschaeftszeichen_counter, vorgang
from identity.access import require
from identity.principal import Principal
from storage.database import Row, Transaction, for_update
from storage.errors import Conflict


@dataclass(frozen=True, slots=True)
class Akte:
    """Head data of an Akte."""

    id: str
    geschaeftszeichen: str
    aktenplan: str
    unit: str
    year: int
    betreff: str
    vertraulichkeit: Vertraulichkeit
    state: str
    created_at: datetime
    retention_trigger: str
    retention_from: date | None
    retention_until: date | None


def create_akte(
    tx: Transaction,
    principal: Principal,
    *,
    aktenplan: str,
    unit: str,
    betreff: str,
    year: int | None = None,
    vertraulichkeit: Vertraulichkeit | None = None,
) -> Akte:
    """Create an Akte in a unit of one's own. Vertraulichkeit is at least the unit's."""
    _may_create(principal, unit)
    chosen = year if year is not None else today(tx).year
    last = _counter(tx, aktenplan, unit, chosen)
    return _create(tx, principal, aktenplan, unit, chosen, betreff, vertraulichkeit, last + 1)


def ensure_akte(
    tx: Transaction,
    principal: Principal,
    *,
    aktenplan: str,
    unit: str,
    betreff: str,
    year: int | None = None,
    vertraulichkeit: Vertraulichkeit | None = None,
) -> Akte:
    """The open Akte of that Aktenplaneinheit, unit and year; created if there is none.

    Where there is none the counter's row is locked before looking again, so two callers at once
    get the same Akte.
    """
    _may_create(principal, unit)
    chosen = year if year is not None else today(tx).year
    if (found := _in_use(tx, aktenplan, unit, chosen)) is not None:
        return found
    last = _counter(tx, aktenplan, unit, chosen)
    if (found := _in_use(tx, aktenplan, unit, chosen)) is not None:
        return found
    return _create(tx, principal, aktenplan, unit, chosen, betreff, vertraulichkeit, last + 1)


def _in_use(tx: Transaction, aktenplan: str, unit: str, year: int) -> Akte | None:
    """The oldest open Akte of that Aktenplaneinheit, unit and year."""
    c = akte.c
    query = select(akte).where(
        c.tenant == tx.tenant, c.aktenplan == aktenplan, c.unit == unit, c.year == year
    )
    row = tx.first(query.where(c.state == "in_bearbeitung").order_by(c.created_at, c.id))
    return None if row is None else akte_of(row)


def akte_head(tx: Transaction, principal: Principal, akte_id: str) -> Akte:
    """An Akte's head data; raises `NotFound` where the principal may not know of it."""
    return akte_of(demand(tx, principal, akte, akte_id))


def change_betreff(tx: Transaction, principal: Principal, akte_id: str, betreff: str) -> Akte:
    """Change what an Akte is about; the old wording stays in the history."""
    demand(tx, principal, akte, akte_id, "write")
    row = writable(tx, akte_id)
    text = _betreff(betreff)
    _update(tx, akte_id, betreff=text, suchtext=suchtext(row.geschaeftszeichen, text))
    record(tx, principal, akte_id, "akte.betreff_changed", {}, {"betreff": text})
    return akte_head(tx, principal, akte_id)


def raise_vertraulichkeit(
    tx: Transaction, principal: Principal, akte_id: str, grade: Vertraulichkeit
) -> Akte:
    """Close an Akte further, with all its Vorgaenge and Dokumente. Grants keep their ceiling."""
    demand(tx, principal, akte, akte_id, "write")
    row = writable(tx, akte_id)
    if grade < row.vertraulichkeit:
        raise HeadDataInvalid("Die Vertraulichkeit lässt sich hier nur erhöhen.")
    _update(tx, akte_id, vertraulichkeit=int(grade))
    for table in (vorgang, dokument):
        where = (table.c.tenant == tx.tenant, table.c.akte == akte_id)
        lower = table.c.vertraulichkeit < int(grade)
        tx.run(update(table).where(*where, lower).values(vertraulichkeit=int(grade)))
    record(tx, principal, akte_id, "akte.vertraulichkeit_raised", {"vertraulichkeit": int(grade)})
    return akte_of(lock_akten(tx, akte_id)[akte_id])


def trigger_retention(
    tx: Transaction, principal: Principal, akte_id: str, on: date, reason: str
) -> Akte:
    """The Akte's own trigger happened (its closing, the council's decision, an event).

    From then on nothing is filed into it. Refused while a Vorgang is open. A period that the
    council's decision on a Haushaltsjahr starts runs from the following 1 January.
    """
    require(principal, "akte.retention")
    demand(tx, principal, akte, akte_id)
    row = writable(tx, akte_id)
    open_ones = tx.all(
        select(vorgang.c.id).where(
            vorgang.c.tenant == tx.tenant, vorgang.c.akte == akte_id, vorgang.c.state == "offen"
        )
    )
    if open_ones:
        raise StepsOpen(tuple(each.id for each in open_ones))
    rule = einheit_by_id(tx, row.aktenplaneinheit)
    start = date(on.year + 1, 1, 1) if rule.ausloeser == "haushaltsjahr" else on
    until = rule.retention_until(start)
    _update(tx, akte_id, state="aufbewahrung", retention_from=start, retention_until=until)
    facts = {"trigger": rule.ausloeser, "on": on, "from": start, "until": until}
    record(tx, principal, akte_id, "akte.retention_started", facts, {"reason": reason})
    return akte_of(lock_akten(tx, akte_id)[akte_id])


def writable(tx: Transaction, akte_id: str) -> Row:
    """Lock the Akte; raises `AkteClosed` once its retention runs."""
    row = lock_akten(tx, akte_id)[akte_id]
    if row.state != "in_bearbeitung":
        raise AkteClosed(f"Die Akte {row.geschaeftszeichen} ist abgeschlossen.")
    return row


def suchtext(*parts: str | None) -> str:
    """What text search looks at: casefolded, so that umlauts match on every database."""
    return "\n".join(part.casefold() for part in parts if part)


def akte_of(row: Row) -> Akte:
    """The head data in a row of the table."""
    return Akte(
        id=row.id,
        geschaeftszeichen=row.geschaeftszeichen,
        aktenplan=row.aktenplan,
        unit=row.unit,
        year=row.year,
        betreff=row.betreff,
        vertraulichkeit=Vertraulichkeit(row.vertraulichkeit),
        state=row.state,
        created_at=row.created_at,
        retention_trigger=row.retention_trigger,
        retention_from=row.retention_from,
        retention_until=row.retention_until,
    )


def _may_create(principal: Principal, unit_id: str) -> None:
    require(principal, "akte.create")
    if principal.kind != "system" and unit_id not in principal.units:
        raise AccessDenied("Akten der Organisationseinheit", unit_id, "write")


def _create(  # noqa: PLR0917 private: both callers pass all in this order
    tx: Transaction,
    principal: Principal,
    aktenplan: str,
    unit_id: str,
    year: int,
    betreff: str,
    vertraulichkeit: Vertraulichkeit | None,
    number: int,
) -> Akte:
    rule = einheit(tx, aktenplan, today(tx))
    keeper = unit(tx, unit_id)
    grade = max(keeper.vertraulichkeit, vertraulichkeit or Vertraulichkeit.OFFEN)
    c = geschaeftszeichen_counter.c
    where = (c.tenant == tx.tenant, c.aktenplan == aktenplan, c.unit == unit_id, c.year == year)
    tx.run(update(geschaeftszeichen_counter).where(*where).values(last=number))
    text = _betreff(betreff)
    zeichen = f"{aktenplan}-{keeper.kuerzel}/{year}/{number:04d}"
    row = {
        "tenant": tx.tenant,
        "id": new_id(tx.now),
        "geschaeftszeichen": zeichen,
        "aktenplan": aktenplan,
        "aktenplaneinheit": rule.id,
        "unit": unit_id,
        "year": year,
        "betreff": text,
        "suchtext": suchtext(zeichen, text),
        "vertraulichkeit": int(grade),
        "state": "in_bearbeitung",
        "created_at": tx.now,
        "vorgaenge": 0,
        "retention_trigger": rule.ausloeser,
    }
    tx.run(insert(akte), row)
    akte_id = str(row["id"])
    facts = {
        "geschaeftszeichen": zeichen,
        "aktenplan": aktenplan,
        "unit": unit_id,
        "vertraulichkeit": int(grade),
    }
    record(tx, principal, akte_id, "akte.created", facts, {"betreff": text})
    return akte_of(lock_akten(tx, akte_id)[akte_id])


def _counter(tx: Transaction, aktenplan: str, unit_id: str, year: int) -> int:
    """Lock the counter's row (made on first use); the last number that was given out."""
    c = geschaeftszeichen_counter.c
    where = (c.tenant == tx.tenant, c.aktenplan == aktenplan, c.unit == unit_id, c.year == year)
    query = for_update(select(c.last).where(*where))
    row = tx.first(query)
    if row is None:
        key = {"tenant": tx.tenant, "aktenplan": aktenplan, "unit": unit_id, "year": year}
        try:
            with tx.savepoint():
                tx.run(insert(geschaeftszeichen_counter), {**key, "last": 0})
        except Conflict:
            pass  # another transaction made it meanwhile
        row = tx.first(query)
    if row is None:
        raise NotFound("Zähler", f"{aktenplan}/{unit_id}/{year}")
    return int(row.last)


def _betreff(text: str) -> str:
    stripped = text.strip()
    if not stripped or len(stripped) > 1000:
        raise HeadDataInvalid("Ein Betreff hat 1 bis 1000 Zeichen.")
    return stripped


def _update(tx: Transaction, akte_id: str, **values: object) -> None:
    tx.run(update(akte).where(akte.c.tenant == tx.tenant, akte.c.id == akte_id).values(**values))
