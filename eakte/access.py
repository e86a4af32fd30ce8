"""Who may see or change what in the E-Akte: one SQL criterion, denied by default.

Role, Organisationseinheit, grants of the Akte and Vertraulichkeit decide together:

| level   | own unit                                   | other units            | grant          |
| ------- | ------------------------------------------ | ---------------------- | -------------- |
| head    | all                                        | all but vertraulich    | any            |
| content | up to personenbezogen; vertraulich: a lead | offen                  | content, write |
| write   | as content, with the role for it           | none                   | write          |

The Registratur sees all head data, auditors read up to personenbezogen everywhere. Without a role
that reads Akten there is nothing, whatever was granted.
Invariant: every list, search, read and export of the E-Akte goes through `visible`.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Table, and_, exists, false, null, or_, select, true

from eakte import tables
from eakte.errors import AccessDenied, NotFound
from identity.access import permits
from identity.principal import Principal
from storage.database import Row, Transaction, for_update

Level: TypeAlias = Literal["head", "content", "write"]


class Vertraulichkeit(IntEnum):
    """How far an Akte, Vorgang or Dokument is closed to those whom it does not concern."""

    OFFEN = 0
    NFD = 1
    PERSONENBEZOGEN = 2
    VERTRAULICH = 3

    @property
    def label(self) -> str:
        return ("offen", "nur für den Dienstgebrauch", "personenbezogen", "vertraulich")[self]


_GRANTED: dict[Level, tuple[Level, ...]] = {
    "head": ("head", "content", "write"),
    "content": ("content", "write"),
    "write": ("write",),
}
_OPEN, _INNER = int(Vertraulichkeit.OFFEN), int(Vertraulichkeit.PERSONENBEZOGEN)
_NAMES = {
    "akte": "Akte",
    "vorgang": "Vorgang",
    "dokument": "Dokument",
    "dokument_version": "Version",
    "beteiligungsschritt": "Beteiligungsschritt",
    "wiedervorlage": "Wiedervorlage",
}
_PARENTS: dict[str, tuple[str, Table]] = {
    "dokument_version": ("dokument", tables.dokument),
    "primaerdokument": ("dokument", tables.dokument),
    "beteiligungsschritt": ("vorgang", tables.vorgang),
    "wiedervorlage": ("vorgang", tables.vorgang),
}


def visible(
    principal: Principal, table: Table, *, now: datetime, level: Level = "head"
) -> ColumnElement[bool]:
    """The rows of an E-Akte table that the principal may see (or change) at that level."""
    if table.name in _PARENTS:
        column, parent = _PARENTS[table.name]
        return exists(
            select(1).where(
                parent.c.tenant == table.c.tenant,
                parent.c.id == table.c[column],
                visible(principal, parent, now=now, level=level),
            )
        )
    if principal.kind == "system":
        return table.c.tenant == principal.tenant
    if not permits(principal, "akte.write" if level == "write" else "akte.read"):
        return false()
    ways = _by_unit(principal, table, level)
    ways.append(_by_grant(principal, table, now, level))
    return and_(table.c.tenant == principal.tenant, or_(false(), *ways))


def concerns(
    principal: Principal, instance: ColumnElement[str], *, now: datetime, level: Level = "content"
) -> ColumnElement[bool]:
    """For queries over process instances, by their id: those that are no Vorgang, and those whose
    Vorgang the principal may see. `processes/` hands it to the engine, which knows no Akten.

    After an Abgabe the instance goes on elsewhere: only its newest Vorgang gives a right to it.
    """
    v = tables.vorgang
    mine = and_(v.c.tenant == principal.tenant, v.c.instance_id == instance)
    return or_(
        ~exists(select(1).where(mine)),
        exists(select(1).where(mine, goes_on_here(), visible(principal, v, now=now, level=level))),
    )


def goes_on_here() -> ColumnElement[bool]:
    """The Vorgaenge whose instance has not been handed on to another Vorgang since (Abgabe)."""
    v, later = tables.vorgang.c, tables.vorgang.alias("later")
    return ~exists(
        select(1).where(
            later.c.tenant == v.tenant,
            later.c.instance_id == v.instance_id,
            or_(
                later.c.created_at > v.created_at,
                and_(later.c.created_at == v.created_at, later.c.id > v.id),
            ),
        )
    )


def demand(
    tx: Transaction, principal: Principal, table: Table, row_id: str, level: Level = "head"
) -> Row:
    """The row, if the principal may see it at that level; else `NotFound` or `AccessDenied`."""
    name = _NAMES[table.name]
    query = select(
        table, _answer(principal, table, now=tx.now, level=level).label("allowed")
    ).where(
        table.c.tenant == tx.tenant, table.c.id == row_id, visible(principal, table, now=tx.now)
    )
    row = tx.first(query)
    if row is None:
        raise NotFound(name, row_id)
    if not row.allowed:
        raise AccessDenied(name, row_id, level)
    return row


def lock_akten(tx: Transaction, *ids: str) -> dict[str, Row]:
    """Lock Akten in sorted order: whoever needs several asks for all at once, so none deadlock."""
    found = {}
    for akte_id in sorted(set(ids)):
        query = select(tables.akte).where(
            tables.akte.c.tenant == tx.tenant, tables.akte.c.id == akte_id
        )
        row = tx.first(for_update(query))
        if row is None:
            raise NotFound("Akte", akte_id)
        found[akte_id] = row
    return found


def may(
    tx: Transaction, principal: Principal, table: Table, row_id: str, level: Level = "content"
) -> bool:
    """Whether the principal may: for pages that show or hide a link."""
    query = select(1).where(
        table.c.tenant == tx.tenant,
        table.c.id == row_id,
        visible(principal, table, now=tx.now, level=level),
    )
    return tx.first(query) is not None


def _answer(
    principal: Principal, table: Table, *, now: datetime, level: Level
) -> ColumnElement[bool]:
    """`visible` as a column of the answer."""
    return true() if level == "head" else visible(principal, table, now=now, level=level)


def _by_unit(principal: Principal, table: Table, level: Level) -> list[ColumnElement[bool]]:
    grade = table.c.vertraulichkeit
    own = table.c.unit.in_(sorted(principal.units)) if principal.units else false()
    led = principal.units if principal.led is None else principal.led
    leads = table.c.unit.in_(sorted(led)) if "lead" in principal.roles and led else false()
    if level == "head":
        ways = [grade <= _INNER, own]
        if permits(principal, "akte.all_heads"):
            ways.append(true())
        return ways
    ways = [leads, and_(own, grade <= _INNER)]
    if level == "content":
        ways.append(grade == _OPEN)
        if permits(principal, "akte.audit"):
            ways.append(grade <= _INNER)
    return ways


def _by_grant(
    principal: Principal, table: Table, now: datetime, level: Level
) -> ColumnElement[bool]:
    g = tables.akte_grant.c
    conditions: list[ColumnElement[bool]] = [
        g.tenant == table.c.tenant,
        g.akte == (table.c.id if table is tables.akte else table.c.akte),
        g.level.in_(_GRANTED[level]),
        g.ceiling >= table.c.vertraulichkeit,
        g.valid_from <= now,
        g.valid_until > now,
        g.revoked_at.is_(None),
        _holder(principal),
    ]
    scope = _scope(table, level)
    if scope is not None:
        conditions.append(scope)
    return exists(select(1).where(*conditions))


def _scope(table: Table, level: Level) -> ColumnElement[bool] | None:
    """A grant for one Vorgang shows that Vorgang, and of its Akte only the head."""
    column: Any = tables.akte_grant.c.vorgang
    if table is tables.akte:
        return None if level == "head" else column.is_(null())
    return or_(
        column.is_(null()),
        column == (table.c.id if table is tables.vorgang else table.c.vorgang),
    )


def _holder(principal: Principal) -> ColumnElement[bool]:
    g = tables.akte_grant.c
    ways = [
        # What one took by breaking the glass is one's own and not a deputy's.
        and_(g.grantee_kind == "person", g.grantee == principal.id),
        and_(
            g.grantee_kind == "person",
            g.break_glass.is_(False),
            g.grantee.in_(sorted(principal.identities())),
        ),
    ]
    if principal.groups:
        ways.append(and_(g.grantee_kind == "group", g.grantee.in_(sorted(principal.groups))))
    if principal.units:
        ways.append(and_(g.grantee_kind == "unit", g.grantee.in_(sorted(principal.units))))
    return or_(*ways)
