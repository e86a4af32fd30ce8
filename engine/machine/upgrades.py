"""Steps from one format of the stored state to the next.

Invariant: `STEPS[n]` is pure and turns the JSON array of format n into that of format n + 1;
a step is never changed once released (`tests/engine/machine/golden` holds a state of each).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.machine.errors import StateTooNew

FORMAT = 1

STEPS: dict[int, Callable[[list[Any]], list[Any]]] = {}


def upgrade(stored: list[Any]) -> list[Any]:
    """The array in the current format; its first item is the format's number."""
    if stored[0] > FORMAT:
        raise StateTooNew(f"state has format {stored[0]}, this version reads up to {FORMAT}")
    while stored[0] < FORMAT:
        stored = STEPS[stored[0]](stored)
    return stored
