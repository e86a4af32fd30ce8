"""Every endpoint of /api/v1, asked by whom an invoice of the Jugendamt does not concern."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from eakte.search import dokumente_in
from engine.tables import user_task
from processes.house import House
from processes.rechnungseingang import demo, papers, receipts
from storage.database import Row
from tests.web.browsing import SAMPLES, push
from tests.web.test_odd_requests import as_person

OPEN = {"/healthz", "/readyz"}
CONTENT = ("DE64999999990000020020", "geheimer Vermerk", "<ram:", "kind-mustermann")
"""What stands in the invoice and beside it, apart from its head data."""
STRANGERS = (
    "tim.tannhaus", "ralf.rieger", "karla.kranz", "berta.brandt", "regine.roth", "dora.dietrich",
    "gero.gestalt", "olga.ostmann",
)  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/invoices/{invoice}/documents": {"params": {"kind": "vermerk"}, "content": b"x"},
    "/api/v1/invoices/{invoice}/booking": {
        "json": {"result": "gebucht", "voucher": "1", "booked_on": "2026-11-27"}
    },
    "/api/v1/tasks/{task_id}/complete": {"json": {"variables": {}}},
    "/api/v1/instances/{instance_id}/select": {"json": {"flows": ["x"], "token": "1"}},
}


class Invoice:
    """One of the Jugendamt, with a Vermerk beside it, and every id that leads to it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.id = push(house, SAMPLES["02"])
        jule = demo.principal(house, "jule.jansen")
        note = papers.add_paper(
            house, jule, self.id, kind="vermerk", data=b"geheimer Vermerk", name="kind-mustermann"
        )
        where = (user_task.c.instance_id == self.id, user_task.c.closed_at.is_(None))
        with house.database.reading() as tx:
            task = tx.first(select(user_task).where(*where))
        assert task is not None
        self.ids = {
            "invoice": self.id, "instance_id": self.id, "task_id": task.id, "number": "1",
            "akte": self.row.akte, "vorgang": self.row.vorgang, "dokument": note.id,
            "version": note.current.id, "key": "rechnungseingang",
        }  # fmt: skip

    @property
    def row(self) -> Row:
        with self.house.database.reading() as tx:
            return receipts.receipt(tx, self.id)

    @property
    def papers(self) -> int:
        with self.house.database.reading() as tx:
            return len(
                dokumente_in(tx, demo.principal(self.house, "jule.jansen"), self.row.vorgang)
            )


@pytest.fixture
def invoice(house: House) -> Invoice:
    return Invoice(house)


def ask_all(app: FastAPI, ids: dict[str, str], login: str | None) -> dict[str, httpx.Response]:
    """The answer of every endpoint that stands in the description of the interface."""

    async def ask() -> dict[str, httpx.Response]:
        found: dict[str, httpx.Response] = {}
        door = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=door, base_url="http://house") as client:
            spec = await client.get("/api/v1/openapi.json", headers=as_person("olga.ostmann"))
            for path, operations in spec.json()["paths"].items():
                for method in operations:
                    url = path.format_map(defaultdict(lambda: "unbekannt", ids))
                    more = BODIES.get(path, {"json": {}} if method == "post" else {})
                    answer = await client.request(
                        method.upper(), url, headers=as_person(login), **more
                    )
                    found[f"{method.upper()} {path}"] = answer
        return found

    return asyncio.run(ask())


def test_nobody_is_answered_without_a_credential(app: FastAPI, invoice: Invoice) -> None:
    answers = ask_all(app, invoice.ids, None)

    assert len(answers) > 20
    open_ones = {name.partition(" ")[2] for name, a in answers.items() if a.status_code != 401}
    assert open_ones == OPEN


@pytest.mark.parametrize("login", STRANGERS)
def test_whom_an_invoice_does_not_concern_reads_and_changes_nothing(
    app: FastAPI, invoice: Invoice, login: str
) -> None:
    before = invoice.row, invoice.papers

    answers = ask_all(app, invoice.ids, login)

    told = {(name, c) for name, answer in answers.items() for c in CONTENT if c in answer.text}
    assert told == set()
    assert all(answer.status_code < 500 for answer in answers.values())
    assert (invoice.row, invoice.papers) == before
    changing = [a for n, a in answers.items() if n.startswith("POST") and "{invoice}" in n]
    assert changing
    assert all(answer.status_code in (403, 404, 409) for answer in changing)


def test_an_auditor_reads_all_of_it_and_changes_nothing(app: FastAPI, invoice: Invoice) -> None:
    before = invoice.row, invoice.papers

    answers = ask_all(app, invoice.ids, "paul.petersen")

    original = answers["GET /api/v1/invoices/{invoice}/original"]
    assert original.content == SAMPLES["02"]
    assert (invoice.row, invoice.papers) == before
