"""PostgreSQL through psycopg 3: pipelined batches, prepared statements, pooled connections."""

from __future__ import annotations

import select
from collections.abc import Sequence
from typing import Any, Literal

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import URL, Dialect

from storage.errors import (
    Conflict,
    ConstraintViolated,
    StatementFailed,
    StorageError,
    Unavailable,
)
from storage.links import Many, Pool

Connection = psycopg.Connection[tuple[Any, ...]]

# A lock that is not given in this time is a conflict, not a hang.
_SETTINGS = "-c lock_timeout=15000 -c timezone=UTC"
_CONFLICTS = (
    errors.UniqueViolation,
    errors.ExclusionViolation,
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
)


class PostgresDriver:
    name: Literal["sqlite", "postgresql"] = "postgresql"

    def __init__(self, url: URL, connections: int) -> None:
        self.dialect: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
        self._arguments = url.translate_connect_args(username="user", database="dbname")
        self._arguments |= dict(url.query)
        self._arguments.setdefault("options", _SETTINGS)
        self._arguments.setdefault("application_name", "amtsgang")
        self.writers: Pool[Connection] = Pool(connections, self._open, Connection.close, _alive)
        self.readers: Pool[Connection] = Pool(
            connections, self._open_reader, Connection.close, _alive
        )

    def link(self, *, writing: bool) -> PostgresLink:
        pool = self.writers if writing else self.readers
        return PostgresLink(pool, pool.take())

    def _open(self) -> Connection:
        try:
            connection: Connection = psycopg.connect(**self._arguments)
        except psycopg.Error as error:
            raise Unavailable(f"cannot reach PostgreSQL: {error}") from error
        connection.prepare_threshold = 2
        return connection

    def _open_reader(self) -> Connection:
        connection = self._open()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        return connection

    def close(self) -> None:
        self.writers.close()
        self.readers.close()


class PostgresLink:
    errors: type[Exception] = psycopg.Error

    def __init__(self, pool: Pool[Connection], connection: Connection) -> None:
        self._pool, self._connection = pool, connection
        self._cursor = connection.cursor()

    def execute(self, sql: str, parameters: Many) -> Any:
        cursor: Any = self._cursor
        if isinstance(parameters, Sequence):
            cursor.executemany(sql, parameters)
        else:
            cursor.execute(sql, parameters or None)
        return cursor

    def execute_all(self, statements: Sequence[tuple[str, Many]], *, commit: bool) -> list[int]:
        connection = self._connection
        cursors = []
        with connection.pipeline():
            for sql, parameters in statements:
                cursor: Any = connection.cursor()
                if isinstance(parameters, Sequence):
                    cursor.executemany(sql, parameters)
                else:
                    cursor.execute(sql, parameters or None)
                cursors.append(cursor)
            if commit:
                connection.commit()
        return [cursor.rowcount for cursor in cursors]

    def command(self, sql: str) -> None:
        self._cursor.execute(sql.encode())

    def commit(self) -> None:
        self._connection.commit()

    def rollback(self) -> None:
        if not self._connection.closed:
            self._connection.rollback()

    def translated(self, error: Exception) -> StorageError:
        if isinstance(error, _CONFLICTS):
            return Conflict(str(error))
        if isinstance(error, psycopg.IntegrityError):
            return ConstraintViolated(str(error))
        if self._connection.closed or isinstance(error, psycopg.OperationalError):
            return Unavailable(str(error))
        return StatementFailed(str(error))

    def release(self) -> None:
        idle = self._connection.info.transaction_status == TransactionStatus.IDLE
        self._pool.give(self._connection, broken=self._connection.closed or not idle)


def _alive(connection: Connection) -> bool:
    """An idle connection is silent; one that can be read from was closed by the server."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
