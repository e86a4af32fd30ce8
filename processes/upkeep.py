"""What runs beside the requests: the embedded workers, and the house's own routine.

Routine: anchor changed heads in a signed checkpoint, find orphaned and missing contents, delete
accesses that are older than they may be kept; and what the process packages do beside their
instances. Invariant: any number of processes may do it, since each duty either is idempotent or
ends in a Conflict that its next round repeats.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

from eakte.readlog import prune_accesses
from engine.embedded import Embedded
from identity.principal import system_principal
from processes.package import Duty
from storage.checkpoints import checkpoint

if TYPE_CHECKING:
    from processes.house import House, Settings

log = logging.getLogger(__name__)

CHECKPOINT_EVERY = timedelta(minutes=5)
RECONCILE_EVERY = timedelta(hours=1)
PRUNE_EVERY = timedelta(hours=24)
UNFINISHED_AFTER = timedelta(hours=1)
"""A content that nothing refers to is left alone for so long: somebody may be about to."""


def anchor(house: House) -> object:
    return checkpoint(house.database, house.store, house.keyring, house.settings.tenant)


def reconcile(house: House) -> object:
    return house.blobs.reconcile(house.settings.tenant, UNFINISHED_AFTER)


def prune(house: House) -> object:
    system = system_principal(house.settings.tenant)
    with house.database.begin(house.settings.tenant) as tx:
        return prune_accesses(tx, system)


DUTIES = (
    Duty("anchor", CHECKPOINT_EVERY, anchor),
    Duty("reconcile", RECONCILE_EVERY, reconcile),
    Duty("prune", PRUNE_EVERY, prune),
)


class Upkeep:
    """The routine, as a thread: `with Upkeep(house): …`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="upkeep", daemon=True)
        self._duties = [*DUTIES, *(each for p in house.packages for each in p.duties)]

    def __enter__(self) -> Upkeep:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        started = monotonic()
        due = [started + duty.every.total_seconds() for duty in self._duties]
        while not self._stopping.is_set():
            for index, duty in enumerate(self._duties):
                if due[index] <= monotonic():
                    due[index] = monotonic() + duty.every.total_seconds()
                    self._do(duty)
            self._stopping.wait(max(min(due) - monotonic(), 0.1))

    def _do(self, duty: Duty) -> None:
        try:
            duty.do(self._house)
        except Exception as error:  # noqa: BLE001 a duty is a job: one that fails stops no other
            log.warning("%s is done again later: %s: %s", duty.name, type(error).__name__, error)


class Running:
    """The embedded default: worker threads, clock and upkeep in this process."""

    def __init__(self, house: House, workers: int = 2) -> None:
        self._embedded = Embedded(house.engine, workers)
        self._upkeep = Upkeep(house)

    def __enter__(self) -> Running:
        self._embedded.start()
        self._upkeep.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._upkeep.__exit__()
        self._embedded.stop()


@contextmanager
def holding(settings: Settings, url: str) -> Iterator[str | None]:
    """Hold the data directory of an embedded house while this block runs.

    Gives None, or the address of whoever holds it. Two servers on one SQLite file would share a
    writer lock that neither can see (decisions: one process, one writer lock).
    """
    if not settings.database.startswith("sqlite"):
        yield None
        return
    path = settings.data / "serve.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield path.read_text("utf-8").strip() or "ein anderer Prozess"
            return
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{url}\n".encode())
        yield None
    finally:
        os.close(descriptor)
