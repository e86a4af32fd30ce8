"""What people send in on a page, and what became of each file; where mails after z.d.A. lie."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invoice_receipt", sa.Column("later", sa.String(40)))
    op.create_table(
        "invoice_upload",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_invoice_upload"),
    )
    op.create_index("ix_invoice_upload_by", "invoice_upload", ["tenant", "by", "at"])
    op.create_table(
        "invoice_upload_file",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("upload", sa.String(40), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("invoice", sa.String(64)),
        sa.Column("first", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("tenant", "upload", "place", name="pk_invoice_upload_file"),
    )
