"""Wiedervorlagen: a Vorgang comes back to somebody on a day, for a reason.

Invariant: each has date, reason and addressee; dealt with once, it stays dealt with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select, update

from eakte.access import demand, visible
from eakte.errors import ReasonRequired, WiedervorlageNotOpen
from eakte.ids import new_id
from eakte.journal import record
from eakte.readlog import record_access
from eakte.tables import wiedervorlage
from eakte.vorgaenge import writable_vorgang
from identity.principal import Principal
from storage.database import Row, Transaction


@dataclass(frozen=True, slots=True)
class Wiedervorlage:
    """`addressee` is the id of a person, or the name of a group."""

    id: str
    akte: str
    vorgang: str
    due: date
    reason: str
    addressee: str
    state: str
    set_by: str
    created_at: datetime
    done_at: datetime | None


def set_wiedervorlage(
    tx: Transaction,
    principal: Principal,
    vorgang_id: str,
    *,
    due: date,
    reason: str,
    addressee: str,
) -> Wiedervorlage:
    """Let the Vorgang come back on that day."""
    if not reason.strip() or not addressee.strip():
        raise ReasonRequired("Eine Wiedervorlage braucht einen Grund und einen Empfänger.")
    row = writable_vorgang(tx, principal, vorgang_id)
    values = {
        "tenant": tx.tenant,
        "id": new_id(tx.now),
        "akte": row.akte,
        "vorgang": vorgang_id,
        "due": due,
        "reason": reason.strip(),
        "addressee": addressee,
        "state": "offen",
        "set_by": principal.id,
        "created_at": tx.now,
    }
    tx.run(insert(wiedervorlage), values)
    facts = {
        "vorgang": vorgang_id,
        "wiedervorlage": str(values["id"]),
        "due": due,
        "addressee": addressee,
    }
    record(tx, principal, row.akte, "wiedervorlage.set", facts, {"reason": reason})
    return _load(tx, str(values["id"]))


def complete_wiedervorlage(
    tx: Transaction, principal: Principal, wiedervorlage_id: str
) -> Wiedervorlage:
    """The Vorgang came back and was dealt with."""
    row = demand(tx, principal, wiedervorlage, wiedervorlage_id, "write")
    writable_vorgang(tx, principal, row.vorgang)
    w = wiedervorlage.c
    query = update(wiedervorlage).where(
        w.tenant == tx.tenant, w.id == wiedervorlage_id, w.state == "offen"
    )
    if not tx.run(query.values(state="erledigt", done_at=tx.now)):
        raise WiedervorlageNotOpen("Diese Wiedervorlage ist schon erledigt.")
    facts = {"vorgang": row.vorgang, "wiedervorlage": wiedervorlage_id}
    record(tx, principal, row.akte, "wiedervorlage.done", facts)
    return _load(tx, wiedervorlage_id)


def wiedervorlagen(
    tx: Transaction,
    principal: Principal,
    *,
    due_until: date | None = None,
    vorgang_id: str | None = None,
    mine: bool = False,
    include_done: bool = False,
    limit: int = 200,
) -> list[Wiedervorlage]:
    """Those whose content the principal may see, by date; `mine`: addressed to it or its groups."""
    w = wiedervorlage.c
    query = select(wiedervorlage).where(
        w.tenant == tx.tenant, visible(principal, wiedervorlage, now=tx.now, level="content")
    )
    if due_until is not None:
        query = query.where(w.due <= due_until)
    if vorgang_id is not None:
        query = query.where(w.vorgang == vorgang_id)
    if mine:
        query = query.where(w.addressee.in_(sorted(principal.identities() | principal.groups)))
    if not include_done:
        query = query.where(w.state == "offen")
    rows = tx.all(query.order_by(w.due, w.id).limit(max(1, min(limit, 500))))
    record_access(tx, principal, "list", "wiedervorlagen", vorgang_id, count=len(rows))
    return [_wiedervorlage(row) for row in rows]


def _load(tx: Transaction, wiedervorlage_id: str) -> Wiedervorlage:
    w = wiedervorlage.c
    query = select(wiedervorlage).where(w.tenant == tx.tenant, w.id == wiedervorlage_id)
    return _wiedervorlage(tx.all(query)[0])


def _wiedervorlage(row: Row) -> Wiedervorlage:
    return Wiedervorlage(
        id=row.id,
        akte=row.akte,
        vorgang=row.vorgang,
        due=row.due,
        reason=row.reason,
        addressee=row.addressee,
        state=row.state,
        set_by=row.set_by,
        created_at=row.created_at,
        done_at=row.done_at,
    )
