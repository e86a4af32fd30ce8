"""An engine on every database that is at hand: SQLite always, PostgreSQL when it is named.

AMTSGANG_TEST_POSTGRES is a SQLAlchemy URL of a server database that may be emptied.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

import engine.tables  # noqa: F401 the tables to create
from storage.database import Database, metadata
from tests.engine.bureau import Bureau


def _postgres() -> str | None:
    return os.environ.get("AMTSGANG_TEST_POSTGRES")


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param(
            "postgresql",
            marks=[
                pytest.mark.skipif(_postgres() is None, reason="AMTSGANG_TEST_POSTGRES is not set"),
            ],
        ),
    ]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'engine.db'}"
    found = _postgres()
    assert found is not None
    server = create_engine(found)
    metadata.drop_all(server)
    server.dispose()
    return found


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database.open(url)
    opened.create_all()
    yield opened
    opened.close()


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database)


@pytest.fixture
def reopen(url: str) -> Iterator[Callable[[], Database]]:
    """Further connections to the same database, as other processes have them."""
    opened: list[Database] = []

    def open_again() -> Database:
        opened.append(Database.open(url))
        return opened[-1]

    yield open_again
    for each in opened:
        each.close()
