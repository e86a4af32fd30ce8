"""What may be said of an invoice, and to whom.

Invariant: who pushed an invoice may see what became of it; everybody else sees it as the E-Akte
lets them see its Vorgang. What may not be seen does not exist (`InvoiceUnknown`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select

from eakte.access import Level, may, visible
from eakte.readlog import record_access
from eakte.tables import vorgang
from engine.tables import user_task
from identity.access import permits
from identity.principal import Principal
from invoice.attachments import Attachment
from invoice.checking import Finding
from invoice.documents import invoice_in
from invoice.errors import InvoiceError, ScanFailed, VirusFound
from invoice.scanning import scan
from processes.rechnungseingang import receipts
from processes.rechnungseingang.errors import AttachmentNotOpened, InvoiceUnknown
from processes.rechnungseingang.tables import invoice_receipt
from storage.blobs import Blobs
from storage.database import Row, Transaction

_HEAD = (
    "id",
    "state",
    "received_at",
    "channel",
    "file_name",
    "sha256",
    "size",
    "number",
    "issued_on",
    "type_code",
    "seller",
    "kreditor",
    "amount_due",
    "currency",
    "stated_amount",
    "stated_currency",
    "leitweg_id",
    "due_on",
    "due_source",
    "verdict",
    "profile",
    "unit",
    "akte",
    "vorgang",
    "predecessor",
    "voucher",
    "booked_on",
)


def visible_receipt(tx: Transaction, principal: Principal, invoice: str) -> Row:
    """The row, if the principal may know of it; else `InvoiceUnknown`."""
    row = receipts.find(tx, invoice)
    if row is not None and (_own(principal, row) or _sees(tx, principal, row)):
        return row
    raise InvoiceUnknown(f"Diese Rechnung gibt es nicht: {invoice}")


def head(row: Row) -> dict[str, object]:
    """The head data as JSON values."""
    return {name: _json(getattr(row, name)) for name in _HEAD}


def status(tx: Transaction, principal: Principal, blobs: Blobs, invoice: str) -> dict[str, object]:
    """Head data and, once it is checked, every finding with rule and place. A finding may quote
    the file, so it is for those who may read that."""
    row = visible_receipt(tx, principal, invoice)
    record_access(tx, principal, "read", "invoice", row.id, akte=row.akte, purpose="Stand")
    if not _reads(tx, principal, row):
        return {**head(row), "file_name": None, "basis": None, "findings": []}
    told = report(tx, blobs, row)
    return {**head(row), "basis": told.get("basis"), "findings": told.get("findings", [])}


def original(
    tx: Transaction, principal: Principal, blobs: Blobs, invoice: str
) -> tuple[Row, bytes]:
    """The received bytes, unchanged. The access is recorded before."""
    row = visible_receipt(tx, principal, invoice)
    if not _reads(tx, principal, row):
        raise InvoiceUnknown(f"Diese Rechnung gibt es nicht: {invoice}")
    record_access(tx, principal, "read", "invoice", row.id, akte=row.akte, purpose="Original")
    return row, blobs.read(tx, row.blob_id)


def attachment(
    tx: Transaction,
    principal: Principal,
    blobs: Blobs,
    invoice: str,
    number: int,
    *,
    scanner: str = "",
) -> Attachment:
    """The embedded file with that number, from 1; its type is what its content is. Where a
    scanner is configured, only what it calls clean is given out."""
    _, data = original(tx, principal, blobs, invoice)
    try:
        found = dict(enumerate(invoice_in(data).attachments, start=1))[number]
        _ = found.content  # raises where the embedded text is no file
    except (InvoiceError, KeyError) as error:
        raise InvoiceUnknown(f"Diese Anlage gibt es nicht: {number}") from error
    if scanner:
        try:
            scan(found.content, scanner)
        except (ScanFailed, VirusFound) as error:
            raise AttachmentNotOpened(f"Die Anlage wird nicht geöffnet: {error}.") from error
    return found


def report(tx: Transaction, blobs: Blobs, row: Row) -> Mapping[str, object]:
    """Verdict and findings as they were when the file was checked."""
    if row.report is None:
        return {}
    found: dict[str, object] = json.loads(blobs.read(tx, row.report))
    return found


def findings(tx: Transaction, blobs: Blobs, row: Row) -> tuple[Finding, ...] | None:
    """The findings of the stored report, those of the official rules among them; None where the
    file has not been checked yet."""
    stored = report(tx, blobs, row).get("findings")
    if not isinstance(stored, list):
        return None
    return tuple(Finding.from_json(each) for each in stored)


def invoices(
    tx: Transaction, principal: Principal, *, state: str | None = None, limit: int = 100
) -> list[dict[str, object]]:
    """Invoices that the principal may know of, newest first. One row in the access log."""
    c = invoice_receipt.c
    filed = filed_where_seen(tx, principal, "head")
    mine = and_(c.received_by == principal.id)
    query = select(invoice_receipt).where(c.tenant == tx.tenant, or_(mine, filed))
    if state is not None:
        query = query.where(c.state == state)
    size = max(1, min(limit, 500))
    rows = tx.all(query.order_by(c.received_at.desc(), c.id.desc()).limit(size))
    record_access(tx, principal, "list", "invoice", count=len(rows))
    # A file's name may tell of its content: it is shown where one opens a single invoice.
    return [{**head(row), "file_name": None} for row in rows]


def filed_where_seen(
    tx: Transaction, principal: Principal, level: Level = "content"
) -> ColumnElement[bool]:
    """For queries over receipts: those whose Vorgang the principal may see at that level."""
    c, v = invoice_receipt.c, vorgang.c
    seen = visible(principal, vorgang, now=tx.now, level=level)
    return exists(select(1).where(v.tenant == c.tenant, v.id == c.vorgang, seen))


def tasks_of(tx: Transaction, invoices: Sequence[str]) -> dict[str, str]:
    """The name of the open task that each lies at, the first one that was opened."""
    c = user_task.c
    found: dict[str, str] = {}
    for start in range(0, len(invoices), 200):
        some = invoices[start : start + 200]
        query = select(c.instance_id, c.name).where(
            c.tenant == tx.tenant, c.instance_id.in_(some), c.closed_at.is_(None)
        )
        found |= {each.instance_id: each.name for each in tx.all(query.order_by(c.id.desc()))}
    return found


def _own(principal: Principal, row: Row) -> bool:
    return bool(row.received_by == principal.id) and permits(principal, "invoice.submit")


def _reads(tx: Transaction, principal: Principal, row: Row) -> bool:
    """Whether the principal may read the content, not only the head data."""
    return _own(principal, row) or (
        row.vorgang is not None and may(tx, principal, vorgang, row.vorgang, "content")
    )


def _sees(tx: Transaction, principal: Principal, row: Row) -> bool:
    if row.vorgang is None:
        return principal.kind == "system" or permits(principal, "booking.report")
    return may(tx, principal, vorgang, row.vorgang, "head")


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value
