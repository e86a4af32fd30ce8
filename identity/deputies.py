"""Vertretung: one person acts for another while that one is absent.

Invariant: acting for somebody never changes who acts. The principal keeps its own id and carries
the represented one in `on_behalf_of`; the ledger keeps both.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from identity.access import PERSONAL_ROLES, require
from identity.errors import DeputyInvalid, NotADeputy
from identity.journal import record
from identity.persons import changed, person_by_id
from identity.principal import Principal
from identity.tables import vertretung
from storage.database import Row, Transaction

ZONE = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True)
class Vertretung:
    """Who stands in for whom; both days included."""

    id: str
    person: str
    deputy: str
    valid_from: date
    valid_to: date
    set_by: str


def set_deputy(
    tx: Transaction,
    principal: Principal,
    *,
    person: str,
    deputy: str,
    valid_from: date,
    valid_to: date,
) -> Vertretung:
    """Name a deputy: for oneself, or for another by who may set deputies (a lead)."""
    own = principal.id == person and principal.on_behalf_of is None
    require(principal, "deputy.own" if own else "deputy.set")
    if person == deputy:
        raise DeputyInvalid("Niemand vertritt sich selbst.")
    if valid_to < valid_from:
        raise DeputyInvalid("Das Ende der Vertretung liegt vor ihrem Beginn.")
    for each in (person, deputy):
        found = person_by_id(tx, each)
        if not found.active or found.kind != "person":
            raise DeputyInvalid("Nur tätige Personen vertreten und werden vertreten.")
    row = Vertretung(
        f"v_{secrets.token_hex(12)}", person, deputy, valid_from, valid_to, principal.id
    )
    tx.run(
        insert(vertretung),
        {
            "tenant": tx.tenant,
            "id": row.id,
            "person": person,
            "deputy": deputy,
            "valid_from": valid_from,
            "valid_to": valid_to,
            "set_by": principal.id,
        },
    )
    facts = {"vertretung": row.id, "deputy": deputy, "from": valid_from, "to": valid_to}
    changed(tx, principal, person, "vertretung.set", facts)
    return row


def end_deputy(tx: Transaction, principal: Principal, vertretung_id: str) -> None:
    """End a Vertretung at once. A second call changes nothing."""
    row = tx.first(
        select(vertretung).where(vertretung.c.tenant == tx.tenant, vertretung.c.id == vertretung_id)
    )
    own = row is not None and row.person == principal.id and principal.on_behalf_of is None
    require(principal, "deputy.own" if own else "deputy.set")
    if row is None:
        raise NotADeputy("Diese Vertretung gibt es nicht.")
    where = (vertretung.c.tenant == tx.tenant, vertretung.c.id == vertretung_id)
    if tx.run(update(vertretung).where(*where, vertretung.c.ended.is_(False)).values(ended=True)):
        changed(tx, principal, row.person, "vertretung.ended", {"vertretung": vertretung_id})


def act_for(
    tx: Transaction, principal: Principal, absent: str, now: datetime | None = None
) -> Principal:
    """The principal acting for the absent person: the groups, units and roles of both.

    Roles that are given to a person and not to a desk are not passed on, and who stands in for a
    lead leads that one's units, not their own. Raises `NotADeputy`
    unless a Vertretung is in force today; nobody acts for a third through a second.
    """
    own = replace(principal, on_behalf_of=None)
    today = (now or tx.now).astimezone(ZONE).date()
    if principal.kind != "person" or not any(
        row.person == absent for row in _in_force(tx, own.id, today)
    ):
        raise NotADeputy("Für diese Person besteht heute keine Vertretung.")
    other = person_by_id(tx, absent)
    leads = [each.units for each in (own, other) if "lead" in each.roles]
    return replace(
        own,
        led=frozenset().union(*leads),
        groups=own.groups | other.groups,
        units=own.units | other.units,
        roles=own.roles | (other.roles - PERSONAL_ROLES),
        on_behalf_of=absent,
    )


def represented_by(tx: Transaction, principal: Principal) -> list[Vertretung]:
    """For whom the principal may act today."""
    return [_vertretung(row) for row in _in_force(tx, principal.id, _today(tx))]


def deputies_of(tx: Transaction, person_id: str, on: date | None = None) -> list[Vertretung]:
    """Who may act for the person on that day (today)."""
    day = on or _today(tx)
    query = select(vertretung).where(
        vertretung.c.tenant == tx.tenant,
        vertretung.c.person == person_id,
        vertretung.c.ended.is_(False),
        vertretung.c.valid_from <= day,
        vertretung.c.valid_to >= day,
    )
    return [_vertretung(row) for row in tx.all(query.order_by(vertretung.c.id))]


def record_represented(tx: Transaction, principal: Principal) -> None:
    """Write into the absent person's stream that somebody now acts for them."""
    assert principal.on_behalf_of is not None
    record(tx, principal, principal.on_behalf_of, "vertretung.taken", {"deputy": principal.id})


def _in_force(tx: Transaction, deputy: str, day: date) -> list[Row]:
    query = select(vertretung).where(
        vertretung.c.tenant == tx.tenant,
        vertretung.c.deputy == deputy,
        vertretung.c.ended.is_(False),
        vertretung.c.valid_from <= day,
        vertretung.c.valid_to >= day,
    )
    return tx.all(query.order_by(vertretung.c.valid_from, vertretung.c.id))


def _vertretung(row: Row) -> Vertretung:
    return Vertretung(row.id, row.person, row.deputy, row.valid_from, row.valid_to, row.set_by)


def _today(tx: Transaction) -> date:
    return tx.now.astimezone(ZONE).date()
