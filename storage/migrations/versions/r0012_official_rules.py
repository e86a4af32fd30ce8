"""Which official rules a tenant has imported, and the stream that tells who did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice_official",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        sa.Column("blob_id", sa.String(64)),
        sa.Column("sha256", sa.String(64)),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_invoice_official"),
    )
