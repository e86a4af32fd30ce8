"""Odd and hostile requests to every endpoint of /api/v1: an answer with a code, never a fault."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from random import Random
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message

from processes.house import House
from tests.web.browsing import tasks_of

IDS = (
    "0", "-1", "9" * 40, "nichts", "%00", "%F0%9F%92%A9", "..%2F..%2Fetc", "a" * 3000,
    "'%20OR%201=1--", "%ff%fe", "01a21fc969e17a3586055103708feeab-99999999999999999999",
    "%0d%0aX-Evil:1", "%E2%80%AE",
)  # fmt: skip
VALUES = ("", "-1", "9" * 40, "%00", "%F0%9F%92%A9", "a" * 5000, "2026-13-45", "NaN", "[]", "%22")
FORM = b'--x\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n\r\n1\r\n--x--\r\n'
BODIES = (
    FORM % b"\xff\x00\xe2\x80\xae", FORM % b"../../x",
    b"", b"null", b"[]", b"{", b"\xff\xfe", b"123", b'{"variables":null}', b'{"variables":[]}',
    b'{"variables":{"a":1e999}}', b'{"variables":{"a":NaN}}', b"[" * 5000 + b"]" * 5000,
    b'{"result":"gebucht","voucher":"x","booked_on":"9999-99-99"}', b'{"result":5}',
    b'{"result":"gebucht","voucher":"\\u0000","booked_on":"2026-01-01"}',
    b'{"result":"abgewiesen","reason":"\\ud800"}', b'{"a":' * 3000 + b"1" + b"}" * 3000,
    b'{"variables":{"x":"\\u0000"}}', b'{"variables":{"object":["a"]}}',
)  # fmt: skip
TYPES = (
    "application/json", "application/xml", "multipart/form-data; boundary=x", "", "garbage;;",
    "multipart/form-data; boundary=x; charset=undefined",
)  # fmt: skip
HEADERS = (
    {"received-at": "x"},
    {"received-at": "0001-01-01T00:00:00+14:00"},
    {"received-at": "9999-12-31T23:59:59-14:00"},
    {"idempotency-key": "\xff"},
    {"authorization": "Basic !!!"},
    {"authorization": "Bearer x"},
    {"authorization": f"Basic {'A' * 9000}"},
)
LOGINS = ("rita.rehbein", "olga.ostmann", "karla.kranz", "paul.petersen", "berta.brandt", None)
WRITES = {"POST", "PUT", "PATCH"}


def as_person(login: str | None) -> dict[str, str]:
    if login is None:
        return {}
    return {"authorization": f"Basic {b64encode(f'{login}:{login}'.encode()).decode()}"}


def asked(spec: dict[str, Any], known: list[str], dice: Random) -> Iterator[dict[str, Any]]:
    """Requests to each path: with odd ids, odd values of parameters, odd bodies and headers."""
    for path, operations in spec["paths"].items():
        for name, operation in operations.items():
            method = name.upper()
            given = operation.get("parameters", [])
            fixed = [each["name"] for each in given if each["in"] == "path"]
            queries = [each["name"] for each in given if each["in"] == "query"]

            def at(value: str, path: str = path, fixed: list[str] = fixed) -> str:
                for each in fixed:
                    path = path.replace(f"{{{each}}}", value)
                return path

            for value in (*(IDS if fixed else ("",)), *dice.sample(known, 2)):
                yield request(method, at(value), dice.choice(LOGINS), dice)
            for query in queries:
                for value in dice.sample(VALUES, 4):
                    url = f"{at(dice.choice(known))}?{query}={value}"
                    yield request(method, url, dice.choice(LOGINS[:-1]), dice)
            for headers in HEADERS:
                login = None if "authorization" in headers else "rita.rehbein"
                made = request(method, at(dice.choice(known)), login, dice)
                yield {**made, "headers": {**made["headers"], **headers}}
            for body in BODIES if method in WRITES else ():
                made = request(method, at(dice.choice(known)), dice.choice(LOGINS[:-1]), dice)
                yield {**made, "content": body}
        yield request("PATCH", path.replace("{", "").replace("}", ""), "olga.ostmann", dice)


def request(method: str, url: str, login: str | None, dice: Random) -> dict[str, Any]:
    headers = {**as_person(login), "content-type": dice.choice(TYPES)}
    content = dice.choice(BODIES) if method in WRITES else None
    return {"method": method, "url": url, "headers": headers, "content": content}


def fault(answer: httpx.Response) -> str | None:
    """What is wrong with an answer."""
    if answer.status_code < 400:
        return None
    if answer.status_code >= 500:
        return "a fault of ours"
    if not answer.headers["content-type"].startswith("application/problem+json"):
        return "no problem+json"
    said = answer.json()
    return None if said.get("code") and said["status"] == answer.status_code else "no stable code"


@pytest.mark.parametrize("seed", [1, 2])
def test_every_endpoint_answers_odd_requests_with_a_code(
    app: FastAPI, house: House, seed: int
) -> None:
    known = [
        each for task in tasks_of(house, "rita.rehbein") for each in (task.id, task.instance_id)
    ]

    async def ask_all() -> list[str]:
        door = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        found = []
        async with httpx.AsyncClient(transport=door, base_url="http://house") as client:
            operator = as_person("olga.ostmann")
            spec = (await client.get("/api/v1/openapi.json", headers=operator)).json()
            for each in asked(spec, known, Random(seed)):
                headers = {k: v.encode("latin-1") for k, v in each["headers"].items()}
                answer = await client.request(**{**each, "headers": headers})
                if (what := fault(answer)) is not None:
                    found.append(
                        f"{what}: {answer.status_code} {each['method']} {each['url'][:80]}"
                    )
        return found

    assert asyncio.run(ask_all()) == []


def test_a_client_that_leaves_while_it_speaks_is_no_fault(app: FastAPI) -> None:
    sent: list[Message] = []
    headers = [(name.encode(), value.encode()) for name, value in as_person("rita.rehbein").items()]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/api/v1/invoices",
        "raw_path": b"/api/v1/invoices",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "server": ("house", 80),
        "client": ("somebody", 1),
    }

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))

    assert sent == []
