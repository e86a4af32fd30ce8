"""The REST interface over a real engine: persons with tokens, and a client for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse
from starlette.routing import Mount

import identity.tables  # noqa: F401 the tables to create
from bpmn.errors import ModelError
from engine import clock
from engine.engine import Engine
from engine.errors import EngineError
from engine.http.application import EngineRest
from engine.http.plain import routes as plain_routes
from engine.machine.errors import MachineError
from identity.authentication import Authenticator
from identity.http import principal_of
from identity.persons import add_person
from identity.principal import system_principal
from identity.tokens import issue_token
from storage.database import Database
from tests.engine.http.served import served

STAFF = {
    "anna": (("clerk",), ("clerks",)),
    "ben": (("clerk",), ("clerks",)),
    "carl": (("clerk",), ("others",)),
    "lea": (("lead",), ("clerks",)),
    "olga": (("operator",), ()),
    "dora": (("designer",), ()),
}


@dataclass
class Desk:
    """A person's client; a call returns the parsed answer of the status that is expected."""

    http: httpx.Client
    prefix: str = "/engine-rest"

    def get(self, path: str, expect: int = 200, **params: Any) -> Any:
        return self.call("GET", path, expect, params=params)

    def post(self, path: str, expect: int = 200, **body: Any) -> Any:
        return self.call("POST", path, expect, json=body)

    def put(self, path: str, expect: int = 204, **body: Any) -> Any:
        return self.call("PUT", path, expect, json=body)

    def delete(self, path: str, expect: int = 204) -> Any:
        return self.call("DELETE", path, expect)

    def call(self, method: str, path: str, expect: int, **more: Any) -> Any:
        response: httpx.Response = self.http.request(method, f"{self.prefix}{path}", **more)
        assert response.status_code == expect, response.text
        if not response.content:
            return None
        assert response.headers["content-type"] == "application/json"
        return response.json()


@dataclass
class Office:
    """An engine whose clock stands, and who may ask it."""

    engine: Engine
    authenticator: Authenticator
    url: str
    tokens: dict[str, str]
    ids: dict[str, str]
    now: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    clients: ExitStack = field(default_factory=ExitStack)

    def desk(self, login: str) -> Desk:
        header = {"authorization": f"Bearer {self.tokens[login]}"}
        return Desk(self.stranger(headers=header))

    def plain(self, login: str) -> Desk:
        """The same person's client of `/api/v1`."""
        return Desk(self.desk(login).http, "/api/v1")

    def stranger(self, **more: Any) -> httpx.Client:
        return self.clients.enter_context(httpx.Client(base_url=self.url, timeout=20, **more))

    def hire(self, login: str, password: str) -> None:
        """Somebody who comes with a password: worker, operator and clerk in one."""
        with self.engine.database.begin() as tx:
            roles = ("clerk", "operator")
            add_person(
                tx,
                login=login,
                display_name=login,
                password=password,
                roles=roles,
                groups=("clerks",),
            )

    def pass_time(self, by: timedelta) -> None:
        self.now += by
        clock.sweep(self.engine)

    def deploy(self, *sources: bytes, name: str = "test", **fields: str) -> Any:
        files = [(f"{name}{n}.bpmn", source) for n, source in enumerate(sources)]
        return self.upload(files, {"deployment-name": name, **fields})

    def upload(
        self, files: list[tuple[str, bytes]], fields: dict[str, str], expect: int = 200
    ) -> Any:
        parts: list[tuple[str, Any]] = [(name, (None, text)) for name, text in fields.items()]
        parts += [(name, (name, source, "application/octet-stream")) for name, source in files]
        return self.desk("dora").call("POST", "/deployment/create", expect, files=parts)

    def start(self, key: str, **variables: Any) -> str:
        body = {"variables": variables}
        started = self.desk("olga").post(f"/process-definition/key/{key}/start", **body)
        return str(started["id"])


def staffed(
    database: Database, password: str | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """Everybody of STAFF: login → id, login → token."""
    ids: dict[str, str] = {}
    tokens: dict[str, str] = {}
    system = system_principal("default")
    with database.begin() as tx:
        for login, (roles, groups) in STAFF.items():
            name = f"{login.capitalize()} Muster"
            ids[login] = add_person(
                tx, login=login, display_name=name, password=password, roles=roles, groups=groups
            )
            tokens[login], _ = issue_token(tx, system, ids[login], label="test")
    return ids, tokens


async def told(request: Request, error: Exception) -> JSONResponse:
    """What a root makes of an error of `/api/v1`, reduced to its code."""
    return JSONResponse({"code": getattr(error, "code", "")}, 422)


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    ids, tokens = staffed(database)
    authenticator = Authenticator(database)
    engine = Engine(database, clock=lambda: opened.now)
    rest = EngineRest(engine, principal_of(authenticator))
    prefixes = ("/engine-rest/engine/default", "/engine-rest")
    app = FastAPI(routes=[Mount(prefix, app=rest) for prefix in prefixes])
    app.include_router(plain_routes(engine, principal_of(authenticator)))
    for base in (EngineError, ModelError, MachineError):
        app.add_exception_handler(base, told)
    with served(app) as url:
        opened = Office(engine, authenticator, url, tokens, ids)
        yield opened
        opened.clients.close()
