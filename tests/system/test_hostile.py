"""Bodies from strangers do no harm: the server refuses them, does not grow, and goes on.

A client that sends slowly is uvicorn's affair and the proxy's before it.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import httpx
import pytest

from processes.rechnungseingang import demo
from tests.system.people import INVOICES, Callers, Calling, token_for
from tests.system.topology import Served, Topology

GIGABYTE = 2**30
PIECE = b" " * 2**16
ALLOWED_GROWTH = 200 * 2**20
"""A body may be held up to the largest that is allowed (64 MB), with what its reader copies."""

DEPLOY = "/engine-rest/deployment/create"
BOMB = b"<!DOCTYPE b [<!ENTITY a0 'ha'>%s]><b>&a20;</b>" % b"".join(
    b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 21)
)
DEEP = b"<a>" * 200_000 + b"</a>" * 200_000
WIDE = b"<a>" + b"<b/>" * 2_000_000 + b"</a>"
ATTRIBUTES = b"<a " + b" ".join(b"x%d='1'" % n for n in range(200_000)) + b"/>"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text("what nobody may read")
    return path


@pytest.fixture
def callers(embedded: Topology, calling: Calling) -> Callers:
    embedded.start(1)
    return calling(embedded)


class Memory:
    """The most that a process holds while the block runs."""

    def __init__(self, served: Served) -> None:
        self._status = Path(f"/proc/{served.pid}/status")
        self._stopping = Event()
        self._thread = Thread(target=self._watch)
        self.before = self.most = self._now()

    @property
    def growth(self) -> int:
        return self.most - self.before

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(0.02):
            self.most = max(self.most, self._now())

    def _now(self) -> int:
        lines = self._status.read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024


def send(served: Served, path: str, token: str, *, announced: bool) -> tuple[bytes, int]:
    """A gigabyte, until the server answers or closes; its first line, and how much it took."""
    length = f"Content-Length: {GIGABYTE}" if announced else "Transfer-Encoding: chunked"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/xml\r\n{length}\r\n\r\n"
    )
    piece = PIECE if announced else b"%x\r\n%s\r\n" % (len(PIECE), PIECE)
    taken, answer = 0, b""
    assert served.port is not None
    with socket.create_connection(("127.0.0.1", served.port), 20) as line:
        line.sendall(head.encode())
        try:
            while taken < GIGABYTE and not answer:
                line.sendall(piece)
                taken += len(PIECE)
                answer = _heard(line)
            answer = answer or line.recv(4096)
        except (ConnectionResetError, BrokenPipeError):
            answer = answer or _heard(line)
    return answer.partition(b"\r\n")[0], taken


def _heard(line: socket.socket) -> bytes:
    line.setblocking(False)
    try:
        return line.recv(4096)
    except (BlockingIOError, ConnectionResetError):
        return b""
    finally:
        line.settimeout(20)


@pytest.mark.parametrize("path", [INVOICES, DEPLOY])
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_a_gigabyte_is_refused_without_growing(
    embedded: Topology, callers: Callers, path: str, announced: bool
) -> None:
    (api,) = embedded.apis
    token = token_for(embedded.house, "gero.gestalt" if path == DEPLOY else "rechnungsportal")

    with Memory(api) as memory:
        status, taken = send(api, path, token, announced=announced)

    assert b" 413 " in status
    assert taken < GIGABYTE / 4
    assert memory.growth < ALLOWED_GROWTH
    assert httpx.get(f"{api.url}/readyz").status_code == 200


def bodies(secret: Path) -> Iterator[tuple[str, bytes]]:
    url = secret.as_uri().encode()
    ubl = b"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
    yield (
        "xxe",
        b"<!DOCTYPE a [<!ENTITY x SYSTEM '%s'>]><Invoice xmlns='%s'>&x;</Invoice>" % (url, ubl),
    )
    yield "parameter entity", b"<!DOCTYPE a [<!ENTITY %% x SYSTEM '%s'> %%x;]><a/>" % url
    yield "external dtd", b"<!DOCTYPE a SYSTEM '%s'><a/>" % url
    yield (
        "xinclude",
        (
            b"<a xmlns:i='http://www.w3.org/2001/XInclude'><i:include parse='text' href='%s'/></a>"
            % url
        ),
    )
    yield "bomb", BOMB
    yield "deep", DEEP
    yield "wide", WIDE
    yield "attributes", ATTRIBUTES
    yield "utf-7", b"<?xml version='1.0' encoding='utf-7'?><a/>"
    yield "nothing but a byte order mark", b"\xff\xfe"


@pytest.mark.timeout(180)
def test_no_invoice_reads_our_files_or_eats_our_memory(
    embedded: Topology, callers: Callers, secret: Path
) -> None:
    """What is no invoice is taken in all the same: a person refuses it."""
    (api,) = embedded.apis
    began = monotonic()

    with Memory(api) as memory:
        pushed = {name: callers.push(body, name).id for name, body in bodies(secret)}
        demo.wait_for_people(
            embedded.house,
            [
                demo.Pushed(demo.Sample(name, "", 1, ""), demo.Receipt(i, "", first=True))
                for name, i in pushed.items()
            ],
        )

    seen = {name: callers.state(invoice) for name, invoice in pushed.items()}
    assert {state["state"] for state in seen.values()} == {"offen"}
    assert all(state["amount_due"] is None for state in seen.values())
    assert "what nobody may read" not in str(seen)
    assert memory.growth < ALLOWED_GROWTH * 2
    assert monotonic() - began < 90
    assert httpx.get(f"{api.url}/readyz").status_code == 200


def test_no_model_reads_our_files_or_eats_our_memory(
    embedded: Topology, callers: Callers, secret: Path
) -> None:
    (api,) = embedded.apis
    headers = {"authorization": f"Bearer {token_for(embedded.house, 'gero.gestalt')}"}

    answers = {}
    with Memory(api) as memory:
        for name, body in bodies(secret):
            for file in ("x.bpmn", "x.dmn", "x.form"):
                answers[name, file] = httpx.post(
                    api.url + DEPLOY, files={"x": (file, body)}, headers=headers, timeout=30
                )

    assert {each.status_code for each in answers.values()} == {400}
    assert {each.json()["type"] for each in answers.values()} == {"ParseException"}
    assert all("what nobody may read" not in each.text for each in answers.values())
    assert memory.growth < ALLOWED_GROWTH
    assert httpx.get(f"{api.url}/readyz").status_code == 200


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b'{"variables":' * 3_000 + b"{}" + b"}" * 3_000]
)
def test_deeply_nested_json_is_refused(embedded: Topology, callers: Callers, body: bytes) -> None:
    (api,) = embedded.apis
    token = token_for(embedded.house, "olga.ostmann")
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    answers = [
        httpx.post(api.url + path, content=body, headers=headers, timeout=20).status_code
        for path in (
            "/engine-rest/process-definition/key/rechnungseingang/start",
            "/engine-rest/message",
            "/api/v1/processes/rechnungseingang/start",
            f"{INVOICES}/{'0' * 32}/booking",
        )
    ]

    assert all(400 <= status < 500 for status in answers), answers
    assert httpx.get(f"{api.url}/readyz").status_code == 200
