"""The ledger: the one history. A stream is a row of a table that includes `stream_columns()`.

Entries are appended in the transaction that changes what they tell of; the head stands in the
stream's own row, so there is no global lock. Invariant: an entry is never changed or deleted; only
its values may be erased, which a later entry of the same stream records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from os import urandom
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    bindparam,
    insert,
    select,
    update,
)

from storage.chain import GENESIS, SALT, commit_values, decode_header, encode_header, entry_hash
from storage.database import (
    Row,
    Transaction,
    for_update,
    from_microseconds,
    metadata,
    tenant_column,
)
from storage.errors import NotStored, Tampered, WrongUse

ERASED = "ledger.values_erased"

ledger_entry = Table(
    "ledger_entry",
    metadata,
    tenant_column(),
    Column("stream", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("header", LargeBinary, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("values", LargeBinary),  # salt ‖ values; NULL: there are none, or they were erased
    Column("erased", LargeBinary(32)),  # the commitment that erased values leave behind
    Column("hash", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("tenant", "stream", "seq"),
)

INSERT_ENTRY = insert(ledger_entry).values(
    {column.name: bindparam(column.name) for column in ledger_entry.c if column.name != "erased"}
)

_ENTRIES = (
    select(ledger_entry)
    .where(
        ledger_entry.c.tenant == bindparam("tenant"),
        ledger_entry.c.stream == bindparam("stream"),
        ledger_entry.c.seq > bindparam("after"),
    )
    .order_by(ledger_entry.c.seq)
    .limit(bindparam("page"))
)
_ERASE = (
    update(ledger_entry)
    .where(
        ledger_entry.c.tenant == bindparam("of_tenant"),
        ledger_entry.c.stream == bindparam("of_stream"),
        ledger_entry.c.seq == bindparam("of_seq"),
        ledger_entry.c["values"].is_not(None),
    )
    .values(values=None, erased=bindparam("commitment"))
)
_PAGE = 500


def stream_columns() -> list[Column[Any]]:
    """What makes a row a stream: beside `tenant` and `id` (the stream's name)."""
    return [
        Column("seq", BigInteger, nullable=False, default=0),
        Column("head", LargeBinary(32), nullable=False, default=GENESIS),
    ]


@dataclass(frozen=True)
class _Stream:
    """The statements of one table of streams."""

    table: Table
    lock: Any
    advance: Any


_streams: dict[str, _Stream] = {}


def register_stream(table: Table) -> Table:
    """Let checkpoints and verification find this table's streams. Returns the table."""
    missing = {"tenant", "id", "seq", "head"} - set(table.c.keys())
    if missing:
        raise WrongUse(f"table {table.name} is no table of streams: {sorted(missing)} missing")
    mine = (table.c.tenant == bindparam("of_tenant"), table.c.id == bindparam("of_id"))
    _streams[table.name] = _Stream(
        table,
        for_update(select(table.c.seq, table.c.head).where(*mine)),
        update(table).where(*mine).values(seq=bindparam("seq"), head=bindparam("head")),
    )
    return table


def stream_tables() -> list[Table]:
    """Every registered table, by name."""
    return [_streams[name].table for name in sorted(_streams)]


class Entry(NamedTuple):
    """One entry as read. `values` is None if there are none or `redacted` says they were erased."""

    stream: str
    seq: int
    at: datetime
    actor: str
    on_behalf_of: str | None
    kind: str
    facts: bytes
    values: bytes | None
    redacted: bool = False


class Sealed(NamedTuple):
    """A hashed entry: the stream's new head, and the row for INSERT_ENTRY."""

    head: bytes
    row: dict[str, Any]


def seal(  # noqa: PLR0917 the order of an entry's fields
    stream: str,
    seq: int,
    prev: bytes,
    at: datetime,
    actor: str,
    on_behalf_of: str | None,
    kind: str,
    facts: bytes,
    values: bytes | None,
    *,
    tenant: str,
) -> Sealed:
    """Encode and hash the entry `seq` (1 is the first) that follows the head `prev`."""
    header = encode_header(at, actor, on_behalf_of, kind)
    salted = commitment = None
    if values is not None:
        salted = urandom(SALT) + values
        commitment = commit_values(salted)
    head = entry_hash(prev, tenant, stream, seq, header, facts, commitment)
    row = {
        "tenant": tenant,
        "stream": stream,
        "seq": seq,
        "header": header,
        "facts": facts,
        "values": salted,
        "hash": head,
    }
    return Sealed(head, row)


def append(
    tx: Transaction,
    table: Table,
    id: str,  # noqa: A002 the column's name
    *,
    actor: str,
    on_behalf_of: str | None = None,
    kind: str,
    facts: bytes,
    values: bytes | None = None,
) -> int:
    """Lock the stream's row, write the entry, move seq and head; the entry's seq."""
    stream = _streams.get(table.name)
    if stream is None:
        raise WrongUse(f"table {table.name} is not registered as a table of streams")
    key = {"of_tenant": tx.tenant, "of_id": id}
    at = tx.first(stream.lock, key)
    if at is None:
        raise NotStored(f"{table.name} {id}")
    seq = at.seq + 1
    head, row = seal(
        id, seq, at.head, tx.now, actor, on_behalf_of, kind, facts, values, tenant=tx.tenant
    )
    batch = tx.batch()
    batch.add(INSERT_ENTRY, row, rows=1)
    batch.add(stream.advance, {**key, "seq": seq, "head": head}, rows=1)
    batch.run()
    return int(seq)


def rows(tx: Transaction, stream: str, after: int = 0) -> Iterator[Row]:
    """The stream's rows as stored, in order of seq, a page at a time."""
    while True:
        found = tx.all(
            _ENTRIES, {"tenant": tx.tenant, "stream": stream, "after": after, "page": _PAGE}
        )
        yield from found
        if len(found) < _PAGE:
            return
        after = found[-1].seq


def entries(tx: Transaction, stream: str, after: int = 0) -> Iterator[Entry]:
    """The stream's entries after seq `after`, oldest first. Raises Tampered for no header."""
    for row in rows(tx, stream, after):
        yield entry(row)


def entry(row: Row) -> Entry:
    try:
        header = decode_header(row.header)
        at = from_microseconds(header.at)
    except (msgspec.DecodeError, OverflowError) as error:
        raise Tampered(f"{row.stream}#{row.seq}", "the header cannot be read") from error
    return Entry(
        row.stream,
        row.seq,
        at,
        header.actor,
        header.on_behalf_of,
        header.kind,
        row.facts,
        None if row.values is None else row.values[SALT:],
        row.erased is not None,
    )


def erase_values(
    tx: Transaction,
    table: Table,
    id: str,  # noqa: A002
    *,
    actor: str,
    reason: str,
    on_behalf_of: str | None = None,
    seqs: Sequence[int] | None = None,
) -> list[int]:
    """Destroy values and salts (of all entries, or of `seqs`), and record that in the stream.

    The chain stays whole: each entry keeps the commitment. `reason` names the legal ground and
    must not name persons. Returns the seqs erased; none, and nothing is recorded.
    """
    wanted = None if seqs is None else set(seqs)
    erased: list[int] = []
    batch = tx.batch()
    for row in rows(tx, id):
        salted = row.values
        if salted is None or (wanted is not None and row.seq not in wanted):
            continue
        key = {"of_tenant": tx.tenant, "of_stream": id, "of_seq": row.seq}
        batch.add(_ERASE, {**key, "commitment": commit_values(salted)}, rows=1)
        erased.append(row.seq)
    batch.run()
    if erased:
        facts = msgspec.json.encode({"seqs": erased, "reason": reason})
        append(tx, table, id, actor=actor, on_behalf_of=on_behalf_of, kind=ERASED, facts=facts)
    return erased
