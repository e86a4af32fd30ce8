"""What runs beside the requests: the embedded workers, and the house's own routine.

Routine: anchor changed heads in a signed checkpoint, find orphaned and missing contents, delete
accesses that are older than they may be kept. Invariant: any number of processes may do it, since
each piece either is idempotent or ends in a Conflict that the next round repeats.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

from eakte.errors import EakteError
from eakte.readlog import prune_accesses
from engine.embedded import Embedded
from identity.principal import system_principal
from storage.checkpoints import checkpoint
from storage.errors import StorageError

if TYPE_CHECKING:
    from processes.house import House, Settings

log = logging.getLogger(__name__)

CHECKPOINT_EVERY = timedelta(minutes=5)
RECONCILE_EVERY = timedelta(hours=1)
PRUNE_EVERY = timedelta(hours=24)
UNFINISHED_AFTER = timedelta(hours=1)
"""A content that nothing refers to is left alone for so long: somebody may be about to."""


@dataclass(slots=True)
class _Duty:
    every: timedelta
    do: Callable[[House], object]
    next: float = 0.0


def anchor(house: House) -> object:
    return checkpoint(house.database, house.store, house.keyring, house.settings.tenant)


def reconcile(house: House) -> object:
    return house.blobs.reconcile(house.settings.tenant, UNFINISHED_AFTER)


def prune(house: House) -> object:
    system = system_principal(house.settings.tenant)
    with house.database.begin(house.settings.tenant) as tx:
        return prune_accesses(tx, system)


class Upkeep:
    """The routine, as a thread: `with Upkeep(house): …`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="upkeep", daemon=True)
        self._duties = (
            _Duty(CHECKPOINT_EVERY, anchor),
            _Duty(RECONCILE_EVERY, reconcile),
            _Duty(PRUNE_EVERY, prune),
        )

    def __enter__(self) -> Upkeep:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        for duty in self._duties:
            duty.next = monotonic() + duty.every.total_seconds()
        while not self._stopping.is_set():
            now = monotonic()
            for duty in self._duties:
                if duty.next <= now:
                    self._do(duty)
            left = min(duty.next for duty in self._duties) - monotonic()
            self._stopping.wait(max(left, 0.1))

    def _do(self, duty: _Duty) -> None:
        duty.next = monotonic() + duty.every.total_seconds()
        try:
            duty.do(self._house)
        except (StorageError, EakteError) as error:
            log.warning("upkeep %s: %s", duty.do.__name__, error)


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
