"""The Bench promises what the engine does: random drawings run alike on both."""

from __future__ import annotations

from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import commands
from engine.testing import Bench
from storage.database import Database
from tests.bpmn.drawing import between
from tests.engine.bureau import Bureau
from tests.engine.random_constructs import constructs, model_of

CALLED = between('<bpmn:userTask id="t" name="t"/>').replace(
    b'process id="p"', b'process id="other"'
)
ACTS = st.lists(st.tuples(st.sampled_from("mst"), st.integers(0, 9)), min_size=1, max_size=8)


class OnBench:
    def __init__(self, source: bytes, variables: dict[str, Any]) -> None:
        self.bench = Bench()
        self.bench.deploy(CALLED, source)
        self.case = self.bench.start_with("p", variables)

    def tasks(self) -> list[str]:
        return sorted(
            node
            for case in self.bench.cases
            for node in case.waits_at
            if case.graph.nodes[node].kind == "userTask"
        )

    def complete(self, node: str, again: bool) -> None:
        case = next(each for each in self.bench.cases if node in each.waits_at)
        case.complete(node, again=again)

    def happens(self, what: str) -> None:
        if what == "m":
            self.bench.message("m")
        elif what == "s":
            self.bench.signal("go")
        else:
            self.bench.advance(timedelta(hours=1))

    def outcome(self) -> tuple[bool, dict[str, Any]]:
        return self.case.ended, self.case.variables


class InEngine:
    def __init__(self, bureau: Bureau, source: bytes, variables: dict[str, Any]) -> None:
        self.bureau = bureau
        self.bureau.deploy(CALLED, source)
        self.id = self.bureau.start("p", **variables).id

    def tasks(self) -> list[str]:
        return sorted(each.node for each in self.bureau.tasks())

    def complete(self, node: str, again: bool) -> None:
        found = next(each for each in self.bureau.tasks() if each.node == node)
        self.bureau.run(commands.CompleteTask(found.id, {"again": again}))

    def happens(self, what: str) -> None:
        if what == "m":
            self.bureau.run(commands.PublishMessage("m"))
        elif what == "s":
            self.bureau.run(commands.BroadcastSignal("go"))
        else:
            self.bureau.pass_time(timedelta(hours=1))

    def outcome(self) -> tuple[bool, dict[str, Any]]:
        return self.bureau.ended(self.id) is not None, self.bureau.values(self.id)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(block=constructs, event=st.integers(0, 7), asked=st.booleans(), acts=ACTS)
def test_a_random_drawing_runs_alike_on_the_bench_and_in_the_engine(
    block: Any, event: int, asked: bool, acts: list[tuple[str, int]]
) -> None:
    source, variables = model_of(block, event), {"x": asked, "again": False}
    with TemporaryDirectory() as place:
        database = Database.open(f"sqlite:///{place}/engine.db")
        database.create_all()
        try:
            real = InEngine(Bureau(database), source, variables)
            compare(OnBench(source, variables), real, acts)
        finally:
            database.close()


def compare(bench: OnBench, real: InEngine, acts: list[tuple[str, int]]) -> None:
    """The same tasks are open after every act, and the same variables are set."""
    for step in range(60):
        assert real.tasks() == bench.tasks()
        assert real.outcome() == bench.outcome()
        if bench.case.ended:
            break
        what, choice = acts[step] if step < len(acts) else ("t", 0)
        open_tasks = bench.tasks()
        for side in (bench, real):
            if open_tasks and choice % 3:
                side.complete(open_tasks[choice % len(open_tasks)], again=choice % 2 == 1)
            else:
                side.happens(what)
