"""Taking an Akte home: a bundle with stream, documents and overview that proves itself.

Invariant: nothing is exported that the principal may not read. A stream cannot be handed out in
part, so an Akte with closed parts is refused, not shortened in silence. The export stands in
history and Zugriffsprotokoll before the first byte leaves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path

from sqlalchemy import Table, select

from eakte.access import demand, lock_akten, visible
from eakte.akten import Akte, akte_of
from eakte.beteiligung import Schritt, steps_of
from eakte.dokumente import Dokument, Version, load_dokumente
from eakte.errors import ExportIncomplete, ReasonRequired
from eakte.file_names import file_name
from eakte.history import history
from eakte.journal import record
from eakte.readlog import record_access
from eakte.tables import akte, dokument, vorgang
from eakte.vorgaenge import Vorgang, vorgang_of
from identity.access import require
from identity.principal import Principal
from storage.blobs import Blobs
from storage.bundle import Document, export_bundle
from storage.database import Database, Transaction
from storage.errors import KeyMissing
from storage.keys import Keyring
from storage.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class Exported:
    """What went into the bundle. `destroyed`: versions whose bytes were shredded before."""

    akte: str
    target: Path
    documents: int
    destroyed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Contents:
    akte: Akte
    vorgaenge: list[Vorgang]
    dokumente: list[Dokument]
    schritte: list[Schritt]


def export_akte(
    database: Database,
    principal: Principal,
    akte_id: str,
    *,
    blobs: Blobs,
    store: ObjectStore,
    keyring: Keyring,
    target: Path,
    purpose: str,
    more_streams: Sequence[tuple[Table, str]] = (),
) -> Exported:
    """Write the bundle to `target`. Opens its own transactions: a checkpoint must come between.

    `more_streams` are (table, id) of what belongs to the Akte elsewhere: its process instances.
    """
    require(principal, "akte.export")
    if not purpose.strip():
        raise ReasonRequired("Bitte angeben, wofür die Akte ausgegeben wird.")
    tenant = principal.tenant
    with database.begin(tenant) as tx:
        demand(tx, principal, akte, akte_id, "content")
        lock_akten(tx, akte_id)
        _refuse_closed_parts(tx, principal, akte_id)
        contents = _contents(tx, akte_id)
        overview = _overview(tx, principal, contents)
        versions = [
            (_name(contents, each, version), version)
            for each in contents.dokumente
            for version in each.versions
        ]
        record_access(
            tx, principal, "export", "akte", akte_id, akte=akte_id, purpose=purpose.strip()
        )
        facts = {"documents": len(versions), "sha256": sha256(overview).hexdigest()}
        record(tx, principal, akte_id, "akte.exported", facts, {"purpose": purpose.strip()})
    destroyed: list[str] = []
    bodies = _documents(database, tenant, blobs, versions, destroyed)
    export_bundle(
        database,
        store,
        keyring,
        tenant,
        streams=[(akte, akte_id), *more_streams],
        documents=chain(
            [Document("akte.json", overview, akte_id)],
            (Document(name, data, akte_id) for name, data in bodies),
        ),
        target=target,
    )
    _refuse_what_was_closed_meanwhile(database, principal, akte_id, target)
    return Exported(akte_id, target, len(versions) - len(destroyed), tuple(destroyed))


def _refuse_closed_parts(tx: Transaction, principal: Principal, akte_id: str) -> None:
    for table in (vorgang, dokument):
        closed = tx.all(
            select(table.c.id).where(
                table.c.tenant == tx.tenant,
                table.c.akte == akte_id,
                ~visible(principal, table, now=tx.now, level="content"),
            )
        )
        if closed:
            raise ExportIncomplete(len(closed))


def _refuse_what_was_closed_meanwhile(
    database: Database, principal: Principal, akte_id: str, target: Path
) -> None:
    """What came into the stream after the first look must be readable too, or nothing leaves."""
    with database.reading(principal.tenant) as tx:
        try:
            _refuse_closed_parts(tx, principal, akte_id)
        except ExportIncomplete:
            target.unlink()
            raise


def _contents(tx: Transaction, akte_id: str) -> _Contents:
    """All of the Akte; `_refuse_closed_parts` has seen that the principal may read all."""
    head = tx.all(select(akte).where(akte.c.tenant == tx.tenant, akte.c.id == akte_id))[0]
    v, d = vorgang.c, dokument.c
    query = select(vorgang).where(v.tenant == tx.tenant, v.akte == akte_id).order_by(v.number)
    vorgaenge = [vorgang_of(row) for row in tx.all(query)]
    order = {each.id: each.number for each in vorgaenge}
    ids = [row.id for row in tx.all(select(d.id).where(d.tenant == tx.tenant, d.akte == akte_id))]
    found = [
        each
        for start in range(0, len(ids), 500)
        for each in load_dokumente(tx, ids[start : start + 500]).values()
    ]
    found.sort(key=lambda each: (order[each.vorgang], each.number))
    return _Contents(akte_of(head), vorgaenge, found, steps_of(tx, akte_id))


def _overview(tx: Transaction, principal: Principal, contents: _Contents) -> bytes:
    """Head data, steps and the readable history. Its hash stands in the stream."""
    told = history(tx, principal, contents.akte.id)
    overview = {
        "akte": asdict(contents.akte),
        "vorgaenge": [asdict(each) for each in contents.vorgaenge],
        "dokumente": [asdict(each) for each in contents.dokumente],
        "beteiligungsschritte": [asdict(each) for each in contents.schritte],
        "historie": [entry.line() for entry in told],
    }
    return json.dumps(overview, ensure_ascii=False, indent=1, default=_plain).encode()


def _plain(value: object) -> str:
    """Dates and times in ISO form, amounts with their digits."""
    if isinstance(value, datetime) or hasattr(value, "isoformat"):
        return str(value.isoformat())
    return str(value)


def _name(contents: _Contents, found: Dokument, version: Version) -> str:
    number = next(each.number for each in contents.vorgaenge if each.id == found.vorgang)
    ending = _ENDINGS.get(version.media_type, "bin")
    name = file_name(version.dateiname) or f"{found.titel.replace('.', '-')}.{ending}"
    return f"{number:04}-{found.number:03}-v{version.number}-{name}"


_ENDINGS = {
    "application/xml": "xml",
    "text/xml": "xml",
    "application/pdf": "pdf",
    "text/plain": "txt",
    "text/html": "html",
    "application/json": "json",
    "image/png": "png",
    "image/jpeg": "jpg",
}


def _documents(
    database: Database,
    tenant: str,
    blobs: Blobs,
    versions: list[tuple[str, Version]],
    destroyed: list[str],
) -> Iterator[tuple[str, bytes]]:
    """Each version's bytes, one at a time."""
    for name, version in versions:
        try:
            with database.reading(tenant) as tx:
                data = blobs.read(tx, version.blob_id)
        except KeyMissing:
            destroyed.append(version.id)
            continue
        yield name, data
