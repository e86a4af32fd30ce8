"""The Zugriffsprotokoll: who read, listed, searched or exported what; apart from the ledger.

Invariant: an entry is written before the bytes leave, holds ids and never content, lives 13 months
and is read only by the role datenschutz. A list is one row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from sqlalchemy import and_, delete, insert, or_, select

from eakte.cursor import decode_cursor, encode_cursor
from eakte.errors import AccessDenied, NotFound
from eakte.ids import new_id
from eakte.tables import zugriffsprotokoll
from identity.access import require
from identity.principal import Principal
from storage.database import Database, Row, Transaction
from storage.errors import StatementFailed, Unavailable

Action: TypeAlias = Literal["read", "list", "search", "export", "denied", "break_glass"]

KEPT = timedelta(days=396)
"""13 months, as § 40 BMG's yardstick wants at least twelve."""


@dataclass(frozen=True, slots=True)
class Access:
    """One entry of the Zugriffsprotokoll."""

    id: str
    at: datetime
    actor: str
    on_behalf_of: str | None
    action: Action
    object_kind: str
    object_id: str | None
    akte: str | None
    purpose: str | None
    count: int | None


def record_access(
    tx: Transaction,
    principal: Principal,
    action: Action,
    object_kind: str,
    object_id: str | None = None,
    *,
    akte: str | None = None,
    purpose: str | None = None,
    count: int | None = None,
) -> None:
    """Note an access. In a reading transaction it is committed at once, in one of its own.

    The system and its jobs are not logged: they read for no person.
    """
    if principal.kind == "system":
        return
    row = {
        "tenant": tx.tenant,
        "id": new_id(tx.now),
        "at": tx.now,
        "actor": principal.id,
        "on_behalf_of": principal.on_behalf_of,
        "action": action,
        "object_kind": object_kind,
        "object_id": object_id,
        "akte": akte,
        "purpose": purpose,
        "results": count,
    }
    try:
        with tx.savepoint():
            tx.run(insert(zugriffsprotokoll), row)
    except (StatementFailed, Unavailable):  # a snapshot that cannot write
        with tx.database.begin(tx.tenant, tx.now) as own:
            own.run(insert(zugriffsprotokoll), row)


def record_denial(database: Database, principal: Principal, error: NotFound | AccessDenied) -> None:
    """Note a refused access. Called once by the interface that turns the error into an answer."""
    with database.begin(principal.tenant) as tx:
        record_access(tx, principal, "denied", error.kind, error.object_id[:64])


def accesses(
    tx: Transaction,
    principal: Principal,
    *,
    akte: str | None = None,
    actor: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> tuple[list[Access], str | None]:
    """A page of the protocol, newest first, and the cursor of the next. Only datenschutz."""
    require(principal, "readlog.read")
    c = zugriffsprotokoll.c
    query = select(zugriffsprotokoll).where(c.tenant == tx.tenant)
    if akte is not None:
        query = query.where(c.akte == akte)
    if actor is not None:
        query = query.where(c.actor == actor)
    if cursor is not None:
        at, last = decode_cursor(cursor)
        query = query.where(or_(c.at < at, and_(c.at == at, c.id < last)))
    size = max(1, min(limit, 500))
    rows = tx.all(query.order_by(c.at.desc(), c.id.desc()).limit(size + 1))
    more = encode_cursor(rows[size - 1].at, rows[size - 1].id) if len(rows) > size else None
    return [_access(row) for row in rows[:size]], more


def prune_accesses(tx: Transaction, principal: Principal, kept: timedelta = KEPT) -> int:
    """Delete what is older than its period; the number deleted. Runs nightly as the system."""
    require(principal, "readlog.prune")
    c = zugriffsprotokoll.c
    return tx.run(delete(zugriffsprotokoll).where(c.tenant == tx.tenant, c.at < tx.now - kept))


def _access(row: Row) -> Access:
    return Access(
        id=row.id,
        at=row.at,
        actor=row.actor,
        on_behalf_of=row.on_behalf_of,
        action=row.action,
        object_kind=row.object_kind,
        object_id=row.object_id,
        akte=row.akte,
        purpose=row.purpose,
        count=row.results,
    )
