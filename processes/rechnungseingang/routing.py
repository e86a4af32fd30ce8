"""Who is competent: the table that maps a Leitweg-ID to a unit and its groups.

Invariant: the table is data, not code; a Leitweg-ID that is not in it goes to a person. Its check
digits are never a reason to refuse: a wrong one is only unknown.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from bpmn.values import Value, encode
from eakte.aktenplan import units
from identity.access import require
from identity.persons import names_in_use
from identity.principal import Principal
from processes.package import Field, Register
from processes.rechnungseingang.errors import RoutingTableInvalid
from processes.rechnungseingang.tables import invoice_route, invoice_routing
from storage.database import Row, Transaction
from storage.ledger import append

INTAKE_UNIT = "rechnungsstelle"
"""The unit that keeps what nobody is competent for yet; also the group of its clerks."""

STREAM = "rechnungseingang-zuordnung"
_LEITWEG_ID = re.compile(r"[0-9A-Z-]{1,46}", re.ASCII)
_GROUPS = ("checking_group", "arithmetic_group", "ordering_group")
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


def checking_group_of(tx: Transaction, unit: str) -> str:
    """Whom to ask about an invoice that lies with this unit."""
    route = None if unit == INTAKE_UNIT else route_of_unit(tx, unit)
    return INTAKE_UNIT if route is None else route.checking_group


def routes(tx: Transaction) -> list[Route]:
    query = select(invoice_route).where(invoice_route.c.tenant == tx.tenant)
    return [_route(row) for row in tx.all(query.order_by(invoice_route.c.leitweg_id))]


def competent_units(tx: Transaction) -> list[tuple[str, str]]:
    """Whom an invoice can be given to: the units of the table with their names, by name."""
    named = {each.unit: each.name for each in routes(tx)}
    return sorted(named.items(), key=lambda each: each[1])


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
        tx.run(insert(invoice_route), {"tenant": tx.tenant, **_columns(route)})


def put_route(tx: Transaction, principal: Principal, given: Mapping[str, str]) -> None:
    """Add a line, or change the one of that Leitweg-ID; who did it stands in the ledger."""
    require(principal, "invoice.route")
    leitweg_id = _normal(given["leitweg_id"])
    if not _LEITWEG_ID.fullmatch(leitweg_id):
        raise RoutingTableInvalid("Eine Leitweg-ID hat bis zu 46 Zeichen: Ziffern, A–Z und -.")
    known = {each.id: each.bezeichnung for each in units(tx)}
    if given["unit"] not in known:
        raise RoutingTableInvalid("Diese Stelle gibt es nicht.")
    groups = {name: given[name].strip() for name in _GROUPS}
    if not all(groups.values()):
        raise RoutingTableInvalid("Bitte für jeden Schritt eine Gruppe angeben.")
    route = Route(leitweg_id, given["unit"], known[given["unit"]], **groups)
    _delete(tx, leitweg_id)
    tx.run(insert(invoice_route), {"tenant": tx.tenant, **_columns(route)})
    record_change(tx, principal, "route.put", _columns(route))


def remove_route(tx: Transaction, principal: Principal, leitweg_id: str) -> None:
    """Take a line out: invoices with that Leitweg-ID go to a person from now on."""
    require(principal, "invoice.route")
    if not _delete(tx, _normal(leitweg_id)):
        raise RoutingTableInvalid("Diese Zeile gibt es nicht mehr.")
    record_change(tx, principal, "route.removed", {"leitweg_id": _normal(leitweg_id)})


def _delete(tx: Transaction, leitweg_id: str) -> int:
    c = invoice_route.c
    return tx.run(delete(invoice_route).where(c.tenant == tx.tenant, c.leitweg_id == leitweg_id))


def record_change(
    tx: Transaction, principal: Principal, kind: str, facts: Mapping[str, Value]
) -> None:
    """In the stream that tells who changed the tables of this process."""
    r = invoice_routing.c
    if tx.first(select(r.id).where(r.tenant == tx.tenant, r.id == STREAM)) is None:
        tx.run(insert(invoice_routing), {"tenant": tx.tenant, "id": STREAM})
    append(
        tx,
        invoice_routing,
        STREAM,
        actor=principal.id,
        on_behalf_of=principal.on_behalf_of,
        kind=kind,
        facts=encode(dict(facts)),
    )


def _columns(route: Route) -> dict[str, Value]:
    return {name: getattr(route, name) for name in Route.__dataclass_fields__}


def _in_words(tx: Transaction) -> list[Mapping[str, str]]:
    return [{name: str(value) for name, value in _columns(each).items()} for each in routes(tx)]


def _unit_names(tx: Transaction) -> dict[str, str]:
    return {each.id: each.bezeichnung for each in units(tx)}


def _groups_in_use(tx: Transaction) -> dict[str, str]:
    """Only a group that somebody is in: what goes to nobody's inbox is lost."""
    return {name: name for name in names_in_use(tx, "group")}


REGISTER = Register(
    name="zuordnung",
    title="Zuordnung der Leitweg-IDs",
    text="Wer für eine Rechnung zuständig ist, sagt ihre Leitweg-ID. Steht sie nicht in dieser "
    "Tabelle, ordnet die Rechnungsstelle zu. Änderungen gelten für Rechnungen, die danach "
    "zugeordnet werden.",
    permission="invoice.route",
    fields=(
        Field("leitweg_id", "Leitweg-ID", fixed=True),
        Field("unit", "Stelle", choices=_unit_names),
        Field("checking_group", "Sachliche Prüfung", "Gruppe", choices=_groups_in_use),
        Field("arithmetic_group", "Rechnerische Prüfung", "Gruppe", choices=_groups_in_use),
        Field("ordering_group", "Anordnung", "Gruppe", choices=_groups_in_use),
    ),
    rows=_in_words,
    put=put_route,
    remove=remove_route,
)


def _first(tx: Transaction, where: object) -> Route | None:
    query = select(invoice_route).where(invoice_route.c.tenant == tx.tenant, where)  # type: ignore[arg-type]
    row = tx.first(query.order_by(invoice_route.c.leitweg_id).limit(1))
    return None if row is None else _route(row)


def _route(row: Row) -> Route:
    return Route(**{name: getattr(row, name) for name in Route.__dataclass_fields__})


def _normal(leitweg_id: str) -> str:
    return "".join(leitweg_id.split()).upper()
