"""What mails say beside an invoice: filed with it, whichever mail it came with, and put to people.

The first mail's text waits on the receipt until the invoice is filed. A further mail with the same
bytes brings no new invoice, but what it says may matter (another account, a reminder): its text
joins what waits, or is filed into the Vorgang; where that is z.d.A., into one opened for it.
Invariant: the same mail again files nothing, and a text that was filed lies before somebody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from eakte.dokumente import Dokument
from eakte.search import dokumente_in
from identity.principal import system_principal
from processes.rechnungseingang import receipts, records
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.records import Paper
from processes.rechnungseingang.routing import checking_group_of
from storage.blobs import Blobs
from storage.database import Row, Transaction
from storage.errors import Conflict

if TYPE_CHECKING:
    from processes.house import House

FIRST, FURTHER = "E-Mail dazu", "Weitere E-Mail dazu"
TITLES = (FIRST, FURTHER)
KIND, MEDIA_TYPE = "Schriftverkehr", "text/plain"
_PARTED = b"\n\n----- weitere E-Mail -----\n\n"
_READ_IT = "Zu dieser Rechnung ist eine weitere E-Mail gekommen: bitte lesen."


def add(house: House, invoice: str, text: bytes) -> None:
    """What a further mail of the invoice says. Raises Conflict when somebody was at it as well."""
    tenant = house.settings.tenant
    with house.database.reading(tenant) as tx:
        row = receipts.receipt(tx, invoice)
        if _is_known(tx, house.blobs, row, text):
            return
        waiting = house.blobs.read(tx, row.cover) if row.cover else None
    joined = text if waiting is None or row.vorgang is not None else waiting + _PARTED + text
    blob = house.blobs.put(tenant, joined, MEDIA_TYPE)
    with house.database.begin(tenant) as tx:
        now = receipts.locked(tx, invoice)
        if (now.cover, now.vorgang, now.state) != (row.cover, row.vorgang, row.state):
            raise Conflict("the invoice went on while a mail was read")
        if _is_known(tx, house.blobs, now, text):
            return
        if now.vorgang is None:
            house.blobs.commit(tx, blob.id)
            if row.cover:
                house.blobs.shred(tx, row.cover)
            receipts.change(tx, invoice, cover=blob.id)
            return
        _file(tx, house.blobs, now, blob.id)


def filed(tx: Transaction, row: Row) -> list[Dokument]:
    """The texts in the invoice's Vorgang."""
    return list(_filed_in(tx, row.vorgang)) if row.vorgang is not None else []


def paper(blob: str, title: str = FIRST) -> Paper:
    return Paper(blob, title, KIND, MEDIA_TYPE, "eingang")


def _file(tx: Transaction, blobs: Blobs, row: Row, blob: str) -> None:
    place = row.vorgang if records.is_open(tx, row.vorgang) else records.afterwards(tx, row)
    records.file_paper(tx, blobs, row, place, paper(blob, FURTHER))
    addressee = checking_group_of(tx, row.unit)
    records.come_back(tx, place, local_day(tx.now), _READ_IT, addressee)


def _is_known(tx: Transaction, blobs: Blobs, row: Row, text: bytes) -> bool:
    if row.cover and text in blobs.read(tx, row.cover):
        return True
    places = [each for each in (row.vorgang, row.later) if each is not None]
    return any(
        text in blobs.read(tx, each.current.blob_id)
        for place in places
        for each in _filed_in(tx, place)
    )


def _filed_in(tx: Transaction, vorgang_id: str) -> Iterator[Dokument]:
    found = dokumente_in(tx, system_principal(tx.tenant), vorgang_id)
    return (each for each in found if each.titel in TITLES)
