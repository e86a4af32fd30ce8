"""One suite for every object store."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from storage.errors import Locked, NotStored, Unavailable, WrongUse
from storage.objects import ObjectStore, open_store


@pytest.fixture(params=["directory", pytest.param("s3", marks=pytest.mark.services)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "directory":
        return open_store(f"file://{tmp_path}/objects")
    url = os.environ.get("AMTSGANG_TEST_S3")
    if not url:
        pytest.skip("AMTSGANG_TEST_S3 names no object store")
    return open_store(url)


@pytest.fixture
def folder() -> str:
    return f"test/{uuid4().hex}"


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 5000])
def test_bytes_come_back_as_they_were_put(store: ObjectStore, folder: str, data: bytes) -> None:
    store.put(f"{folder}/a.bin", data)

    assert store.get(f"{folder}/a.bin") == data
    assert store.exists(f"{folder}/a.bin")


def test_what_is_not_there_is_not_stored(store: ObjectStore, folder: str) -> None:
    assert not store.exists(f"{folder}/a")
    assert store.locked_until(f"{folder}/a") is None
    with pytest.raises(NotStored):
        store.get(f"{folder}/a")


def test_a_second_put_replaces_the_first(store: ObjectStore, folder: str) -> None:
    store.put(f"{folder}/a", b"1")

    store.put(f"{folder}/a", b"2")

    assert store.get(f"{folder}/a") == b"2"


def test_what_is_deleted_is_gone_and_may_be_deleted_again(store: ObjectStore, folder: str) -> None:
    store.put(f"{folder}/a", b"1")
    store.put(f"{folder}/a", b"2")
    store.put(f"{folder}/ab", b"3")

    store.delete(f"{folder}/a")
    store.delete(f"{folder}/a")

    assert not store.exists(f"{folder}/a")
    assert list(store.names(f"{folder}/")) == [f"{folder}/ab"]


def test_names_lists_what_begins_so(store: ObjectStore, folder: str) -> None:
    for name in ("x/1", "x/2", "xy/3", "z"):
        store.put(f"{folder}/{name}", b"")

    assert sorted(store.names(f"{folder}/x/")) == [f"{folder}/x/1", f"{folder}/x/2"]
    assert len(list(store.names(f"{folder}/"))) == 4
    assert list(store.names(f"{folder}/none/")) == []


def test_a_locked_object_is_neither_deleted_nor_replaced(store: ObjectStore, folder: str) -> None:
    until = datetime.now(UTC) + timedelta(seconds=20)
    store.put(f"{folder}/a", b"1", locked_until=until)

    with pytest.raises(Locked):
        store.delete(f"{folder}/a")
    with pytest.raises(Locked):
        store.put(f"{folder}/a", b"2")

    found = store.locked_until(f"{folder}/a")
    assert found is not None
    assert abs(found - until) < timedelta(seconds=2)
    assert store.get(f"{folder}/a") == b"1"


def test_an_expired_lock_no_longer_holds(tmp_path: Path, folder: str) -> None:
    store = open_store(str(tmp_path))
    store.put(f"{folder}/a", b"1", locked_until=datetime.now(UTC) - timedelta(seconds=1))

    store.delete(f"{folder}/a")

    assert not store.exists(f"{folder}/a")


@pytest.mark.parametrize("name", ["", "/a", "a/../b", "A", "a//b", ".locks/a", "a/", "ä"])
def test_a_name_that_leads_elsewhere_is_refused(store: ObjectStore, name: str) -> None:
    with pytest.raises(WrongUse):
        store.put(name, b"")


def test_a_store_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        open_store("s3://key:secret@127.0.0.1:1/bucket")


def test_an_unknown_kind_of_store_is_refused() -> None:
    with pytest.raises(WrongUse):
        open_store("ftp://example.org/x")


@pytest.mark.services
def test_processes_that_start_together_share_the_bucket_that_one_of_them_makes(s3_url: str) -> None:
    url = f"{s3_url.rsplit('/', 1)[0]}/together-{uuid4().hex[:12]}"

    with ThreadPoolExecutor(8) as threads:
        stores = list(threads.map(open_store, [url] * 8))

    stores[0].put("made", b"x")
    assert all(store.get("made") == b"x" for store in stores)
