"""Checkpoints: the changed heads in one Merkle tree, its root signed, kept under object lock.

Each checkpoint names the hash of the one before. Invariant: the row is written first and carries
the leaves until the object holds them, so a crash between the two loses nothing; the number is
the row's key, so two clocks never make two of the same.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from storage.database import Database, Instant, Row, Transaction, metadata, tenant_column
from storage.errors import Locked, Tampered
from storage.keys import Keyring, SigningKey
from storage.ledger import stream_tables
from storage.merkle import proofs, root
from storage.objects import ObjectStore

ORIGIN = "amtsgang/checkpoint/1"
KEPT = timedelta(days=3650)
_MOST = 50_000  # leaves a checkpoint; what is left makes the next

checkpoint_table = Table(
    "checkpoint",
    metadata,
    tenant_column(),
    Column("number", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("size", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("pending", LargeBinary),  # the object's bytes until the store has them
    PrimaryKeyConstraint("tenant", "number"),
)
anchor_table = Table(
    "anchor",
    metadata,
    tenant_column(),
    Column("stream", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("checkpoint", BigInteger, nullable=False),
    Column("leaf", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "stream"),
)

_LAST = (
    select(checkpoint_table.c.number, checkpoint_table.c.note)
    .where(checkpoint_table.c.tenant == bindparam("of_tenant"))
    .order_by(checkpoint_table.c.number.desc())
    .limit(1)
)
_PENDING = (
    select(checkpoint_table)
    .where(
        checkpoint_table.c.tenant == bindparam("of_tenant"),
        checkpoint_table.c.pending.is_not(None),
    )
    .order_by(checkpoint_table.c.number)
)
_STORED = (
    update(checkpoint_table)
    .where(
        checkpoint_table.c.tenant == bindparam("of_tenant"),
        checkpoint_table.c.number == bindparam("of_number"),
    )
    .values(pending=None)
)
_INSERT = insert(checkpoint_table)
_FREE_ANCHOR = delete(anchor_table).where(
    anchor_table.c.tenant == bindparam("of_tenant"),
    anchor_table.c.stream == bindparam("of_stream"),
)
_ANCHOR = insert(anchor_table)
_ANCHOR_OF = select(anchor_table).where(
    anchor_table.c.tenant == bindparam("of_tenant"),
    anchor_table.c.stream == bindparam("of_stream"),
)
CHECKPOINTS = (
    select(checkpoint_table)
    .where(checkpoint_table.c.tenant == bindparam("of_tenant"))
    .order_by(checkpoint_table.c.number)
)


class Leaf(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A stream's head when the checkpoint was made. `head` in hex."""

    stream: str
    seq: int
    head: str

    def encoded(self) -> bytes:
        return f"amtsgang/leaf/1\n{self.stream}\n{self.seq}\n{self.head}".encode()


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the object holds, as JSON."""

    note: str
    leaves: tuple[Leaf, ...]


class Checkpoint(NamedTuple):
    number: int
    note: str
    size: int


class Proof(NamedTuple):
    """That the head of entry `seq` is leaf `leaf` of a signed checkpoint."""

    seq: int
    checkpoint: int
    leaf: int
    size: int
    path: list[bytes]
    note: str


def object_name(tenant: str, number: int) -> str:
    return f"checkpoints/{tenant}/{number:010}"


def checkpoint(
    database: Database,
    store: ObjectStore,
    keyring: Keyring,
    tenant: str,
    now: datetime | None = None,
) -> list[Checkpoint]:
    """Anchor every head that changed since the last checkpoint; the checkpoints made (often one).

    Raises Conflict if another clock makes the same one: nothing is lost, the next call goes on.
    """
    _store_pending(database, store, tenant)
    made: list[Checkpoint] = []
    while True:
        with database.reading(tenant) as tx:
            leaves = _changed(tx)
            last = tx.first(_LAST, {"of_tenant": tenant})
        if not leaves:
            return made
        with database.begin(tenant, now) as tx:
            made.append(_record(tx, leaves, last, keyring.signing_key))
        _store_pending(database, store, tenant)
        if len(leaves) < _MOST:
            return made


def proof_of(tx: Transaction, store: ObjectStore, stream: str) -> Proof | None:
    """The latest proof for a stream; None if no checkpoint has seen it yet."""
    anchor = tx.first(_ANCHOR_OF, {"of_tenant": tx.tenant, "of_stream": stream})
    if anchor is None:
        return None
    content = load(
        tx.tenant, anchor.checkpoint, store.get(object_name(tx.tenant, anchor.checkpoint))
    )
    size = len(content.leaves)
    what = f"checkpoint {anchor.checkpoint}"
    if anchor.leaf >= size or content.leaves[anchor.leaf].stream != stream:
        raise Tampered(what, f"does not hold {stream} as leaf {anchor.leaf}")
    encoded = [leaf.encoded() for leaf in content.leaves]
    path = proofs(encoded, [anchor.leaf])[anchor.leaf]
    seq = content.leaves[anchor.leaf].seq
    return Proof(seq, anchor.checkpoint, anchor.leaf, size, path, content.note)


def load(tenant: str, number: int, data: bytes) -> Content:
    """Read an object; its root must be the note's. The signature is verify's to check."""
    what = object_name(tenant, number)
    try:
        content = msgspec.json.decode(data, type=Content)
        lines = content.note.split("\n")
        size, stated = int(lines[1]), b64decode(lines[2], validate=True)
    except (msgspec.DecodeError, ValueError, IndexError) as error:
        raise Tampered(what, "is no checkpoint") from error
    if content_bytes(content) != data:
        raise Tampered(what, "is not written as checkpoints are")
    leaves = [leaf.encoded() for leaf in content.leaves]
    if size != len(leaves) or root(leaves) != stated:
        raise Tampered(what, "its heads do not give the root that it states")
    return content


def content_bytes(content: Content) -> bytes:
    return msgspec.json.encode(content)


def note_hash(note: str) -> str:
    return b64encode(sha256(note.encode()).digest()).decode()


def _changed(tx: Transaction) -> list[Leaf]:
    """Heads beyond their anchor, sorted by stream, of every table of streams."""
    leaves: list[Leaf] = []
    for table in stream_tables():
        joined = table.outerjoin(
            anchor_table,
            and_(anchor_table.c.tenant == table.c.tenant, anchor_table.c.stream == table.c.id),
        )
        statement = (
            select(table.c.id, table.c.seq, table.c.head)
            .select_from(joined)
            .where(
                table.c.tenant == tx.tenant,
                table.c.seq > 0,
                or_(anchor_table.c.seq.is_(None), anchor_table.c.seq < table.c.seq),
            )
            .order_by(table.c.id)
            .limit(_MOST)
        )
        leaves += [Leaf(row.id, row.seq, row.head.hex()) for row in tx.all(statement)]
    return sorted(leaves, key=lambda leaf: leaf.stream)[:_MOST]


def _body(
    tx: Transaction, number: int, leaves: list[Leaf], last: Row | None, key: SigningKey
) -> str:
    """The signed text: origin, size, root, and what leads to the checkpoint before and the key."""
    return "\n".join(
        (
            f"{ORIGIN} {tx.tenant}",
            str(len(leaves)),
            b64encode(root([leaf.encoded() for leaf in leaves])).decode(),
            f"number {number}",
            f"previous {'-' if last is None else note_hash(last.note)}",
            f"at {tx.now.isoformat()}",
            f"key {b64encode(key.public).decode()}",
            "",
        )
    )


def _record(tx: Transaction, leaves: list[Leaf], last: Row | None, key: SigningKey) -> Checkpoint:
    number = 1 if last is None else last.number + 1
    body = _body(tx, number, leaves, last, key)
    note = key.note(body)
    row = {
        "tenant": tx.tenant,
        "number": number,
        "at": tx.now,
        "size": len(leaves),
        "note": note,
        "pending": content_bytes(Content(note, tuple(leaves))),
    }
    batch = tx.batch()
    batch.add(_INSERT, row, rows=1)
    batch.add(_FREE_ANCHOR, [{"of_tenant": tx.tenant, "of_stream": leaf.stream} for leaf in leaves])
    batch.add(
        _ANCHOR,
        [
            {
                "tenant": tx.tenant,
                "stream": leaf.stream,
                "seq": leaf.seq,
                "checkpoint": number,
                "leaf": index,
            }
            for index, leaf in enumerate(leaves)
        ],
    )
    batch.run()
    return Checkpoint(number, note, len(leaves))


def _store_pending(database: Database, store: ObjectStore, tenant: str) -> None:
    """Put what rows still carry. Doing it twice puts the same bytes, or meets the lock."""
    with database.reading(tenant) as tx:
        pending = tx.all(_PENDING, {"of_tenant": tenant})
    for row in pending:
        name = object_name(tenant, row.number)
        try:
            store.put(name, row.pending, locked_until=row.at + KEPT)
        except Locked:
            if store.get(name) != row.pending:
                raise Tampered(name, "another checkpoint is locked under this name") from None
        with database.begin(tenant) as tx:
            tx.run(_STORED, {"of_tenant": tenant, "of_number": row.number})
