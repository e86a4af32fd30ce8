"""Which round of a booking the HKR system has been handed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "invoice_receipt",
        sa.Column("handed_over", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("ix_invoice_receipt_state", "invoice_receipt", ["tenant", "state"])
