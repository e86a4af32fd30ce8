"""The state of a case on a `Bench`, written, read back and compared.

Invariant: a small state is compared after every step; a large one as often as the steps since pay
for it, so that a case of ten thousand instances takes ten times as long as one of a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.machine.facts import AnyFact, JobRequested
from engine.machine.state import State, decode, encode, encode_variables

PUT_OFF = ("arrive", "round")
"""Stages of what the machine puts off of its own accord."""
A_STEP = 16 * 1024
"""Bytes that each step pays for."""


class Kept:
    """`state` is the case's own: whoever looks at it from outside gets a `copy`."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._size = self._paid = 0

    def keep(self, state: State) -> None:
        self.state = state
        self._paid += A_STEP
        if self._paid < self._size:
            return
        written, variables = encode(state), encode_variables(state)
        self.state = decode(written, variables)
        assert self.state == state, "the state read back differs from the state written"
        self._size, self._paid = len(written) + len(variables), 0

    def copy(self) -> State:
        return decode(encode(self.state), encode_variables(self.state))

    def put_off(self, happened: Iterable[AnyFact]) -> list[int]:
        """Continuations that stand for no asyncBefore or asyncAfter of the model."""
        waits = self.state.waits
        asked = (fact.job for fact in happened if isinstance(fact, JobRequested))
        return [job for job in asked if job in waits and waits[job].stage in PUT_OFF]
