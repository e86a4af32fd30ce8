"""People, the booking system and the accounting system, over HTTP and stubborn.

Each asks again when a process dies under the request: a push with the same bytes and key, a
completion until the task is closed, a report with the same round. Invariant: no one does by
another way what could not be done over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from time import monotonic, sleep
from typing import TYPE_CHECKING

import httpx

from bpmn.values import Value, Variables, to_json
from engine.http.dialect import encode
from identity.principal import Principal, system_principal
from identity.tokens import issue_token
from processes.house import House
from processes.rechnungseingang import demo
from processes.rechnungseingang.hkr.booking import Acknowledgement
from processes.rechnungseingang.receipts import Receipt

if TYPE_CHECKING:
    from tests.system.topology import Topology

PATIENCE = 60.0
INVOICES = "/api/v1/invoices"
SUBMITTER, BOOKING = "rechnungsportal", "kassenverfahren"


def token_for(house: House, login: str, *scopes: str) -> str:
    tenant = house.settings.tenant
    with house.database.begin(tenant) as tx:
        owner = demo.principal_by_login(tx, login)
        made, _ = issue_token(
            tx, system_principal(tenant), owner.id, label="Test", scopes=scopes or ("*",)
        )
    return made


class Line:
    """Asks one address after the other until one answers, as a client behind a balancer does."""

    def __init__(self, addresses: list[str], patience: float = PATIENCE) -> None:
        self._addresses = cycle(addresses)
        self._patience = patience
        self._client = httpx.Client(timeout=20)
        self.retried = 0
        """How often an answer stayed out or said: not now."""

    def ask(
        self, method: str, path: str, token: str, body: bytes | None = None, **headers: str
    ) -> httpx.Response:
        end = monotonic() + self._patience
        sent = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        while True:
            try:
                url = next(self._addresses) + path
                answer = self._client.request(method, url, content=body, headers=sent)
                if answer.status_code < 500 or closed(answer):
                    return answer
                problem = f"{answer.status_code} {answer.text}"
            except httpx.TransportError as error:
                problem = repr(error)
            self.retried += 1
            assert monotonic() < end, f"{method} {path}: no answer in time: {problem}"
            sleep(0.05)

    def close(self) -> None:
        self._client.close()


Calling = Callable[["Topology"], "Callers"]
"""What the fixture `calling` gives."""


class Callers:
    """All who speak to the house. Tokens are made beforehand, as an operator does it."""

    def __init__(self, house: House, line: Line) -> None:
        self._house, self.line = house, line
        self._submitter = token_for(house, SUBMITTER, "invoice.*")
        self._booking = token_for(house, BOOKING)
        people = [demo.principal(house, user.login) for user in demo.USERS]
        self._tokens = {who.id: token_for(house, who.name) for who in people}

    def push(self, data: bytes, key: str) -> Receipt:
        """Push until it is acknowledged."""
        answer = self.line.ask(
            "POST",
            INVOICES,
            self._submitter,
            data,
            content_type="application/xml",
            idempotency_key=key,
        )
        assert answer.status_code in (200, 202), answer.text
        said = answer.json()
        return Receipt(said["id"], said["sha256"], said["first"])

    def original(self, invoice: str) -> bytes:
        answer = self.line.ask("GET", f"{INVOICES}/{invoice}/original", self._submitter)
        assert answer.status_code == 200, answer.text
        return answer.content

    def state(self, invoice: str) -> dict[str, object]:
        answer = self.line.ask("GET", f"{INVOICES}/{invoice}", self._submitter)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def booking_file(self, invoice: str) -> bytes:
        answer = self.line.ask("GET", f"{INVOICES}/{invoice}/booking-file", self._booking)
        assert answer.status_code == 200, answer.text
        return answer.content

    # --- play.Hands ---

    def complete(self, who: Principal, task_id: str, form: Variables) -> None:
        """Claim and complete. Who hears nothing asks again, and is told it is done already."""
        token, path = self._tokens[who.id], f"/engine-rest/task/{task_id}"
        body = encode({"variables": {name: _variable(form[name]) for name in form}})
        for act, sent in (("claim", encode({"userId": who.name})), ("complete", body)):
            answer = self.line.ask("POST", f"{path}/{act}", token, sent)
            if closed(answer):
                return
            assert answer.status_code == 204, answer.text

    def report(self, who: Principal, invoice: str, said: Acknowledgement) -> None:
        body = encode(
            {
                "result": said.result,
                "voucher": said.voucher,
                "booked_on": said.booked_on and said.booked_on.isoformat(),
                "reason": said.reason,
                "booking_id": said.booking_id,
            }
        )
        answer = self.line.ask("POST", f"{INVOICES}/{invoice}/booking", self._booking, body)
        assert answer.status_code == 200, answer.text


def closed(answer: httpx.Response) -> bool:
    """Camunda's words for a task that has been completed: a 500 that no repetition mends."""
    return answer.status_code == 500 and "is not open" in answer.text


def _variable(value: Value) -> dict[str, object]:
    """As Camunda's clients send it: what has parts as text of type Json."""
    if isinstance(value, list | dict):
        return {"type": "Json", "value": encode(to_json(value)).decode()}
    if value is None or isinstance(value, bool | int | str):
        return {"value": value}
    return {"type": "String", "value": str(value)}
