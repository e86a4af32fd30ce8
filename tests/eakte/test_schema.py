"""The migrations make the tables that identity and the E-Akte declare."""

from __future__ import annotations

from sqlalchemy import Table

import eakte.tables
import identity.tables
from storage.database import metadata
from storage.migrate import differences, migrate

OURS = [
    each.name
    for room in (identity.tables, eakte.tables)
    for each in vars(room).values()
    if isinstance(each, Table)
]


def test_migrated_tables_are_the_declared_ones(database_url: str) -> None:
    migrate(database_url)

    assert len(OURS) > 15
    assert differences(database_url, metadata, OURS) == []
