"""Machine steps beside SpiffWorkflow: CPU time of one instance, both sides in turn in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bench import models, spiff
from bench.options import Options
from bench.report import Cell, Table
from bpmn.compiler import compile_model
from engine.machine.machine import advance
from engine.machine.run import Decided
from engine.machine.state import new_state
from engine.machine.triggers import Continue, Start, TaskCompleted

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROUNDS = 7


def _undecided(*_: object) -> Decided:
    raise AssertionError("no decision in these models")


def ours(source: bytes) -> Callable[[], None]:
    """A function that runs one instance to its end, completing user tasks as they open."""
    (graph,) = compile_model(source).graphs

    def run() -> None:
        state, _ = advance(graph, new_state(graph), Start(variables={"x": 1}), NOW, _undecided)
        while state.ended is None:
            for identity, wait in list(state.waits.items()):
                if wait.kind == "task":
                    done = TaskCompleted(task=identity, variables={})
                    state, _ = advance(graph, state, done, NOW, _undecided)

    return run


def cpu_of(run: Callable[[], None], seconds: float) -> float:
    """Microseconds of CPU an execution."""
    run()
    count, started = 0, time.process_time()
    while (spent := time.process_time() - started) < seconds:
        for _ in range(10):
            run()
        count += 10
    return spent / count * 1e6


def compare(options: Options) -> list[dict[str, Cell]]:
    """Our CPU time an instance, SpiffWorkflow's, and the median ratio of paired rounds."""
    rows: list[dict[str, Cell]] = []
    rounds, seconds = (1, 0.02) if options.quick else (ROUNDS, 0.25)
    for make in (models.one_script, models.ten_scripts, models.twenty_nodes):
        mine, theirs = ours(make("feel")), spiff.runner(make("python"), make.__name__)
        pairs = [(cpu_of(mine, seconds), cpu_of(theirs, seconds)) for _ in range(rounds)]
        rows.append(
            {
                "model": make.__name__,
                "ours, µs": statistics.median(a for a, _ in pairs),
                "SpiffWorkflow, µs": statistics.median(b for _, b in pairs),
                "ratio": statistics.median(b / a for a, b in pairs),
                "goal": 40,
            }
        )
    return rows


def for_each(source: bytes, items: int) -> Callable[[], None]:
    """A function that runs one instance of a multi-instance model to its end."""
    (graph,) = compile_model(source).graphs
    start = Start(variables={"items": list(range(items))})

    def run() -> None:
        state, _ = advance(graph, new_state(graph), start, NOW, _undecided)
        while state.ended is None:
            (job,) = state.waits
            state, _ = advance(graph, state, Continue(job=job), NOW, _undecided)

    return run


def instances(options: Options) -> list[dict[str, Cell]]:
    """CPU time of one instance of a multi-instance script, of a thousand and of ten thousand."""
    rows: list[dict[str, Cell]] = []
    few, many = (100, 1_000) if options.quick else (1_000, 10_000)
    for sequential in (True, False):
        source = models.many(sequential=sequential)
        costs = []
        for items in (few, many):
            run = for_each(source, items)
            rounds = range(1 if options.quick else 5)
            costs.append(min(cpu_once(run) for _ in rounds) / items)
        rows.append(
            {
                "script for each item": "sequential" if sequential else "parallel",
                f"one of {few:,}, µs": costs[0],
                f"one of {many:,}, µs": costs[1],
                "ratio": costs[1] / costs[0],
            }
        )
    return rows


def cpu_once(run: Callable[[], None]) -> float:
    """Microseconds of CPU of one execution."""
    started = time.process_time()
    run()
    return (time.process_time() - started) * 1e6


def run(options: Options) -> list[Table]:
    return [
        Table("Machine steps, in memory", compare(options)),
        Table("Multi-instance, in memory", instances(options)),
    ]
