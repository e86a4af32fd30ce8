"""Houses of their own: on the three services, and embedded. Each is a copy of a furnished one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes.house import Settings
from tests.system.people import Callers, Calling, Line
from tests.system.topology import Furnished, Topology, furnish, own_database, own_services, running


@pytest.fixture(scope="session")
def furnished_services(
    postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Furnished]:
    data = tmp_path_factory.mktemp("furnished-services")
    with own_database(postgres_url) as (name, database):
        furnish(Settings(data=data, database_url=database))
        yield Furnished(postgres_url, name, data / "keys")


@pytest.fixture
def production(
    furnished_services: Furnished, rabbitmq_url: str, s3_url: str, tmp_path: Path
) -> Iterator[Topology]:
    """PostgreSQL, RabbitMQ and S3, set up as the demo is; the test starts the processes."""
    with (
        own_services(furnished_services, rabbitmq_url, s3_url, tmp_path) as settings,
        running(settings) as topology,
    ):
        yield topology


@pytest.fixture(scope="session")
def furnished_embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("furnished-embedded")
    furnish(Settings(data=data))
    return data


@pytest.fixture
def embedded(furnished_embedded: Path, tmp_path: Path) -> Iterator[Topology]:
    """SQLite and a folder, set up as the demo is; the test starts the one process."""
    with running(Settings(data=shutil.copytree(furnished_embedded, tmp_path / "var"))) as topology:
        yield topology


@pytest.fixture
def calling() -> Iterator[Calling]:
    """Makes the callers of a topology that runs; their lines are closed afterwards."""
    lines: list[Line] = []

    def make(topology: Topology) -> Callers:
        lines.append(Line([api.url for api in topology.apis]))
        return Callers(topology.house, lines[-1])

    yield make
    for line in lines:
        line.close()
