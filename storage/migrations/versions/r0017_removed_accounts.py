"""When an account of a Kreditor was taken out: it stays known while it is proposed anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invoice_kreditor_account", sa.Column("removed_at", sa.BigInteger))
    op.execute(
        "UPDATE invoice_kreditor_account SET removed_at = proposed_at WHERE state = 'entfernt'"
    )
