"""Migrations give the schema that the tables declare."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import create_engine, inspect, text

from storage import blobs, checkpoints
from storage.database import Database, metadata
from storage.errors import NotMigrated
from storage.ledger import ledger_entry
from storage.migrate import (
    current_revision,
    differences,
    is_current,
    migrate,
    require_current,
    revisions,
)

OURS = {
    table.name
    for table in (
        ledger_entry,
        blobs.blob_table,
        blobs.key_holder_table,
        checkpoints.checkpoint_table,
        checkpoints.anchor_table,
    )
}


@pytest.fixture
def empty(database_url: str) -> Database:
    return Database.open(database_url)


def test_a_migrated_schema_is_the_declared_one(database_url: str) -> None:
    migrate(database_url)

    assert differences(database_url, metadata, OURS) == []


def test_a_schema_that_differs_is_told(database_url: str) -> None:
    migrate(database_url)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_blob_state"))
    engine.dispose()

    assert [each[0] for each in differences(database_url, metadata, OURS)] == ["add_index"]


def test_migrating_twice_changes_nothing(empty: Database, database_url: str) -> None:
    with pytest.raises(NotMigrated, match="amtsgang migrate"):
        require_current(empty)

    assert migrate(database_url) == revisions()
    assert migrate(database_url) == []

    require_current(empty)
    assert is_current(empty)
    empty.close()


def test_a_database_of_a_newer_release_is_refused(empty: Database, database_url: str) -> None:
    migrate(database_url)
    with empty.begin() as tx:
        tx.run(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(NotMigrated, match="newer"):
        require_current(empty)
    assert current_revision(empty) == "9999"
    empty.close()


def test_keys_and_indexes_are_named_as_declared(database_url: str) -> None:
    migrate(database_url)
    engine = create_engine(database_url)

    found = inspect(engine)

    assert found.get_pk_constraint("ledger_entry")["name"] == "pk_ledger_entry"
    assert {each["name"] for each in found.get_indexes("blob")} == {
        "ix_blob_key_holder",
        "ix_blob_state",
    }
    engine.dispose()


def test_asking_whether_a_database_is_current_imports_no_alembic() -> None:
    program = (
        "import sys, storage.migrate, storage.blobs, storage.checkpoints, storage.verify;"
        "sys.exit(any(each in sys.modules for each in ('alembic', 'minio', 'psycopg')))"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
