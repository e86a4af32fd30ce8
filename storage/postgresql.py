"""PostgreSQL: pooled connections, each in pipeline mode for good.

BEGIN goes out with the first statement and COMMIT with the last batch, so a command that reads
its row and writes a batch takes two round trips.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import psycopg
from psycopg import errors
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
from storage.wire import Result, Wire

_CONNECTION: dict[str, Any] = {
    # A lock that is not given in this time is a conflict, not a hang. Random pages are cheap on
    # today's disks: with the default the planner reads whole tables where an index serves.
    "options": "-c lock_timeout=15000 -c timezone=UTC -c random_page_cost=1.1",
    "application_name": "amtsgang",
    "connect_timeout": 10,
    # A server that vanished is noticed within a minute.
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_CONFLICTS = (
    errors.UniqueViolation,
    errors.ExclusionViolation,
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
)
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresDriver:
    name: Literal["sqlite", "postgresql"] = "postgresql"

    def __init__(self, url: URL, connections: int) -> None:
        self.dialect: Dialect = PGDialect_psycopg(  # type: ignore[no-untyped-call]
            paramstyle="numeric_dollar"
        )
        self._arguments = url.translate_connect_args(username="user", database="dbname")
        self._arguments = {**_CONNECTION, **self._arguments, **url.query}
        # Two pools: who reads inside a write must not wait for other writers' connections.
        self._writers: Pool[Wire] = Pool(connections, self._open, Wire.close, _usable)
        self._readers: Pool[Wire] = Pool(connections, self._open, Wire.close, _usable)

    def link(self, *, writing: bool) -> PostgresLink:
        pool = self._writers if writing else self._readers
        return PostgresLink(pool, pool.take(), _WRITE if writing else _READ)

    def _open(self) -> Wire:
        try:
            connection: psycopg.Connection[Any] = psycopg.connect(**self._arguments)
        except psycopg.Error as error:
            raise Unavailable(f"cannot reach PostgreSQL: {error}") from error
        return Wire(connection)

    def close(self) -> None:
        self._writers.close()
        self._readers.close()


class PostgresLink:
    errors: type[Exception] = psycopg.Error

    def __init__(self, pool: Pool[Wire], wire: Wire, begin: str) -> None:
        self._pool, self._wire, self._begin = pool, wire, begin
        self._begun = False

    def execute(self, sql: str, parameters: Many) -> Result:
        if isinstance(parameters, list):
            return _Sum(self._run([(sql, _positional(each)) for each in parameters]))
        return self._run([(sql, _positional(parameters))])[0]

    def execute_all(self, statements: Sequence[tuple[str, Many]], *, commit: bool) -> list[int]:
        flat: list[tuple[str, Sequence[Any]]] = []
        for sql, parameters in statements:
            if isinstance(parameters, list):
                flat += [(sql, _positional(each)) for each in parameters]
            else:
                flat.append((sql, _positional(parameters)))
        if commit:
            self._run([*flat, ("COMMIT", ())])
            return []
        results = iter(self._run(flat))
        return [
            sum(next(results).rowcount for _ in (many if isinstance(many, list) else (many,)))
            for _, many in statements
        ]

    def command(self, sql: str) -> None:
        self._run([(sql, ())])

    def commit(self) -> None:
        if self._begun:
            self._run([("COMMIT", ())])

    def rollback(self) -> None:
        if self._wire.closed or self._wire.idle:
            return
        if self._begin == _READ:
            # Nothing was changed, so nobody needs to wait for the answer.
            self._wire.leave("ROLLBACK")
        else:
            self._wire.run([("ROLLBACK", ())])

    def translated(self, error: Exception) -> StorageError:
        message = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)
        if isinstance(error, _CONFLICTS):
            return Conflict(message)
        if isinstance(error, psycopg.IntegrityError | psycopg.DataError):
            return ConstraintViolated(message)
        if self._wire.closed or isinstance(error, psycopg.OperationalError):
            return Unavailable(message)
        return StatementFailed(message)

    def release(self) -> None:
        wire = self._wire
        self._pool.give(wire, broken=wire.closed or not (wire.left or wire.idle))

    def _run(self, statements: list[tuple[str, Sequence[Any]]]) -> list[Result]:
        if self._begun:
            return self._wire.run(statements)
        results = self._wire.run([(self._begin, ()), *statements])[1:]
        self._begun = True
        return results


class _Sum(Result):
    """The row count of one statement run many times."""

    __slots__ = ("_counts",)

    def __init__(self, results: list[Result]) -> None:
        self._counts = sum(result.rowcount for result in results)

    @property
    def rowcount(self) -> int:
        return self._counts


def _positional(values: Any) -> Sequence[Any]:
    assert isinstance(values, tuple)
    return values


def _usable(wire: Wire) -> bool:
    try:
        wire.settle()
    except psycopg.Error:
        return False
    return not wire.closed and wire.idle and wire.silent
