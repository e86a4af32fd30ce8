"""Vorgaenge: one matter in an Akte, worked on and then closed z.d.A.

Invariant: a Vorgang is closed only when none of its Beteiligungsschritte is open; what is z.d.A.
does not change until the Registratur reopens it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select, update

from eakte.access import Vertraulichkeit, demand, may
from eakte.akten import suchtext, writable
from eakte.aktenplan import today
from eakte.errors import HeadDataInvalid, ReasonRequired, StepsOpen, VorgangClosed
from eakte.ids import new_id
from eakte.journal import record
from eakte.tables import akte, akte_grant, beteiligungsschritt, dokument, vorgang, wiedervorlage
from identity.access import require
from identity.principal import Principal
from storage.database import Row, Transaction

STILL_AT_THE_DESK = timedelta(days=30)
"""How long those who took part may still read a Vorgang that is z.d.A. (Transferfrist)."""


@dataclass(frozen=True, slots=True)
class Vorgang:
    """Head data of a Vorgang. `zda_on` is the day it was closed."""

    id: str
    akte: str
    number: int
    geschaeftszeichen: str
    betreff: str
    unit: str
    vertraulichkeit: Vertraulichkeit
    state: str
    instance_id: str | None
    created_at: datetime
    zda_on: date | None
    zda_reason: str | None


def open_vorgang(
    tx: Transaction,
    principal: Principal,
    akte_id: str,
    *,
    betreff: str,
    instance_id: str | None = None,
    vertraulichkeit: Vertraulichkeit | None = None,
) -> Vorgang:
    """Open a Vorgang; its Vertraulichkeit is at least the Akte's, which has the unit's."""
    demand(tx, principal, akte, akte_id, "write")
    parent = writable(tx, akte_id)
    number = parent.vorgaenge + 1
    where = (akte.c.tenant == tx.tenant, akte.c.id == akte_id)
    tx.run(update(akte).where(*where).values(vorgaenge=number))
    text = checked_betreff(betreff)
    zeichen = f"{parent.geschaeftszeichen}-{number}"
    grade = max(parent.vertraulichkeit, vertraulichkeit or Vertraulichkeit.OFFEN)
    vorgang_id = new_id(tx.now)
    row = {
        "tenant": tx.tenant,
        "id": vorgang_id,
        "akte": akte_id,
        "number": number,
        "geschaeftszeichen": zeichen,
        "betreff": text,
        "suchtext": suchtext(zeichen, text),
        "unit": parent.unit,
        "vertraulichkeit": int(grade),
        "state": "offen",
        "instance_id": instance_id,
        "created_at": tx.now,
        "dokumente": 0,
    }
    tx.run(insert(vorgang), row)
    facts = {
        "vorgang": vorgang_id,
        "number": number,
        "instance": instance_id,
        "vertraulichkeit": int(grade),
    }
    record(tx, principal, akte_id, "vorgang.opened", facts, {"betreff": text})
    return vorgang_of(_row(tx, vorgang_id))


def vorgang_head(tx: Transaction, principal: Principal, vorgang_id: str) -> Vorgang:
    """A Vorgang's head data; raises `NotFound` where the principal may not know of it."""
    row = demand(tx, principal, vorgang, vorgang_id)
    return vorgang_of(row, content=may(tx, principal, vorgang, vorgang_id))


def vorgang_of_instance(tx: Transaction, principal: Principal, instance_id: str) -> Vorgang | None:
    """The Vorgang that a process instance is now; None if there is none.

    After an Abgabe the instance goes on in another Akte: the newest of its Vorgaenge counts.
    """
    v = vorgang.c
    query = select(v.id).where(v.tenant == tx.tenant, v.instance_id == instance_id)
    found = tx.scalar(query.order_by(v.created_at.desc(), v.id.desc()).limit(1))
    return vorgang_head(tx, principal, found) if found is not None else None


def vorgang_betreff(tx: Transaction, principal: Principal, vorgang_id: str, betreff: str) -> None:
    """Change what a Vorgang is about; the old wording stays in the history."""
    row = writable_vorgang(tx, principal, vorgang_id)
    text = checked_betreff(betreff)
    _update(tx, vorgang_id, betreff=text, suchtext=suchtext(row.geschaeftszeichen, text))
    record(
        tx,
        principal,
        row.akte,
        "vorgang.betreff_changed",
        {"vorgang": vorgang_id},
        {"betreff": text},
    )


def raise_vorgang(
    tx: Transaction, principal: Principal, vorgang_id: str, grade: Vertraulichkeit
) -> None:
    """Close a Vorgang further, with its Dokumente; what is closed as far stays as it is."""
    row = writable_vorgang(tx, principal, vorgang_id)
    if grade <= row.vertraulichkeit:
        return
    d = dokument.c
    mine = (d.tenant == tx.tenant, d.vorgang == vorgang_id, d.vertraulichkeit < int(grade))
    tx.run(update(dokument).where(*mine).values(vertraulichkeit=int(grade)))
    _update(tx, vorgang_id, vertraulichkeit=int(grade))
    facts = {"vorgang": vorgang_id, "vertraulichkeit": int(grade)}
    record(tx, principal, row.akte, "vorgang.vertraulichkeit_raised", facts)


def close_vorgang(tx: Transaction, principal: Principal, vorgang_id: str, reason: str) -> Vorgang:
    """z.d.A.: refused while steps are open; open Wiedervorlagen end with it.

    Read rights that served a Beteiligung end after the Transferfrist.
    """
    require(principal, "akte.close")
    row = writable_vorgang(tx, principal, vorgang_id)
    pending = _open_ids(tx, beteiligungsschritt, vorgang_id)
    if pending:
        raise StepsOpen(pending)
    dropped = _open_ids(tx, wiedervorlage, vorgang_id)
    c = wiedervorlage.c
    tx.run(
        update(wiedervorlage)
        .where(c.tenant == tx.tenant, c.vorgang == vorgang_id, c.state == "offen")
        .values(state="erledigt", done_at=tx.now)
    )
    g = akte_grant.c
    end = tx.now + STILL_AT_THE_DESK
    tx.run(
        update(akte_grant)
        .where(g.tenant == tx.tenant, g.vorgang == vorgang_id, g.schritt.is_not(None))
        .where(g.valid_until > end)
        .values(valid_until=end)
    )
    day = today(tx)
    _update(tx, vorgang_id, state="zda", zda_on=day, zda_reason=reason)
    facts = {"vorgang": vorgang_id, "zda_on": day, "wiedervorlagen": list(dropped) or None}
    record(tx, principal, row.akte, "vorgang.closed", facts, {"reason": reason})
    return vorgang_of(_row(tx, vorgang_id))


def reopen_vorgang(tx: Transaction, principal: Principal, vorgang_id: str, reason: str) -> Vorgang:
    """Take a z.d.A. back, with a reason: only the Registratur, and only while the Akte is open."""
    require(principal, "akte.reopen")
    if len(reason.strip()) < 5:
        raise ReasonRequired("Bitte begründen, warum der Vorgang wieder geöffnet wird.")
    row = demand(tx, principal, vorgang, vorgang_id)
    writable(tx, row.akte)
    row = _row(tx, vorgang_id)
    if row.state != "zda":
        raise VorgangClosed(f"Der Vorgang {row.geschaeftszeichen} ist nicht z.d.A.")
    _update(tx, vorgang_id, state="offen", zda_on=None, zda_reason=None)
    record(tx, principal, row.akte, "vorgang.reopened", {"vorgang": vorgang_id}, {"reason": reason})
    return vorgang_of(_row(tx, vorgang_id))


def writable_vorgang(tx: Transaction, principal: Principal, vorgang_id: str) -> Row:
    """Check the right to write, lock the Akte, and return the Vorgang as it is under the lock."""
    row = demand(tx, principal, vorgang, vorgang_id, "write")
    writable(tx, row.akte)
    row = _row(tx, vorgang_id)
    if row.state != "offen":
        raise VorgangClosed(f"Der Vorgang {row.geschaeftszeichen} ist z.d.A.")
    return row


def checked_betreff(text: str) -> str:
    """The Betreff without surrounding space, if there is one."""
    stripped = text.strip()
    if not stripped or len(stripped) > 1000:
        raise HeadDataInvalid("Ein Betreff hat 1 bis 1000 Zeichen.")
    return stripped


def vorgang_of(row: Row, *, content: bool = True) -> Vorgang:
    """The head data in a row of the table; why it was closed is content."""
    return Vorgang(
        id=row.id,
        akte=row.akte,
        number=row.number,
        geschaeftszeichen=row.geschaeftszeichen,
        betreff=row.betreff,
        unit=row.unit,
        vertraulichkeit=Vertraulichkeit(row.vertraulichkeit),
        state=row.state,
        instance_id=row.instance_id,
        created_at=row.created_at,
        zda_on=row.zda_on,
        zda_reason=row.zda_reason if content else None,
    )


def _open_ids(tx: Transaction, table, vorgang_id: str) -> tuple[str, ...]:  # type: ignore[no-untyped-def]
    query = select(table.c.id).where(
        table.c.tenant == tx.tenant, table.c.vorgang == vorgang_id, table.c.state == "offen"
    )
    return tuple(row.id for row in tx.all(query.order_by(table.c.id)))


def _row(tx: Transaction, vorgang_id: str) -> Row:
    row = tx.first(select(vorgang).where(vorgang.c.tenant == tx.tenant, vorgang.c.id == vorgang_id))
    assert row is not None, "the caller has found it"
    return row


def _update(tx: Transaction, vorgang_id: str, **values: object) -> None:
    where = (vorgang.c.tenant == tx.tenant, vorgang.c.id == vorgang_id)
    tx.run(update(vorgang).where(*where).values(**values))
