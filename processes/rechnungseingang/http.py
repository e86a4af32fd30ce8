"""The invoice's interface: push, follow, read back, report the booking.

Invariant: a push is answered by what is stored, never by what is hoped: 202 with where to look the
first time, 200 with the same id for the same bytes, 409 only for an Idempotency-Key that came with
other bytes. Handlers are synchronous, on FastAPI's threads; what they raise the root turns into
problem+json by `PACKAGE.statuses`.
"""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import UploadFile

from identity.principal import Principal
from processes.package import PrincipalOf
from processes.rechnungseingang import deadlines, papers, receipts, status
from processes.rechnungseingang.errors import (
    ChannelInvalid,
    KeyInvalid,
    NothingReceived,
    ReceivedAtInvalid,
)
from processes.rechnungseingang.hkr import acknowledgements
from processes.rechnungseingang.hkr.booking import (
    MEDIA_TYPE,
    TABLE_MEDIA_TYPE,
    Acknowledgement,
    booking_table,
)
from processes.rechnungseingang.intake import batch
from processes.rechnungseingang.kreditoren.http import kreditor_routes

if TYPE_CHECKING:
    from processes.house import House

_CHANNEL = re.compile(r"[\w .:-]{1,40}")


class BookingReport(BaseModel):
    """What the booking system says; `gebucht` names voucher and day, `abgewiesen` the reason."""

    model_config = ConfigDict(strict=False, extra="forbid")

    result: Literal["gebucht", "abgewiesen"]
    voucher: str | None = Field(None, max_length=60)
    booked_on: date | None = None
    reason: str | None = Field(None, max_length=2000)
    booking_id: str | None = Field(None, max_length=100)


def routes(house: House, principal_of: PrincipalOf) -> APIRouter:
    """The router under `/api/v1/invoices`, and that of the Kreditoren."""
    router = APIRouter(prefix="/api/v1/invoices", tags=["Rechnungen"])
    who = Depends(principal_of)
    _add_push(router, house, who)
    _add_batch(router, house, who)
    _add_reading(router, house, who)
    _add_papers(router, house, who)
    _add_booking(router, house, who)
    whole = APIRouter()
    whole.include_router(router)
    whole.include_router(kreditor_routes(house, who))
    return whole


def _add_push(router: APIRouter, house: House, who: Principal) -> None:
    @router.post("", status_code=202, summary="Eine Rechnung einreichen")
    async def push(request: Request, principal: Principal = who) -> Response:
        """XML or PDF as the body, or multipart with one file. Header `Received-At` or query
        `received_at` states when the channel received it, `Idempotency-Key` names the push."""
        given = await _push_of(request)
        # The house is synchronous: its work must not hold the event loop.
        receipt = await asyncio.to_thread(receipts.receive, house, principal, given)
        where = f"{router.prefix}/{receipt.id}"
        body = {
            "id": receipt.id,
            "sha256": receipt.sha256,
            "first": receipt.first,
            "links": {"self": where, "original": f"{where}/original"},
        }
        return JSONResponse(body, 202 if receipt.first else 200, headers={"location": where})


def _add_batch(router: APIRouter, house: House, who: Principal) -> None:
    @router.post("/batch", summary="Viele Rechnungen auf einmal einreichen")
    async def push_all(request: Request, principal: Principal = who) -> Response:
        """multipart with any number of files; a zip archive stands for the files in it. Each has
        its own result: `id`, or `code` and `reason`."""
        async with request.form(max_files=batch.MOST_FILES, max_fields=20) as form:
            files = [
                receipts.Push(await each.read(), each.filename, "stapel")
                for _, each in form.multi_items()
                if isinstance(each, UploadFile)
            ]
        results = await asyncio.to_thread(batch.receive_all, house, principal, files)
        items = [
            {"name": r.name, "id": r.invoice, "first": r.first, "code": r.code, "reason": r.reason}
            for r in results
        ]
        taken = sum(r.invoice is not None for r in results)
        return JSONResponse({"taken": taken, "refused": len(items) - taken, "items": items})


def _add_reading(router: APIRouter, house: House, who: Principal) -> None:
    @router.get("", summary="Rechnungen, neueste zuerst")
    def index(
        principal: Principal = who,
        state: Annotated[str | None, Query(max_length=20)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        with house.database.begin(principal.tenant) as tx:
            return JSONResponse({"items": status.invoices(tx, principal, state=state, limit=limit)})

    @router.get("/deadlines", summary="Skonto und Fälligkeiten, was zuerst verloren geht zuerst")
    def losses(
        principal: Principal = who, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> Response:
        with house.database.begin(principal.tenant) as tx:
            found = deadlines.queue(tx, principal, house.settings.land, limit)
        items = [
            {
                "id": row.id,
                "number": row.number,
                "seller": row.seller,
                "unit": row.unit,
                "order_by": loss.order_by.isoformat(),
                "ends": loss.ends.isoformat(),
                "reason": loss.reason,
                "at_stake": str(loss.at_stake),
                "currency": row.currency,
            }
            for row, loss in found
        ]
        return JSONResponse({"items": items})

    @router.get("/{invoice}", summary="Stand, Kopfdaten und Befunde einer Rechnung")
    def show(invoice: str, principal: Principal = who) -> Response:
        with house.database.begin(principal.tenant) as tx:
            return JSONResponse(status.status(tx, principal, house.blobs, invoice))

    @router.get("/{invoice}/original", summary="Die empfangenen Bytes, unverändert")
    def original(invoice: str, principal: Principal = who) -> Response:
        with house.database.begin(principal.tenant) as tx:
            row, data = status.original(tx, principal, house.blobs, invoice)
        headers = {
            "content-disposition": f'attachment; filename="rechnung-{row.id}"',
            "x-content-type-options": "nosniff",
            "etag": f'"{row.sha256}"',
        }
        return Response(data, media_type=row.media_type, headers=headers)

    @router.get("/{invoice}/attachments/{number}", summary="Eine Anlage der Rechnung")
    def attachment(invoice: str, number: int, principal: Principal = who) -> Response:
        with house.database.begin(principal.tenant) as tx:
            found = status.attachment(
                tx, principal, house.blobs, invoice, number, scanner=house.settings.scanner
            )
        # Machines ask here; a task opens what is harmless. A browser only saves it.
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
            "x-content-type-options": "nosniff",
        }
        return Response(found.content, media_type=found.media_type, headers=headers)


def _add_papers(router: APIRouter, house: House, who: Principal) -> None:
    @router.post("/{invoice}/documents", status_code=201, summary="Unterlagen hinzufügen")
    async def add(
        invoice: str, kind: papers.Kind, request: Request, principal: Principal = who
    ) -> Response:
        """Lieferschein, Vermerk, Mahnung or Schriftverkehr, as the body or multipart. A Mahnung
        raises the priority."""
        given = await _push_of(request)
        filed = await asyncio.to_thread(
            papers.add_paper,
            house,
            principal,
            invoice,
            kind=kind,
            data=given.data,
            name=given.file_name,
        )
        return JSONResponse({"id": filed.id, "version": filed.current.id}, 201)


def _add_booking(router: APIRouter, house: House, who: Principal) -> None:
    @router.get("/{invoice}/booking-file", summary="Die geltende Buchungsdatei")
    def booking_file(
        invoice: str, form: Literal["json", "csv"] = "json", principal: Principal = who
    ) -> Response:
        """`form=csv` gives the same order as a table, a line for each posting line."""
        with house.database.begin(principal.tenant) as tx:
            data = acknowledgements.current_file(tx, principal, house.blobs, invoice)
        if form == "csv":
            return Response(booking_table(data), media_type=TABLE_MEDIA_TYPE)
        return Response(data, media_type=MEDIA_TYPE)

    @router.post("/{invoice}/booking", summary="gebucht oder abgewiesen melden")
    def booked(invoice: str, report: BookingReport, principal: Principal = who) -> Response:
        said = Acknowledgement(**report.model_dump())
        applied = acknowledgements.report(house, principal, invoice, said)
        return JSONResponse({"id": invoice, "result": said.result, "first": applied})


async def _push_of(request: Request) -> receipts.Push:
    stated = request.headers.get("received-at") or request.query_params.get("received_at")
    received_at = _instant(stated) if stated else None
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= 255:
        raise KeyInvalid("Ein Idempotency-Key hat 1 bis 255 Zeichen.")
    channel = request.query_params.get("channel") or "api"
    if not _CHANNEL.fullmatch(channel):
        raise ChannelInvalid("Ein Kanal hat einen Namen aus höchstens 40 Buchstaben und Ziffern.")
    media_type = request.headers.get("content-type", "").split(";")[0].strip()
    if media_type != "multipart/form-data":
        return receipts.Push(await request.body(), None, channel, received_at, key)
    async with request.form(max_files=1, max_fields=5) as form:
        files = [item for item in form.values() if isinstance(item, UploadFile)]
        if len(files) != 1:
            raise NothingReceived("Bitte genau eine Datei je Rechnung senden.")
        data = await files[0].read()
        name = files[0].filename
        field = form.get("received_at")
        if isinstance(field, str) and field and received_at is None:
            received_at = _instant(field)
    return receipts.Push(data, name, channel, received_at, key)


def _instant(text: str) -> datetime:
    """ISO 8601 with offset; a `+` that a query string turned into a blank is understood."""
    try:
        instant = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        raise ReceivedAtInvalid(f"Kein Zeitpunkt nach ISO 8601: {text[:40]}") from None
    if instant.tzinfo is None:
        raise ReceivedAtInvalid("Ein Zeitpunkt braucht seine Zeitzone, zum Beispiel +01:00 oder Z.")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ReceivedAtInvalid(f"Kein Zeitpunkt, mit dem man rechnen kann: {text[:40]}") from None
