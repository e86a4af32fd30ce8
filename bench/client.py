"""Clients of one process: threads that repeat a workload until the time is over.

As a program (`python -m bench.client URL WORKLOAD CLIENT…`) it is one process of several: it
says `ready`, and for each number of seconds that it reads it runs and answers with JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

from bench.workloads import WORKLOADS, Tally, Workload
from engine.engine import Engine
from storage.database import Database


def spin(engine: Engine, workload: Workload, clients: Sequence[int], seconds: float) -> Tally:
    """Every client is a thread; each ends with the batch it is in."""
    end = time.perf_counter() + seconds
    tallies = [Tally() for _ in clients]
    failed: list[Exception] = []

    def run(client: int, tally: Tally) -> None:
        try:
            while time.perf_counter() < end and not failed:
                workload(engine, client, tally)
        except Exception as error:  # raised again below, where it is seen
            failed.append(error)

    threads = [Thread(target=run, args=each) for each in zip(clients, tallies, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    total = Tally()
    for tally in tallies:
        total.add(tally)
    return total


class Process:
    """Clients in a process of their own."""

    def __init__(self, url: str, workload: str, clients: Sequence[int]) -> None:
        arguments = [sys.executable, "-m", "bench.client", url, workload, *map(str, clients)]
        self._child = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._answer()

    def begin(self, seconds: float) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(f"{seconds}\n")
        self._child.stdin.flush()

    def result(self) -> tuple[Tally, float]:
        """What was done, and the seconds of CPU it took."""
        found = json.loads(self._answer())
        return Tally(found["instances"], found["commands"], found["latencies"]), found["cpu"]

    def _answer(self) -> str:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError("a client process has ended")
        return line

    def close(self) -> None:
        self._child.communicate()


@contextmanager
def processes(url: str, workload: str, count: int, clients: int) -> Iterator[list[Process]]:
    """`clients` clients, spread evenly over `count` processes."""
    found: list[Process] = []
    try:
        for number in range(count):
            child = Process(url, workload, range(number, clients, count))
            found.append(child)  # each is closed even if the next does not start
        yield found
    finally:
        for each in found:
            each.close()


def main() -> None:
    url, name, *clients = sys.argv[1:]
    database = Database.open(url)
    engine = Engine(database)
    print("ready", flush=True)
    for line in sys.stdin:
        before = time.process_time()
        tally = spin(engine, WORKLOADS[name], [int(each) for each in clients], float(line))
        cpu = time.process_time() - before
        answer = {"instances": tally.instances, "commands": tally.commands, "cpu": cpu}
        print(json.dumps({**answer, "latencies": tally.latencies}), flush=True)
    database.close()


if __name__ == "__main__":
    main()
