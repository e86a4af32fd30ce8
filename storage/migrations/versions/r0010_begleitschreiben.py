"""What a mail said that an invoice came with, until it is filed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invoice_receipt", sa.Column("cover", sa.String(64)))
