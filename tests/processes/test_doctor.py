"""What `amtsgang doctor` says of clocks and of the Land."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from processes.doctor import clocks, examine
from processes.house import Settings

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("apart", "state"), [(-5, "ok"), (5, "ok"), (6, "notice"), (-90, "notice")]
)
def test_clocks_that_differ_by_more_than_five_seconds_are_told(apart: int, state: str) -> None:
    found = list(clocks(NOW, NOW + timedelta(seconds=apart)))

    assert [each.state for each in found] == [state]


def test_an_embedded_database_has_no_clock_of_its_own() -> None:
    assert list(clocks(NOW, None)) == []


def test_a_land_that_is_none_is_told(tmp_path: Path) -> None:
    environment = {"AMTSGANG_DATA": str(tmp_path), "AMTSGANG_LAND": "nrw"}
    settings = Settings.from_environment(environment)

    states = {each.subject: each.state for each in examine(settings)}

    assert states["Feiertage"] == "error"
    assert "Uhr" not in states


def test_a_land_may_be_written_small(tmp_path: Path) -> None:
    settings = Settings.from_environment({"AMTSGANG_DATA": str(tmp_path), "AMTSGANG_LAND": "by"})

    assert {each.subject: each.state for each in examine(settings)}["Feiertage"] == "ok"


def test_whoever_looks_makes_nothing(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "var")

    found = {each.subject: each for each in examine(settings)}

    assert list(tmp_path.iterdir()) == []
    for subject in ("Datenbank", "Objektspeicher", "Schlüssel"):
        assert found[subject].state == "error"
        assert "gibt es noch nicht" in found[subject].text
