"""Akten over HTTP: search, head data, Dokumente, history, the exported bundle.

Invariant: every route passes its principal to the same functions that pages use, so there is one
access criterion. Reading writes the access log before the bytes leave.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from eakte import search as searching
from eakte.akten import akte_head
from eakte.beteiligung import schritte
from eakte.dokumente import dokument_head, read_dokument, version_head
from eakte.history import history
from eakte.vorgaenge import vorgang_head
from identity.principal import Principal
from storage.blobs import Blobs
from storage.database import Database


def _json(value: object) -> Response:
    """Dataclasses as JSON: amounts as decimal text, dates and instants as ISO 8601."""
    return Response(msgspec.json.encode(value), media_type="application/json")


def routes(
    database: Database, blobs: Blobs, principal_of: Callable[[Request], Principal]
) -> APIRouter:
    """The router under `/api/v1`."""
    router = APIRouter(prefix="/api/v1", tags=["E-Akte"])
    asks = Depends(principal_of)

    @router.get("/akten", summary="Suche über Kopfdaten, neueste zuerst")
    def search(  # noqa: PLR0917 FastAPI reads them by name
        principal: Principal = asks,
        what: Literal["akte", "vorgang", "dokument"] = "akte",
        text: Annotated[str, Query(max_length=200)] = "",
        unit: Annotated[str | None, Query(max_length=100)] = None,
        year: Annotated[int | None, Query(ge=1900, le=2200)] = None,
        state: Annotated[str | None, Query(max_length=20)] = None,
        dokumenttyp: Annotated[str | None, Query(max_length=100)] = None,
        richtung: Literal["eingang", "ausgang", "intern"] | None = None,
        eingang_from: date | None = None,
        eingang_to: date | None = None,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Response:
        query = searching.Query(
            what=what,
            text=text,
            unit=unit,
            year=year,
            state=state,
            dokumenttyp=dokumenttyp,
            richtung=richtung,
            eingang_from=eingang_from,
            eingang_to=eingang_to,
        )
        with database.begin(principal.tenant) as tx:
            page = searching.search(tx, principal, query, cursor=cursor, limit=limit)
        return _json({"items": page.hits, "page": {"endCursor": page.cursor}})

    @router.get("/akten/{akte}", summary="Eine Akte mit ihren Vorgängen")
    def show_akte(akte: str, principal: Principal = asks) -> Response:
        with database.begin(principal.tenant) as tx:
            head = akte_head(tx, principal, akte)
            vorgaenge = searching.vorgaenge_in(tx, principal, akte)
        return _json({"akte": head, "vorgaenge": vorgaenge})

    @router.get("/akten/{akte}/historie", summary="Wer hat wann was geändert")
    def akte_history(akte: str, principal: Principal = asks) -> Response:
        with database.begin(principal.tenant) as tx:
            return _json({"items": history(tx, principal, akte)})

    @router.get("/vorgaenge/{vorgang}", summary="Ein Vorgang mit Dokumenten und Schritten")
    def show_vorgang(vorgang: str, principal: Principal = asks) -> Response:
        with database.begin(principal.tenant) as tx:
            head = vorgang_head(tx, principal, vorgang)
            dokumente = searching.dokumente_in(tx, principal, vorgang)
            steps = schritte(tx, principal, vorgang)
        return _json({"vorgang": head, "dokumente": dokumente, "schritte": steps})

    @router.get("/vorgaenge/{vorgang}/historie", summary="Die Historie eines Vorgangs")
    def vorgang_history(vorgang: str, principal: Principal = asks) -> Response:
        with database.begin(principal.tenant) as tx:
            head = vorgang_head(tx, principal, vorgang)
            told = history(tx, principal, head.akte, vorgang_id=vorgang)
        return _json({"items": told})

    @router.get("/dokumente/{dokument}", summary="Kopfdaten und Versionen eines Dokuments")
    def show_dokument(dokument: str, principal: Principal = asks) -> Response:
        with database.begin(principal.tenant) as tx:
            return _json(dokument_head(tx, principal, dokument))

    @router.get("/versionen/{version}/inhalt", summary="Die Bytes, wie sie abgelegt wurden")
    def content(version: str, principal: Principal = asks) -> Response:
        with database.begin(principal.tenant) as tx:
            head = version_head(tx, principal, version)
            data = read_dokument(tx, principal, version, blobs, "Schnittstelle")
        name = quote(head.dateiname or f"version-{head.number}")
        return Response(
            data,
            media_type="application/octet-stream",
            headers={
                "content-disposition": f"attachment; filename*=UTF-8''{name}",
                "x-media-type": head.media_type,
                "etag": f'"{head.sha256}"',
                "cache-control": "no-store",
            },
        )

    return router
