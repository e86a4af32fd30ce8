"""What a supplier was paid to, and what may be the same invoice, are found by an index."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_invoice_receipt_seller", "invoice_receipt", ["tenant", "seller_key", "state"]
    )
    op.create_index("ix_invoice_receipt_iban", "invoice_receipt", ["tenant", "iban"])
