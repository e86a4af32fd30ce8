"""A table of streams for the tests of this folder; `conftest` registers it while one runs."""

from __future__ import annotations

from sqlalchemy import Column, PrimaryKeyConstraint, String, Table

from storage.database import metadata, tenant_column
from storage.ledger import stream_columns

case_table = Table(
    "test_case",
    metadata,
    tenant_column(),
    Column("id", String(64), nullable=False),
    *stream_columns(),
    PrimaryKeyConstraint("tenant", "id"),
)
