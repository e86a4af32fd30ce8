"""People at the pages: a browser without a screen, and what it finds in the house."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
from fastapi import FastAPI

from engine import work
from engine.queries import TaskQuery, tasks
from engine.views import Task
from processes.house import House
from processes.rechnungseingang import demo, receipts


def run_all(house: House) -> None:
    """Run what is due now, and what that makes due."""
    while rows := work.claim(house.engine, house.settings.tenant, "test", 10):
        for row in rows:
            work.run(house.engine, house.settings.tenant, row)


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
    given = receipts.Push(data, "rechnung.xml", "test")
    receipt = receipts.receive(house, demo.principal(house, demo.INTAKE), given)
    run_all(house)
    return receipt.id


SAMPLES = {each.file[:2]: each.data for each in demo.samples()}
"""The shipped invoices by their number."""
