"""Evaluations of decisions, and the streams of those that no process asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evaluation",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("definition_id", sa.String(48)),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("instance_id", sa.String(48)),
        sa.Column("process_definition_id", sa.String(48)),
        sa.Column("process_id", sa.String(255)),
        sa.Column("node", sa.String(255)),
        sa.Column("evaluated_at", sa.BigInteger, nullable=False),
        sa.Column("evaluated_by", sa.String(48), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_evaluation"),
    )
    op.create_table(
        "evaluation_stream",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_evaluation_stream"),
    )
    op.create_index("ix_evaluation_at", "evaluation", ["tenant", "evaluated_at"])
    op.create_index("ix_evaluation_key", "evaluation", ["tenant", "key", "evaluated_at"])
    op.create_index(
        "ix_evaluation_instance",
        "evaluation",
        ["tenant", "instance_id"],
        postgresql_where=sa.text("instance_id IS NOT NULL"),
        sqlite_where=sa.text("instance_id IS NOT NULL"),
    )
