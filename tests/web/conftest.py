"""A real house behind the pages, as the demo sets it up, and people who browse it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from api import create
from processes.house import House, Settings, open_house
from processes.rechnungseingang import demo
from tests.web.browsing import Browser, run_all


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo house with its samples pushed and led to the first people, made once."""
    data = tmp_path_factory.mktemp("furnished")
    house = open_house(Settings(data=data, demo=True))
    house.database.create_all()
    house.deploy_packages()
    demo.set_up(house)
    demo.push(house)
    run_all(house)
    house.close()
    return data


@pytest.fixture
def house(furnished: Path, tmp_path: Path) -> Iterator[House]:
    data = shutil.copytree(furnished, tmp_path / "var")
    house = open_house(Settings(data=data, demo=True))
    yield house
    house.close()


@pytest.fixture
def app(house: House) -> FastAPI:
    return create(house)


@pytest.fixture
def browse(app: FastAPI) -> Callable[[str], Browser]:
    """The pages as that person."""

    def open_as(login: str) -> Browser:
        browser = Browser(app)
        assert browser.log_in(login).status_code == 303
        return browser

    return open_as
