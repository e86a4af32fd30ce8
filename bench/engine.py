"""Instances a second and what one costs: workloads a to e on both databases."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Thread

from sqlalchemy import func, select

from bench.client import processes, spin
from bench.options import Options
from bench.places import Place, found, place
from bench.processor import cpu_of_family
from bench.report import Cell, Table, percentile
from bench.workloads import CLERK, WORKLOADS, Tally, deploy
from engine.commands import StartInstance
from engine.embedded import Embedded
from engine.engine import Engine
from engine.tables import instance
from storage.database import Database

GOALS = {
    ("a", "1"): "2,000 instances/s",
    ("a", "4"): "3,000 instances/s",
    ("b", "1"): "1,000 instances/s",
    ("b", "4"): "1,600 instances/s",
    ("c", "1"): "170 instances/s",
    ("c", "4"): "350 instances/s",
    ("d", "1"): "1,700 commands/s",
    ("d", "4"): "1,700 commands/s",
}
"""On PostgreSQL: multiples of the fastest Java engine on the machine of docs/benchmarks.md."""

NOTE = (
    "r is the reference, a commit of one row. Medians; CPU time over all rounds. Clients are "
    "threads of one process with the engine, so its CPU time is the client's and the engine's. "
    "PostgreSQL's is that of its whole server."
)
_RUNNING = select(func.count()).select_from(instance).where(instance.c.ended_at.is_(None))


@dataclass(frozen=True)
class Round:
    """One measurement of a workload."""

    tally: Tally
    seconds: float
    engine_cpu: float
    postgres_cpu: float


def measured(place: Place, run: Callable[[], tuple[Tally, float]]) -> Round:
    """`run` answers with the tally and the CPU seconds of the engine's process(es)."""
    before, started = cpu_of_family(place.postmaster), time.perf_counter()
    tally, cpu = run()
    seconds = time.perf_counter() - started
    return Round(tally, seconds, cpu, cpu_of_family(place.postmaster) - before)


def _row(kind: str, name: str, clients: str, rounds: list[Round]) -> dict[str, Cell]:
    """The median round; CPU time over all of them."""
    rate = statistics.median(each.tally.instances / each.seconds for each in rounds)
    count = sum(each.tally.instances for each in rounds)
    commands = sum(each.tally.commands for each in rounds)
    latencies = [each for round_ in rounds for each in round_.tally.latencies]
    postgres = sum(each.postgres_cpu for each in rounds)
    return {
        "database": kind,
        "workload": name,
        "clients": clients,
        "instances/s": rate,
        "commands/s": rate * commands / count,
        "goal": GOALS.get((name, clients[0])) if kind == "postgresql" else None,
        "engine CPU ms": sum(each.engine_cpu for each in rounds) * 1e3 / count,
        "PostgreSQL CPU ms": postgres * 1e3 / count if postgres else None,
        "u1 p50 ms": percentile(latencies, 0.5) if latencies else None,
        "u1 p95 ms": percentile(latencies, 0.95) if latencies else None,
    }


def _threads(
    place: Place, engine: Engine, *, name: str, clients: int, options: Options
) -> list[Round]:
    def run() -> tuple[Tally, float]:
        before = time.process_time()
        tally = spin(engine, WORKLOADS[name], range(clients), options.seconds)
        return tally, time.process_time() - before

    spin(engine, WORKLOADS[name], range(clients), options.warm)
    place.analyze()
    return [measured(place, run) for _ in range(options.rounds)]


def _processes(place: Place, name: str, options: Options) -> list[Round]:
    with processes(place.url, name, 2, 4) as children:

        def run(seconds: float) -> tuple[Tally, float]:
            for child in children:
                child.begin(seconds)
            total, cpu = Tally(), 0.0
            for child in children:
                tally, spent = child.result()
                total.add(tally)
                cpu += spent
            return total, cpu

        run(options.warm)
        return [measured(place, lambda: run(options.seconds)) for _ in range(options.rounds)]


def _at_once(place: Place, engine: Engine, clients: int, options: Options) -> list[Round]:
    """Workload d: instances started at once; the embedded clock runs the jobs behind them."""
    count = 40 if options.quick else 500

    def start() -> None:
        for _ in range(count // clients):
            engine.execute(StartInstance("d"), CLERK)

    def run() -> tuple[Tally, float]:
        before = time.process_time()
        with Embedded(engine, workers=0):
            starters = [Thread(target=start) for _ in range(clients)]
            for starter in starters:
                starter.start()
            for starter in starters:
                starter.join()
            while _running(engine.database):
                time.sleep(0.005)
        return Tally(count, 5 * count), time.process_time() - before

    if not options.quick:
        run()
        place.analyze()
    return [measured(place, run) for _ in range(options.rounds)]


def _running(database: Database) -> int:
    with database.reading() as tx:
        return int(tx.scalar(_RUNNING))


def _history(place: Place, engine: Engine, options: Options) -> list[dict[str, Cell]]:
    """Growth an instance of c of all that outlives it; pages and index splits included."""
    batches = 5 if options.quick else 100
    before, tally = place.history(), Tally()
    for _ in range(batches):
        WORKLOADS["c"](engine, 0, tally)
    after = place.history()
    grown = {name: (after[name] - before[name]) / tally.instances for name in after}
    rows: list[dict[str, Cell]] = [
        {"database": place.kind, "table": name, "bytes an instance": size}
        for name, size in sorted(grown.items(), key=lambda each: -each[1])
        if size
    ]
    total = sum(grown.values())
    goal = 6144.0 if place.kind == "postgresql" else None
    all_of_it: dict[str, Cell] = {"database": place.kind, "table": "all"}
    return [*rows, all_of_it | {"bytes an instance": total, "goal": goal}]


def _of(place: Place, options: Options) -> tuple[list[dict[str, Cell]], list[dict[str, Cell]]]:
    database = Database.open(place.url)
    try:
        engine = Engine(database)
        deploy(engine)
        rows: list[dict[str, Cell]] = []
        for name in options.workloads:
            for clients in (1, 4):
                run = _at_once if name == "d" else partial(_threads, name=name)
                rounds = run(place, engine, clients=clients, options=options)
                rows.append(_row(place.kind, name, str(clients), rounds))
            if place.kind == "postgresql" and name in "abc":
                rounds = _processes(place, name, options)
                rows.append(_row(place.kind, name, "4 in 2 processes", rounds))
        history = _history(place, engine, options) if "c" in options.workloads else []
        return rows, history
    finally:
        database.close()


def run(options: Options) -> list[Table]:
    speed = Table("Workloads r, a, b, c, d, e", notes=[NOTE])
    history = Table("History of an instance of c, after VACUUM")
    for kind in found(options.databases):
        with place(kind) as where:
            rows, grown = _of(where, options)
        speed.rows += rows
        history.rows += grown
    return [speed, history] if history.rows else [speed]
