"""Whose level a Befugnis is of, what an invoice states in another currency, who changed routes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("befugnis", sa.Column("stufe", sa.String(60)))
    op.add_column("invoice_receipt", sa.Column("stated_amount", sa.String(40)))
    op.add_column("invoice_receipt", sa.Column("stated_currency", sa.String(3)))
    op.create_table(
        "invoice_routing",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_invoice_routing"),
    )
