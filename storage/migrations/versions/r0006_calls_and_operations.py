"""Called instances, signals, suspension, and what is done to many instances."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _called()
    _suspended()
    _signals()
    _inbox()
    _batch()


def _called() -> None:
    op.add_column("instance", sa.Column("parent_id", sa.String(48)))
    op.add_column("instance", sa.Column("parent_call", sa.Integer))
    op.add_column("instance", sa.Column("root_id", sa.String(48)))
    op.create_index(
        "ix_instance_parent",
        "instance",
        ["tenant", "parent_id", "parent_call"],
        postgresql_where=sa.text("parent_id IS NOT NULL"),
        sqlite_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_table(
        "ancestor",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("instance_id", sa.String(48), nullable=False),
        sa.Column("ancestor_id", sa.String(48), nullable=False),
        sa.Column("distance", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "instance_id", "ancestor_id", name="pk_ancestor"),
    )


def _suspended() -> None:
    for table in ("definition", "instance", "job", "timer"):
        no = sa.Column("suspended", sa.Boolean, nullable=False, server_default=sa.false())
        op.add_column(table, no)
    op.drop_index("ix_job_claimable", "job")
    op.create_index(
        "ix_job_claimable",
        "job",
        ["tenant", "kind", "topic", "free_at"],
        postgresql_where=sa.text("state != 'failed' AND suspended IS false"),
        sqlite_where=sa.text("state != 'failed' AND suspended IS 0"),
    )
    op.drop_index("ix_timer_due", "timer")
    op.create_index(
        "ix_timer_due",
        "timer",
        ["tenant", "due"],
        postgresql_where=sa.text("suspended IS false"),
        sqlite_where=sa.text("suspended IS 0"),
    )
    op.create_table(
        "held_node",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("definition_id", sa.String(48), nullable=False),
        sa.Column("node", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "definition_id", "node", name="pk_held_node"),
    )


def _signals() -> None:
    message = sa.Column("event", sa.String(9), nullable=False, server_default="message")
    op.add_column("subscription", message)


def _inbox() -> None:
    op.execute("ALTER TABLE inbox RENAME COLUMN subscription TO number")
    op.execute("ALTER TABLE inbox RENAME COLUMN message TO name")
    message = sa.Column("kind", sa.String(12), nullable=False, server_default="message")
    op.add_column("inbox", message)


def _batch() -> None:
    op.create_table(
        "batch",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("order", sa.LargeBinary, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("suspended", sa.Boolean, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("started_by", sa.String(48), nullable=False),
        sa.Column("on_behalf_of", sa.String(48)),
        sa.Column("ended_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_batch"),
    )
    op.create_index(
        "ix_batch_open",
        "batch",
        ["tenant", "id"],
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "batch_item",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("batch_id", sa.String(48), nullable=False),
        sa.Column("subject", sa.String(48), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("tenant", "batch_id", "subject", name="pk_batch_item"),
    )
    op.create_index(
        "ix_batch_item_ready",
        "batch_item",
        ["tenant", "batch_id", "subject"],
        postgresql_where=sa.text("state = 'ready'"),
        sqlite_where=sa.text("state = 'ready'"),
    )
