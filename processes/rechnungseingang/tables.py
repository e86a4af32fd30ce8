"""Tables of the Rechnungseingang: what was received, under which key, and who is competent.

Invariant: `invoice_receipt` is one row per received file and instance; same bytes are the same
row (`sha256` is unique within the tenant). Amounts are text, so that no database rounds them.
What the instance's variables must not hold (number, seller, payee, IBAN) stands here.
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
)

from storage.database import Instant, metadata, tenant_column
from storage.ledger import register_stream, stream_columns

invoice_receipt = Table(
    "invoice_receipt",
    metadata,
    tenant_column(),
    Column("id", String(64), nullable=False),  # the instance's id
    Column("blob_id", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(120), nullable=False),
    Column("file_name", Text),
    Column("channel", String(40), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("received_by", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    # offen | gebucht | abgelehnt | dublette | abgebrochen (see cancellation.py)
    # head data, once read or typed
    Column("number", Text),  # BT-1
    Column("issued_on", Date),  # BT-2
    Column("type_code", Text),  # BT-3
    Column("seller", Text),  # BT-27
    Column("seller_key", Text),  # see duplicates.py
    Column("amount_due", String(40)),  # BT-115
    Column("currency", String(3)),  # BT-5; EUR once it has been converted
    Column("stated_amount", String(40)),  # BT-115 as the file has it, where it was converted
    Column("stated_currency", String(3)),
    Column("leitweg_id", Text),  # BT-10
    Column("payee", Text),  # BT-59, else BT-27
    Column("iban", Text),  # BT-84
    Column("remittance", Text),  # BT-83
    Column("payment_means", Text),  # BT-81
    Column("payment_terms", Text),  # BT-20
    Column("due_on", Date),
    Column("due_source", String(10)),  # BT-9 | errechnet | erfasst
    Column("order_reference", Text),  # BT-13
    Column("cost_centre", Text),  # BT-19
    Column("preceding", Text),  # BT-25, the first
    Column("verdict", String(30)),
    Column("profile", String(60)),
    # where it is filed
    Column("unit", String(100)),
    Column("akte", String(40)),
    Column("vorgang", String(40)),
    Column("dokument", String(40)),  # the original
    Column("version", String(40)),
    Column("report", String(64)),  # blob: verdict and findings as JSON
    Column("letter", String(40)),  # the Dokument with the refusal
    Column("posted", LargeBinary),  # the posting lines of the booking file, see suggestions.py
    # what the booking system said last
    Column("booking_file", String(40)),  # version id
    Column("booking_round", Integer, nullable=False, default=0),
    Column("booking_result", String(12)),  # gebucht | abgewiesen
    Column("voucher", String(60)),
    Column("booked_on", Date),
    Column("booking_reason", Text),
    Column("cover", String(64)),  # the object with what a mail said, until it is filed
    Column("handed_over", Integer, nullable=False, server_default="0"),  # the round, see hkr.py
    Column("predecessor", String(64)),  # what it may be a duplicate of
    Column("distinct", Boolean, nullable=False, default=False),  # checked: no duplicate
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "sha256"),
    Index("ix_invoice_receipt_number", "tenant", "number", "seller_key"),
    Index("ix_invoice_receipt_received", "tenant", "received_at", "id"),
    Index("ix_invoice_receipt_state", "tenant", "state"),
    Index("ix_invoice_receipt_seller", "tenant", "seller_key", "state"),
    Index("ix_invoice_receipt_iban", "tenant", "iban"),
    Index("ix_invoice_receipt_order", "tenant", "order_reference"),
    Index("ix_invoice_receipt_centre", "tenant", "cost_centre"),
)

invoice_key = Table(
    "invoice_key",
    metadata,
    tenant_column(),
    Column("principal", String(40), nullable=False),
    Column("key", String(255), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("invoice", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "principal", "key"),
)

invoice_routing = Table(
    "invoice_routing",
    metadata,
    tenant_column(),
    Column("id", String(40), nullable=False),
    *stream_columns(),
    PrimaryKeyConstraint("tenant", "id"),
)
"""One row a tenant: the stream that tells who changed the routes."""
register_stream(invoice_routing)

invoice_route = Table(
    "invoice_route",
    metadata,
    tenant_column(),
    Column("leitweg_id", String(46), nullable=False),
    Column("unit", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("checking_group", String(100), nullable=False),
    Column("arithmetic_group", String(100), nullable=False),
    Column("ordering_group", String(100), nullable=False),
    PrimaryKeyConstraint("tenant", "leitweg_id"),
    Index("ix_invoice_route_unit", "tenant", "unit"),
)

invoice_supplier_account = Table(
    "invoice_supplier_account",
    metadata,
    tenant_column(),
    Column("iban", String(34), nullable=False),
    Column("seller_key", Text, nullable=False),
    Column("reason", Text, nullable=False),  # how it was checked
    Column("confirmed_by", String(40), nullable=False),
    Column("on_behalf_of", String(40)),
    Column("confirmed_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "iban"),
)
"""Accounts that a person has confirmed to be a supplier's before any was paid to it."""

invoice_official = Table(
    "invoice_official",
    metadata,
    tenant_column(),
    Column("id", String(40), nullable=False),
    *stream_columns(),
    Column("blob_id", String(64)),
    Column("sha256", String(64)),
    Column("name", Text),
    Column("valid_from", Date),  # None: imported when there was but one
    Column("imported_at", Instant),
    Column("withdrawn_at", Instant),
    PrimaryKeyConstraint("tenant", "id"),
)
"""One row a release of official rules, each a stream of what was done with it."""
register_stream(invoice_official)
