"""Ids: ordered by time, and within a millisecond in the order in which they are made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from engine.ids import new_id

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_ids_of_one_millisecond_grow() -> None:
    made = [new_id(NOW) for _ in range(10_000)]

    assert all(a < b for a, b in pairwise(made))
    assert {UUID(each).version for each in made} == {7}
    assert {UUID(each).variant for each in made} == {"specified in RFC 4122"}


def test_an_id_tells_its_millisecond_whatever_was_made_before() -> None:
    later, earlier = new_id(NOW + timedelta(seconds=1)), new_id(NOW)

    assert int(earlier[:12], 16) == int(NOW.timestamp() * 1000)
    assert earlier < later
