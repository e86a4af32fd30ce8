"""Where a workload runs: a fresh database on SQLite or PostgreSQL, gone afterwards.

Invariant: on PostgreSQL only databases that were created here are touched or dropped.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
from sqlalchemy import make_url

from bench.processor import parent_of
from storage.database import Database

SERVER = "AMTSGANG_TEST_POSTGRES"
TRANSIENT = frozenset(
    {"channel", "inbox", "incident", "job", "message", "subscription", "task_candidate", "timer"}
)
"""Tables whose rows go when an instance ends: no part of its history."""


@dataclass(frozen=True)
class Place:
    """A database with its tables; `postmaster` is known where PostgreSQL runs on this machine."""

    kind: str
    url: str
    postmaster: int | None = None

    def analyze(self) -> None:
        """What autovacuum does within a minute of a young database: tell the planner its sizes."""
        if self.kind == "postgresql":
            with psycopg.connect(_plain(self.url), autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")

    def history(self) -> dict[str, int]:
        """Bytes of each table that outlives an instance, with its indexes, after VACUUM."""
        if self.kind == "sqlite":
            return _sizes_of_file(self.url)
        self.analyze()
        with psycopg.connect(_plain(self.url), autocommit=True) as connection:
            found = connection.execute(
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            ).fetchall()
        return {name: size for name, size in found if name not in TRANSIENT}


def _sizes_of_file(url: str) -> dict[str, int]:
    """SQLite tells no sizes apart: the file's pages in use."""
    import sqlite3  # noqa: PLC0415

    connection = sqlite3.connect(make_url(url).database or "")
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        values: list[int] = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        ]
    finally:
        connection.close()
    return {"file": (values[0] - values[1]) * values[2]}


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def found(wanted: tuple[str, ...]) -> list[str]:
    """The kinds of database that can be measured here."""
    kinds = [kind for kind in ("sqlite", "postgresql") if kind in wanted]
    return [kind for kind in kinds if kind == "sqlite" or os.environ.get(SERVER)]


def _create(url: str) -> None:
    """The tables as declared by what the caller has imported; migrations make the same."""
    database = Database.open(url)
    database.create_all()
    database.close()


@contextmanager
def place(kind: str, *, empty: bool = False) -> Iterator[Place]:
    """`empty`: without tables, for who migrates."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="amtsgang-bench-") as folder:
            url = f"sqlite:///{Path(folder) / 'bench.sqlite'}"
            if not empty:
                _create(url)
            yield Place(kind, url)
        return
    server = os.environ[SERVER]
    name = f"amtsgang_bench_{token_hex(4)}"
    with psycopg.connect(_plain(server), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        postmaster = _postmaster(connection)
        try:
            url = make_url(server).set(database=name).render_as_string(hide_password=False)
            if not empty:
                _create(url)
            yield Place(kind, url, postmaster)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _postmaster(connection: psycopg.Connection[Any]) -> int | None:
    host = connection.info.host
    if host not in {"127.0.0.1", "::1", "localhost"} and not host.startswith("/"):
        return None
    return parent_of(connection.info.backend_pid)
