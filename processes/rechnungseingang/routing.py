"""Who is competent: the table that maps a Leitweg-ID to a unit and its groups.

Invariant: the table is data, not code; a Leitweg-ID that is not in it goes to a person. Its check
digits are never a reason to refuse: a wrong one is only unknown.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from processes.rechnungseingang.errors import RoutingTableInvalid
from processes.rechnungseingang.tables import invoice_route
from storage.database import Row, Transaction

INTAKE_UNIT = "rechnungsstelle"
"""The unit that keeps what nobody is competent for yet; also the group of its clerks."""

_COLUMNS = (
    "leitweg_id",
    "stelle",
    "bezeichnung",
    "fachgruppe",
    "rechnerische_gruppe",
    "anordnungsgruppe",
)


@dataclass(frozen=True, slots=True)
class Route:
    leitweg_id: str
    unit: str
    name: str
    checking_group: str
    arithmetic_group: str
    ordering_group: str

    @property
    def groups(self) -> tuple[str, ...]:
        return (self.checking_group, self.arithmetic_group, self.ordering_group)


def route_for(tx: Transaction, leitweg_id: str | None) -> Route | None:
    """The competent unit, or None when a person must assign."""
    if not leitweg_id:
        return None
    where = invoice_route.c.leitweg_id == _normal(leitweg_id)
    return _first(tx, where)


def route_of_unit(tx: Transaction, unit: str) -> Route | None:
    """The groups of a unit, whatever Leitweg-ID it has."""
    return _first(tx, invoice_route.c.unit == unit)


def routes(tx: Transaction) -> list[Route]:
    query = select(invoice_route).where(invoice_route.c.tenant == tx.tenant)
    return [_route(row) for row in tx.all(query.order_by(invoice_route.c.leitweg_id))]


def read_routes(text: str) -> list[Route]:
    """The lines of a CSV file with `;` and the header of models/zuordnung.csv."""
    reader = csv.reader(io.StringIO(text), delimiter=";")
    header = next(reader, [])
    if tuple(header) != _COLUMNS:
        raise RoutingTableInvalid(f"Die erste Zeile lautet: {';'.join(_COLUMNS)}")
    found = []
    for number, fields in enumerate(reader, start=2):
        if not any(fields):
            continue
        if len(fields) != len(_COLUMNS) or not all(field.strip() for field in fields):
            raise RoutingTableInvalid(f"Zeile {number}: {len(_COLUMNS)} Angaben, keine leer.")
        leitweg_id, *rest = (field.strip() for field in fields)
        found.append(Route(_normal(leitweg_id), *rest))
    return found


def replace_routes(tx: Transaction, new: list[Route]) -> None:
    """Put these lines in place of all there are."""
    tx.run(delete(invoice_route).where(invoice_route.c.tenant == tx.tenant))
    for route in new:
        row = {name: getattr(route, name) for name in Route.__dataclass_fields__}
        tx.run(insert(invoice_route), {"tenant": tx.tenant, **row})


def _first(tx: Transaction, where: object) -> Route | None:
    query = select(invoice_route).where(invoice_route.c.tenant == tx.tenant, where)  # type: ignore[arg-type]
    row = tx.first(query.order_by(invoice_route.c.leitweg_id).limit(1))
    return None if row is None else _route(row)


def _route(row: Row) -> Route:
    return Route(**{name: getattr(row, name) for name in Route.__dataclass_fields__})


def _normal(leitweg_id: str) -> str:
    return "".join(leitweg_id.split()).upper()
