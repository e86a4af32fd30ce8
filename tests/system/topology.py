"""A house as it is run: real processes that serve and work, which a test may kill with -9.

Invariant: whatever a test does, `Topology.close` leaves no process behind; each process writes a
log of its own, which a failing wait shows.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL
from time import monotonic, sleep
from uuid import uuid4

import httpx
import kombu
from kombu.exceptions import KombuError
from minio.deleteobjects import DeleteObject
from minio.error import MinioException
from sqlalchemy import create_engine, make_url, text

from engine.queue import dead_letters, job_queue
from processes.house import House, Settings, open_house
from processes.rechnungseingang import demo
from storage.migrate import migrate
from storage.objects import open_store
from storage.objects_s3 import S3Store

ROOT = Path(__file__).parents[2]
LEASE = 3
"""Seconds: so long a killed worker's job stays where it is."""


def command_line(*arguments: str) -> list[str]:
    """`amtsgang …`, from wherever it is started."""
    return [sys.executable, str(ROOT / "cli.py"), *arguments]


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def environment_of(settings: Settings) -> dict[str, str]:
    """What a process needs to open the same house; nothing of the tests' own environment."""
    kept = {name: value for name, value in os.environ.items() if "AMTSGANG" not in name}
    return {
        **kept,
        "AMTSGANG_DATA": str(settings.data),
        "AMTSGANG_DATABASE": settings.database_url,
        "AMTSGANG_OBJECTS": settings.objects_url,
        "AMTSGANG_BROKER": settings.broker_url or "",
        "AMTSGANG_QUEUE": settings.queue or "",
        "AMTSGANG_KEYS": str(settings.keys or ""),
        "AMTSGANG_LEASE": str(LEASE),
        "AMTSGANG_LANG": "en",
    }


@dataclass
class Served:
    """One process: its command, its log, and how often it was started."""

    name: str
    arguments: tuple[str, ...]
    port: int | None
    log: Path
    running: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.running is not None
        return self.running.pid


@dataclass
class Topology:
    """The processes of one house."""

    house: House
    folder: Path
    environment: Mapping[str, str]
    apis: list[Served] = field(default_factory=list)
    workers: list[Served] = field(default_factory=list)

    def start(self, apis: int, workers: int = 0, *more: str) -> None:
        """Start so many of each and wait for their health; `more`: options of `serve`."""
        for number in range(apis):
            port = free_port()
            self.apis.append(self._served(f"api{number}", "serve", "--port", str(port), *more))
        for number in range(workers):
            self.workers.append(self._served(f"worker{number}", "worker"))
        for each in self.all:
            self.spawn(each)
        for each in self.apis:
            self.wait_for(each)

    @property
    def all(self) -> list[Served]:
        return [*self.apis, *self.workers]

    def _served(self, name: str, *arguments: str) -> Served:
        port = int(arguments[2]) if "--port" in arguments else None
        return Served(name, arguments, port, self.folder / f"{name}.log")

    def spawn(self, each: Served) -> None:
        """In a session of its own, so that nothing of it survives a kill."""
        with each.log.open("ab") as log:
            each.running = subprocess.Popen(
                command_line(*each.arguments),
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        each.starts += 1

    def kill(self, each: Served) -> None:
        """kill -9, and wait until the process is gone."""
        if each.running is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(each.running.pid, SIGKILL)
        each.running.wait(10)
        each.running = None

    def restart(self, each: Served) -> None:
        self.kill(each)
        self.spawn(each)

    def wait_for(self, each: Served, timeout: float = 40) -> None:
        """Until it says that database and objects answer."""
        end = monotonic() + timeout
        while monotonic() < end:
            assert each.running is not None
            assert each.running.poll() is None, f"{each.name} ended:\n{self.logs()}"
            with suppress(httpx.HTTPError):
                if httpx.get(f"{each.url}/readyz", timeout=2).status_code == 200:
                    return
            sleep(0.1)
        raise AssertionError(f"{each.name} does not answer:\n{self.logs()}")

    def logs(self) -> str:
        """The end of what each process said."""
        return "\n".join(
            f"--- {each.name} (started {each.starts} times)\n{each.log.read_text()[-3000:]}"
            for each in self.all
            if each.log.exists()
        )

    def close(self) -> None:
        for each in self.all:
            self.kill(each)


def furnish(settings: Settings) -> None:
    """Set a house up as the demo does. Slow, since it hashes its people's passwords."""
    migrate(settings.database)
    house = open_house(settings)
    house.deploy_packages()
    demo.set_up(house)
    house.close()


@contextmanager
def running(settings: Settings) -> Iterator[Topology]:
    """A furnished house, with no process yet; all its processes end with the block."""
    house = open_house(settings)
    folder = settings.data / "processes"
    folder.mkdir(parents=True)
    topology = Topology(house, folder, environment_of(settings))
    try:
        yield topology
    finally:
        topology.close()
        house.close()


# --- a house of its own on the three services ---


@dataclass(frozen=True)
class Furnished:
    """A database that is set up and copied for every test, and the keys that belong to it."""

    server: str
    name: str
    keys: Path


@contextmanager
def own_database(server_url: str, template: str = "template1") -> Iterator[tuple[str, str]]:
    """Name and URL of a database that nobody else uses; dropped afterwards."""
    name = f"system_{uuid4().hex[:16]}"
    server = create_engine(server_url, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        yield name, make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        server.dispose()


@contextmanager
def own_services(
    furnished: Furnished, rabbitmq_url: str, s3_url: str, data: Path
) -> Iterator[Settings]:
    """A furnished database, a queue and a bucket that nobody else uses; dropped afterwards."""
    with own_database(furnished.server, furnished.name) as (name, database):
        objects = f"{s3_url.rpartition('/')[0]}/{name.replace('_', '-')}"
        yield Settings(
            data=data,
            database_url=database,
            objects_url=objects,
            broker_url=rabbitmq_url,
            queue=name,
            keys=furnished.keys,
        )
        _drop_queues(rabbitmq_url, name)
        _drop_bucket(objects)


def _drop_queues(url: str, name: str) -> None:
    with kombu.Connection(url) as connection, suppress(KombuError, OSError):
        channel = connection.channel()
        for queue in (job_queue(name), dead_letters(name)):
            channel.queue_delete(queue.name)
            channel.exchange_delete(queue.exchange.name)


def _drop_bucket(url: str) -> None:
    """As far as the store lets go: checkpoints are locked for years, and so is their bucket."""
    store = open_store(url)
    assert isinstance(store, S3Store)
    client, bucket = store._client, store._bucket
    with suppress(MinioException):
        versions = client.list_objects(bucket, recursive=True, include_version=True)
        doomed = [DeleteObject(str(v.object_name), v.version_id) for v in versions]
        for _ in client.remove_objects(bucket, doomed):
            pass
        client.remove_bucket(bucket)
