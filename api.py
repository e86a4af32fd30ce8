"""The HTTP root: puts every room's routes on one application and says what an error looks like.

Invariant: nothing answers without a principal but health and the log-in page; every answer of
`/api/v1` that is an error is problem+json (RFC 9457) with a stable `code`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bpmn.errors import FormInvalid, ModelError
from eakte.errors import AccessDenied, EakteError
from eakte.errors import NotFound as AkteNotFound
from eakte.http import routes as akten_routes
from eakte.readlog import record_denial
from engine import errors as engine_errors
from engine.http.application import EngineRest
from engine.http.plain import routes as task_routes
from engine.machine.errors import MachineError, WaitNotOpen
from identity.access import require
from identity.errors import IdentityError, NotAuthenticated, NotPermitted, TooManyAttempts
from identity.http import principal_of
from identity.principal import Principal
from invoice.errors import InvoiceError
from processes.house import House, open_house
from storage.errors import Conflict, ConstraintViolated, NotMigrated, StorageError, Unavailable
from storage.verify import verify_all
from web.pages import PAGE_ERRORS, error_page, pages, too_large_page
from web.visit import LogInFirst

BODY_LIMIT = 64 * 1024 * 1024
"""No body is larger than the largest upload anybody may make (an invoice: 25 MB)."""

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'; "
        "base-uri 'none'; frame-ancestors 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_HEADER_PAIRS = [(k.encode(), v.encode()) for k, v in SECURITY_HEADERS.items()]


_CHARSET = re.compile(rb"multipart/.*;\s*charset\s*=\s*\"?([^\";\s]*)", re.IGNORECASE)
_READABLE = (b"utf-8", b"us-ascii", b"iso-8859-1")
"""What a form may be written in; RFC 7578 (4.6) knows no such parameter, some programs send it."""


class BodyTooLarge(Exception):
    """The client sent more than `BODY_LIMIT`, announced or not."""


class Shell:
    """The outermost layer: caps bodies while they arrive and adds the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        started = False
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            _check(arrived)
            return message

        async def secured(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in _HEADER_PAIRS if pair[0] not in present),
                ]
            await send(message)

        written = _CHARSET.match(headers.get(b"content-type", b""))
        if written and written[1].lower() not in _READABLE:
            problem = _problem(415, "charset_unknown", "Formulare bitte in UTF-8 senden")
            await problem(scope, receive, secured)
            return
        announced = headers.get(b"content-length", b"0")
        arrived = int(announced) if announced.isdigit() else 0
        try:
            _check(arrived)
            arrived = 0
            await self.app(scope, counted, secured)
        except ClientDisconnect:
            pass  # gone before it had said everything: there is nobody to answer
        except BodyTooLarge:
            if not started:
                page = too_large_page(scope["path"], BODY_LIMIT)
                problem = _problem(413, "body_too_large", f"Höchstens {BODY_LIMIT} Bytes")
                await (page or problem)(scope, receive, secured)


def _check(size: int) -> None:
    if size > BODY_LIMIT:
        raise BodyTooLarge


def create(house: House | None = None) -> FastAPI:
    """The application over an open house; by itself it opens the one the environment names."""
    house = house or open_house()
    app = FastAPI(
        title="Amtsgang",
        version="0.1.0",
        openapi_url=None,  # served below, to those who may ask
        docs_url=None,
        redoc_url=None,
    )
    app.state.house = house
    who = principal_of(house.authenticator)
    statuses = dict(STATUS_OF)
    for package in house.packages:
        statuses |= package.statuses
    rest = EngineRest(house.engine, who, statuses)
    for prefix in ("/engine-rest/engine/default", "/engine-rest"):
        app.router.routes.append(Mount(prefix, app=rest))
    app.include_router(task_routes(house.engine, who))
    app.include_router(_health(house))
    app.include_router(_verification(house, who))
    app.include_router(akten_routes(house.database, house.blobs, who))
    for package in house.packages:
        if package.routes is not None:
            app.include_router(package.routes(house, who))
    app.include_router(pages())
    app.state.statuses = statuses
    for base in statuses:
        app.add_exception_handler(base, _foreseen)
    for only_pages in (LogInFirst, *PAGE_ERRORS):
        app.add_exception_handler(only_pages, _page)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Shell)
    return app


# --- health, metrics, verification ---


def _health(house: House) -> APIRouter:
    router = APIRouter(tags=["Betrieb"])

    @router.get("/healthz", summary="Der Prozess antwortet")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz", summary="Datenbank und Objektspeicher antworten")
    def readyz() -> JSONResponse:
        answers: dict[str, str] = {}
        for name, ask in (
            ("database", lambda: _ask(house)),
            ("objects", lambda: house.store.exists("readiness")),
        ):
            try:
                ask()
                answers[name] = "ok"
            except StorageError as error:
                answers[name] = error.code
        ready = all(answer == "ok" for answer in answers.values())
        return JSONResponse(answers, 200 if ready else 503)

    return router


def _ask(house: House) -> None:
    with house.database.reading(house.settings.tenant) as tx:
        tx.scalar(select(1))


def _verification(house: House, who: Callable[[Request], Principal]) -> APIRouter:
    router = APIRouter(tags=["Betrieb"])
    asks = Depends(who)

    @router.get("/api/v1/openapi.json", include_in_schema=False)
    def openapi(request: Request, _principal: Principal = asks) -> JSONResponse:
        return JSONResponse(request.app.openapi())

    @router.get("/.well-known/camunda-automation-platform/webapps", include_in_schema=False)
    def webapps(request: Request, _principal: Principal = asks) -> JSONResponse:
        """Where Modeler sends a person after a deployment."""
        base = str(request.base_url).rstrip("/")
        return JSONResponse({"tasklistUrl": f"{base}/aufgaben", "cockpitUrl": f"{base}/prozesse"})

    @router.get("/metrics", summary="Kennzahlen für Prometheus")
    def metrics(principal: Principal = asks) -> Response:
        require(principal, "system.operate")
        from prometheus_client import (  # noqa: PLC0415 a server starts before it is scraped
            CONTENT_TYPE_LATEST,
            REGISTRY,
            generate_latest,
        )

        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    @router.post("/api/v1/verification", summary="Alle Ketten, Prüfpunkte und Inhalte prüfen")
    def verification(principal: Principal = asks) -> JSONResponse:
        require(principal, "ledger.verify")
        report = verify_all(
            house.database,
            house.store,
            house.blobs,
            principal.tenant,
            trusted=house.keyring.fingerprints(),
        )
        return JSONResponse(
            {
                "whole": report.whole,
                "streams": report.streams,
                "entries": report.entries,
                "checkpoints": report.checkpoints,
                "blobs": report.blobs,
                "unanchored": [str(each) for each in report.unanchored],
                "faults": [fault._asdict() for fault in report.faults],
            }
        )

    return router


# --- errors ---

STATUS_OF: dict[type[Exception], int] = {
    NotAuthenticated: 401,
    TooManyAttempts: 429,
    NotPermitted: 403,
    IdentityError: 422,
    AccessDenied: 403,
    AkteNotFound: 404,
    EakteError: 422,
    engine_errors.NotFound: 404,
    engine_errors.NotAllowed: 403,
    engine_errors.OtherPersonNeeded: 403,
    engine_errors.TaskTaken: 409,
    engine_errors.Overtaken: 409,
    engine_errors.EngineError: 422,
    WaitNotOpen: 409,
    MachineError: 409,
    FormInvalid: 422,
    ModelError: 422,
    InvoiceError: 422,
    Conflict: 409,
    ConstraintViolated: 422,
    Unavailable: 503,
    NotMigrated: 503,
    StorageError: 500,
}
"""An error's status is that of its nearest base here; its `code` is its own."""


def _status_of(request: Request, error: Exception) -> int:
    statuses: dict[type[Exception], int] = request.app.state.statuses
    return next(statuses[base] for base in type(error).__mro__ if base in statuses)


async def _foreseen(request: Request, error: Exception) -> Response:
    if (page := await run_in_threadpool(error_page, request, error)) is not None:
        return page
    status = _status_of(request, error)
    if isinstance(error, AccessDenied | AkteNotFound):
        await run_in_threadpool(_note_denial, request, error)
    more: dict[str, object] = {}
    if isinstance(error, FormInvalid):
        more["errors"] = [
            {"pointer": "/" + e.key.replace(".", "/"), "detail": e.message} for e in error.errors
        ]
    response = _problem(status, getattr(error, "code", "error"), str(error), **more)
    if status == 401:
        response.headers["www-authenticate"] = 'Basic realm="amtsgang", charset="UTF-8"'
    if isinstance(error, TooManyAttempts):
        response.headers["retry-after"] = f"{error.retry_after:.0f}"
    return response


async def _page(request: Request, error: Exception) -> Response:
    page = await run_in_threadpool(error_page, request, error)
    assert page is not None, "raised by pages only"
    return page


def _note_denial(request: Request, error: AccessDenied | AkteNotFound) -> None:
    """A refused look at an Akte stands in the access log like one that was granted."""
    house: House = request.app.state.house
    try:
        principal = principal_of(house.authenticator)(request)
    except NotAuthenticated:
        return
    record_denial(house.database, principal, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if (page := await run_in_threadpool(error_page, request, error)) is not None:
        return page
    found = [
        {"pointer": "/" + "/".join(str(part) for part in each["loc"]), "detail": each["msg"]}
        for each in error.errors()
    ]
    return _problem(
        422, "request_invalid", "Die Anfrage passt nicht zur Schnittstelle", errors=found
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if (page := await run_in_threadpool(error_page, request, error)) is not None:
        return page
    return _problem(error.status_code, f"http_{error.status_code}", str(error.detail))


def _problem(status: int, code: str, detail: str, **more: object) -> JSONResponse:
    """RFC 9457; `code` is stable, `detail` is for people."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail, **more}
    return JSONResponse(body, status, media_type="application/problem+json")
