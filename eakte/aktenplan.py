"""The Aktenplan and the Organisationseinheiten, as data: what may be filed, where, how long.

Invariant: an Aktenplaneinheit is never changed; a new rule is a new row with its own Gueltigkeit,
and an Akte keeps the row under which it was created.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import insert, or_, select, update

from bpmn.values import Value, encode
from eakte.access import Vertraulichkeit
from eakte.errors import AktenplanUnknown, HeadDataInvalid, UnitUnknown
from eakte.ids import new_id
from eakte.tables import aktenplaneinheit, organisationseinheit
from identity.access import require
from identity.persons import changed
from identity.principal import Principal
from storage.database import Row, Transaction
from storage.ledger import append

ZONE = ZoneInfo("Europe/Berlin")

_UNIT_ID = re.compile(r"[a-z0-9_-]{1,100}", re.ASCII)

Ausloeser: TypeAlias = Literal["abschluss", "haushaltsjahr", "ereignis"]
"""What starts the period: the Akte's closing, the council's decision on the Haushaltsjahr (it
runs from the following 1 January), or an event that a person enters."""


@dataclass(frozen=True, slots=True)
class Aktenplaneinheit:
    """A class of Akten. `aufbewahrung_jahre` None is unbefristet."""

    id: str
    kennzeichen: str
    bezeichnung: str
    aufbewahrung_jahre: int | None
    ausloeser: Ausloeser
    rundung: Literal["jahresende", "tag"]
    rechtsgrundlage: str
    aussonderungsart: Literal["A", "B", "V"]
    gueltig_von: date
    gueltig_bis: date | None

    def retention_until(self, start: date) -> date | None:
        """The last day of keeping, for a period that starts on that day."""
        if self.aufbewahrung_jahre is None:
            return None
        year = start.year + self.aufbewahrung_jahre
        if self.rundung == "jahresende":
            # A period that starts on 1 January ends with the last of its own years.
            return date(year - (start.month == 1 and start.day == 1), 12, 31)
        last = date(year, start.month, min(start.day, 28)) if start.month == 2 else None
        return (last or start.replace(year=year)) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Organisationseinheit:
    """A unit of the administration. Its Vertraulichkeit is the least that its files have."""

    id: str
    bezeichnung: str
    kuerzel: str
    vertraulichkeit: Vertraulichkeit


def add_einheit(
    tx: Transaction,
    principal: Principal,
    *,
    kennzeichen: str,
    bezeichnung: str,
    aufbewahrung_jahre: int | None,
    aussonderungsart: Literal["A", "B", "V"],
    gueltig_von: date,
    gueltig_bis: date | None = None,
    ausloeser: Ausloeser = "abschluss",
    rundung: Literal["jahresende", "tag"] = "jahresende",
    rechtsgrundlage: str = "",
) -> Aktenplaneinheit:
    """Add a class of Akten, or a new rule for one from a later day on."""
    require(principal, "aktenplan.change")
    if not kennzeichen.strip() or not bezeichnung.strip():
        raise HeadDataInvalid("Kennzeichen und Bezeichnung dürfen nicht leer sein.")
    if gueltig_bis is not None and gueltig_bis < gueltig_von:
        raise HeadDataInvalid("Die Gültigkeit endet, bevor sie beginnt.")
    head: dict[str, Value] = {
        "kennzeichen": kennzeichen,
        "bezeichnung": bezeichnung,
        "aufbewahrung_jahre": aufbewahrung_jahre,
        "ausloeser": ausloeser,
        "rundung": rundung,
        "rechtsgrundlage": rechtsgrundlage,
        "aussonderungsart": aussonderungsart,
        "gueltig_von": gueltig_von,
        "gueltig_bis": gueltig_bis,
    }
    einheit_id = new_id(tx.now)
    tx.run(insert(aktenplaneinheit), {"tenant": tx.tenant, "id": einheit_id, **head})
    _record(tx, principal, einheit_id, "aktenplan.added", head)
    return einheit_by_id(tx, einheit_id)


def end_einheit(tx: Transaction, principal: Principal, einheit_id: str, last_day: date) -> None:
    """Shut a class down (stilllegen): no new Akten after that day."""
    require(principal, "aktenplan.change")
    where = (aktenplaneinheit.c.tenant == tx.tenant, aktenplaneinheit.c.id == einheit_id)
    if not tx.run(update(aktenplaneinheit).where(*where).values(gueltig_bis=last_day)):
        raise AktenplanUnknown(einheit_id, last_day)
    _record(tx, principal, einheit_id, "aktenplan.ended", {"gueltig_bis": last_day})


def einheit(tx: Transaction, kennzeichen: str, on: date) -> Aktenplaneinheit:
    """The class with that Kennzeichen as it is valid on the day."""
    c = aktenplaneinheit.c
    query = (
        select(aktenplaneinheit)
        .where(c.tenant == tx.tenant, c.kennzeichen == kennzeichen, c.gueltig_von <= on)
        .where(or_(c.gueltig_bis.is_(None), c.gueltig_bis >= on))
        .order_by(c.gueltig_von.desc())
    )
    row = tx.first(query)
    if row is None:
        raise AktenplanUnknown(kennzeichen, on)
    return _einheit(row)


def einheit_by_id(tx: Transaction, einheit_id: str) -> Aktenplaneinheit:
    """The row under which an Akte was created."""
    where = (aktenplaneinheit.c.tenant == tx.tenant, aktenplaneinheit.c.id == einheit_id)
    row = tx.first(select(aktenplaneinheit).where(*where))
    if row is None:
        raise AktenplanUnknown(einheit_id, today(tx))
    return _einheit(row)


def aktenplan(tx: Transaction) -> list[Aktenplaneinheit]:
    """The whole Aktenplan, by Kennzeichen and age. It names no person: all may read it."""
    c = aktenplaneinheit.c
    query = select(aktenplaneinheit).where(c.tenant == tx.tenant)
    return [_einheit(row) for row in tx.all(query.order_by(c.kennzeichen, c.gueltig_von))]


def set_unit(
    tx: Transaction,
    principal: Principal,
    unit_id: str,
    *,
    bezeichnung: str,
    kuerzel: str,
    vertraulichkeit: Vertraulichkeit,
) -> Organisationseinheit:
    """Add a unit or change its name or Vertraulichkeit (for new files). Its Kuerzel stays."""
    require(principal, "unit.change")
    if not _UNIT_ID.fullmatch(unit_id):
        raise HeadDataInvalid("Eine Kennung hat bis zu 100 Zeichen: a–z, Ziffern, - und _.")
    if not 0 < len(bezeichnung.strip()) <= 200:
        raise HeadDataInvalid("Eine Bezeichnung hat 1 bis 200 Zeichen.")
    if not kuerzel.isalnum() or len(kuerzel) > 20:
        raise HeadDataInvalid("Ein Kürzel besteht aus bis zu 20 Buchstaben und Ziffern.")
    c = organisationseinheit.c
    row = {"bezeichnung": bezeichnung, "vertraulichkeit": int(vertraulichkeit)}
    where = (c.tenant == tx.tenant, c.id == unit_id)
    if not tx.run(update(organisationseinheit).where(*where).values(**row)):
        key = {"tenant": tx.tenant, "id": unit_id, "kuerzel": kuerzel}
        tx.run(insert(organisationseinheit), {**key, **row})
    if principal.kind != "system":
        # A unit is no stream; what somebody changed stands in their own.
        changed(tx, principal, principal.id, "unit.set", {"unit": unit_id, **row})
    return unit(tx, unit_id)


def unit(tx: Transaction, unit_id: str) -> Organisationseinheit:
    """The unit with that id; raises `UnitUnknown`."""
    c = organisationseinheit.c
    row = tx.first(select(organisationseinheit).where(c.tenant == tx.tenant, c.id == unit_id))
    if row is None:
        raise UnitUnknown(f"Diese Organisationseinheit gibt es nicht: {unit_id}")
    return _unit(row)


def units(tx: Transaction) -> list[Organisationseinheit]:
    """All units of the tenant, by name."""
    c = organisationseinheit.c
    query = select(organisationseinheit).where(c.tenant == tx.tenant).order_by(c.bezeichnung)
    return [_unit(row) for row in tx.all(query)]


def seed_demo(tx: Transaction, principal: Principal) -> None:
    """The demo's units and a small Aktenplan of our own. What is there already stays."""
    known = {each.id for each in units(tx)}
    for unit_id, bezeichnung, kuerzel, grade in _DEMO_UNITS:
        if unit_id not in known:
            set_unit(
                tx,
                principal,
                unit_id,
                bezeichnung=bezeichnung,
                kuerzel=kuerzel,
                vertraulichkeit=grade,
            )
    planned = {each.kennzeichen for each in aktenplan(tx)}
    for kennzeichen, bezeichnung, jahre, ausloeser, art, grundlage in _DEMO_PLAN:
        if kennzeichen not in planned:
            add_einheit(
                tx,
                principal,
                kennzeichen=kennzeichen,
                bezeichnung=bezeichnung,
                aufbewahrung_jahre=jahre,
                ausloeser=ausloeser,
                aussonderungsart=art,
                rechtsgrundlage=grundlage,
                gueltig_von=date(2025, 1, 1),
            )


def today(tx: Transaction) -> date:
    """The transaction's day where the administration is."""
    return tx.now.astimezone(ZONE).date()


def _record(
    tx: Transaction, principal: Principal, einheit_id: str, kind: str, facts: dict[str, Value]
) -> None:
    append(
        tx,
        aktenplaneinheit,
        einheit_id,
        actor=principal.id,
        on_behalf_of=principal.on_behalf_of,
        kind=kind,
        facts=encode(facts),
    )


def _einheit(row: Row) -> Aktenplaneinheit:
    return Aktenplaneinheit(
        id=row.id,
        kennzeichen=row.kennzeichen,
        bezeichnung=row.bezeichnung,
        aufbewahrung_jahre=row.aufbewahrung_jahre,
        ausloeser=row.ausloeser,
        rundung=row.rundung,
        rechtsgrundlage=row.rechtsgrundlage,
        aussonderungsart=row.aussonderungsart,
        gueltig_von=row.gueltig_von,
        gueltig_bis=row.gueltig_bis,
    )


def _unit(row: Row) -> Organisationseinheit:
    grade = Vertraulichkeit(row.vertraulichkeit)
    return Organisationseinheit(row.id, row.bezeichnung, row.kuerzel, grade)


_DEMO_UNITS = (
    ("rechnungsstelle", "Zentrale Rechnungsstelle", "RS", Vertraulichkeit.NFD),
    ("tiefbau", "Tiefbauamt", "TB", Vertraulichkeit.NFD),
    ("jugendamt", "Jugendamt", "JA", Vertraulichkeit.PERSONENBEZOGEN),
    ("kaemmerei", "Kämmerei", "KA", Vertraulichkeit.NFD),
)
_DEMO_PLAN: tuple[tuple[str, str, int | None, Ausloeser, Literal["A", "B", "V"], str], ...] = (
    (
        "R.10",
        "Eingangsrechnungen",
        8,
        "haushaltsjahr",
        "V",
        "§ 59 KomHVO NRW; § 147 AO; § 14b UStG",
    ),
    ("R.20", "Beanstandete und zurückgewiesene Rechnungen", 6, "abschluss", "V", "§ 147 AO"),
    ("V.10", "Allgemeiner Schriftverkehr", 5, "abschluss", "B", "Aktenordnung der Stadt"),
    ("V.20", "Grundsatzangelegenheiten", None, "ereignis", "A", "Aktenordnung der Stadt"),
)
