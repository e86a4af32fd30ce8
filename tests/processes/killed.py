"""Work that is done in a process of its own, so that it can be killed with -9 in the middle.

Invariant: the work begins when it is told to, and the killer alone decides when it ends.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from processes.house import House, Settings, open_house

Work = Callable[[House], object]
_context = get_context("forkserver")
_context.set_forkserver_preload(["tests.processes.killed", "processes.rechnungseingang"])
PATIENCE = 60


def settings(data: Path) -> Settings:
    """A house with an HKR folder and a watched folder beside its data."""
    return Settings(data=data, hkr=(data / "hkr").as_uri(), intake=((data / "eingang").as_uri(),))


@dataclass
class Killer:
    """`seed` decides when it strikes. `struck` counts the kills that came before the work ended."""

    seed: int
    kills: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def kill(self, work: Work, data: Path, within: float) -> None:
        """Begin the work in another process and kill it within so many seconds."""
        ours, theirs = _context.Pipe()
        process = _context.Process(target=_work, args=(work, data, theirs))
        process.start()
        theirs.close()
        assert ours.poll(PATIENCE)
        ours.recv()
        ours.send("go")
        time.sleep(self._random.uniform(0, within))
        process.kill()
        process.join(PATIENCE)
        assert process.exitcode == -signal.SIGKILL, "it failed by itself"
        ended = ours.poll() and _answer(ours) == "done"
        ours.close()
        process.close()
        self.kills += 1
        self.struck += not ended


def _answer(connection: Connection) -> object:
    try:
        return connection.recv()
    except (EOFError, ConnectionResetError):
        return None


def _work(work: Work, data: Path, parent: Connection) -> None:
    house = open_house(settings(data))
    parent.send("ready")
    parent.recv()
    work(house)
    parent.send("done")
    parent.recv()  # whoever is done waits to be killed, too
