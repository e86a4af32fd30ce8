"""Search by head data, and the lists of what an Akte and a Vorgang hold.

Invariant: every row passed `visible`; `content` says whether its content may be opened. A page is
one row in the Zugriffsprotokoll.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, TypeAlias

from sqlalchemy import Select, Table, and_, or_, select

from eakte.access import Vertraulichkeit, demand, goes_on_here, visible
from eakte.cursor import decode_cursor, encode_cursor
from eakte.dokumente import Dokument, load_dokumente
from eakte.readlog import record_access
from eakte.tables import akte, dokument, vorgang
from eakte.vorgaenge import Vorgang, vorgang_of
from identity.access import require
from identity.principal import Principal
from storage.database import Row, Transaction

What: TypeAlias = Literal["akte", "vorgang", "dokument"]
_TABLES: dict[What, Table] = {"akte": akte, "vorgang": vorgang, "dokument": dokument}
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; all conditions hold together. `text`: words in the head data."""

    what: What = "vorgang"
    text: str = ""
    akte: str | None = None
    aktenplan: str | None = None
    unit: str | None = None
    year: int | None = None
    state: str | None = None
    dokumenttyp: str | None = None
    richtung: str | None = None
    eingang_from: date | None = None
    eingang_to: date | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """Head data of what was found. `content`: whether the principal may open it."""

    what: What
    id: str
    akte: str
    vorgang: str | None
    geschaeftszeichen: str | None
    betreff: str
    unit: str
    state: str | None
    vertraulichkeit: Vertraulichkeit
    created_at: datetime
    content: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of hits, newest first; `cursor` asks for the next, None: there is none."""

    hits: list[Hit]
    cursor: str | None


def search(
    tx: Transaction,
    principal: Principal,
    query: Query,
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """A page of what the principal may know of."""
    require(principal, "akte.search")
    table = _TABLES[query.what]
    c = table.c
    content = visible(principal, table, now=tx.now, level="content").label("content")
    statement = select(table, content).where(
        c.tenant == tx.tenant, visible(principal, table, now=tx.now)
    )
    statement = _narrowed(statement, table, query)
    if cursor is not None:
        at, last = decode_cursor(cursor)
        statement = statement.where(or_(c.created_at < at, and_(c.created_at == at, c.id < last)))
    size = max(1, min(limit, 200))
    rows = tx.all(statement.order_by(c.created_at.desc(), c.id.desc()).limit(size + 1))
    more = None
    if len(rows) > size:
        more = encode_cursor(rows[size - 1].created_at, rows[size - 1].id)
    record_access(tx, principal, "search", query.what, akte=query.akte, count=len(rows[:size]))
    return Page([_hit(query.what, row) for row in rows[:size]], more)


def vorgaenge_in(tx: Transaction, principal: Principal, akte_id: str) -> list[Vorgang]:
    """The Akte's Vorgaenge that the principal may know of, in order.

    One that was handed on names its instance no more: what happens there concerns others.
    """
    demand(tx, principal, akte, akte_id)
    c = vorgang.c
    content = visible(principal, vorgang, now=tx.now, level="content").label("content")
    query = select(vorgang, content, goes_on_here().label("here")).where(
        c.tenant == tx.tenant, c.akte == akte_id, visible(principal, vorgang, now=tx.now)
    )
    rows = tx.all(query.order_by(c.number))
    record_access(tx, principal, "list", "vorgaenge", akte_id, akte=akte_id, count=len(rows))
    found = [(row, vorgang_of(row, content=bool(row.content))) for row in rows]
    return [each if row.here else replace(each, instance_id=None) for row, each in found]


def dokumente_in(tx: Transaction, principal: Principal, vorgang_id: str) -> list[Dokument]:
    """The Vorgang's Dokumente that the principal may know of, in order: head data only."""
    parent = demand(tx, principal, vorgang, vorgang_id)
    c = dokument.c
    content = visible(principal, dokument, now=tx.now, level="content").label("content")
    query = select(c.id, content).where(
        c.tenant == tx.tenant, c.vorgang == vorgang_id, visible(principal, dokument, now=tx.now)
    )
    rows = tx.all(query.order_by(c.number))
    ids = [row.id for row in rows]
    record_access(tx, principal, "list", "dokumente", vorgang_id, akte=parent.akte, count=len(ids))
    found = load_dokumente(tx, ids)
    return [found[row.id] if row.content else found[row.id].head_only() for row in rows]


def _narrowed(statement: Select, table: Table, query: Query) -> Select:  # type: ignore[type-arg]
    c = table.c
    for word in query.text[:LONGEST_TEXT].casefold().split():
        statement = statement.where(c.suchtext.contains(word, autoescape=True))
    plain = {
        "unit": query.unit,
        "aktenplan": query.aktenplan,
        "year": query.year,
        "state": query.state,
        "dokumenttyp": query.dokumenttyp,
        "richtung": query.richtung,
    }
    for name, value in plain.items():
        if value is not None and name in c:
            statement = statement.where(c[name] == value)
    if query.akte is not None:
        statement = statement.where((c.id if table is akte else c.akte) == query.akte)
    if query.eingang_from is not None and table is dokument:
        statement = statement.where(c.eingang_am >= query.eingang_from)
    if query.eingang_to is not None and table is dokument:
        statement = statement.where(c.eingang_am <= query.eingang_to)
    return statement


def _hit(what: What, row: Row) -> Hit:
    is_dokument = what == "dokument"
    return Hit(
        what=what,
        id=row.id,
        akte=row.id if what == "akte" else row.akte,
        vorgang={"akte": None, "vorgang": row.id}.get(what, getattr(row, "vorgang", None)),
        geschaeftszeichen=None if is_dokument else row.geschaeftszeichen,
        betreff=row.titel if is_dokument else row.betreff,
        unit=row.unit,
        state=None if is_dokument else row.state,
        vertraulichkeit=Vertraulichkeit(row.vertraulichkeit),
        created_at=row.created_at,
        content=bool(row.content),
    )
