"""The Rechnungseingang: what was received, under which key, and who is competent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _invoice_receipt()
    _invoice_key()
    _invoice_route()


def _invoice_receipt() -> None:
    op.create_table(
        "invoice_receipt",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("blob_id", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.String(120), nullable=False),
        sa.Column("file_name", sa.Text),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("received_by", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("number", sa.Text),
        sa.Column("issued_on", sa.Date),
        sa.Column("type_code", sa.Text),
        sa.Column("seller", sa.Text),
        sa.Column("seller_key", sa.Text),
        sa.Column("amount_due", sa.String(40)),
        sa.Column("currency", sa.String(3)),
        sa.Column("leitweg_id", sa.Text),
        sa.Column("payee", sa.Text),
        sa.Column("iban", sa.Text),
        sa.Column("remittance", sa.Text),
        sa.Column("payment_means", sa.Text),
        sa.Column("payment_terms", sa.Text),
        sa.Column("due_on", sa.Date),
        sa.Column("due_source", sa.String(10)),
        sa.Column("verdict", sa.String(30)),
        sa.Column("profile", sa.String(60)),
        sa.Column("unit", sa.String(100)),
        sa.Column("akte", sa.String(40)),
        sa.Column("vorgang", sa.String(40)),
        sa.Column("dokument", sa.String(40)),
        sa.Column("version", sa.String(40)),
        sa.Column("report", sa.String(64)),
        sa.Column("letter", sa.String(40)),
        sa.Column("booking_file", sa.String(40)),
        sa.Column("booking_round", sa.Integer, nullable=False),
        sa.Column("booking_result", sa.String(12)),
        sa.Column("voucher", sa.String(60)),
        sa.Column("booked_on", sa.Date),
        sa.Column("booking_reason", sa.Text),
        sa.Column("predecessor", sa.String(64)),
        sa.Column("distinct", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_invoice_receipt"),
        sa.UniqueConstraint("tenant", "sha256", name="uq_invoice_receipt_tenant_sha256"),
    )
    op.create_index(
        "ix_invoice_receipt_number", "invoice_receipt", ["tenant", "number", "seller_key"]
    )
    op.create_index(
        "ix_invoice_receipt_received", "invoice_receipt", ["tenant", "received_at", "id"]
    )


def _invoice_key() -> None:
    op.create_table(
        "invoice_key",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("principal", sa.String(40), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("invoice", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "principal", "key", name="pk_invoice_key"),
    )


def _invoice_route() -> None:
    op.create_table(
        "invoice_route",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("leitweg_id", sa.String(46), nullable=False),
        sa.Column("unit", sa.String(100), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("checking_group", sa.String(100), nullable=False),
        sa.Column("arithmetic_group", sa.String(100), nullable=False),
        sa.Column("ordering_group", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "leitweg_id", name="pk_invoice_route"),
    )
    op.create_index("ix_invoice_route_unit", "invoice_route", ["tenant", "unit"])
