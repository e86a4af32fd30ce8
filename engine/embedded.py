"""Workers and clock as threads of this process: the default, without any broker.

They poll the same table with the same claim code as celery's workers. A commit that leaves work
wakes them at once; the poll is for what was left by others or falls due. Invariant: stopping
waits for the jobs in hand, and killing loses nothing, since a lease runs out.
"""

from __future__ import annotations

import logging
import os
from threading import Event, Thread

from engine import clock, work
from engine.engine import Engine
from storage.errors import StorageError

log = logging.getLogger(__name__)

LONGEST_WAIT = 1.0
"""Seconds between two looks when nothing wakes the loop and nothing is due sooner."""
_FORGET_EVERY = 60


class Embedded:
    """`with Embedded(engine): …` or start() and stop()."""

    def __init__(self, engine: Engine, workers: int = 2, *, with_clock: bool = True) -> None:
        self._engine = engine
        self._stopping = Event()
        self._wakes = [Event() for _ in range(workers + with_clock)]
        name = f"embedded-{os.getpid()}"
        self._threads = [
            Thread(target=self._work, args=(f"{name}-{number}", self._wakes[number]), daemon=True)
            for number in range(workers)
        ]
        if with_clock:
            self._threads.append(Thread(target=self._tick, args=(self._wakes[-1],), daemon=True))

    def start(self) -> Embedded:
        self._engine.on_wake(self._wake)
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Let the jobs in hand end; then no thread is left."""
        self._stopping.set()
        self._wake()
        for thread in self._threads:
            thread.join()
        self._engine.off_wake(self._wake)

    def __enter__(self) -> Embedded:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wake(self) -> None:
        for event in self._wakes:
            event.set()

    def _work(self, worker_id: str, woken: Event) -> None:
        while not self._stopping.is_set():
            woken.clear()
            try:
                busy = self._work_once(worker_id)
            except StorageError as error:
                log.warning("worker %s: %s", worker_id, error)
                busy = False
            except Exception:
                log.exception("worker %s", worker_id)
                busy = False
            if not busy:
                woken.wait(LONGEST_WAIT)

    def _work_once(self, worker_id: str) -> bool:
        busy = False
        for tenant in clock.tenants(self._engine):
            for row in work.claim(self._engine, tenant, worker_id):
                work.run(self._engine, tenant, row)
                busy = True
        return busy

    def _tick(self, woken: Event) -> None:
        rounds = 0
        while not self._stopping.is_set():
            woken.clear()
            try:
                clock.sweep(self._engine)
                if rounds % _FORGET_EVERY == 0:
                    for tenant in clock.tenants(self._engine):
                        clock.forget_expired(self._engine, tenant)
                wait = self._wait()
            except StorageError as error:
                log.warning("clock: %s", error)
                wait = LONGEST_WAIT
            except Exception:
                log.exception("clock")
                wait = LONGEST_WAIT
            rounds += 1
            woken.wait(wait)

    def _wait(self) -> float:
        """Until the next thing is due, but not longer than a poll."""
        due = clock.next_due(self._engine)
        if due is None:
            return LONGEST_WAIT
        left = (due - self._engine.clock()).total_seconds()
        return min(max(left, 0.01), LONGEST_WAIT)
