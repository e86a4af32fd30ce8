"""What every test can ask for: services that run, the corpus, and a plain word on what is missing.

`AMTSGANG_DEMAND_SERVICES=1` (as CI sets it) turns a missing service from a skip into a failure.
"""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

SERVICES = {
    "PostgreSQL": "AMTSGANG_TEST_POSTGRES",
    "RabbitMQ": "AMTSGANG_TEST_RABBITMQ",
    "S3": "AMTSGANG_TEST_S3",
}
CORPUS = Path(
    os.environ.get("AMTSGANG_CORPUS") or Path(__file__).parents[1] / ".." / "shared" / "data"
)
settings.register_profile("house", deadline=None)
settings.load_profile("house")  # how long one example takes says what else this machine does
DEMANDED = os.environ.get("AMTSGANG_DEMAND_SERVICES") == "1"


def pytest_configure() -> None:
    """Refuse to run without what is demanded; give each process side by side its own database."""
    if DEMANDED and (missing := missing_services()):
        pytest.exit(f"demanded, but not running: {', '.join(missing)} (`make services`)", 1)
    worker, url = os.environ.get("PYTEST_XDIST_WORKER"), os.environ.get("AMTSGANG_TEST_POSTGRES")
    if not worker or not url:
        return
    name = f"amtsgang_{worker}"
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    os.environ["AMTSGANG_TEST_POSTGRES"] = f"{url.rsplit('/', 1)[0]}/{name}"


def missing_services() -> list[str]:
    return [name for name, variable in SERVICES.items() if not os.environ.get(variable)]


def pytest_report_header() -> list[str]:
    missing = missing_services()
    found = [name for name in SERVICES if name not in missing]
    lines = [f"services found: {', '.join(found) or 'none'}"]
    if missing:
        lines.append(f"services not found: {', '.join(missing)} (`make services` starts them)")
    lines.append(f"corpus: {'found' if CORPUS.is_dir() else 'not found, its tests are skipped'}")
    return lines


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a service or the corpus where it is absent, unless it is demanded."""
    if DEMANDED:
        return
    missing = missing_services()
    for item in items:
        if missing and item.get_closest_marker("services"):
            item.add_marker(pytest.mark.skip(reason=f"not running: {', '.join(missing)}"))
        if not CORPUS.is_dir() and item.get_closest_marker("corpus"):
            item.add_marker(pytest.mark.skip(reason="no corpus (AMTSGANG_CORPUS)"))


@pytest.fixture(scope="session")
def postgres_url() -> str:
    return _required("AMTSGANG_TEST_POSTGRES")


@pytest.fixture(scope="session")
def rabbitmq_url() -> str:
    return _required("AMTSGANG_TEST_RABBITMQ")


@pytest.fixture(scope="session")
def s3_url() -> str:
    return _required("AMTSGANG_TEST_S3")


@pytest.fixture(scope="session")
def corpus() -> Path:
    assert CORPUS.is_dir(), f"the corpus is demanded, but {CORPUS} does not exist"
    return CORPUS


def _required(variable: str) -> str:
    value = os.environ.get(variable)
    assert value, f"{variable} is not set; run `make services`"
    return value
