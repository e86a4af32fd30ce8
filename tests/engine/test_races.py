"""Several threads at the same instance: nobody waits for a deadlock, nothing happens twice."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

from sqlalchemy.dialects import postgresql

from engine import commands, jobs, tasks, timers
from engine.errors import EngineError
from engine.machine.errors import MachineError
from engine.tables import instance
from storage.database import Database
from storage.walk import verify_stream
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, BEN, Bureau


def test_an_instance_is_locked_before_what_lives_in_it() -> None:
    """PostgreSQL locks in the order of FROM."""
    for statement in (
        jobs._LOCK,
        jobs._READY_CONTINUATIONS,
        tasks._LOCK,
        timers._LOCK,
        timers._DUE,
    ):
        sql = str(statement.compile(dialect=postgresql.dialect()))

        assert "FROM instance JOIN" in " ".join(sql.split())


def test_of_two_who_complete_a_task_at_once_one_does(
    bureau: Bureau, reopen: Callable[[], Database]
) -> None:
    bureau.deploy(models.chain("p", models.user_task("t"), models.user_task("after")))
    others = [Bureau(reopen(), now=bureau.now) for _ in range(4)]
    for _ in range(5):
        case = bureau.start("p").id
        task = bureau.task("t").id
        barrier, outcomes = Barrier(4), []

        def complete(
            other: Bureau,
            number: int,
            task: str = task,
            barrier: Barrier = barrier,
            outcomes: list[str] = outcomes,
        ) -> None:
            barrier.wait()
            try:
                other.run(commands.CompleteTask(task, {"by": number}), (ANNA, BEN)[number % 2])
                outcomes.append("done")
            except (EngineError, MachineError) as error:
                outcomes.append(error.code)

        threads = [
            Thread(target=complete, args=pair) for pair in zip(others, range(4), strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["done", *["task_not_open"] * 3]
        assert len(bureau.tasks(node="after", instance_id=case)) == 1
        with bureau.database.reading() as tx:
            assert verify_stream(tx, instance, case) == []
