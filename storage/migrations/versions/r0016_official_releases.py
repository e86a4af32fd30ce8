"""Several releases of official rules beside each other, each from a day on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invoice_official", sa.Column("name", sa.Text))
    op.add_column("invoice_official", sa.Column("valid_from", sa.Date))
    op.add_column("invoice_official", sa.Column("imported_at", sa.BigInteger))
    op.add_column("invoice_official", sa.Column("withdrawn_at", sa.BigInteger))
