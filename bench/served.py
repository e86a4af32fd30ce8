"""A server to be measured: `amtsgang serve --without-clock` on a fresh, migrated database."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from socket import socket
from tempfile import TemporaryDirectory

from bench.places import Place, place
from bench.workloads import deploy
from engine.engine import Engine
from identity.persons import add_person
from storage.database import Database
from storage.migrate import migrate

ROOT = Path(__file__).parents[1]
LOGIN = "bench"
PATIENCE = 60.0


@dataclass(frozen=True)
class Prepared:
    """A database with the bench's models and one user who may do all that workload c needs."""

    place: Place
    data: Path
    authorization: str


@dataclass(frozen=True)
class Server:
    """A running server; `seconds` from its start to its first answer from the database."""

    pid: int
    port: int
    seconds: float


@contextmanager
def prepared(kind: str) -> Iterator[Prepared]:
    with (
        place(kind, empty=True) as where,
        TemporaryDirectory(prefix="amtsgang-bench-") as folder,
    ):
        migrate(where.url)
        password = token_urlsafe(16)
        database = Database.open(where.url)
        try:
            deploy(Engine(database))
            with database.begin() as tx:
                add_person(
                    tx,
                    login=LOGIN,
                    display_name="Bench",
                    password=password,
                    groups={"clerks"},
                    roles={"clerk", "operator"},
                )
        finally:
            database.close()
        basic = b64encode(f"{LOGIN}:{password}".encode()).decode()
        yield Prepared(where, Path(folder), f"Basic {basic}")


@contextmanager
def serving(on: Prepared) -> Iterator[Server]:
    port = _free_port()
    environment = {
        **os.environ,
        "AMTSGANG_DATA": str(on.data),
        "AMTSGANG_DATABASE": on.place.url,
        "AMTSGANG_OBJECTS": "",
        "AMTSGANG_BROKER": "",
    }
    command = [sys.executable, "-c", "from cli import app; app()", "serve", "--without-clock"]
    began = time.perf_counter()
    child = subprocess.Popen(
        [*command, "--port", str(port)], cwd=ROOT, env=environment, stderr=subprocess.PIPE
    )
    try:
        _await(child, port)
        yield Server(child.pid, port, time.perf_counter() - began)
    finally:
        child.terminate()
        child.communicate()


def _await(child: subprocess.Popen[bytes], port: int) -> None:
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        if child.poll() is not None:
            said = child.stderr.read().decode() if child.stderr else ""
            raise RuntimeError(f"the server has ended: {said[-2000:]}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise RuntimeError("the server does not answer")


def _free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
