"""Online verification names exactly what was changed, and nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, update

from storage.blobs import Blobs, blob_table
from storage.blobs import object_name as blob_name
from storage.checkpoints import anchor_table, checkpoint, checkpoint_table, object_name
from storage.database import Database
from storage.errors import Locked
from storage.keys import Keyring
from storage.ledger import append, erase_values, ledger_entry
from storage.objects import open_store
from storage.verify import verify_all
from tests.storage.cases import case_table
from tests.storage.house import AT, House


def _overwrite(house: House, name: str, data: bytes) -> None:
    """As an insider with access to the disk does it."""
    root = house.store._root  # type: ignore[attr-defined]
    (root / name).write_bytes(data)


def test_what_nobody_touched_is_whole(house: House) -> None:
    report = house.verify()

    assert report.whole
    assert (report.streams, report.entries, report.checkpoints, report.blobs) == (3, 15, 2, 3)
    assert report.unanchored == []


def test_entries_after_the_last_checkpoint_are_named_as_unanchored(house: House) -> None:
    house.step("b")

    report = house.verify()

    assert report.whole
    assert report.unanchored == ["b"]


def test_a_checkpoint_without_changes_is_not_made(house: House) -> None:
    assert house.checkpoint() == 0
    house.step("a")
    assert house.checkpoint() == 1
    assert house.faults() == []


@pytest.mark.parametrize("column", ["header", "facts", "values", "hash"])
def test_a_flipped_byte_in_a_ledger_row_names_that_row(house: House, column: str) -> None:
    where = (ledger_entry.c.stream == "b", ledger_entry.c.seq == 4)
    with house.database.begin() as tx:
        row = tx.first(select(ledger_entry).where(*where))
        assert row is not None
        changed = bytearray(getattr(row, column))
        changed[0] ^= 128
        tx.run(update(ledger_entry).where(*where).values({column: bytes(changed)}))

    assert house.faults() == ["b#4"]


def test_every_flipped_byte_of_every_object_names_that_object(house: House) -> None:
    for name in sorted(house.store.names()):
        data = house.store.get(name)
        for place in range(0, len(data), max(1, len(data) // 9)):
            changed = bytearray(data)
            changed[place] ^= 1
            _overwrite(house, name, bytes(changed))
            assert house.faults() == [name]
        _overwrite(house, name, data)
    assert house.faults() == []


def test_an_object_that_nobody_has_committed_yet_is_held_to_its_row_too(house: House) -> None:
    waiting = blob_name("default", house.blobs.put("default", b"<letter/>", "text/xml").id)
    data = house.store.get(waiting)

    assert house.faults() == []
    _overwrite(house, waiting, bytes([data[0] ^ 1]) + data[1:])
    assert house.faults() == [waiting]
    house.store.delete(waiting)
    assert house.faults() == []


def test_a_missing_object_is_named(house: House) -> None:
    with house.database.reading() as tx:
        blob_id = house.blobs.committed(tx)[0]
    house.store.delete(blob_name("default", blob_id))
    root = house.store._root  # type: ignore[attr-defined]
    (root / object_name("default", 1)).unlink()

    assert house.faults() == [object_name("default", 1), blob_name("default", blob_id)]


def test_a_stream_cut_and_resealed_contradicts_its_checkpoint(house: House) -> None:
    """Who holds the database can rewrite a stream's tail, but not what was anchored."""
    with house.database.begin() as tx:
        tx.run(delete(ledger_entry).where(ledger_entry.c.stream == "a", ledger_entry.c.seq == 5))
        before = tx.scalar(
            select(ledger_entry.c.hash).where(ledger_entry.c.stream == "a", ledger_entry.c.seq == 4)
        )
        tx.run(update(case_table).where(case_table.c.id == "a").values(seq=4, head=before))

    assert house.faults() == ["a#5"]

    house.step("a")

    assert house.faults() == ["a#5"]


def test_a_removed_stream_is_named(house: House) -> None:
    with house.database.begin() as tx:
        tx.run(delete(case_table).where(case_table.c.id == "b"))

    assert house.faults() == ["b"]


def test_a_changed_checkpoint_row_is_named(house: House) -> None:
    with house.database.begin() as tx:
        tx.run(update(checkpoint_table).where(checkpoint_table.c.number == 2).values(size=2))

    assert house.faults() == ["checkpoint 2"]


def test_a_removed_checkpoint_row_is_named(house: House) -> None:
    with house.database.begin() as tx:
        tx.run(delete(checkpoint_table).where(checkpoint_table.c.number == 1))

    assert set(house.faults()) == {"checkpoint 1", object_name("default", 1)}


def test_a_checkpoint_removed_from_both_sides_is_missed_by_its_anchors(house: House) -> None:
    with house.database.begin() as tx:
        tx.run(delete(checkpoint_table).where(checkpoint_table.c.number == 2))
    root = house.store._root  # type: ignore[attr-defined]
    (root / object_name("default", 2)).unlink()

    assert house.faults() == ["checkpoint 2"]


def test_a_checkpoint_signed_by_a_stranger_is_named(house: House, tmp_path: Path) -> None:
    stranger = Keyring(tmp_path / "stranger")
    house.step("a")
    checkpoint(house.database, house.store, stranger, "default", AT)

    assert house.faults() == [object_name("default", 3)]


def test_a_changed_content_row_is_named(house: House) -> None:
    with house.database.begin() as tx:
        row = tx.all(select(blob_table).order_by(blob_table.c.id))[1]
        tx.run(update(blob_table).where(blob_table.c.id == row.id).values(sha256="0" * 64))

    assert house.faults() == [blob_name("default", row.id)]


def test_a_crash_before_the_object_loses_no_checkpoint(house: House) -> None:
    """The row carries the object's bytes until the store has them."""
    house.step("a")
    house.checkpoint()
    name = object_name("default", 3)
    data = house.store.get(name)
    root = house.store._root  # type: ignore[attr-defined]
    (root / name).unlink()
    (root / ".locks" / name).unlink()
    with house.database.begin() as tx:
        mine = checkpoint_table.c.number == 3
        tx.run(update(checkpoint_table).where(mine).values(pending=data))
    assert house.faults() == []

    house.checkpoint()

    assert house.store.get(name) == data
    assert house.faults() == []


def test_erased_and_shredded_is_still_whole(house: House) -> None:
    with house.database.begin() as tx:
        erase_values(tx, case_table, "a", actor="u_1", reason="§ 91 AufenthG")
        house.blobs.shred_holder(tx, "a")

    assert house.faults() == []


def test_checkpoints_of_an_old_key_hold_after_a_new_one_took_over(house: House) -> None:
    house.keyring.rotate_signing_key(AT)
    house.step("c")
    house.checkpoint()

    report = house.verify()

    assert report.whole
    assert report.checkpoints == 3


def test_tenants_do_not_mix(house: House) -> None:
    with house.database.reading() as tx:
        anchors = tx.scalar(select(anchor_table.c.seq).where(anchor_table.c.stream == "a"))

    report = verify_all(house.database, house.store, house.blobs, "other", trusted=())

    assert anchors == 5
    assert (report.whole, report.streams, report.checkpoints) == (True, 0, 0)


@pytest.mark.services
def test_in_an_s3_store_a_checkpoint_is_locked_for_years(
    database: Database, keyring: Keyring
) -> None:
    store = open_store(os.environ["AMTSGANG_TEST_S3"])
    tenant = f"t{uuid4().hex}"
    blobs = Blobs(database, store, keyring)
    with database.begin(tenant) as tx:
        tx.run(insert(case_table), {"tenant": tenant, "id": "a"})
        append(tx, case_table, "a", actor="u_1", kind="step", facts=b"{}")
    blob = blobs.put(tenant, b"content", "text/plain")
    with database.begin(tenant) as tx:
        blobs.commit(tx, blob.id)

    checkpoint(database, store, keyring, tenant)

    until = store.locked_until(object_name(tenant, 1))
    assert until is not None
    assert until > datetime.now(UTC) + timedelta(days=3000)
    with pytest.raises(Locked):
        store.delete(object_name(tenant, 1))
    report = verify_all(database, store, blobs, tenant, trusted=keyring.fingerprints())
    assert (report.whole, report.checkpoints, report.blobs) == (True, 1, 1)
