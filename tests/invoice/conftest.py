from __future__ import annotations

from collections.abc import Iterator

import pytest

from invoice.official.worker import end_workers


@pytest.fixture(autouse=True, scope="module")
def workers() -> Iterator[None]:
    """No process that evaluates official rules outlives the tests that asked it."""
    yield
    end_workers()
