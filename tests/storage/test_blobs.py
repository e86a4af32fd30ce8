"""Contents: encrypted, compared, committed with whoever files them, and shredded for good."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from storage.blobs import LARGEST, Blobs, blob_table, object_name
from storage.database import Database
from storage.errors import Conflict, KeyMissing, NotStored, Tampered, TooLarge
from storage.keys import Keyring
from storage.objects import ObjectStore

PDF = "application/pdf"
NO_TIME = timedelta(seconds=-60)


@pytest.fixture
def blobs(database: Database, store: ObjectStore, keyring: Keyring) -> Blobs:
    return Blobs(database, store, keyring)


def _filed(blobs: Blobs, database: Database, data: bytes, holder: str | None = "akte") -> str:
    blob = blobs.put("default", data, PDF)
    with database.begin() as tx:
        blobs.commit(tx, blob.id, holder)
    return blob.id


@pytest.mark.parametrize("holder", [None, "akte"])
def test_content_comes_back_and_is_stored_encrypted(
    blobs: Blobs, database: Database, store: ObjectStore, holder: str | None
) -> None:
    blob_id = _filed(blobs, database, b"Rechnung" * 99, holder)

    with database.reading() as tx:
        data, described = blobs.read(tx, blob_id), blobs.describe(tx, blob_id)

    assert data == b"Rechnung" * 99
    assert (described.size, described.media_type) == (792, PDF)
    assert b"Rechnung" not in store.get(object_name("default", blob_id))


def test_pending_content_can_be_read_but_committed_once_only(
    blobs: Blobs, database: Database
) -> None:
    blob = blobs.put("default", b"x", PDF)
    with database.reading() as tx:
        assert blobs.read(tx, blob.id) == b"x"
    with database.begin() as tx:
        blobs.commit(tx, blob.id)

    with pytest.raises(Conflict), database.begin() as tx:
        blobs.commit(tx, blob.id)


def test_another_tenant_finds_nothing(blobs: Blobs, database: Database) -> None:
    blob_id = _filed(blobs, database, b"x")

    with pytest.raises(NotStored), database.reading("other") as tx:
        blobs.read(tx, blob_id)


@pytest.mark.parametrize("place", [0, 12, -1])
def test_a_flipped_byte_in_an_object_names_it(
    blobs: Blobs, database: Database, store: ObjectStore, place: int
) -> None:
    blob_id = _filed(blobs, database, b"content")
    name = object_name("default", blob_id)
    data = bytearray(store.get(name))
    data[place] ^= 1
    store.put(name, bytes(data))

    with pytest.raises(Tampered) as refused, database.reading() as tx:
        blobs.read(tx, blob_id)

    assert refused.value.what == name


def test_an_object_in_the_place_of_another_is_refused(
    blobs: Blobs, database: Database, store: ObjectStore
) -> None:
    first, second = _filed(blobs, database, b"1"), _filed(blobs, database, b"2")
    store.put(object_name("default", first), store.get(object_name("default", second)))

    with pytest.raises(Tampered), database.reading() as tx:
        blobs.read(tx, first)


def test_a_shredded_document_is_gone_and_its_neighbour_is_not(
    blobs: Blobs, database: Database, store: ObjectStore
) -> None:
    first, second = _filed(blobs, database, b"1"), _filed(blobs, database, b"2")

    with database.begin() as tx:
        blobs.shred(tx, first)

    with database.reading() as tx:
        assert blobs.read(tx, second) == b"2"
        with pytest.raises(KeyMissing):
            blobs.read(tx, first)
    assert not store.exists(object_name("default", first))


def test_shredding_that_is_rolled_back_destroys_nothing(blobs: Blobs, database: Database) -> None:
    blob_id = _filed(blobs, database, b"1")

    with suppress(ZeroDivisionError), database.begin() as tx:
        blobs.shred(tx, blob_id)
        raise ZeroDivisionError

    with database.reading() as tx:
        assert blobs.read(tx, blob_id) == b"1"


def test_shredding_an_akte_takes_all_its_documents_and_no_more_are_filed(
    blobs: Blobs, database: Database
) -> None:
    mine = sorted(_filed(blobs, database, b"%d" % n) for n in range(3))
    other = _filed(blobs, database, b"other", "other")

    with database.begin() as tx:
        shredded = blobs.shred_holder(tx, "akte")

    assert sorted(shredded) == mine
    with database.reading() as tx:
        assert blobs.read(tx, other) == b"other"
    with pytest.raises(KeyMissing):
        _filed(blobs, database, b"late")


def test_the_reconciler_finds_what_a_crash_leaves(
    blobs: Blobs, database: Database, store: ObjectStore
) -> None:
    kept = _filed(blobs, database, b"kept")
    stale = blobs.put("default", b"never filed", PDF).id
    missing = _filed(blobs, database, b"lost")
    store.delete(object_name("default", missing))
    orphan = _filed(blobs, database, b"row lost")
    shredded = _filed(blobs, database, b"1")
    left = store.get(object_name("default", shredded))
    with database.begin() as tx:
        tx.run(delete(blob_table).where(blob_table.c.id == orphan))
        blobs.shred(tx, shredded)
    store.put(object_name("default", shredded), left)

    found = blobs.reconcile("default", NO_TIME)

    assert found == ([stale], [orphan], [missing], [shredded])
    assert list(store.names("blobs/")) == [object_name("default", kept)]
    assert blobs.reconcile("default", NO_TIME) == ([], [], [missing], [])


def test_what_is_too_large_is_refused(blobs: Blobs) -> None:
    with pytest.raises(TooLarge):
        blobs.put("default", bytes(LARGEST + 1), PDF)


def test_without_the_keyring_nothing_is_readable(
    blobs: Blobs, database: Database, store: ObjectStore, tmp_path: Path
) -> None:
    blob_id = _filed(blobs, database, b"x")
    stranger = Blobs(database, store, Keyring(tmp_path / "elsewhere"))

    with pytest.raises(KeyMissing), database.reading() as tx:
        stranger.read(tx, blob_id)


def test_keys_are_readable_by_their_owner_only(keyring: Keyring, tmp_path: Path) -> None:
    keyring.wrap("default", b"k" * 32, "x")
    assert len(keyring.fingerprint) == 64

    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()}

    assert modes == {0o600}
    assert Keyring(tmp_path / "keys").fingerprint == keyring.fingerprint
