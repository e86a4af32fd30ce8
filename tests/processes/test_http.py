"""The interface of the Rechnungseingang, over HTTP with the real house behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import select

from eakte.http import routes as akten_routes
from engine.tables import user_task
from identity.errors import NotPermitted
from identity.principal import Principal
from processes.house import House
from processes.rechnungseingang import PACKAGE, demo

Run = Callable[[], None]
SAMPLES = {sample.file: sample.data for sample in demo.samples()}
UBL = SAMPLES["01_tiefbau_ubl.xml"]
URL = "/api/v1/invoices"


class Client:
    """Asks the application in this process, one request after the other."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, url: str, **more: Any) -> httpx.Response:
        return self._ask("GET", url, **more)

    def post(self, url: str, **more: Any) -> httpx.Response:
        return self._ask("POST", url, **more)

    def _ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            door = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=door, base_url="http://house") as client:
                return await client.request(method, url, **more)

        more["headers"] = {"x-login": "rita.rehbein", **more.get("headers", {})}
        return asyncio.run(ask())


def answer_of(status: int, _: Request, error: Exception) -> JSONResponse:
    """As roots do it."""
    return JSONResponse({"code": getattr(error, "code", "")}, status)


@pytest.fixture
def client(house: House) -> Client:
    """Who asks stands in a header here; roots find it out."""

    def principal_of(request: Request) -> Principal:
        return demo.principal(house, request.headers["x-login"])

    app = FastAPI()
    assert PACKAGE.routes is not None
    app.include_router(PACKAGE.routes(house, principal_of))
    app.include_router(akten_routes(house.database, house.blobs, principal_of))
    for kind, status in PACKAGE.statuses.items():
        app.add_exception_handler(kind, partial(answer_of, status))
    return Client(app)


def test_a_push_is_accepted_and_says_where_to_look(client: Client) -> None:
    answer = client.post(URL, content=UBL, headers={"content-type": "application/xml"})

    assert answer.status_code == 202
    assert answer.headers["location"] == f"{URL}/{answer.json()['id']}"


def test_the_same_bytes_get_the_same_answer(client: Client) -> None:
    first = client.post(URL, content=UBL)

    again = client.post(URL, files={"file": ("r.xml", UBL, "application/xml")})

    assert again.status_code == 200
    assert again.json()["id"] == first.json()["id"]


def test_only_a_key_with_other_bytes_is_a_conflict(client: Client) -> None:
    key = {"idempotency-key": "k1"}
    client.post(URL, content=UBL, headers=key)

    same = client.post(URL, content=UBL, headers=key)
    other = client.post(URL, content=UBL + b"\n", headers=key)
    without = client.post(URL, content=UBL + b"\n")

    assert (same.status_code, other.status_code, without.status_code) == (200, 409, 202)
    assert other.json()["code"] == "idempotency_key_reused"


def test_the_channel_may_state_when_it_received_the_file(client: Client, run_jobs: Run) -> None:
    stated = {"received-at": "2026-11-02T08:00:00+01:00"}
    file = SAMPLES["02_jugendamt_cii.xml"]
    pushed = client.post(URL, content=file, headers=stated).json()["id"]
    run_jobs()

    seen = client.get(f"{URL}/{pushed}", headers={"x-login": "jule.jansen"}).json()

    assert seen["received_at"] == "2026-11-02T07:00:00+00:00"
    assert (seen["due_on"], seen["due_source"]) == ("2026-12-02", "errechnet")


@pytest.mark.parametrize("stated", ["gestern", "2026-11-02T08:00:00", "2126-11-02T08:00:00Z"])
def test_a_time_of_receipt_that_is_none_is_refused(client: Client, stated: str) -> None:
    answer = client.post(URL, content=UBL, headers={"received-at": stated})

    assert (answer.status_code, answer.json()["code"]) == (422, "received_at_invalid")


def test_an_empty_push_is_refused(client: Client) -> None:
    assert client.post(URL, content=b"").status_code == 400


def test_a_person_who_may_not_push_is_refused(client: Client) -> None:
    with pytest.raises(NotPermitted):
        client.post(URL, content=UBL, headers={"x-login": "paul.petersen"})


def test_the_state_names_every_finding_with_rule_and_field(client: Client, run_jobs: Run) -> None:
    pushed = client.post(URL, content=SAMPLES["05_regelbruch_ubl.xml"]).json()["id"]
    run_jobs()

    seen = client.get(f"{URL}/{pushed}").json()

    assert seen["verdict"] == "beanstandet"
    found = {(finding["rule"], finding["place"]) for finding in seen["findings"]}
    assert ("BR-CO-15", "BT-112") in found
    assert ("BR-DE-15", "BT-10") in found


def test_the_state_tells_what_an_accounting_system_asks(client: Client, run_jobs: Run) -> None:
    pushed = client.post(URL, content=UBL).json()["id"]
    run_jobs()

    seen = client.get(f"{URL}/{pushed}").json()

    assert seen["amount_due"] == "18828.18"
    assert seen["seller"] == "Wegebau Lindental GmbH"
    assert seen["leitweg_id"] == "05999-TIEFBAU-93"
    assert (seen["due_on"], seen["due_source"]) == ("2026-12-16", "BT-9")
    assert seen["state"] == "offen"


def test_the_original_and_its_attachment_come_back(client: Client, run_jobs: Run) -> None:
    pushed = client.post(URL, content=UBL).json()["id"]
    run_jobs()

    original = client.get(f"{URL}/{pushed}/original")
    attachment = client.get(f"{URL}/{pushed}/attachments/1")
    none = client.get(f"{URL}/{pushed}/attachments/2")

    assert original.content == UBL
    assert attachment.content.startswith(b"Position;Menge")
    assert "aufmass.csv" in attachment.headers["content-disposition"]
    assert none.status_code == 404


def test_an_unknown_invoice_and_a_hidden_one_look_the_same(client: Client, run_jobs: Run) -> None:
    hidden = client.post(URL, content=SAMPLES["02_jugendamt_cii.xml"]).json()["id"]
    run_jobs()
    stranger = {"x-login": "gero.gestalt"}

    seen = client.get(f"{URL}/{hidden}", headers=stranger)
    unknown = client.get(f"{URL}/{'0' * 32}", headers=stranger)

    assert (seen.status_code, unknown.status_code) == (404, 404)
    assert seen.json()["code"] == unknown.json()["code"] == "invoice_unknown"
    assert client.get(URL, headers=stranger).json() == {"items": []}


def test_a_report_without_an_order_is_refused(client: Client, run_jobs: Run) -> None:
    pushed = client.post(URL, content=UBL).json()["id"]
    run_jobs()
    said = {"result": "gebucht", "voucher": "1", "booked_on": "2026-11-30"}
    bookkeeper = {"x-login": "berta.brandt"}

    answer = client.post(f"{URL}/{pushed}/booking", json=said, headers=bookkeeper)

    assert (answer.status_code, answer.json()["code"]) == (409, "not_waiting_for_booking")


def test_a_mahnung_makes_the_invoice_urgent(client: Client, house: House, run_jobs: Run) -> None:
    pushed = client.post(URL, content=UBL).json()["id"]
    run_jobs()
    clerk = {"x-login": "tim.tannhaus"}

    filed = client.post(f"{URL}/{pushed}/documents?kind=mahnung", content=b"Mahnung", headers=clerk)

    with house.database.reading() as tx:
        where = (user_task.c.instance_id == pushed, user_task.c.closed_at.is_(None))
        (task,) = tx.all(select(user_task).where(*where))
    assert filed.status_code == 201
    assert task.priority == 90


def test_head_data_narrow_a_search(client: Client, run_jobs: Run) -> None:
    client.post(URL, content=UBL, headers={"received-at": "2026-11-02T08:00:00+01:00"})
    run_jobs()
    clerk = {"x-login": "tim.tannhaus"}
    day = "eingang_from=2026-11-02&eingang_to=2026-11-02"

    found = client.get(f"/api/v1/akten?what=dokument&richtung=eingang&{day}", headers=clerk)
    none = client.get("/api/v1/akten?what=dokument&eingang_from=2026-11-03", headers=clerk)
    others = client.get("/api/v1/akten?what=vorgang&unit=jugendamt", headers=clerk)

    assert [hit["betreff"] for hit in found.json()["items"]] == ["Rechnung WL-2026-1042"]
    assert (none.json()["items"], others.json()["items"]) == ([], [])


def test_a_time_of_receipt_beyond_reckoning_is_refused(client: Client) -> None:
    stated = {"received-at": "0001-01-01T00:00:00+14:00"}

    answer = client.post(URL, content=UBL, headers=stated)

    assert (answer.status_code, answer.json()["code"]) == (422, "received_at_invalid")


@pytest.mark.parametrize("channel", ["%00", "%0d%0aX-Evil:1", "%E2%80%AE", "a" * 41])
def test_a_channel_that_nobody_can_read_is_refused(client: Client, channel: str) -> None:
    answer = client.post(f"{URL}?channel={channel}", content=UBL)

    assert (answer.status_code, answer.json()["code"]) == (422, "channel_invalid")


def test_a_file_is_called_as_one_can_save_it(client: Client) -> None:
    name = "../../aux\u202e.xml"
    pushed = client.post(URL, files={"file": (name, UBL, "application/xml")}).json()["id"]

    assert client.get(f"{URL}/{pushed}").json()["file_name"] == "_aux.xml"
