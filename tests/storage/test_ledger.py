"""The ledger: any flipped byte is named, and a lawful erasure leaves the chain whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from storage.database import Database, Row
from storage.errors import Conflict, NotStored
from storage.ledger import (
    ERASED,
    INSERT_ENTRY,
    append,
    entries,
    erase_values,
    ledger_entry,
    rows,
    seal,
)
from storage.walk import Walk, verify_stream
from tests.storage.cases import case_table

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
PARTS = st.tuples(st.binary(max_size=40), st.none() | st.binary(max_size=40))


def _case(database: Database, count: int = 4, case: str = "case") -> None:
    with database.begin(now=AT) as tx:
        tx.run(insert(case_table), {"tenant": tx.tenant, "id": case})
        for number in range(count):
            append(
                tx,
                case_table,
                case,
                actor="u_1",
                kind="step",
                facts=b"%d" % number,
                values=b"Meier",
            )


def _faults(database: Database, case: str = "case") -> list[str]:
    with database.reading() as tx:
        return [fault.what for fault in verify_stream(tx, case_table, case)]


def test_entries_come_back_as_they_were_appended(database: Database) -> None:
    _case(database, 2)
    with database.begin(now=AT) as tx:
        append(tx, case_table, "case", actor="u_2", on_behalf_of="u_3", kind="done", facts=b"{}")

    with database.reading() as tx:
        found = list(entries(tx, "case"))

    assert [(e.seq, e.kind, e.values) for e in found] == [
        (1, "step", b"Meier"),
        (2, "step", b"Meier"),
        (3, "done", None),
    ]
    assert (found[2].actor, found[2].on_behalf_of, found[2].at) == ("u_2", "u_3", AT)
    assert _faults(database) == []


def test_an_entry_that_was_already_written_is_a_conflict(database: Database) -> None:
    _case(database, 1)

    sealed = seal("case", 1, bytes(32), AT, "u_1", None, "other", b"", None, tenant="default")

    with pytest.raises(Conflict), database.begin() as tx:
        tx.run(INSERT_ENTRY, sealed.row)
    assert _faults(database) == []


def test_a_stream_that_does_not_exist_takes_no_entry(database: Database) -> None:
    with pytest.raises(NotStored), database.begin() as tx:
        append(tx, case_table, "nobody", actor="u_1", kind="step", facts=b"")


@pytest.mark.parametrize("column", ["header", "facts", "values", "hash"])
def test_a_flipped_byte_in_a_row_names_that_row_only(database: Database, column: str) -> None:
    _case(database)
    with database.begin() as tx:
        row = list(rows(tx, "case"))[1]
        changed = bytearray(getattr(row, column))
        changed[-1] ^= 1
        tx.run(update(ledger_entry).where(ledger_entry.c.seq == 2).values({column: bytes(changed)}))

    assert _faults(database) == ["case#2"]


@pytest.mark.parametrize(("seq", "named"), [(2, "case#2"), (4, "case#4")])
def test_a_missing_row_is_named(database: Database, seq: int, named: str) -> None:
    _case(database)
    with database.begin() as tx:
        tx.run(delete(ledger_entry).where(ledger_entry.c.seq == seq))

    assert _faults(database) == [named]


def test_a_changed_head_is_named(database: Database) -> None:
    _case(database)
    with database.begin() as tx:
        tx.run(update(case_table).values(head=bytes(32)))

    assert _faults(database) == ["case"]


def test_erased_values_are_gone_and_the_chain_is_whole(database: Database) -> None:
    _case(database, 3)

    with database.begin() as tx:
        erased = erase_values(tx, case_table, "case", actor="u_9", reason="§ 91 AufenthG")

    with database.reading() as tx:
        found = list(entries(tx, "case"))
        stored = b"".join(
            bytes(value) for row in rows(tx, "case") for value in row if _bytes(value)
        )
    assert erased == [1, 2, 3]
    assert [(e.values, e.redacted) for e in found[:3]] == [(None, True)] * 3
    assert found[3].kind == ERASED
    assert b"Meier" not in stored
    assert _faults(database) == []


def test_values_erased_without_a_record_are_named(database: Database) -> None:
    _case(database, 3)
    with database.begin() as tx:
        erase_values(tx, case_table, "case", actor="u_9", reason="§ 91 AufenthG", seqs=[1])
        tx.run(
            update(ledger_entry)
            .where(ledger_entry.c.seq == 2)
            .values(values=None, erased=bytes(32))
        )

    assert _faults(database) == ["case#2"]


def _bytes(value: Any) -> bool:
    return isinstance(value, bytes)


class _Stored(dict[str, Any]):
    """A row as the walk reads it, without a database."""

    __getattr__ = dict.__getitem__

    @property
    def values(self) -> Any:  # type: ignore[override]
        return self["values"]


def _chain(parts: list[tuple[bytes, bytes | None]]) -> tuple[list[_Stored], bytes]:
    head, stored = bytes(32), []
    for seq, (facts, values) in enumerate(parts, 1):
        head, row = seal("s", seq, head, AT, "u_1", None, "step", facts, values, tenant="t")
        stored.append(_Stored(row, erased=None))
    return stored, head


def _walk(stored: list[_Stored], head: bytes, seq: int) -> list[str]:
    walk = Walk("t", "s")
    for row in stored:
        walk.step(row)  # type: ignore[arg-type]
    walk.finish(seq, head)
    return [fault.what for fault in walk.faults]


@given(st.lists(PARTS, min_size=1, max_size=6), st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_bit_is_flipped_its_row_is_named(
    parts: list[tuple[bytes, bytes | None]], data: st.DataObject
) -> None:
    stored, head = _chain(parts)
    row = data.draw(st.sampled_from(stored))
    columns = [c for c in ("header", "facts", "values", "hash") if row[c]]
    column = data.draw(st.sampled_from(columns))
    changed = bytearray(row[column])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert _walk(stored, head, len(parts)) == []

    row[column] = bytes(changed)

    assert _walk(stored, head, len(parts)) == [f"s#{row['seq']}"]


def test_a_row_reads_by_the_names_of_its_columns(database: Database) -> None:
    _case(database, 1)

    with database.reading() as tx:
        row: Row = next(iter(rows(tx, "case")))

    assert (row.tenant, row.stream, row.seq, row.facts) == ("default", "case", 1, b"0")
