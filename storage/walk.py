"""Walking a stream: is every entry there, and does each give the hash that the chain carries?

Invariant: what is named is what was changed. After a fault the walk goes on from the hash as
stored and from the hash as computed, so that one flipped byte names one row, not its neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import Table, bindparam, select

from storage.chain import GENESIS, commit_values, decode_header, entry_hash
from storage.database import Row, Transaction
from storage.errors import NotStored
from storage.ledger import ERASED, rows


class Fault(NamedTuple):
    """One broken place. `what` is `stream#seq`, a stream, an object's name, `checkpoint n`."""

    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}"


class Walk:
    """Checks one stream row by row."""

    def __init__(self, tenant: str, stream: str) -> None:
        self.tenant, self.stream = tenant, stream
        self.seq = 0
        self.faults: list[Fault] = []
        self._before: tuple[bytes, ...] = (GENESIS,)  # what the next entry may follow
        self._redacted: set[int] = set()
        self._explained: set[int] = set()

    def step(self, row: Row) -> None:
        gap = row.seq != self.seq + 1
        if gap:
            last = row.seq - 1
            missing = str(last) if last == self.seq + 1 else f"{self.seq + 1} to {last}"
            self._fault(self.seq + 1, f"missing: {missing}")
        self.seq = row.seq
        salted = row.values
        commitment = row.erased if salted is None else commit_values(salted)
        computed = [
            entry_hash(before, self.tenant, row.stream, row.seq, row.header, row.facts, commitment)
            for before in self._before
        ]
        if row.hash in computed:
            self._before = (row.hash,)
            self._read(row)
        else:
            # Behind a gap nobody knows what the entry followed.
            if not gap:
                self._fault(row.seq, "its bytes do not give the hash that the chain carries")
            self._before = (row.hash, *computed)

    def finish(self, seq: int, head: bytes) -> None:
        """Compare with the head in the stream's own row."""
        for erased in sorted(self._redacted - self._explained):
            self._fault(erased, "values erased without a record of it")
        if self.seq < seq:
            self._fault(self.seq + 1, f"missing: the stream's row says {seq}")
        elif self.seq > seq:
            self._fault(seq + 1, f"unknown to the stream's row, which says {seq}")
        elif head not in self._before:
            self.faults.append(Fault(self.stream, "the head is not the last entry's hash"))

    def _read(self, row: Row) -> None:
        if row.values is not None and row.erased is not None:
            self._fault(row.seq, "holds values and says that they are erased")
        if row.values is None and row.erased is not None:
            self._redacted.add(row.seq)
        try:
            if decode_header(row.header).kind == ERASED:
                self._explained.update(msgspec.json.decode(row.facts)["seqs"])
        except (msgspec.DecodeError, KeyError, TypeError, OverflowError):
            self._fault(row.seq, "cannot be read")

    def _fault(self, seq: int, reason: str) -> None:
        self.faults.append(Fault(f"{self.stream}#{seq}", reason))


def verify_stream(tx: Transaction, table: Table, id: str) -> list[Fault]:  # noqa: A002
    """Every broken place of one stream; none: it is whole, from the first entry to its head."""
    mine = (table.c.tenant == bindparam("of_tenant"), table.c.id == bindparam("of_id"))
    key = {"of_tenant": tx.tenant, "of_id": id}
    stream = tx.first(select(table.c.seq, table.c.head).where(*mine), key)
    if stream is None:
        raise NotStored(f"{table.name} {id}")
    walk = Walk(tx.tenant, id)
    for row in rows(tx, id):
        walk.step(row)
    walk.finish(stream.seq, stream.head)
    return walk.faults
