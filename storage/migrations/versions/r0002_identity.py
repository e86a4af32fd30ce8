"""Persons, their credentials, Befugnisse and deputies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _person()
    _membership()
    _api_token()
    _browser_session()
    _login_failure()
    _befugnis()
    _vertretung()


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("login", sa.String(200), nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_person"),
        sa.UniqueConstraint("tenant", "login", name="uq_person_login"),
    )


def _membership() -> None:
    op.create_table(
        "membership",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(5), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", "kind", "name", name="pk_membership"),
    )
    op.create_index("ix_membership_name", "membership", ["tenant", "kind", "name"])


def _api_token() -> None:
    op.create_table(
        "api_token",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.String(40), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_api_token"),
        sa.UniqueConstraint("tenant", "hash", name="uq_api_token_hash"),
    )
    op.create_index("ix_api_token_person", "api_token", ["tenant", "person"])


def _browser_session() -> None:
    op.create_table(
        "browser_session",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("csrf_secret", sa.LargeBinary(32), nullable=False),
        sa.Column("on_behalf_of", sa.String(40)),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "hash", name="pk_browser_session"),
    )
    op.create_index("ix_browser_session_expiry", "browser_session", ["tenant", "expires_at"])
    op.create_index("ix_browser_session_person", "browser_session", ["tenant", "person"])


def _login_failure() -> None:
    op.create_table(
        "login_failure",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("login_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failed_at", sa.BigInteger, nullable=False),
        sa.Column("blocked_until", sa.BigInteger),
        sa.PrimaryKeyConstraint("tenant", "login_hash", name="pk_login_failure"),
    )
    op.create_index("ix_login_failure_at", "login_failure", ["tenant", "failed_at"])


def _befugnis() -> None:
    op.create_table(
        "befugnis",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("unit", sa.String(100)),
        sa.Column("budget", sa.String(100)),
        sa.Column("limit_cents", sa.BigInteger),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("appointed_by", sa.String(40), nullable=False),
        sa.Column("confirmed_by", sa.String(40)),
        sa.Column("state", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_befugnis"),
    )
    op.create_index("ix_befugnis_person", "befugnis", ["tenant", "person", "kind", "state"])


def _vertretung() -> None:
    op.create_table(
        "vertretung",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("deputy", sa.String(40), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date, nullable=False),
        sa.Column("set_by", sa.String(40), nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_vertretung"),
    )
    op.create_index("ix_vertretung_deputy", "vertretung", ["tenant", "deputy"])
    op.create_index("ix_vertretung_person", "vertretung", ["tenant", "person"])


def downgrade() -> None:
    raise NotImplementedError("go back by restoring the backup taken before migrating")
