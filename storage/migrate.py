"""Migrations: bring a database to this release's schema, all steps in one transaction or none.

Invariant: only one process migrates at a time. Asking whether a database is current imports no
Alembic, so that `serve` starts without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from storage.database import Database
from storage.errors import NotMigrated, StatementFailed, Unavailable

_FOLDER = Path(__file__).parent / "migrations"
_VERSION = text("SELECT version_num FROM alembic_version")
_LOCK = 0x616D7473  # the advisory lock of whoever migrates


def revisions() -> list[str]:
    """Every revision of this release, in order."""
    return sorted(path.stem[1:5] for path in (_FOLDER / "versions").glob("r[0-9]*.py"))


def current_revision(database: Database) -> str | None:
    """The revision of the database's schema; None for one that was never migrated."""
    try:
        with database.reading() as tx:
            return tx.scalar(_VERSION)  # type: ignore[no-any-return]
    except StatementFailed:
        return None


def is_current(database: Database) -> bool:
    return current_revision(database) == revisions()[-1]


def require_current(database: Database) -> None:
    """Raises NotMigrated with what to do."""
    found, needed = current_revision(database), revisions()[-1]
    if found == needed:
        return
    if found is not None and found not in revisions():
        raise NotMigrated(f"the database (schema {found}) is newer than this release ({needed})")
    raise NotMigrated(f"the schema is {found or 'empty'}, not {needed}: run `amtsgang migrate`")


def migrate(database_url: str, to: str = "head") -> list[str]:
    """Apply what is missing up to revision `to`; the revisions applied, in order."""
    from alembic import command  # noqa: PLC0415 only where one migrates
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    with _exclusive(database_url) as connection:
        before = _revision(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        after = _revision(connection) or ""
    return [each for each in revisions() if (before or "") < each <= after]


def differences(database_url: str, metadata: MetaData, tables: Collection[str]) -> list[Any]:
    """What Alembic would change in these tables to make the schema the declared one."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415

    def mine(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name in tables

    with _exclusive(database_url) as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_name": mine}
        context = MigrationContext.configure(connection, opts=options)
        declared = MetaData(naming_convention=metadata.naming_convention)
        for name in sorted(tables):
            metadata.tables[name].to_metadata(declared)
        return list(compare_metadata(context, declared))


@contextmanager
def _exclusive(database_url: str) -> Iterator[Connection]:
    """One connection in one transaction that keeps other migrations waiting."""
    engine = create_engine(database_url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(
            engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE")
        )
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection
    except SQLAlchemyError as error:
        raise Unavailable(f"the migration failed, nothing was changed: {error}") from error
    finally:
        engine.dispose()


def _leave_transactions_to_us(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout=15000")


def _revision(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext  # noqa: PLC0415

    return MigrationContext.configure(connection).get_current_revision()
