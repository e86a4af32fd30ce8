"""Verification online: every stream, every checkpoint, every content.

Invariant: a fault names exactly what was changed: `stream#seq`, a stream, an object's name,
`checkpoint n`, or whose key it is: `blob id`, `holder id`. Each stream is checked in the snapshot
in which it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, bindparam, func, select

from storage.blobs import Blobs
from storage.checkpoints import (
    CHECKPOINTS,
    Content,
    Leaf,
    anchor_table,
    load,
    note_hash,
    object_name,
)
from storage.database import Database, Row, Transaction
from storage.errors import KeyMissing, NotStored, StorageError, Tampered
from storage.ledger import ledger_entry, rows, stream_tables
from storage.notes import SignedCheckpoint, read_checkpoint
from storage.objects import ObjectStore
from storage.walk import Fault, Walk

Progress = Callable[[str], None]

_PAGE = 500
_HASH = select(ledger_entry.c.hash).where(
    ledger_entry.c.tenant == bindparam("of_tenant"),
    ledger_entry.c.stream == bindparam("of_stream"),
    ledger_entry.c.seq == bindparam("of_seq"),
)
_LENGTHS = (
    select(ledger_entry.c.stream, func.count().label("length"))
    .where(ledger_entry.c.tenant == bindparam("of_tenant"))
    .group_by(ledger_entry.c.stream)
)
_ANCHORED = select(anchor_table.c.stream, anchor_table.c.seq).where(
    anchor_table.c.tenant == bindparam("of_tenant")
)
_NEWEST_ANCHOR = select(func.max(anchor_table.c.checkpoint)).where(
    anchor_table.c.tenant == bindparam("of_tenant")
)


@dataclass
class Report:
    """What was looked at, and what is broken. `unanchored`: streams with entries after the last
    checkpoint; they are whole, but only the database says so."""

    streams: int = 0
    entries: int = 0
    checkpoints: int = 0
    blobs: int = 0
    faults: list[Fault] = field(default_factory=list)
    unanchored: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.faults

    def fault(self, what: str, reason: str) -> None:
        if Fault(what, reason) not in self.faults:
            self.faults.append(Fault(what, reason))


def verify_all(
    database: Database,
    store: ObjectStore,
    blobs: Blobs,
    tenant: str,
    *,
    trusted: Collection[str],
    progress: Progress = lambda _what: None,
) -> Report:
    """Check all of a tenant. `trusted`: the fingerprints that may have signed checkpoints."""
    report = Report()
    with database.reading(tenant) as tx:
        progress("streams")
        _verify_streams(tx, report)
        progress("checkpoints")
        _verify_checkpoints(tx, store, trusted, report)
        progress("contents")
        _verify_blobs(tx, blobs, report)
    return report


def verify_one(database: Database, tenant: str, stream: str) -> Report:
    """Check one stream's chain. Raises NotStored where there is no such stream."""
    report = Report()
    with database.reading(tenant) as tx:
        anchored = {row.stream: row.seq for row in tx.all(_ANCHORED, {"of_tenant": tenant})}
        for table in stream_tables():
            where = (table.c.tenant == tenant, table.c.id == stream)
            row = tx.first(select(table.c.id, table.c.seq, table.c.head).where(*where))
            if row is not None:
                _verify_stream(tx, row, anchored, report)
                return report
    raise NotStored(stream)


def _verify_streams(tx: Transaction, report: Report) -> None:
    where = {"of_tenant": tx.tenant}
    anchored = {row.stream: row.seq for row in tx.all(_ANCHORED, where)}
    known: set[str] = set()
    for table in stream_tables():
        for stream in _streams(tx, table):
            _verify_stream(tx, stream, anchored, report)
            known.add(stream.id)
    for row in tx.all(_LENGTHS, where):
        if row.stream not in known:
            report.fault(row.stream, f"its row is missing, but {row.length} entries are there")


def _verify_stream(
    tx: Transaction, stream: Row, anchored: Mapping[str, int], report: Report
) -> None:
    walk = Walk(tx.tenant, stream.id)
    for row in rows(tx, stream.id):
        walk.step(row)
        report.entries += 1
    walk.finish(stream.seq, stream.head)
    report.faults += walk.faults
    report.streams += 1
    if stream.seq > anchored.get(stream.id, 0):
        report.unanchored.append(stream.id)


def _streams(tx: Transaction, table: Table) -> Iterator[Row]:
    """The rows of a table of streams, a page at a time."""
    statement = (
        select(table.c.id, table.c.seq, table.c.head)
        .where(table.c.tenant == bindparam("of_tenant"), table.c.id > bindparam("after"))
        .order_by(table.c.id)
        .limit(_PAGE)
    )
    after = ""
    while True:
        found = tx.all(statement, {"of_tenant": tx.tenant, "after": after})
        yield from found
        if len(found) < _PAGE:
            return
        after = found[-1].id


def _verify_checkpoints(
    tx: Transaction, store: ObjectStore, trusted: Collection[str], report: Report
) -> None:
    # Objects first: whatever is listed had its row before.
    prefix = f"checkpoints/{tx.tenant}/"
    listed = set(store.names(prefix))
    number, previous = 0, "-"
    for row in tx.all(CHECKPOINTS, {"of_tenant": tx.tenant}):
        name = object_name(tx.tenant, row.number)
        listed.discard(name)
        for gone in range(number + 1, row.number):
            report.fault(f"checkpoint {gone}", "its row is missing")
        gap, number = row.number != number + 1, row.number
        report.checkpoints += 1
        try:
            data = row.pending if row.pending is not None else store.get(name)
            content = load(tx.tenant, row.number, data)
            signed = _signed(name, content, trusted)
        except (NotStored, Tampered) as error:
            report.fault(name, _reason(error))
            previous = note_hash(row.note)
            continue
        if row.note != content.note or row.size != len(content.leaves):
            report.fault(f"checkpoint {row.number}", "its row is not what the object holds")
        if signed.number != row.number or signed.tenant != tx.tenant:
            report.fault(name, "is another checkpoint")
        elif not gap and signed.previous != previous:
            report.fault(name, "does not continue the checkpoint before it")
        previous = note_hash(content.note)
        _verify_leaves(tx, row.number, content.leaves, report)
    if (newest := tx.scalar(_NEWEST_ANCHOR, {"of_tenant": tx.tenant}) or 0) > number:
        report.fault(f"checkpoint {newest}", "its row is missing")
    # What the snapshot does not know may have been made since: ask again.
    with tx.database.reading(tx.tenant) as later:
        made = {row.number for row in later.all(CHECKPOINTS, {"of_tenant": tx.tenant})}
    for name in sorted(listed - {object_name(tx.tenant, each) for each in made}):
        report.fault(name, "has no row")


def _reason(error: NotStored | Tampered) -> str:
    return error.reason if isinstance(error, Tampered) else "missing from the object store"


def _signed(name: str, content: Content, trusted: Collection[str]) -> SignedCheckpoint:
    try:
        signed = read_checkpoint(content.note)
    except ValueError as error:
        raise Tampered(name, str(error)) from error
    if signed.fingerprint not in trusted:
        raise Tampered(name, f"signed by a key that is not trusted: {signed.fingerprint}")
    return signed


def _verify_leaves(tx: Transaction, number: int, leaves: Collection[Leaf], report: Report) -> None:
    for leaf in leaves:
        key: dict[str, Any] = {
            "of_tenant": tx.tenant,
            "of_stream": leaf.stream,
            "of_seq": leaf.seq,
        }
        found = tx.scalar(_HASH, key)
        what = f"{leaf.stream}#{leaf.seq}"
        if found is None:
            report.fault(what, f"missing, but anchored by checkpoint {number}")
        elif found.hex() != leaf.head and not any(f.what == what for f in report.faults):
            report.fault(what, f"is not the entry that checkpoint {number} anchored")


def _verify_blobs(tx: Transaction, blobs: Blobs, report: Report) -> None:
    for blob_id, committed in blobs.kept(tx).items():
        report.blobs += 1
        fault = _blob_fault(tx, blobs, blob_id, committed)
        if fault is None:
            continue
        # It may have been committed, shredded or forgotten since the snapshot: ask again.
        with tx.database.reading(tx.tenant) as later:
            now = blobs.kept(later).get(blob_id)
            if now is not None and _blob_fault(later, blobs, blob_id, now):
                report.fault(*fault)


def _blob_fault(tx: Transaction, blobs: Blobs, blob_id: str, committed: bool) -> Fault | None:
    try:
        blobs.read(tx, blob_id)
    except NotStored as error:
        return Fault(error.what, _reason(error)) if committed else None
    except Tampered as error:
        return Fault(error.what, _reason(error))
    except KeyMissing as error:
        return Fault(f"blob {blob_id}", str(error))
    except StorageError as error:
        return Fault(f"blob {blob_id}", f"cannot be read: {error}")
    return None
