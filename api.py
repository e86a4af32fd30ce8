"""The HTTP root: puts every room's routes on one application and says what an error looks like.

Invariant: nothing answers without a principal but health and the log-in page; every answer of
`/api/v1` that is an error is problem+json (RFC 9457) with a stable `code`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from processes.house import House, Settings, open_house

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
            if arrived > BODY_LIMIT:
                raise BodyTooLarge
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

        announced = headers.get(b"content-length", b"0")
        try:
            if announced.isdigit() and int(announced) > BODY_LIMIT:
                raise BodyTooLarge
            await self.app(scope, counted, secured)
        except BodyTooLarge:
            if not started:
                problem = _problem(413, "body_too_large", f"Höchstens {BODY_LIMIT} Bytes")
                await problem(scope, receive, secured)


def _problem(status: int, code: str, detail: str, **more: object) -> JSONResponse:
    """RFC 9457; `code` is stable, `detail` is for people."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail, **more}
    return JSONResponse(body, status, media_type="application/problem+json")
