"""A database per test: SQLite always, PostgreSQL where AMTSGANG_TEST_POSTGRES names one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from storage import ledger
from storage.blobs import Blobs
from storage.database import Database
from storage.keys import Keyring
from storage.objects import ObjectStore, open_store
from tests.storage.cases import case_table
from tests.storage.house import House


def _postgres_url(url: str) -> Iterator[str]:
    """A database of its own on the server that the environment names."""
    name = f"test_{uuid4().hex}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(autouse=True)
def _cases_are_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other folder's house has such a table, so it is a stream's only here."""
    monkeypatch.setattr(ledger, "_streams", dict(ledger._streams))
    ledger.register_stream(case_table)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'amtsgang.db'}"
        return
    url = os.environ.get("AMTSGANG_TEST_POSTGRES")
    if not url:
        pytest.skip("AMTSGANG_TEST_POSTGRES names no PostgreSQL")
    yield from _postgres_url(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.open(database_url, connections=4)
    database.create_all()
    yield database
    database.close()


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path / "objects"))


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


@pytest.fixture
def house(database: Database, store: ObjectStore, keyring: Keyring) -> House:
    """Three cases of five entries, a document each, two checkpoints."""
    house = House(database, store, keyring, Blobs(database, store, keyring))
    for case in ("a", "b", "c"):
        house.open_case(case)
        house.step(case, 2)
    house.checkpoint()
    for case in ("a", "b", "c"):
        house.file(case, f"<invoice>{case}</invoice>".encode())
        house.step(case, 2)
    house.checkpoint()
    return house
