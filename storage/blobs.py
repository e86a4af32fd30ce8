"""Contents of documents: encrypted objects, each with a key of its own.

A blob's key is wrapped by its holder's (an Akte's), and that by the tenant's; so destroying a row
shreds a document, or an Akte. Invariant: an object is stored and compared before any row says so;
COMMITTED happens in the transaction of whoever files it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from storage.database import (
    Database,
    Instant,
    Row,
    Transaction,
    for_update,
    metadata,
    tenant_column,
)
from storage.errors import Conflict, KeyMissing, NotStored, StorageError, Tampered, TooLarge
from storage.keys import Keyring, decrypt, encrypt, new_key
from storage.objects import ObjectStore

LARGEST = 25 * 1024 * 1024
PENDING, COMMITTED, SHREDDED = "PENDING", "COMMITTED", "SHREDDED"

blob_table = Table(
    "blob",
    metadata,
    tenant_column(),
    Column("id", String(32), nullable=False),
    Column("state", String(9), nullable=False),
    Column("sha256", String(64), nullable=False),  # of the content, in hex
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(127), nullable=False),
    Column("key_holder", String(64)),
    Column("key", LargeBinary),  # wrapped by the holder's, or the tenant's; NULL once shredded
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_blob_key_holder", "tenant", "key_holder"),
    Index("ix_blob_state", "tenant", "state", "created_at"),
)
key_holder_table = Table(
    "key_holder",
    metadata,
    tenant_column(),
    Column("id", String(64), nullable=False),
    Column("key", LargeBinary),  # wrapped by the tenant's; NULL once shredded
    PrimaryKeyConstraint("tenant", "id"),
)

_mine = (blob_table.c.tenant == bindparam("of_tenant"), blob_table.c.id == bindparam("of_id"))
_INSERT = insert(blob_table)
_BLOB = select(blob_table).where(*_mine)
_LOCKED_BLOB = for_update(_BLOB)
_COMMIT = (
    update(blob_table)
    .where(*_mine, blob_table.c.state == PENDING)
    .values(state=COMMITTED, key_holder=bindparam("holder"), key=bindparam("wrapped"))
)
_SHRED = update(blob_table).where(*_mine).values(state=SHREDDED, key=None)
_OF_HOLDER = select(blob_table.c.id).where(
    blob_table.c.tenant == bindparam("of_tenant"), blob_table.c.key_holder == bindparam("holder")
)
_HOLDER = select(key_holder_table.c.key).where(
    key_holder_table.c.tenant == bindparam("of_tenant"),
    key_holder_table.c.id == bindparam("of_id"),
)
_LOCKED_HOLDER = for_update(_HOLDER)
_INSERT_HOLDER = insert(key_holder_table)
_SHRED_HOLDER = (
    update(key_holder_table)
    .where(
        key_holder_table.c.tenant == bindparam("of_tenant"),
        key_holder_table.c.id == bindparam("of_id"),
    )
    .values(key=None)
)
_STALE = select(blob_table.c.id).where(
    blob_table.c.tenant == bindparam("of_tenant"),
    blob_table.c.state == PENDING,
    blob_table.c.created_at < bindparam("before", type_=Instant),
)
_FORGET = delete(blob_table).where(*_mine, blob_table.c.state == PENDING)
_STATES = select(blob_table.c.id, blob_table.c.state).where(
    blob_table.c.tenant == bindparam("of_tenant")
)


class Blob(NamedTuple):
    """What is known of a content without its key. `sha256` is in hex, of the content."""

    id: str
    sha256: str
    size: int
    media_type: str


class Reconciled(NamedTuple):
    """Blob ids: PENDING too long, objects without a row, rows without an object, and objects of
    shredded rows. All but `missing` have been removed."""

    stale: list[str]
    orphans: list[str]
    missing: list[str]
    leftovers: list[str]


def object_name(tenant: str, blob_id: str) -> str:
    return f"blobs/{tenant}/{blob_id[:2]}/{blob_id}"


class Blobs:
    """All contents. Access is checked by the caller, who also writes ledger and access log."""

    def __init__(self, database: Database, store: ObjectStore, keyring: Keyring) -> None:
        self._database, self._store, self._keyring = database, store, keyring

    def put(self, tenant: str, data: bytes, media_type: str) -> Blob:
        """Store encrypted and compare; the blob is PENDING until someone commits it."""
        if len(data) > LARGEST:
            raise TooLarge(f"{len(data)} bytes; at most {LARGEST} are kept as one document")
        blob = Blob(uuid4().hex, sha256(data).hexdigest(), len(data), media_type)
        key = new_key()
        with self._database.begin(tenant) as tx:
            row = {
                **blob._asdict(),
                "tenant": tenant,
                "state": PENDING,
                "key_holder": None,
                "key": self._keyring.wrap(tenant, key, _key_context(tenant, blob.id)),
                "created_at": tx.now,
            }
            tx.run(_INSERT, row)
        name = object_name(tenant, blob.id)
        stored = encrypt(key, data, _context(tenant, blob.id))
        self._store.put(name, stored)
        if self._store.get(name) != stored:
            raise Tampered(name, "the store gives back other bytes than it was given")
        return blob

    def commit(self, tx: Transaction, blob_id: str, key_holder: str | None = None) -> None:
        """COMMITTED with the caller's transaction. Raises Conflict if it is not PENDING."""
        row = self._row(tx, blob_id, _LOCKED_BLOB)
        if row.state != PENDING:
            raise Conflict(f"blob {blob_id} is {row.state}")
        wrapped = row.key
        if key_holder is not None:
            context = _key_context(tx.tenant, blob_id)
            key = self._keyring.unwrap(tx.tenant, row.key, context)
            wrapped = encrypt(self._holder_key(tx, key_holder, create=True), key, context)
        where = {"of_tenant": tx.tenant, "of_id": blob_id}
        if tx.run(_COMMIT, {**where, "holder": key_holder, "wrapped": wrapped}) != 1:
            raise Conflict(f"blob {blob_id} is no longer PENDING")

    def read(self, tx: Transaction, blob_id: str) -> bytes:
        """Decrypt and compare. Raises NotStored, KeyMissing (shredded) or Tampered."""
        row = self._row(tx, blob_id, _BLOB)
        if row.key is None:
            raise KeyMissing(f"blob {blob_id}: its content was destroyed")
        context = _key_context(tx.tenant, blob_id)
        if row.key_holder is None:
            with _named(f"blob {blob_id}"):
                key = self._keyring.unwrap(tx.tenant, row.key, context)
        else:
            holders = self._holder_key(tx, row.key_holder, create=False)
            with _named(f"blob {blob_id}"):
                key = decrypt(holders, row.key, context)
        name = object_name(tx.tenant, blob_id)
        with _named(name):
            data = decrypt(key, self._store.get(name), _context(tx.tenant, blob_id))
        if sha256(data).hexdigest() != row.sha256 or len(data) != row.size:
            raise Tampered(name, "its SHA-256 is not the recorded one")
        return data

    def describe(self, tx: Transaction, blob_id: str) -> Blob:
        row = self._row(tx, blob_id, _BLOB)
        return Blob(row.id, row.sha256, row.size, row.media_type)

    def shred(self, tx: Transaction, blob_id: str) -> None:
        """Destroy the key with the caller's transaction, and the object after it."""
        self._row(tx, blob_id, _LOCKED_BLOB)
        self._shred(tx, [blob_id])

    def shred_holder(self, tx: Transaction, key_holder: str) -> list[str]:
        """Destroy the holder's key and with it each of its blobs, whose ids are returned."""
        where = {"of_tenant": tx.tenant, "of_id": key_holder}
        if tx.first(_LOCKED_HOLDER, where) is None:
            return []
        tx.run(_SHRED_HOLDER, where)
        found = tx.all(_OF_HOLDER, {"of_tenant": tx.tenant, "holder": key_holder})
        ids = [row.id for row in found]
        self._shred(tx, ids)
        return ids

    def reconcile(self, tenant: str, older_than: timedelta) -> Reconciled:
        """Compare rows and objects; remove what nobody can read or will ever commit."""
        # Objects first: whatever is listed had its row before.
        listed = {name.rpartition("/")[2] for name in self._store.names(f"blobs/{tenant}/")}
        with self._database.reading(tenant) as tx:
            states = {row.id: row.state for row in tx.all(_STATES, {"of_tenant": tenant})}
            before = datetime.now(UTC) - older_than
            old = [row.id for row in tx.all(_STALE, {"of_tenant": tenant, "before": before})]
        stale = [blob_id for blob_id in old if self._forget(tenant, blob_id)]
        orphans = sorted(listed - states.keys())
        leftovers = sorted(i for i in listed if states.get(i) == SHREDDED)
        self._remove(tenant, [*stale, *orphans, *leftovers])
        missing = [
            blob_id
            for blob_id, state in sorted(states.items())
            if state == COMMITTED and blob_id not in listed and self._is_missing(tenant, blob_id)
        ]
        return Reconciled(stale, orphans, missing, leftovers)

    def committed(self, tx: Transaction) -> list[str]:
        """The ids of all contents that must be readable."""
        return [blob_id for blob_id, committed in self.kept(tx).items() if committed]

    def kept(self, tx: Transaction) -> dict[str, bool]:
        """The ids of all contents that are not shredded, and whether each must be readable.

        One that is PENDING may have no object yet; if it has one, that must be the right one.
        """
        found = tx.all(_STATES, {"of_tenant": tx.tenant})
        return {row.id: row.state == COMMITTED for row in found if row.state != SHREDDED}

    def _shred(self, tx: Transaction, ids: list[str]) -> None:
        tx.run(_SHRED, [{"of_tenant": tx.tenant, "of_id": blob_id} for blob_id in ids])
        tenant = tx.tenant
        tx.after_commit(lambda: self._remove(tenant, ids))

    def _forget(self, tenant: str, blob_id: str) -> bool:
        """Drop a row if it is still PENDING: whoever commits it first wins."""
        with self._database.begin(tenant) as tx:
            return tx.run(_FORGET, {"of_tenant": tenant, "of_id": blob_id}) == 1

    def _remove(self, tenant: str, ids: Iterable[str]) -> None:
        """Delete objects. What cannot be deleted now, `reconcile` finds again; it has no key."""
        for blob_id in ids:
            try:
                self._store.delete(object_name(tenant, blob_id))
            except StorageError:
                continue

    def _is_missing(self, tenant: str, blob_id: str) -> bool:
        return not self._store.exists(object_name(tenant, blob_id))

    def _row(self, tx: Transaction, blob_id: str, statement: object) -> Row:
        where = {"of_tenant": tx.tenant, "of_id": blob_id}
        row = tx.first(statement, where)  # type: ignore[arg-type]
        if row is None:
            raise NotStored(f"blob {blob_id}")
        return row

    def _holder_key(self, tx: Transaction, holder: str, *, create: bool) -> bytes:
        where = {"of_tenant": tx.tenant, "of_id": holder}
        context = f"amtsgang/holder-key/1 {tx.tenant} {holder}"
        row = tx.first(_HOLDER, where)
        if row is None and create:
            key = new_key()
            wrapped = self._keyring.wrap(tx.tenant, key, context)
            tx.run(_INSERT_HOLDER, {"tenant": tx.tenant, "id": holder, "key": wrapped})
            return key
        if row is None or row.key is None:
            raise KeyMissing(f"holder {holder}")
        with _named(f"holder {holder}"):
            return self._keyring.unwrap(tx.tenant, row.key, context)


@contextmanager
def _named(what: str) -> Iterator[None]:
    """What is broken bears the name under which it is stored, not the one it is encrypted for."""
    try:
        yield
    except Tampered as error:
        raise Tampered(what, error.reason) from error


def _context(tenant: str, blob_id: str) -> str:
    return f"amtsgang/blob/1 {tenant} {blob_id}"


def _key_context(tenant: str, blob_id: str) -> str:
    return f"amtsgang/blob-key/1 {tenant} {blob_id}"
