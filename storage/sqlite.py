"""SQLite: one writer connection behind one lock, query-only readers beside it.

Write-ahead log, synchronous=FULL: what is committed survives a power cut. SQLite's own lock is
unfair, so writers of this process queue at a lock of ours; other processes meet BEGIN IMMEDIATE.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from threading import Lock, get_ident
from typing import Any, Literal

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL, Dialect

from storage.errors import (
    Conflict,
    ConstraintViolated,
    StatementFailed,
    StorageError,
    Unavailable,
    WrongUse,
)
from storage.links import Many, Pool

_UNIQUE = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"}
_BUSY = {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_BUSY_SNAPSHOT"}
_UNAVAILABLE = {"SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR"}


class SqliteDriver:
    name: Literal["sqlite", "postgresql"] = "sqlite"

    def __init__(self, url: URL, readers: int) -> None:
        if not url.database or url.database == ":memory:":
            raise WrongUse("SQLite needs a file: readers are connections of their own")
        self.dialect: Dialect = SQLiteDialect_pysqlite(paramstyle="named")
        self.file = Path(url.database)
        self.lock = Lock()
        self.owner: int | None = None
        self._writer: sqlite3.Connection | None = None
        self.readers: Pool[sqlite3.Connection] = Pool(
            readers, self._open_reader, sqlite3.Connection.close
        )

    def link(self, *, writing: bool) -> SqliteLink:
        if not writing:
            connection = self.readers.take()
            return SqliteLink(self, connection, writing=False)
        if self.owner == get_ident():
            raise WrongUse("this thread has a transaction open; pass it down instead")
        self.lock.acquire()
        try:
            if self._writer is None:
                self._writer = self._open()
            link = SqliteLink(self, self._writer, writing=True)
        except BaseException:
            self.lock.release()
            raise
        self.owner = get_ident()
        return link

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self.file, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA busy_timeout=15000")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
        except sqlite3.Error as error:
            raise Unavailable(f"cannot open {self.file}: {error}") from error
        return connection

    def _open_reader(self) -> sqlite3.Connection:
        connection = self._open()
        connection.execute("PRAGMA query_only=ON")
        return connection

    def close(self) -> None:
        self.readers.close()
        with self.lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None


class SqliteLink:
    errors: type[Exception] = sqlite3.Error

    def __init__(
        self, driver: SqliteDriver, connection: sqlite3.Connection, *, writing: bool
    ) -> None:
        self._driver, self._connection, self._writing = driver, connection, writing
        try:
            connection.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
        except sqlite3.Error as error:
            if not writing:
                driver.readers.give(connection, broken=True)
            raise self.translated(error) from error

    def execute(self, sql: str, parameters: Many) -> sqlite3.Cursor:
        if isinstance(parameters, list):
            return self._connection.executemany(sql, parameters)
        return self._connection.execute(sql, parameters)

    def execute_all(self, statements: Sequence[tuple[str, Many]], *, commit: bool) -> list[int]:
        counts = [self.execute(sql, parameters).rowcount for sql, parameters in statements]
        if commit:
            self.commit()
            return []
        return counts

    def command(self, sql: str) -> None:
        self._connection.execute(sql)

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def translated(self, error: Exception) -> StorageError:
        name: Any = getattr(error, "sqlite_errorname", "") or ""
        if name in _UNIQUE or name in _BUSY:
            return Conflict(str(error))
        if name.startswith("SQLITE_CONSTRAINT"):
            return ConstraintViolated(str(error))
        if any(name.startswith(prefix) for prefix in _UNAVAILABLE):
            return Unavailable(str(error))
        return StatementFailed(str(error))

    def release(self) -> None:
        if self._writing:
            self._driver.owner = None
            self._driver.lock.release()
        else:
            self._driver.readers.give(self._connection)
