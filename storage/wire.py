"""One PostgreSQL connection in libpq's pipeline mode: statements go out together.

psycopg's cursors cost several times what the protocol does, so this speaks to `psycopg.pq`
(psycopg's documented libpq layer) itself. A statement is prepared at its first use. Invariant:
after `run` nothing is outstanding on the connection, or it is not used again.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any

import psycopg
from psycopg import abc, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result

Connection = psycopg.Connection[tuple[Any, ...]]

_FATAL = pq.ExecStatus.FATAL_ERROR
_SYNC = pq.ExecStatus.PIPELINE_SYNC
_COMMAND_OK = pq.ExecStatus.COMMAND_OK
_BAD = pq.ConnStatus.BAD
_MOST_PREPARED = 500
_MOST_AT_ONCE = 1000  # statements between two syncs


def _text(value: str) -> bytes:
    """libpq would end the text at a NUL, silently."""
    if "\0" in value:
        raise psycopg.DataError("PostgreSQL keeps no NUL characters in texts")
    return value.encode()


# Text as PostgreSQL reads it; bytes go as they are. The statement's casts give the types.
_DUMP: dict[type, Callable[[Any], bytes]] = {
    str: _text,
    int: lambda value: b"%d" % value,
    bool: lambda value: b"t" if value else b"f",
    float: lambda value: repr(value).encode(),
    Decimal: lambda value: str(value).encode(),
    datetime: lambda value: value.isoformat().encode(),
    date: lambda value: value.isoformat().encode(),
    time: lambda value: value.isoformat().encode(),
}


class Result:
    """A statement's result, read when asked."""

    __slots__ = ("_loader", "_result")

    def __init__(self, result: pq.abc.PGresult, loader: abc.Transformer) -> None:
        self._result, self._loader = result, loader

    @property
    def rowcount(self) -> int:
        return self._result.command_tuples or 0

    @property
    def description(self) -> list[tuple[str, int]]:
        """(name, type) of each column."""
        result = self._result
        return [
            ((result.fname(index) or b"").decode(), result.ftype(index))
            for index in range(result.nfields)
        ]

    def fetchall(self) -> list[tuple[Any, ...]]:
        self._loader.set_pgresult(self._result)
        return self._loader.load_rows(0, self._result.ntuples, tuple)


class Wire:
    """Sends statements and reads their results."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._pgconn = connection.pgconn
        self._pgconn.nonblocking = 1
        self._pgconn.enter_pipeline_mode()
        self._loader = Transformer(connection)
        self._prepared: dict[str, bytes] = {}
        self._names = count()
        self._readable = select.poll()
        self._readable.register(self._pgconn.socket, select.POLLIN)
        self.left = 0
        """How many answers nobody has waited for."""

    @property
    def closed(self) -> bool:
        return bool(self._pgconn.status == _BAD)

    @property
    def idle(self) -> bool:
        """Neither in a transaction nor waiting for an answer."""
        return bool(self._pgconn.transaction_status == pq.TransactionStatus.IDLE)

    @property
    def silent(self) -> bool:
        """False if there is something to read: an idle connection that the server closed."""
        return not self._readable.poll(0)

    def close(self) -> None:
        self.connection.close()

    def run(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[Result]:
        """Results in order; raises the first error, after which the rest was not executed."""
        found: list[Result] = []
        for start in range(0, len(statements), _MOST_AT_ONCE):
            found += self._run(statements[start : start + _MOST_AT_ONCE])
        return found

    def leave(self, sql: str) -> None:
        """Send a statement whose answer the next use of this connection reads."""
        sent: list[str | None] = []
        try:
            self._send(sql, [], None, sent)
            self._pgconn.pipeline_sync()
            while self._pgconn.flush():
                self._wait(unsent=True)
        except BaseException:
            self.close()
            raise
        self.left = len(sent)

    def settle(self) -> None:
        """Read what `leave` has left. Raises its error, and the connection is not used again."""
        if not self.left:
            return
        expected, self.left = self.left, 0
        try:
            results = self._receive(expected)
        except BaseException:
            self.close()
            raise
        failed = next((each for each in results if each.status == _FATAL), None)
        if failed is not None:
            self.close()
            raise error_from_result(failed)

    def _run(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[Result]:
        if self.closed:
            raise psycopg.OperationalError("the connection is closed")
        # Everything is encoded before anything is sent: what cannot be encoded leaves no trace.
        encoded = [(sql, *self._encode(values)) for sql, values in statements]
        self.settle()
        sent: list[str | None] = []  # None: the statement itself; else it is the preparation of
        try:
            for sql, values, formats in encoded:
                self._send(sql, values, formats, sent)
            self._pgconn.pipeline_sync()
            results = self._receive(len(sent))
        except BaseException:
            self.close()
            raise
        if any(result.status == _FATAL for result in results):
            raise self._failure(sent, results)
        if len(results) > len(statements):
            results = [result for which, result in zip(sent, results, strict=True) if which is None]
        return [Result(result, self._loader) for result in results]

    def _failure(self, sent: list[str | None], results: list[pq.abc.PGresult]) -> psycopg.Error:
        """The first error; what was not prepared because of it is forgotten."""
        for preparing, result in zip(sent, results, strict=True):
            if preparing is not None and result.status != _COMMAND_OK:
                self._prepared.pop(preparing, None)
        return error_from_result(next(each for each in results if each.status == _FATAL))

    def _encode(self, values: Sequence[Any]) -> tuple[list[bytes | None], list[int]]:
        encoded: list[bytes | None] = []
        formats: list[int] = []
        for value in values:
            kind = type(value)
            if value is None or kind is bytes:
                encoded.append(value)
                formats.append(1)
            elif (dump := _DUMP.get(kind)) is not None:
                encoded.append(dump(value))
                formats.append(0)
            else:
                dumper = self._loader.get_dumper(value, PyFormat.AUTO)
                encoded.append(bytes(dumper.dump(value) or b""))
                formats.append(int(dumper.format))
        return encoded, formats

    def _send(
        self,
        sql: str,
        values: list[bytes | None],
        formats: list[int] | None,
        sent: list[str | None],
    ) -> None:
        name = self._prepared.get(sql)
        if name is None and len(self._prepared) < _MOST_PREPARED:
            name = b"s%d" % next(self._names)
            self._pgconn.send_prepare(name, sql.encode())
            self._prepared[sql] = name
            sent.append(sql)
        if name is None:
            self._pgconn.send_query_params(sql.encode(), values, param_formats=formats)
        else:
            self._pgconn.send_query_prepared(name, values, param_formats=formats)
        sent.append(None)

    def _receive(self, expected: int) -> list[pq.abc.PGresult]:
        """One result each, up to the sync."""
        pgconn = self._pgconn
        results: list[pq.abc.PGresult] = []
        nothing = False
        while True:
            if pgconn.is_busy():
                self._wait(unsent=bool(pgconn.flush()))
                pgconn.consume_input()
                continue
            result = pgconn.get_result()
            if result is None:  # between two statements; twice: there is nothing more to come
                if nothing and self.closed:
                    raise psycopg.OperationalError("the connection broke")
                nothing = True
                continue
            nothing = False
            status = result.status
            if status == _SYNC:
                if len(results) != expected:
                    raise psycopg.OperationalError("the server's answers do not fit")
                return results
            if status == _FATAL and self.closed:
                raise error_from_result(result)
            results.append(result)

    def _wait(self, *, unsent: bool) -> None:
        """Until the server answers, or takes more. Releases the interpreter's lock."""
        if not unsent:
            self._readable.poll()
            return
        both = select.poll()
        both.register(self._pgconn.socket, select.POLLIN | select.POLLOUT)
        both.poll()
