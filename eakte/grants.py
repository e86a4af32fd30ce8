"""Grants: rights on one Akte or Vorgang beyond one's own unit. They always expire.

Invariant: who gives a right has it through the unit that keeps the Akte; each grant, its end and
each broken glass stand in the Akte's history, the broken glass in the Zugriffsprotokoll too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from sqlalchemy import insert, select, update

from eakte.access import Level, Vertraulichkeit, demand, lock_akten
from eakte.errors import AccessDenied, HeadDataInvalid, NotFound, ReasonRequired
from eakte.ids import new_id
from eakte.journal import record
from eakte.readlog import record_access
from eakte.tables import akte, akte_grant, vorgang
from identity.access import require
from identity.principal import Principal
from storage.database import Row, Transaction

GranteeKind: TypeAlias = Literal["person", "group", "unit"]
LONGEST = timedelta(days=366)
BREAK_GLASS = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Grant:
    """A right that was given. `vorgang` None: on the whole Akte."""

    id: str
    akte: str
    vorgang: str | None
    schritt: str | None
    grantee_kind: GranteeKind
    grantee: str
    level: Level
    ceiling: Vertraulichkeit
    valid_from: datetime
    valid_until: datetime
    granted_by: str
    reason: str
    break_glass: bool
    revoked_at: datetime | None


def grant_access(
    tx: Transaction,
    principal: Principal,
    akte_id: str,
    *,
    grantee_kind: GranteeKind,
    grantee: str,
    level: Level,
    until: datetime,
    reason: str,
    vorgang_id: str | None = None,
    ceiling: Vertraulichkeit | None = None,
) -> Grant:
    """Give a person, group or unit a right on an Akte, or on one of its Vorgaenge, until a day.

    Up to the Vertraulichkeit of what it is given on, unless `ceiling` says more.
    """
    row = _grantable(tx, principal, akte_id, vorgang_id)
    if not reason.strip():
        raise ReasonRequired("Bitte begründen, warum das Recht gegeben wird.")
    if not tx.now < until <= tx.now + LONGEST:
        raise HeadDataInvalid("Ein Recht endet in der Zukunft und spätestens nach einem Jahr.")
    lock_akten(tx, akte_id)
    grant = new_grant(
        tx,
        principal,
        akte_id,
        vorgang_id=vorgang_id,
        grantee_kind=grantee_kind,
        grantee=grantee,
        level=level,
        ceiling=row.vertraulichkeit if ceiling is None else int(ceiling),
        until=until,
        reason=reason,
    )
    facts = {
        "grant": grant.id,
        "vorgang": vorgang_id,
        "grantee": f"{grantee_kind}:{grantee}",
        "level": level,
        "until": until,
    }
    record(tx, principal, akte_id, "grant.given", facts, {"reason": reason})
    return grant


def _grantable(tx: Transaction, principal: Principal, akte_id: str, vorgang_id: str | None) -> Row:
    """The Akte or Vorgang on which the principal may give rights: through its own unit."""
    require(principal, "akte.grant")
    row = demand(tx, principal, akte, akte_id, "write")
    if principal.kind != "system" and row.unit not in principal.units:
        raise AccessDenied("Akte", akte_id, "write")
    if vorgang_id is not None:
        row = demand(tx, principal, vorgang, vorgang_id, "write")
        if row.akte != akte_id:
            raise NotFound("Vorgang", vorgang_id)
    return row


def revoke_grant(tx: Transaction, principal: Principal, grant_id: str) -> None:
    """End a right at once. A second call changes nothing."""
    require(principal, "akte.grant")
    row = tx.first(
        select(akte_grant).where(akte_grant.c.tenant == tx.tenant, akte_grant.c.id == grant_id)
    )
    if row is None:
        raise NotFound("Recht", grant_id)
    demand(tx, principal, akte, row.akte, "write")
    lock_akten(tx, row.akte)
    if end_grants(tx, akte_grant.c.id == grant_id):
        record(tx, principal, row.akte, "grant.revoked", {"grant": grant_id})


def break_glass(tx: Transaction, principal: Principal, akte_id: str, reason: str) -> Grant:
    """Read an Akte one has no right to, for four hours, with a reason that others will read."""
    require(principal, "akte.break_glass")
    if len(reason.strip()) < 15:
        raise ReasonRequired("Bitte in einem Satz begründen, warum der Zugriff nötig ist.")
    lock_akten(tx, akte_id)
    grant = new_grant(
        tx,
        principal,
        akte_id,
        vorgang_id=None,
        grantee_kind="person",
        grantee=principal.id,
        level="content",
        ceiling=int(Vertraulichkeit.VERTRAULICH),
        until=tx.now + BREAK_GLASS,
        reason=reason,
        broken=True,
    )
    facts = {"grant": grant.id, "until": grant.valid_until}
    record(tx, principal, akte_id, "akte.break_glass", facts, {"reason": reason})
    record_access(tx, principal, "break_glass", "akte", akte_id, akte=akte_id, purpose=reason)
    return grant


def grants_of(tx: Transaction, principal: Principal, akte_id: str) -> list[Grant]:
    """All rights that were given on an Akte, also the ended ones: for who may read it."""
    demand(tx, principal, akte, akte_id, "content")
    query = select(akte_grant).where(akte_grant.c.tenant == tx.tenant, akte_grant.c.akte == akte_id)
    return [_grant(row) for row in tx.all(query.order_by(akte_grant.c.id))]


def new_grant(
    tx: Transaction,
    principal: Principal,
    akte_id: str,
    *,
    vorgang_id: str | None,
    grantee_kind: GranteeKind,
    grantee: str,
    level: Level,
    ceiling: int,
    until: datetime,
    reason: str,
    schritt_id: str | None = None,
    broken: bool = False,
) -> Grant:
    """Write the row; callers have checked the right to and record it in the history."""
    row = {
        "tenant": tx.tenant,
        "id": new_id(tx.now),
        "akte": akte_id,
        "vorgang": vorgang_id,
        "schritt": schritt_id,
        "grantee_kind": grantee_kind,
        "grantee": grantee,
        "level": level,
        "ceiling": ceiling,
        "valid_from": tx.now,
        "valid_until": until,
        "granted_by": principal.id,
        "reason": reason,
        "break_glass": broken,
    }
    tx.run(insert(akte_grant), row)
    where = (akte_grant.c.tenant == tx.tenant, akte_grant.c.id == row["id"])
    return _grant(tx.all(select(akte_grant).where(*where))[0])


def end_grants(tx: Transaction, which) -> int:  # type: ignore[no-untyped-def]
    """End the grants that the condition names; the number that were in force."""
    g = akte_grant.c
    query = update(akte_grant).where(g.tenant == tx.tenant, g.revoked_at.is_(None), which)
    return tx.run(query.values(revoked_at=tx.now))


def _grant(row: Row) -> Grant:
    return Grant(
        id=row.id,
        akte=row.akte,
        vorgang=row.vorgang,
        schritt=row.schritt,
        grantee_kind=row.grantee_kind,
        grantee=row.grantee,
        level=row.level,
        ceiling=Vertraulichkeit(row.ceiling),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        granted_by=row.granted_by,
        reason=row.reason,
        break_glass=row.break_glass,
        revoked_at=row.revoked_at,
    )
