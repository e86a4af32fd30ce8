"""Receipts: an invoice is taken in once, whatever way and however often it is pushed.

Invariant: same bytes, same answer. The row, the start of the instance and the intake's blob are
committed together; a second push finds them, a push at the same moment loses against the first
and answers as it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from bpmn.values import Variables
from eakte.file_names import file_name
from engine.commands import StartInstance
from identity.access import permits, require
from identity.principal import Principal, system_principal
from invoice.attachments import sniffed
from processes.rechnungseingang.errors import (
    InvoiceTooLarge,
    InvoiceUnknown,
    KeyReused,
    NothingReceived,
    ReceivedAtInvalid,
)
from processes.rechnungseingang.tables import invoice_key, invoice_receipt
from storage.blobs import PENDING, Blob, Blobs, blob_table
from storage.database import Row, Transaction, for_update
from storage.errors import Conflict

if TYPE_CHECKING:
    from processes.house import House

PROCESS = "rechnungseingang"
OPEN = "offen"
LARGEST = 25 * 1024 * 1024
KEY_REUSED = "Dieser Idempotency-Key kam schon mit einer anderen Datei."
CLOCK_SKEW = timedelta(minutes=5)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Push:
    """What a channel hands over. `received_at` is stated by the channel, or None for now.

    What kind of file it is, the bytes say, whatever the channel calls them.
    """

    data: bytes
    file_name: str | None = None
    channel: str = "api"
    received_at: datetime | None = None
    key: str | None = None
    cover: bytes | None = None
    """What came with it, as text: a mail's words. It is filed beside the invoice."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a channel fetched under one name: its invoices, or why it holds none."""

    reference: str
    pushes: tuple[Push, ...] = ()
    fault: str | None = None
    dangerous: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """`first` is False when these bytes were here before."""

    id: str
    sha256: str
    first: bool


def receive(house: House, principal: Principal, push: Push) -> Receipt:
    """Take an invoice in and start its instance, or answer as the first time."""
    require(principal, "invoice.submit")
    if not push.data:
        raise NothingReceived("Es ist keine Datei angekommen.")
    if len(push.data) > LARGEST:
        raise InvoiceTooLarge(f"Eine Rechnung hat höchstens {LARGEST // 2**20} MB.")
    digest = sha256(push.data).hexdigest()
    with house.database.reading(principal.tenant) as tx:
        known = _known(tx, principal, push, digest)
    if known is not None:
        return _again(house, principal, push, digest, known)
    blob = house.blobs.put(principal.tenant, push.data, sniffed(push.data))
    cover = push.cover and house.blobs.put(principal.tenant, push.cover, "text/plain")
    try:
        with house.database.begin(principal.tenant) as tx:
            taken = _take_in(tx, house, principal, push, blob)
            if cover:
                house.blobs.commit(tx, cover.id)
                change(tx, taken.id, cover=cover.id)
            return taken
    except Conflict:
        # Somebody pushed the same bytes, or used the same key, at the same moment.
        with house.database.reading(principal.tenant) as tx:
            known = _known(tx, principal, push, digest)
        if known is None:
            raise
        return _again(house, principal, push, digest, known)


def receipt(tx: Transaction, invoice: str) -> Row:
    """The row of an invoice; raises `InvoiceUnknown`."""
    row = find(tx, invoice)
    if row is None:
        raise InvoiceUnknown(f"Diese Rechnung gibt es nicht: {invoice}")
    return row


def locked(tx: Transaction, invoice: str) -> Row:
    """The row as it stays until this transaction ends; raises `InvoiceUnknown`."""
    c = invoice_receipt.c
    mine = (c.tenant == tx.tenant, c.id == invoice)
    row = tx.first(for_update(select(invoice_receipt).where(*mine)))
    if row is None:
        raise InvoiceUnknown(f"Diese Rechnung gibt es nicht: {invoice}")
    return row


def find(tx: Transaction, invoice: str) -> Row | None:
    c = invoice_receipt.c
    return tx.first(select(invoice_receipt).where(c.tenant == tx.tenant, c.id == invoice))


def change(tx: Transaction, invoice: str, **values: object) -> None:
    c = invoice_receipt.c
    where = (c.tenant == tx.tenant, c.id == invoice)
    tx.run(update(invoice_receipt).where(*where).values(**values))


def object_of(tx: Transaction, invoice: str, stated: str) -> str:
    """The stored object that the instance is about. A variable alone gives no right to one.

    What is filed or belongs to another invoice already is not taken in by naming it: whoever
    started an instance with it would read it, and the intake's copy is shredded.
    """
    row = find(tx, invoice)
    if row is not None:
        return str(row.blob_id)
    b = blob_table.c
    mine = (b.tenant == tx.tenant, b.id == stated, b.state == PENDING)
    if tx.first(select(b.id).where(*mine)) is None:
        raise InvoiceUnknown("Dieses Objekt ist kein neuer Eingang.")
    return stated


def add(
    tx: Transaction, blobs: Blobs, invoice: str, blob_id: str, received_at: datetime, **more: object
) -> Row:
    """The row of an instance; its object is kept from now on, under the tenant's key until it is
    filed. Raises Conflict for an object that is somebody's already."""
    blob = blobs.describe(tx, blob_id)
    row: dict[str, object] = {
        "tenant": tx.tenant,
        "id": invoice,
        "blob_id": blob_id,
        "sha256": blob.sha256,
        "size": blob.size,
        "media_type": blob.media_type,
        "file_name": None,
        "channel": "prozess",
        "received_at": received_at,
        "received_by": "system",
        "state": OPEN,
        "booking_round": 0,
        "distinct": False,
        **more,
    }
    tx.run(insert(invoice_receipt), row)
    blobs.commit(tx, blob_id)
    return receipt(tx, invoice)


def _take_in(
    tx: Transaction, house: House, principal: Principal, push: Push, blob: Blob
) -> Receipt:
    received_at = push.received_at or tx.now
    if received_at > tx.now + CLOCK_SKEW:
        raise ReceivedAtInvalid("Das Eingangsdatum liegt in der Zukunft.")
    if received_at < EARLIEST:
        raise ReceivedAtInvalid("Das Eingangsdatum liegt vor dem Jahr 2000.")
    starter = principal if permits(principal, "instance.start") else system_principal(tx.tenant)
    about: Variables = {
        "object": blob.id,
        "received_at": received_at,
        "land": house.settings.land,
        "nur_e_rechnung": house.settings.only_e_invoices,
    }
    started = house.engine.execute_in(tx, StartInstance(PROCESS, variables=about), starter)
    add(
        tx,
        house.blobs,
        started.id,
        blob.id,
        received_at,
        file_name=file_name(push.file_name),
        channel=push.channel,
        received_by=principal.id,
    )
    _remember_key(tx, principal, push, blob.sha256, started.id)
    return Receipt(started.id, blob.sha256, first=True)


def _known(tx: Transaction, principal: Principal, push: Push, digest: str) -> str | None:
    """The invoice these bytes already are; raises `KeyReused` for a key that came with others."""
    if push.key is not None:
        k = invoice_key.c
        query = select(invoice_key).where(
            k.tenant == tx.tenant, k.principal == principal.id, k.key == push.key
        )
        used = tx.first(query)
        if used is not None:
            if used.sha256 != digest:
                raise KeyReused(KEY_REUSED)
            return str(used.invoice)
    c = invoice_receipt.c
    found: str | None = tx.scalar(select(c.id).where(c.tenant == tx.tenant, c.sha256 == digest))
    return found


def _again(house: House, principal: Principal, push: Push, digest: str, known: str) -> Receipt:
    """The first answer once more; a new key now stands for these bytes, too."""
    if push.key is not None:
        try:
            with house.database.begin(principal.tenant) as tx:
                _remember_key(tx, principal, push, digest, known)
        except Conflict:
            # The same key came at the same moment: with these bytes it is remembered already.
            with house.database.reading(principal.tenant) as tx:
                _known(tx, principal, push, digest)
    return Receipt(known, digest, first=False)


def _remember_key(
    tx: Transaction, principal: Principal, push: Push, digest: str, invoice: str
) -> None:
    if push.key is None:
        return
    k = invoice_key.c
    mine = (k.tenant == tx.tenant, k.principal == principal.id, k.key == push.key)
    used = tx.first(select(k.sha256).where(*mine))
    if used is not None and used.sha256 != digest:
        raise KeyReused(KEY_REUSED)
    if used is None:
        row = {
            "tenant": tx.tenant,
            "principal": principal.id,
            "key": push.key,
            "sha256": digest,
            "invoice": invoice,
            "created_at": tx.now,
        }
        tx.run(insert(invoice_key), row)
