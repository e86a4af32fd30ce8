"""Many invoices sent in on a page: taken in as a batch, and what became of each file afterwards.

Invariant: an upload is recorded once, under the key of its page, after its files are taken in; a
kill in between leaves invoices that the same upload finds as known. It is shown to nobody but who
sent it, and says of an invoice what its sender may know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select

from bpmn.german import parse_german_date
from eakte.readlog import record_access
from identity.access import require
from identity.principal import Principal
from processes.package import Field, Page, Upload
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.dates import ZONE, local_day, start_of
from processes.rechnungseingang.errors import NothingReceived, ReceivedAtInvalid
from processes.rechnungseingang.intake.batch import MOST_FILES, Result, receive_all
from processes.rechnungseingang.letters import templates
from processes.rechnungseingang.receipts import LARGEST, OPEN, Push
from processes.rechnungseingang.status import filed_where_seen, tasks_of
from processes.rechnungseingang.tables import (
    invoice_receipt,
    invoice_upload,
    invoice_upload_file,
)
from storage.database import Row, Transaction
from storage.errors import Conflict

if TYPE_CHECKING:
    from processes.house import House

CHANNEL = "hochgeladen"
MOST_BYTES = 60 * 1024 * 1024
LAST = 20
STATES = {
    "gebucht": ("gebucht", "good"),
    "abgelehnt": ("abgelehnt", "bad"),
    "dublette": ("als Dublette abgelegt", "warn"),
    "abgebrochen": ("abgebrochen", "warn"),
}


def take(
    house: House,
    principal: Principal,
    key: str,
    files: Sequence[tuple[str, bytes]],
    given: Mapping[str, str],
) -> None:
    """Take the files in, unless this very upload was taken in before."""
    require(principal, "invoice.submit")
    with house.database.reading(principal.tenant) as tx:
        received_at = _received_at(given.get("eingegangen_am", ""), tx.now)
        if _upload(tx, principal, key) is not None:
            return
    if not files:
        raise NothingReceived("Bitte mindestens eine Datei wählen.")
    pushes = [Push(data, _named(name), CHANNEL, received_at) for name, data in files]
    results = receive_all(house, principal, pushes)
    # Sent twice at the same moment: the other one has recorded it.
    with suppress(Conflict), house.database.begin(principal.tenant) as tx:
        tx.run(
            insert(invoice_upload),
            {"tenant": tx.tenant, "id": key, "by": principal.id, "at": tx.now},
        )
        rows = [_row(tx, key, place, each) for place, each in enumerate(results, start=1)]
        tx.run(insert(invoice_upload_file), rows)


def _named(name: str) -> str:
    """For display; a browser may send anything."""
    return "".join(c for c in name if c.isprintable())[-255:] or "Datei"


def _row(tx: Transaction, key: str, place: int, result: Result) -> dict[str, object]:
    return {
        "tenant": tx.tenant,
        "upload": key,
        "place": place,
        "name": result.name,
        "invoice": result.invoice,
        "first": result.first,
        "reason": result.reason,
    }


def _received_at(text: str, now: datetime) -> datetime | None:
    """The day that the post came, where it was not today."""
    if not text:
        return None
    day = parse_german_date(text)
    if day is None:
        raise ReceivedAtInvalid("Eingegangen am: bitte einen Tag wie 31.12.2026 angeben.")
    if day > local_day(now):
        raise ReceivedAtInvalid("Eingegangen am: dieser Tag liegt in der Zukunft.")
    return None if day == local_day(now) else start_of(day)


def _upload(tx: Transaction, principal: Principal, key: str) -> Row | None:
    u = invoice_upload.c
    mine = (u.tenant == tx.tenant, u.id == key, u.by == principal.id)
    return tx.first(select(invoice_upload).where(*mine))


def _outcome(house: House, tx: Transaction, principal: Principal, key: str) -> str | None:  # noqa: ARG001
    upload = _upload(tx, principal, key)
    if upload is None:
        return None
    f, c = invoice_upload_file.c, invoice_receipt.c
    readable = filed_where_seen(tx, principal)
    query = (
        select(
            invoice_upload_file,
            *(getattr(c, n) for n in ("number", "seller", "amount_due", "currency", "state")),
            *(c.received_at, c.received_by, c.predecessor, c.distinct, c.vorgang),
            readable.label("readable"),
        )
        .outerjoin(invoice_receipt, (c.tenant == f.tenant) & (c.id == f.invoice))
        .where(f.tenant == tx.tenant, f.upload == key)
    )
    rows = tx.all(query.order_by(f.place))
    record_access(tx, principal, "list", "invoice", count=len(rows), purpose="Einreichung")
    waiting = tasks_of(tx, [row.invoice for row in rows if row.invoice])
    files = [_told(principal, row, waiting.get(row.invoice)) for row in rows]
    return templates.get_template("einreichung.html").render(
        at=_moment(upload.at),
        files=files,
        taken=sum(bool(row.invoice) and row.first for row in rows),
        known=sum(bool(row.invoice) and not row.first for row in rows),
        refused=sum(not row.invoice for row in rows),
    )


def _told(principal: Principal, row: Row, task: str | None) -> dict[str, str | None]:
    """A line: what became of the file, where it stands now, and a link for who may follow it."""
    told: dict[str, str | None] = {"name": row.name, "about": None, "detail": None, "link": None}
    if not row.invoice:
        return {**told, "badge": "nicht angenommen", "tone": "bad", "detail": row.reason}
    badge, tone = ("angenommen", "good") if row.first else ("schon bekannt", "warn")
    told |= {"badge": badge, "tone": tone}
    if not row.first:
        told["detail"] = f"Dieselbe Datei ist am {local_day(row.received_at):%d.%m.%Y} eingegangen."
    if row.received_by != principal.id and not row.readable:
        return told
    if row.number:
        amount = parse_amount(row.amount_due)
        said = f" über {german(amount, row.currency or 'EUR')}" if amount is not None else ""
        told["about"] = f"{row.number} von {row.seller or 'unbekannt'}{said}"
    told["link"] = f"/vorgaenge/{row.vorgang}" if row.readable else None
    if row.state in STATES:
        told["badge"], told["tone"] = STATES[row.state]
    elif row.predecessor and not row.distinct and row.state == OPEN:
        told |= {"badge": "vermutlich doppelt", "tone": "warn"}
        told["detail"] = (
            "Eine andere Datei ist dieselbe Rechnung, wie es scheint: ein Mensch prüft."
        )
    elif row.state == OPEN and told["detail"] is None:
        told["detail"] = f"Liegt bei: {task}" if task is not None else "Wird gerade geprüft."
    return told


def _last(house: House, tx: Transaction, principal: Principal) -> str:  # noqa: ARG001
    """What this person has sent in before."""
    u, f = invoice_upload.c, invoice_upload_file.c
    query = (
        select(u.id, u.at, func.count(f.place).label("files"), func.count(f.invoice).label("taken"))
        .outerjoin(invoice_upload_file, (f.tenant == u.tenant) & (f.upload == u.id))
        .where(u.tenant == tx.tenant, u.by == principal.id)
        .group_by(u.id, u.at)
    )
    rows = tx.all(query.order_by(u.at.desc(), u.id).limit(LAST))
    shown = [(row, _moment(row.at)) for row in rows]
    return templates.get_template("einreichungen.html").render(rows=shown, most=LAST)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%d.%m.%Y, %H:%M Uhr}"


SEND_IN = Page(
    name="einreichen",
    label="Einreichen",
    title="Rechnungen einreichen",
    permission="invoice.submit",
    html=_last,
    upload=Upload(
        label="Einreichen",
        hint=f"XML und PDF, auch viele auf einmal oder als Zip: bis {MOST_FILES} Dateien, eine "
        f"Rechnung bis {LARGEST // 2**20} MB, zusammen bis {MOST_BYTES // 2**20} MB. "
        "Dieselbe Datei noch einmal schadet nicht.",
        most_files=MOST_FILES,
        most_bytes=MOST_BYTES,
        fields=(
            Field(
                "eingegangen_am",
                "Eingegangen am",
                "wenn nicht heute, zum Beispiel 27.11.2026; gilt für alle Dateien",
                optional=True,
            ),
        ),
        take=take,
        html=_outcome,
    ),
)
