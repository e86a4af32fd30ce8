"""A link is one driver connection in one transaction; a driver lends them.

Both drivers keep the same promises: one link is used by one thread at a time, errors come as
storage's own, a broken connection is never lent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Condition
from time import monotonic
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from sqlalchemy.engine import Dialect

from storage.errors import StorageError, Unavailable
from storage.statements import Values

# The parameters of one execution, or a list of those of many.
Many: TypeAlias = Values | list[Values]


class Cursor(Protocol):
    """What a statement found: `description` begins each column with name and type."""

    @property
    def description(self) -> Any: ...

    @property
    def rowcount(self) -> int: ...

    def fetchall(self) -> list[Any]: ...


class Link(Protocol):
    """One transaction on one connection."""

    errors: type[Exception]

    def execute(self, sql: str, parameters: Many) -> Cursor:
        """Run a statement once, or once for each of a list."""

    def execute_all(self, statements: Sequence[tuple[str, Many]], *, commit: bool) -> list[int]:
        """Run the statements in order, in one round trip where possible; the row counts.

        With `commit` nobody is left to ask for counts: then there are none.
        """

    def command(self, sql: str) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def translated(self, error: Exception) -> StorageError: ...

    def release(self) -> None:
        """Give the connection back. The transaction has ended."""


class Driver(Protocol):
    name: Literal["sqlite", "postgresql"]
    dialect: Dialect

    def link(self, *, writing: bool) -> Link: ...

    def close(self) -> None: ...


C = TypeVar("C")


class Pool(Generic[C]):
    """At most `size` connections, last used first; a dead one is replaced, not lent."""

    def __init__(
        self,
        size: int,
        connect: Callable[[], C],
        close: Callable[[C], None],
        alive: Callable[[C], bool] = lambda _connection: True,
    ) -> None:
        self._connect, self._close, self._alive = connect, close, alive
        self._idle: list[C] = []
        self._free = size
        self._changed = Condition()
        self._closed = False

    def take(self, patience: float = 30.0) -> C:
        deadline = monotonic() + patience
        with self._changed:
            while self._free == 0:
                if not self._changed.wait(deadline - monotonic()):
                    raise Unavailable(f"no database connection became free in {patience:g} s")
            if self._closed:
                raise Unavailable("the database is closed")
            self._free -= 1
            while self._idle:
                connection = self._idle.pop()
                if self._alive(connection):
                    return connection
                self._close(connection)
        try:
            return self._connect()
        except BaseException:
            with self._changed:
                self._free += 1
                self._changed.notify()
            raise

    def give(self, connection: C, *, broken: bool = False) -> None:
        with self._changed:
            self._free += 1
            if broken or self._closed:
                self._close(connection)
            else:
                self._idle.append(connection)
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            while self._idle:
                self._close(self._idle.pop())
