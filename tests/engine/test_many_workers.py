"""Several processes' worth of workers and clocks on one database: every effect once, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from threading import Lock
from time import monotonic, sleep

from bpmn.values import Variables
from engine.embedded import Embedded
from engine.engine import Engine
from engine.handlers import Done, Handlers, JobContext
from engine.tables import instance
from storage.database import Database, Transaction
from storage.walk import verify_stream
from tests.engine import engine_models as models
from tests.engine.bureau import Bureau

CHAIN = models.chain(
    "busy",
    models.service("first", 'camunda:delegateExpression="${first}"'),
    models.timer("pause", "PT0S"),
    models.service("then", 'camunda:asyncBefore="true" camunda:expression="${true}"'),
    models.service("second", 'camunda:delegateExpression="${second}"'),
)
INSTANCES = 12


def test_workers_and_clocks_that_compete_do_everything_once(
    bureau: Bureau, reopen: Callable[[], Database]
) -> None:
    effects: Counter[tuple[str, str]] = Counter()
    lock = Lock()

    def handlers() -> Handlers:
        made = Handlers()

        def work(job: JobContext) -> Variables | Done:
            def effect(tx: Transaction) -> None:
                def count() -> None:
                    with lock:
                        effects[job.instance_id, job.node] += 1

                tx.after_commit(count)

            return Done({job.node: job.attempt}, [effect])

        made.add("first", work)
        made.add("second", work)
        return made

    bureau.now = datetime.now(UTC)
    bureau.deploy(CHAIN)
    engines = [Engine(reopen(), handlers()) for _ in range(2)]
    with ExitStack() as stack:
        for each in engines:
            stack.enter_context(Embedded(each))
        started = [bureau.start("busy").id for _ in range(INSTANCES)]
        until = monotonic() + 40
        while monotonic() < until and not all(bureau.ended(each) for each in started):
            sleep(0.05)

    assert {bureau.ended(each) for each in started} == {"completed"}
    expected = {(each, node) for each in started for node in ("first", "second")}
    assert effects == Counter(dict.fromkeys(expected, 1))
    with bureau.database.reading() as tx:
        assert all(verify_stream(tx, instance, each) == [] for each in started)
