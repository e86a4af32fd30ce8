"""Transactions behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)

from storage.database import (
    Database,
    Instant,
    Transaction,
    for_update,
    metadata,
    skip_locked,
    tenant_column,
)
from storage.errors import (
    Conflict,
    ConstraintViolated,
    StatementFailed,
    StorageError,
    Unavailable,
    WrongUse,
)

thing = Table(
    "test_thing",
    metadata,
    tenant_column(),
    Column("id", String(20), nullable=False),
    Column("number", BigInteger, nullable=False, default=0),
    Column("at", Instant),
    Column("data", LargeBinary),
    Column("flag", Boolean),
    Column("amount", Numeric(12, 2)),
    CheckConstraint("number >= 0", name="number"),
    PrimaryKeyConstraint("tenant", "id"),
)
INSERT = insert(thing)
SET = update(thing).where(thing.c.id == bindparam("of_id")).values(number=bindparam("to"))


def _row(tx: Transaction, thing_id: str, number: int = 0) -> dict[str, object]:
    return {"tenant": tx.tenant, "id": thing_id, "number": number}


def _ids(database: Database) -> list[str]:
    with database.reading() as tx:
        return [row.id for row in tx.all(select(thing.c.id).order_by(thing.c.id))]


@pytest.fixture
def filled(database: Database) -> Database:
    with database.begin() as tx:
        tx.run(INSERT, [_row(tx, "a", 1), _row(tx, "b", 2), _row(tx, "c", 3)])
    return database


def test_values_come_back_as_they_were_written(database: Database) -> None:
    at = datetime(2026, 3, 1, 10, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    values = {"data": bytes(range(256)), "flag": True, "amount": Decimal("12.50"), "at": at}
    with database.begin() as tx:
        tx.run(INSERT, {"tenant": tx.tenant, "id": "Ä'%$1", "number": 2**40, **values})

    with database.reading() as tx:
        row = tx.first(select(thing))

    assert row is not None
    assert (row.id, row.number, row.at) == ("Ä'%$1", 2**40, at)
    assert row.at.tzinfo is UTC
    assert (row.data, row.flag, row.amount) == (values["data"], True, Decimal("12.50"))


def test_an_instant_needs_a_time_zone(database: Database) -> None:
    with pytest.raises(WrongUse), database.begin() as tx:
        tx.run(INSERT, {**_row(tx, "a"), "at": datetime(2026, 1, 1)})  # noqa: DTZ001


def test_statements_built_in_place_find_what_they_ask_for(filled: Database) -> None:
    with filled.reading() as tx:
        for wanted in (["a"], ["a", "c"], [], ["a", "b", "c"]):
            found = tx.all(
                select(thing.c.id)
                .where(thing.c.id.in_(wanted), thing.c.number > 0, thing.c.id.like("%"))
                .order_by(thing.c.id)
            )
            assert [row.id for row in found] == wanted
        assert tx.scalar(select(func.max(thing.c.number))) == 3
        assert tx.scalar(select(thing.c.number % 2).where(thing.c.id == "c")) == 1
        assert tx.scalar(text("SELECT number FROM test_thing WHERE id = :i"), {"i": "b"}) == 2
        assert tx.first(select(thing).where(thing.c.id == "none")) is None


def test_returning_gives_rows(database: Database) -> None:
    with database.begin() as tx:
        row = tx.first(INSERT.returning(thing.c.id, thing.c.number), _row(tx, "a", 7))

    assert row == ("a", 7)


@pytest.mark.parametrize("given", [{}, {"of_id": "a"}, {"of_id": "a", "to": 1, "more": 2}])
def test_missing_and_unknown_parameters_are_refused(
    filled: Database, given: dict[str, object]
) -> None:
    with pytest.raises(WrongUse, match="parameters"), filled.begin() as tx:
        tx.run(SET, given)


def test_an_unknown_column_is_refused(filled: Database) -> None:
    with pytest.raises(WrongUse, match="nowhere"), filled.begin() as tx:
        tx.run(INSERT, {**_row(tx, "d"), "nowhere": 1})


@pytest.mark.parametrize("bad", ["a\0b", "\ud800", 2**70])
def test_a_value_that_cannot_be_kept_is_never_kept_in_part(filled: Database, bad: object) -> None:
    """SQLite keeps a NUL in a text, and gives it back; PostgreSQL refuses it."""
    column = "number" if isinstance(bad, int) else "id"
    kept = False
    with suppress(ConstraintViolated, UnicodeError, OverflowError), filled.begin() as tx:
        tx.run(INSERT, {**_row(tx, "d"), column: bad})
        kept = True

    assert _ids(filled) == (sorted(["a", str(bad), "b", "c"]) if kept else ["a", "b", "c"])


def test_what_cannot_be_sent_leaves_the_transaction_as_it_was(filled: Database) -> None:
    """Above all it does not leave its BEGIN unsent, so that what follows commits by itself."""
    with suppress(KeyError), filled.begin() as tx:
        with suppress(UnicodeError):
            tx.run(INSERT, _row(tx, "\ud800"))
        tx.run(INSERT, _row(tx, "d"))
        raise KeyError

    assert _ids(filled) == ["a", "b", "c"]


def test_an_exception_rolls_back(filled: Database) -> None:
    with suppress(KeyError), filled.begin() as tx:
        tx.run(INSERT, _row(tx, "d"))
        raise KeyError

    assert _ids(filled) == ["a", "b", "c"]


def test_a_violated_key_is_a_conflict_and_a_check_is_not(filled: Database) -> None:
    with pytest.raises(Conflict), filled.begin() as tx:
        tx.run(INSERT, _row(tx, "a"))
    with pytest.raises(ConstraintViolated), filled.begin() as tx:
        tx.run(INSERT, _row(tx, "x", -1))
    with pytest.raises(StatementFailed), filled.begin() as tx:
        tx.run(text("SELECT * FROM nowhere"))


def test_a_swallowed_failure_cannot_be_committed(filled: Database) -> None:
    def swallow() -> None:
        with filled.begin() as tx:
            tx.run(SET, {"of_id": "b", "to": 99})
            with suppress(Conflict):
                tx.run(INSERT, _row(tx, "a"))

    with pytest.raises(WrongUse):
        swallow()

    with filled.reading() as tx:
        assert tx.scalar(select(thing.c.number).where(thing.c.id == "b")) == 2


def test_a_savepoint_undoes_only_what_failed(filled: Database) -> None:
    with filled.begin() as tx:
        tx.run(INSERT, _row(tx, "d"))
        with suppress(Conflict), tx.savepoint():
            tx.run(INSERT, _row(tx, "e"))
            tx.run(INSERT, _row(tx, "a"))
        with tx.savepoint():
            tx.batch().add(INSERT, _row(tx, "f"))

    assert _ids(filled) == ["a", "b", "c", "d", "f"]


def test_actions_run_after_the_commit_and_only_then(filled: Database) -> None:
    done: list[str] = []
    with filled.begin() as tx:
        tx.after_commit(lambda: done.extend(_ids(filled)))
        tx.run(INSERT, _row(tx, "d"))
        with suppress(KeyError), tx.savepoint():
            tx.after_commit(lambda: done.append("undone"))
            raise KeyError
        assert done == []
    with suppress(KeyError), filled.begin() as tx:
        tx.after_commit(lambda: done.append("rolled back"))
        raise KeyError

    assert done == ["a", "b", "c", "d"]


def test_a_batch_gives_its_counts(filled: Database) -> None:
    with filled.begin() as tx:
        batch = tx.batch()
        batch.add(SET, {"of_id": "a", "to": 5}, rows=1)
        batch.add(INSERT, [_row(tx, f"x{n}") for n in range(2500)])
        batch.add(SET, {"of_id": "none", "to": 5})
        batch.add(INSERT, [])
        counts = batch.run()

    assert counts == [1, 2500, 0]
    assert len(_ids(filled)) == 2503


def test_a_guard_that_hits_nothing_undoes_the_batch(filled: Database) -> None:
    def miss() -> None:
        with filled.begin() as tx:
            batch = tx.batch()
            batch.add(INSERT, _row(tx, "d"))
            batch.add(SET, {"of_id": "none", "to": 5}, rows=1)

    with pytest.raises(Conflict):
        miss()

    assert _ids(filled) == ["a", "b", "c"]


def test_a_batch_that_is_not_run_is_committed_as_a_whole_or_not_at_all(filled: Database) -> None:
    def leave(*ids: str) -> None:
        with filled.begin() as tx:
            for each in ids:
                tx.batch().add(INSERT, _row(tx, each))

    leave("d")
    with pytest.raises(Conflict):
        leave("e", "a")

    assert _ids(filled) == ["a", "b", "c", "d"]


def test_a_connection_goes_on_after_statements_that_were_never_prepared(filled: Database) -> None:
    """What follows a failure in a batch is skipped by the server, its preparation too."""
    counted = select(func.count()).select_from(thing)
    for number in range(3):
        later = update(thing).where(thing.c.number == number).values(flag=True)
        with suppress(Conflict), filled.begin() as tx:
            batch = tx.batch()
            batch.add(INSERT, _row(tx, "a"))
            batch.add(later)
        with filled.begin() as tx:
            tx.run(INSERT, _row(tx, f"d{number}"))
            tx.run(later)
            assert tx.scalar(counted) == 4 + number


def test_who_reads_inside_a_write_needs_no_writers_connection(database_url: str) -> None:
    database = Database.open(database_url, connections=1)
    database.create_all()

    with database.begin() as tx:
        tx.run(INSERT, _row(tx, "a"))
        with database.reading() as other:
            found = other.all(select(thing.c.id))

    assert found == []
    database.close()


def test_reading_sees_one_moment_and_cannot_write(filled: Database) -> None:
    with filled.reading() as tx:
        before = tx.scalar(select(func.count()).select_from(thing))
        with filled.begin() as other:
            other.run(INSERT, _row(other, "d"))
        assert tx.scalar(select(func.count()).select_from(thing)) == before
    with pytest.raises(StorageError), filled.reading() as tx:
        tx.run(INSERT, _row(tx, "e"))

    assert _ids(filled) == ["a", "b", "c", "d"]


def test_writers_of_many_threads_lose_no_update(filled: Database) -> None:
    start = Barrier(6)

    def add() -> None:
        start.wait()
        for _ in range(20):
            with filled.begin() as tx:
                mine = for_update(select(thing.c.number).where(thing.c.id == "a"))
                tx.run(SET, {"of_id": "a", "to": tx.scalar(mine) + 1})

    threads = [Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with filled.reading() as tx:
        assert tx.scalar(select(thing.c.number).where(thing.c.id == "a")) == 121


def test_rows_can_be_taken_leaving_out_locked_ones(filled: Database) -> None:
    with filled.begin() as tx:
        found = tx.all(skip_locked(select(thing.c.id).order_by(thing.c.id).limit(2)))

    assert [row.id for row in found] == ["a", "b"]


def test_the_clock_is_the_callers(database: Database) -> None:
    at = datetime(2030, 1, 1, tzinfo=UTC)

    with database.begin("stadt", now=at) as tx:
        assert (tx.now, tx.tenant) == (at, "stadt")
    with database.begin() as tx:
        assert abs(datetime.now(UTC) - tx.now) < timedelta(seconds=5)


def test_sqlite_refuses_a_second_transaction_in_the_same_thread(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/x.db")
    database.create_all()

    with pytest.raises(WrongUse), database.begin(), database.begin():
        pass

    with database.begin() as tx:
        tx.run(INSERT, _row(tx, "a"))
    assert _ids(database) == ["a"]
    database.close()


def test_a_closed_database_is_unavailable(database: Database) -> None:
    database.close()

    with pytest.raises(Unavailable), database.reading():
        pass


@pytest.mark.parametrize("url", ["sqlite://", "mysql://x/y"])
def test_what_cannot_be_a_database_is_refused(url: str) -> None:
    with pytest.raises(WrongUse):
        Database.open(url)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    database = Database.open("postgresql+psycopg://x@127.0.0.1:1/x")

    with pytest.raises(Unavailable), database.begin():
        pass
    database.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.services
def test_a_connection_that_the_server_closed_is_not_lent_again(
    database: Database, database_url: str
) -> None:
    with database.reading() as tx:
        victim = tx.scalar(text("SELECT pg_backend_pid()"))
    other = Database.open(database_url)
    with other.begin() as tx:
        tx.run(text("SELECT pg_terminate_backend(:pid)"), {"pid": victim})
        tx.scalar(text("SELECT 1 FROM pg_sleep(0.2)"))
    other.close()

    assert _ids(database) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.services
def test_a_connection_that_breaks_in_a_transaction_is_unavailable(database: Database) -> None:

    with pytest.raises(Unavailable), database.begin() as tx:
        tx.run(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    assert _ids(database) == []


def test_an_action_that_fails_after_the_commit_does_not_deny_the_commit(filled: Database) -> None:
    done: list[str] = []

    def fail() -> None:
        raise Conflict("too late")

    with filled.begin() as tx:
        tx.run(INSERT, _row(tx, "d"))
        tx.after_commit(fail)
        tx.after_commit(lambda: done.append("next"))

    assert done == ["next"]
    assert _ids(filled) == ["a", "b", "c", "d"]


def test_a_batch_goes_on_after_a_savepoint(filled: Database) -> None:
    with filled.begin() as tx:
        batch = tx.batch()
        batch.add(INSERT, _row(tx, "d"))
        with suppress(Conflict), tx.savepoint():
            batch.add(INSERT, _row(tx, "undone"))
            tx.run(INSERT, _row(tx, "a"))
        batch.add(INSERT, _row(tx, "e"), rows=1)

    assert _ids(filled) == ["a", "b", "c", "d", "e"]


def test_what_was_spoiled_is_not_committed(filled: Database) -> None:
    with pytest.raises(WrongUse), filled.begin() as tx:  # noqa: PT012 the commit raises
        tx.run(INSERT, _row(tx, "d"))
        tx.spoil()

    assert _ids(filled) == ["a", "b", "c"]


def test_a_server_has_a_clock_and_a_file_has_none(database: Database) -> None:
    said = database.server_time()

    if database.dialect == "sqlite":
        assert said is None
    else:
        assert said is not None
        assert abs(said - datetime.now(UTC)) < timedelta(minutes=5)
