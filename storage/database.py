"""The database: transactions that only their opener commits, on SQLite and PostgreSQL.

Invariant: a transaction in which a statement failed never commits (outside a savepoint), on
either database, even where SQLite would let it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Executable,
    MetaData,
    String,
    cast,
    create_engine,
    extract,
    func,
    make_url,
    select,
    type_coerce,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator

from storage.errors import Conflict, StorageError, WrongUse
from storage.links import Driver, Link, Many
from storage.statements import Parameters, Row, Statements

__all__ = [
    "DEFAULT_TENANT",
    "Batch",
    "Database",
    "Instant",
    "Row",
    "Transaction",
    "for_update",
    "metadata",
    "skip_locked",
    "tenant_column",
]

log = logging.getLogger(__name__)

DEFAULT_TENANT = "default"

# Parameters by name, or a sequence of them: one execution each.
Given: TypeAlias = Parameters | Sequence[Parameters]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(at: datetime) -> int:
    """UTC microseconds since 1970. A zoneless time is refused: nobody knows when it was."""
    if at.tzinfo is None:
        raise WrongUse(f"an instant needs a time zone: {at.isoformat()}")
    return (at - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


class Instant(TypeDecorator[datetime]):
    """UTC microseconds as BIGINT; aware datetimes in Python. Compares and sorts as stored."""

    impl = BigInteger
    cache_ok = True

    # Instead of `process_bind_param`: one call a value, not three. The type is on every hot path.
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:
        _ = dialect
        return _written

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[int | None], datetime | None]:
        _ = dialect, coltype
        return _read


def _written(value: datetime | None) -> int | None:
    return None if value is None else to_microseconds(value)


def _read(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(microseconds=value)


def tenant_column() -> Column[str]:
    """The tenant: in every table, first in every unique and secondary index."""
    return Column("tenant", String(64), nullable=False)


_SERVER_TIME = select(
    type_coerce(
        cast(extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger), Instant
    ).label("at")
)

S = TypeVar("S")


def for_update(statement: S) -> S:
    """Lock the rows found. SQLite's transactions write alone and need no row locks."""
    return statement.with_for_update()  # type: ignore[attr-defined, no-any-return]


def skip_locked(statement: S) -> S:
    """Lock the rows found that nobody else holds, and leave out the others."""
    return statement.with_for_update(skip_locked=True)  # type: ignore[attr-defined, no-any-return]


class Database:
    """One database of the application. Threads share it; a process that forks opens its own."""

    def __init__(self, url: str, driver: Driver) -> None:
        self.url = url
        self.dialect: Literal["sqlite", "postgresql"] = driver.name
        self.statements = Statements(driver.dialect)
        self._driver = driver

    @classmethod
    def open(cls, url: str, *, connections: int = 10) -> Database:
        """`sqlite:///file` or `postgresql+psycopg://…`; at most `connections` per kind of use."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            from storage.sqlite import SqliteDriver  # noqa: PLC0415 only the chosen driver loads

            return cls(url, SqliteDriver(parsed, connections))
        if parsed.get_backend_name() == "postgresql":
            from storage.postgresql import PostgresDriver  # noqa: PLC0415

            return cls(url, PostgresDriver(parsed, connections))
        raise WrongUse(f"unknown database: {parsed.get_backend_name()}")

    @contextmanager
    def begin(
        self, tenant: str = DEFAULT_TENANT, now: datetime | None = None
    ) -> Iterator[Transaction]:
        """A transaction that writes: commits at exit, rolls back on an exception."""
        link = self._driver.link(writing=True)
        transaction = Transaction(self, link, tenant, now or datetime.now(UTC))
        try:
            try:
                yield transaction
                transaction._commit()
            except BaseException:
                transaction._rollback()
                raise
        finally:
            link.release()
        for action in transaction._afterwards:
            _afterwards(action)

    @contextmanager
    def reading(self, tenant: str = DEFAULT_TENANT) -> Iterator[Transaction]:
        """A snapshot that cannot write."""
        link = self._driver.link(writing=False)
        transaction = Transaction(self, link, tenant, datetime.now(UTC))
        try:
            yield transaction
        finally:
            transaction._rollback()
            link.release()

    def server_time(self) -> datetime | None:
        """What the database server's clock says; None where there is no server."""
        if self.dialect == "sqlite":
            return None
        with self.reading() as tx:
            said: datetime | None = tx.scalar(_SERVER_TIME)
        return said

    def create_all(self) -> None:
        """Create the tables as declared: for tests. Production migrates."""
        engine = create_engine(self.url, poolclass=NullPool)
        try:
            metadata.create_all(engine)
        finally:
            engine.dispose()

    def close(self) -> None:
        self._driver.close()


def _afterwards(action: Callable[[], None]) -> None:
    """Its failure must not look like the transaction's: that is durable, and is not repeated."""
    try:
        action()
    except Exception:
        log.exception("an action after a commit failed")


class Transaction:
    """One transaction, passed down; only its opener commits."""

    def __init__(self, database: Database, link: Link, tenant: str, now: datetime) -> None:
        self.database = database
        self.tenant = tenant
        self.now = now
        self._statements = database.statements
        self._link = link
        self.inside: list[object] = []
        """Who works in it now, outermost first: for those who must not meet each other in it."""
        self._failed = False
        self._afterwards: list[Callable[[], None]] = []
        self._batches: list[Batch] = []
        self._savepoints = 0

    def all(self, statement: Executable, parameters: Parameters | None = None) -> list[Row]:
        """Every row found."""
        bound = self._statements.bound(statement, parameters or {})
        self._refuse_if_failed()
        try:
            cursor = self._link.execute(*bound.prepare(parameters or {}))
            return bound.compiled.rows(cursor.fetchall(), cursor.description)
        except self._link.errors as error:
            raise self._failure(error) from error

    def first(self, statement: Executable, parameters: Parameters | None = None) -> Row | None:
        """The first row found, or None."""
        rows = self.all(statement, parameters)
        return rows[0] if rows else None

    def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        """The first column of the first row, or None."""
        rows = self.all(statement, parameters)
        return rows[0][0] if rows else None

    def run(self, statement: Executable, parameters: Given | None = None) -> int:
        """Write; the number of rows. A sequence of parameters runs once for each."""
        prepared = self._prepare(statement, {} if parameters is None else parameters)
        if prepared is None:
            return 0
        self._refuse_if_failed()
        try:
            return int(self._link.execute(*prepared).rowcount)
        except self._link.errors as error:
            raise self._failure(error) from error

    def batch(self) -> Batch:
        """Statements that go together; what is not run by then runs at commit."""
        batch = Batch(self)
        self._batches.append(batch)
        return batch

    def flush(self) -> None:
        """Run what is queued, so that what is read next has seen it."""
        self._run_batches()

    def spoil(self) -> None:
        """Let nothing of this be committed: something was done by half. A savepoint mends it."""
        self._failed = True

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` once the transaction is durable; never if it rolls back.

        What it raises is logged, not passed on.
        """
        self._afterwards.append(action)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only what happens inside when it fails."""
        self._run_batches()
        self._refuse_if_failed()
        self._savepoints += 1
        name, actions = f"s{self._savepoints}", len(self._afterwards)
        self._link.command(f"SAVEPOINT {name}")
        try:
            yield
            self._run_batches()
            self._refuse_if_failed()
            self._link.command(f"RELEASE SAVEPOINT {name}")
        except BaseException:
            for batch in self._batches:
                batch._drop()  # All that was queued before has run: what is left came from inside.
            del self._afterwards[actions:]
            self._link.command(f"ROLLBACK TO SAVEPOINT {name}")
            self._link.command(f"RELEASE SAVEPOINT {name}")
            self._failed = False
            raise
        finally:
            self._savepoints -= 1

    def _prepare(self, statement: Executable, parameters: Given) -> tuple[str, Many] | None:
        if isinstance(parameters, Mapping):
            return self._statements.bound(statement, parameters).prepare(parameters)
        if not parameters:
            return None
        bound = self._statements.bound(statement, parameters[0])
        if bound.compiled.expands:
            raise WrongUse("a statement with an IN list runs once at a time")
        names = parameters[0].keys()
        if any(each.keys() != names for each in parameters):
            raise WrongUse("every row of a sequence names the same columns")
        return bound.compiled.sql, [bound.prepare(each)[1] for each in parameters]

    def _execute_all(self, statements: Sequence[tuple[str, Many]], *, commit: bool) -> list[int]:
        self._refuse_if_failed()
        try:
            return self._link.execute_all(statements, commit=commit)
        except self._link.errors as error:
            raise self._failure(error) from error

    def _run_batches(self) -> None:
        for batch in self._batches:  # They stay: their holders may add more.
            batch.run()

    def _commit(self) -> None:
        """Commit; a last batch without expected counts takes COMMIT along in its round trip."""
        pending = [batch for batch in self._batches if batch._pending]
        for batch in pending[:-1]:
            batch.run()
        if pending and pending[-1]._unguarded:
            self._execute_all(pending[-1]._take(), commit=True)
            return
        for batch in pending[-1:]:
            batch.run()
        self._refuse_if_failed()
        try:
            self._link.commit()
        except self._link.errors as error:
            raise self._failure(error) from error

    def _rollback(self) -> None:
        try:
            self._link.rollback()
        except self._link.errors as error:
            raise self._link.translated(error) from error

    def _refuse_if_failed(self) -> None:
        if self._failed:
            raise WrongUse("a statement of this transaction failed; only a rollback is left")

    def _failure(self, error: Exception) -> StorageError:
        self._failed = True
        return self._link.translated(error)


class Batch:
    """Statements sent in one round trip where the database allows; any failure fails all."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._pending: list[tuple[str, Many]] = []
        self._expected: list[int | None] = []
        self._unguarded = True

    def add(
        self, statement: Executable, parameters: Given | None = None, *, rows: int | None = None
    ) -> None:
        """Queue a statement. `rows` is the count it must touch, else the batch is a Conflict."""
        prepared = self._transaction._prepare(statement, {} if parameters is None else parameters)
        if prepared is None:
            return
        self._pending.append(prepared)
        self._expected.append(rows)
        if rows is not None:
            self._unguarded = False

    def run(self) -> list[int]:
        """Send what is queued; the row counts, in order."""
        expected, self._expected = self._expected, []
        statements = self._take()
        if not statements:
            return []
        counts = self._transaction._execute_all(statements, commit=False)
        for (sql, _), wanted, count in zip(statements, expected, counts, strict=True):
            if wanted is not None and count != wanted:
                self._transaction._failed = True
                raise Conflict(f"{count} rows instead of {wanted}: {sql[:120]}")
        return counts

    def _drop(self) -> None:
        self._expected.clear()
        self._take()

    def _take(self) -> list[tuple[str, Many]]:
        taken, self._pending, self._unguarded = self._pending, [], True
        return taken
