"""Tables of identity. A person's row is also the head of the person's stream in the ledger.

Invariant: credentials are kept only as hashes; ids are random and never reused.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

from storage.database import Instant, metadata, tenant_column
from storage.ledger import register_stream, stream_columns

person = Table(
    "person",
    metadata,
    tenant_column(),
    Column("id", String(40)),
    Column("kind", String(10), nullable=False),
    Column("login", String(200), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text),
    Column("active", Boolean, nullable=False, server_default=true()),
    # Counts every change of the row or its memberships: what caches compare.
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("created_at", Instant, nullable=False),
    *stream_columns(),
    UniqueConstraint("tenant", "login", name="uq_person_login"),
    PrimaryKeyConstraint("tenant", "id"),
)
register_stream(person)

membership = Table(
    "membership",
    metadata,
    tenant_column(),
    Column("person", String(40)),
    Column("kind", String(5)),  # group | role | unit
    Column("name", String(100)),
    Index("ix_membership_name", "tenant", "kind", "name"),
    PrimaryKeyConstraint("tenant", "person", "kind", "name"),
)

api_token = Table(
    "api_token",
    metadata,
    tenant_column(),
    Column("id", String(40)),
    Column("person", String(40), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("label", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # separated by one space
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    UniqueConstraint("tenant", "hash", name="uq_api_token_hash"),
    Index("ix_api_token_person", "tenant", "person"),
    PrimaryKeyConstraint("tenant", "id"),
)

session = Table(
    "browser_session",
    metadata,
    tenant_column(),
    Column("hash", LargeBinary(32)),
    Column("person", String(40), nullable=False),
    Column("csrf_secret", LargeBinary(32), nullable=False),
    Column("on_behalf_of", String(40)),
    Column("opened_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("ix_browser_session_person", "tenant", "person"),
    Index("ix_browser_session_expiry", "tenant", "expires_at"),
    PrimaryKeyConstraint("tenant", "hash"),
)

login_failure = Table(
    "login_failure",
    metadata,
    tenant_column(),
    Column("login_hash", LargeBinary(32)),
    Column("failures", Integer, nullable=False),
    Column("failed_at", Instant, nullable=False),
    Column("blocked_until", Instant),
    Index("ix_login_failure_at", "tenant", "failed_at"),
    PrimaryKeyConstraint("tenant", "login_hash"),
)

befugnis = Table(
    "befugnis",
    metadata,
    tenant_column(),
    Column("id", String(40)),
    Column("person", String(40), nullable=False),
    Column("kind", String(20), nullable=False),  # sachlich | rechnerisch | anordnung
    Column("unit", String(100)),  # null: every unit
    Column("budget", String(100)),  # null: every budget
    Column("stufe", String(60)),  # the office that it goes with; null: the lowest
    Column("limit_cents", BigInteger),  # null: without limit
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("appointed_by", String(40), nullable=False),
    Column("confirmed_by", String(40)),
    Column("state", String(10), nullable=False),  # proposed | confirmed | rejected | revoked
    Index("ix_befugnis_person", "tenant", "person", "kind", "state"),
    PrimaryKeyConstraint("tenant", "id"),
)

vertretung = Table(
    "vertretung",
    metadata,
    tenant_column(),
    Column("id", String(40)),
    Column("person", String(40), nullable=False),
    Column("deputy", String(40), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("set_by", String(40), nullable=False),
    Column("ended", Boolean, nullable=False, server_default=false()),
    Index("ix_vertretung_deputy", "tenant", "deputy"),
    Index("ix_vertretung_person", "tenant", "person"),
    PrimaryKeyConstraint("tenant", "id"),
)
