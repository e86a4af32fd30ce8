"""A real house on SQLite and a directory, set up as the demo is, without threads."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from engine import work
from processes.house import House, Settings, open_house
from processes.rechnungseingang import demo
from storage.migrate import migrate


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house as the demo sets it up, made once: hashing its people's passwords takes seconds."""
    data = tmp_path_factory.mktemp("furnished")
    settings = Settings(data=data)
    migrate(settings.database)
    house = open_house(settings)
    # Other tests may have declared streams of their own, at which verification looks, too.
    house.database.create_all()
    house.deploy_packages()
    demo.set_up(house)
    house.close()
    return data


@pytest.fixture
def house(furnished: Path, tmp_path: Path) -> Iterator[House]:
    house = open_house(Settings(data=shutil.copytree(furnished, tmp_path / "var")))
    yield house
    house.close()


@pytest.fixture
def run_jobs(house: House) -> Callable[[], None]:
    return partial(work_off, house)


def work_off(house: House) -> None:
    """Run what is due now, and what that makes due."""
    tenant = house.settings.tenant
    while rows := work.claim(house.engine, tenant, "test", 10):
        for row in rows:
            work.run(house.engine, tenant, row)
