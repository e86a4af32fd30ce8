"""People at the pages: the pages' own application, and a browser without a screen."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.responses import Response as Answer

from bpmn.errors import ModelError
from eakte.errors import EakteError
from engine import work
from engine.errors import EngineError
from engine.machine.errors import MachineError
from engine.queries import TaskQuery, tasks
from engine.views import Task
from identity.errors import IdentityError
from processes.house import House
from processes.rechnungseingang import demo, receipts
from storage.errors import StorageError
from web import pages

SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


def run_all(house: House) -> None:
    """Run what is due now, and what that makes due."""
    while rows := work.claim(house.engine, house.settings.tenant, "test", 10):
        for row in rows:
            work.run(house.engine, house.settings.tenant, row)


def application(house: House) -> FastAPI:
    """The pages alone, wired as the root wires them."""
    app = FastAPI(openapi_url=None)
    app.state.house = house
    app.include_router(pages.pages())

    def failed(request: Request, error: Exception) -> Answer:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return pages.error_page(request, error) or PlainTextResponse("Fehler", status)

    rooms = (EakteError, EngineError, MachineError, IdentityError, StorageError, ModelError)
    for kind in (*rooms, *pages.PAGE_ERRORS, HTTPException):
        app.add_exception_handler(kind, failed)
    app.add_exception_handler(pages.LogInFirst, pages.handle_log_in_first)

    @app.middleware("http")
    async def secured(request: Request, call_next):  # type: ignore[no-untyped-def]
        answer = await call_next(request)
        for name, value in SECURITY.items():
            answer.headers.setdefault(name, value)
        return answer

    return app


class Browser:
    """Somebody at the pages: keeps the session and sends the page's own CSRF token."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app=app)
        self.cookies = httpx.Cookies()

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url="http://testserver", cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **more)
                self.cookies = httpx.Cookies(client.cookies)
                return answer

        return asyncio.run(ask())

    def log_in(self, login: str, **more: str) -> httpx.Response:
        fields = {"login": login, "password": login, **more}
        return self.request("POST", "/anmelden", data=fields)

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def token(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/akten").text)
        assert found is not None
        return found[1]

    def post(self, path: str, **fields: object) -> httpx.Response:
        return self.request("POST", path, data={"csrf": self.token(), **fields})


def tasks_of(house: House, login: str, node: str | None = None) -> list[Task]:
    """The inbox of a person, newest first."""
    who = demo.principal(house, login)
    with house.database.reading(who.tenant) as tx:
        return tasks(tx, who, TaskQuery(inbox=True, node=node, limit=100))


def push(house: House, data: bytes) -> str:
    """An invoice as the Rechnungsstelle takes it in, led to its first person; its instance."""
    given = receipts.Push(data, "application/xml", "rechnung.xml", "test")
    receipt = receipts.receive(house, demo.principal(house, demo.INTAKE), given)
    run_all(house)
    return receipt.id


SAMPLES = {each.file[:2]: each.data for each in demo.samples()}
"""The shipped invoices by their number."""
