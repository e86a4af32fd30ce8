"""Ledger, contents and checkpoints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_ledger()
    _create_contents()


def _create_ledger() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("header", sa.LargeBinary, nullable=False),
        sa.Column("facts", sa.LargeBinary, nullable=False),
        sa.Column("values", sa.LargeBinary),
        sa.Column("erased", sa.LargeBinary(32)),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stream", "seq", name="pk_ledger_entry"),
    )
    op.create_table(
        "checkpoint",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("pending", sa.LargeBinary),
        sa.PrimaryKeyConstraint("tenant", "number", name="pk_checkpoint"),
    )
    op.create_table(
        "anchor",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("checkpoint", sa.BigInteger, nullable=False),
        sa.Column("leaf", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stream", name="pk_anchor"),
    )


def _create_contents() -> None:
    op.create_table(
        "blob",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.String(127), nullable=False),
        sa.Column("key_holder", sa.String(64)),
        sa.Column("key", sa.LargeBinary),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_blob"),
    )
    op.create_index("ix_blob_key_holder", "blob", ["tenant", "key_holder"])
    op.create_index("ix_blob_state", "blob", ["tenant", "state", "created_at"])
    op.create_table(
        "key_holder",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("key", sa.LargeBinary),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_key_holder"),
    )


def downgrade() -> None:
    raise NotImplementedError("go back by restoring the backup taken before migrating")
