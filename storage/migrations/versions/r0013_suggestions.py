"""What suggestions are made of: order, cost centre and preceding invoice that an invoice names, and
the posting lines that were ordered before; and the accounts that people confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice_supplier_account",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("iban", sa.String(34), nullable=False),
        sa.Column("seller_key", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("confirmed_by", sa.String(40), nullable=False),
        sa.Column("on_behalf_of", sa.String(40)),
        sa.Column("confirmed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "iban", name="pk_invoice_supplier_account"),
    )
    for name in ("order_reference", "cost_centre", "preceding"):
        op.add_column("invoice_receipt", sa.Column(name, sa.Text))
    op.add_column("invoice_receipt", sa.Column("posted", sa.LargeBinary))
    op.create_index("ix_invoice_receipt_order", "invoice_receipt", ["tenant", "order_reference"])
    op.create_index("ix_invoice_receipt_centre", "invoice_receipt", ["tenant", "cost_centre"])
