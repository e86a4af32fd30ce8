"""A real house behind the pages, as the demo sets it up, and people who browse it."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
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
from processes.house import House, Settings, open_house
from processes.rechnungseingang import demo
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


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo house with its samples pushed and led to the first people, made once."""
    data = tmp_path_factory.mktemp("furnished")
    house = open_house(Settings(data=data, demo=True))
    house.database.create_all()
    house.deploy_packages()
    demo.set_up(house)
    demo.push(house)
    run_all(house)
    house.close()
    return data


@pytest.fixture
def house(furnished: Path, tmp_path: Path) -> Iterator[House]:
    data = shutil.copytree(furnished, tmp_path / "var")
    house = open_house(Settings(data=data, demo=True))
    yield house
    house.close()


def run_all(house: House) -> None:
    """Run what is due now, and what that makes due."""
    while rows := work.claim(house.engine, house.settings.tenant, "test", 10):
        for row in rows:
            work.run(house.engine, house.settings.tenant, row)


@pytest.fixture
def run_jobs(house: House) -> Callable[[], None]:
    return lambda: run_all(house)


def application(house: House) -> FastAPI:
    """The pages alone, wired as the root wires them."""
    app = FastAPI(openapi_url=None)
    app.state.house = house
    app.include_router(pages.pages())

    def failed(request: Request, error: Exception) -> Answer:
        return pages.error_page(request, error) or PlainTextResponse("Fehler", 500)

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


@pytest.fixture
def app(house: House) -> FastAPI:
    return application(house)


@pytest.fixture
def browse(app: FastAPI) -> Callable[[str], Browser]:
    """The pages as that person."""

    def open_as(login: str) -> Browser:
        browser = Browser(app)
        assert browser.log_in(login).status_code == 303
        return browser

    return open_as


def tasks_of(house: House, login: str, node: str | None = None) -> list[Task]:
    """The inbox of a person, newest first."""
    who = demo.principal(house, login)
    with house.database.reading(who.tenant) as tx:
        return tasks(tx, who, TaskQuery(inbox=True, node=node, limit=100))
