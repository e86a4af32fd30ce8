"""A killer with a seed: what it does and in which order is the same in every run.

Invariant: it kills only processes of its topology, and when the block ends all of them run again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from threading import Event, Thread

from tests.system.topology import Served, Topology


class Killer:
    """`with Killer(topology, seed): …` kills with -9 and restarts, one after the other.

    `between`: seconds between two kills, the shortest and the longest; `down`: how long the
    killed one stays away. `besides`: other harm, done as often as a process is killed.
    """

    def __init__(
        self,
        topology: Topology,
        seed: int,
        between: tuple[float, float] = (0.3, 1.5),
        down: tuple[float, float] = (0.0, 0.5),
        besides: Sequence[Callable[[], object]] = (),
    ) -> None:
        self._topology, self._random = topology, Random(seed)
        self._between, self._down, self._besides = between, down, besides
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="killer")
        self.kills = 0
        self.failure: BaseException | None = None

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let all live again."""
        self._stopping.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            while not self._stopping.wait(self._random.uniform(*self._between)):
                victim = self._random.choice([*self._topology.all, *self._besides])
                if isinstance(victim, Served):
                    self._topology.kill(victim)
                    self._stopping.wait(self._random.uniform(*self._down))
                    self._topology.spawn(victim)
                    self.kills += 1
                    if [victim] == self._topology.all:
                        # The only one must live for a while, or nothing would ever be under way.
                        self._topology.wait_for(victim)
                else:
                    victim()
        except BaseException as failure:
            self.failure = failure
