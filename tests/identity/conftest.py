"""A database with the tables of identity: SQLite, and PostgreSQL where it is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

import identity.tables  # noqa: F401 the tables register themselves
from storage.database import Database

DATABASES = ["sqlite"]
if os.environ.get("AMTSGANG_TEST_POSTGRES") or os.environ.get("AMTSGANG_DEMAND_SERVICES") == "1":
    DATABASES.append("postgresql")


def _postgres_url(url: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'amtsgang.db'}"
    else:
        yield from _postgres_url(os.environ["AMTSGANG_TEST_POSTGRES"])


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.open(database_url, connections=4)
    database.create_all()
    yield database
    database.close()
