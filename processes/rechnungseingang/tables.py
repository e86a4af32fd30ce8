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
    Column("seller_vat_id", Text),  # BT-31
    Column("seller_tax_number", Text),  # BT-32
    Column("seller_registration", Text),  # BT-30
    Column("seller_city", Text),  # BT-37
    Column("kreditor", String(40)),  # chosen by a person, or bound by the first signature
    Column("kreditor_by", String(40)),  # who chose
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
    Column("later", String(40)),  # the Vorgang with what came after z.d.A., see records.py
    Column("handed_over", Integer, nullable=False, server_default="0"),  # the round
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
    Index("ix_invoice_receipt_kreditor", "tenant", "kreditor", "state"),
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

invoice_kreditor = Table(
    "invoice_kreditor",
    metadata,
    tenant_column(),
    Column("id", String(40), nullable=False),
    *stream_columns(),
    Column("number", String(40)),  # of the HKR system, once it has given one
    Column("name", Text, nullable=False),
    Column("vat_id", Text),
    Column("tax_number", Text),
    Column("registration_id", Text),
    Column("electronic_address", Text),
    Column("street", Text),
    Column("post_code", Text),
    Column("city", Text),
    Column("country", String(2)),
    Column("blocked", Text),  # why nothing is ordered to be paid to it
    Column("sachkonto", String(20)),
    Column("kostenstelle", String(20)),
    Column("payment_terms", Text),
    Column("valid_from", Date, nullable=False),
    # what is compared and looked for: small letters and digits only
    Column("vat_key", Text),
    Column("tax_key", Text),
    Column("registration_key", Text),
    Column("name_key", Text, nullable=False),
    Column("city_key", Text),
    Column("words", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "number"),
    Index("ix_invoice_kreditor_vat", "tenant", "vat_key"),
    Index("ix_invoice_kreditor_tax", "tenant", "tax_key"),
    Index("ix_invoice_kreditor_registration", "tenant", "registration_key"),
    Index("ix_invoice_kreditor_name", "tenant", "name_key", "city_key"),
)
"""The supplier master. Each row is the stream that tells who changed it, and its accounts."""
register_stream(invoice_kreditor)

invoice_kreditor_account = Table(
    "invoice_kreditor_account",
    metadata,
    tenant_column(),
    Column("id", String(40), nullable=False),
    Column("kreditor", String(40), nullable=False),
    Column("iban", String(34), nullable=False),
    Column("bic", String(11)),
    Column("state", String(14), nullable=False),  # vorgeschlagen | bestaetigt | entfernt
    Column("reason", Text, nullable=False),  # where it comes from, how it was checked
    Column("batch", String(40)),  # the import that brought it
    Column("proposed_by", String(40), nullable=False),
    Column("proposed_for", String(40)),
    Column("proposed_at", Instant, nullable=False),
    Column("confirmed_by", String(40)),
    Column("on_behalf_of", String(40)),
    Column("confirmed_at", Instant),
    Column("removed_at", Instant),  # until it is confirmed anew
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "kreditor", "iban"),
    Index("ix_invoice_kreditor_account_iban", "tenant", "iban"),
    Index("ix_invoice_kreditor_account_state", "tenant", "state"),
)
"""Accounts of the Kreditoren: proposed by one person, confirmed by another."""

invoice_upload = Table(
    "invoice_upload",
    metadata,
    tenant_column(),
    Column("id", String(40), nullable=False),
    Column("by", String(40), nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("ix_invoice_upload_by", "tenant", "by", "at"),
)
"""What a person sent in at once; `id` comes from the page, so that sending twice is one."""

invoice_upload_file = Table(
    "invoice_upload_file",
    metadata,
    tenant_column(),
    Column("upload", String(40), nullable=False),
    Column("place", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("invoice", String(64)),  # else why not
    Column("first", Boolean, nullable=False),
    Column("reason", Text),
    PrimaryKeyConstraint("tenant", "upload", "place"),
)

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
