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
from engine.machine.triggers import Start, TaskCompleted

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


def run(options: Options) -> list[Table]:
    return [Table("Machine steps, in memory", compare(options))]
