"""A table of streams for the tests."""

from __future__ import annotations

from sqlalchemy import Column, PrimaryKeyConstraint, String, Table

from storage.database import metadata, tenant_column
from storage.ledger import register_stream, stream_columns

case_table = register_stream(
    Table(
        "test_case",
        metadata,
        tenant_column(),
        Column("id", String(64), nullable=False),
        *stream_columns(),
        PrimaryKeyConstraint("tenant", "id"),
    )
)
