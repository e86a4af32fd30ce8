"""The whole way once more, on PostgreSQL and an S3 store."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from processes.house import House, Settings, open_house
from processes.rechnungseingang import demo, play
from storage.migrate import migrate
from storage.verify import verify_all
from tests.processes.conftest import work_off

pytestmark = pytest.mark.services


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """A database of its own, so that other tests' tables do not matter."""
    name = f"prozess_{uuid4().hex}"
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def house(database_url: str, s3_url: str, tmp_path: Path) -> Iterator[House]:
    migrate(database_url)
    # A tenant of its own, since checkpoints are locked in the bucket that all tests share.
    tenant = f"t{uuid4().hex}"
    house = open_house(
        Settings(data=tmp_path, database_url=database_url, objects_url=s3_url, tenant=tenant)
    )
    house.deploy_packages()
    demo.set_up(house)
    yield house
    house.close()


def test_every_sample_reaches_its_declared_end_on_the_real_services(house: House) -> None:
    pushed = demo.push(house)

    outcomes = play.play(house, pushed, work=partial(work_off, house))

    assert [o for o in outcomes if not o.as_expected] == []
    report = verify_all(
        house.database,
        house.store,
        house.blobs,
        house.settings.tenant,
        trusted=house.keyring.fingerprints(),
    )
    assert report.whole
