"""What one client does in a workload, through `Engine.execute`, in batches of ten as the rivals do.

The clerk, the worker and the operator are principals with just the rights of their roles: every
figure includes access control, as any request does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from secrets import token_hex

from sqlalchemy import bindparam, insert

from bench import models
from bpmn.values import Variables
from engine import queries
from engine.commands import (
    CompleteJob,
    CompleteTask,
    Deploy,
    FireTimer,
    LockExternalTasks,
    StartInstance,
    Topic,
)
from engine.engine import Engine
from engine.tables import channel
from identity.principal import Principal, system_principal

BATCH = 10
SYSTEM = system_principal("default")
CLERK = Principal(
    "u_clerk", "default", "clerk", "person", frozenset({"clerks"}), frozenset({"clerk"})
)
WORKER = Principal("m_worker", "default", "worker", "machine", roles=frozenset({"worker"}))
OPERATOR = Principal("u_operator", "default", "operator", "person", roles=frozenset({"operator"}))
_MINUTE = timedelta(minutes=1)
_C: Variables = {
    name: Decimal(str(value)) if isinstance(value, float) else value
    for name, value in models.VARIABLES_C.items()
}
_WIRES = {"amount": "Long", "ratio": "Double"}


@dataclass
class Tally:
    """What a client has done; latencies of completing the first user task, in seconds."""

    instances: int = 0
    commands: int = 0
    latencies: list[float] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.instances += other.instances
        self.commands += other.commands
        self.latencies += other.latencies


Workload = Callable[[Engine, int, Tally], None]
"""(engine, number of the client, tally): does one batch."""


def deploy(engine: Engine) -> None:
    files = [("a.bpmn", models.workload_a()), ("b.bpmn", models.workload_b())]
    files += [(f"c{number}.bpmn", models.workload_c(number)) for number in range(8)]
    files += [("d.bpmn", models.workload_d()), ("e.bpmn", models.workload_e())]
    files += [("q.bpmn", models.workload_q())]
    engine.execute(Deploy("bench", files), SYSTEM)


def run_a(engine: Engine, client: int, tally: Tally) -> None:  # noqa: ARG001 as `Workload`
    _start(engine, "a", tally)


def run_b(engine: Engine, client: int, tally: Tally) -> None:  # noqa: ARG001 as `Workload`
    _start(engine, "b", tally)


def run_e(engine: Engine, client: int, tally: Tally) -> None:  # noqa: ARG001 as `Workload`
    _start(engine, "e", tally, {"items": list(range(models.ITEMS_E))})


def _start(engine: Engine, process: str, tally: Tally, variables: Variables | None = None) -> None:
    for _ in range(BATCH):
        engine.execute(StartInstance(process, variables=variables or {}), CLERK)
    tally.instances += BATCH
    tally.commands += BATCH


def run_c(engine: Engine, client: int, tally: Tally) -> None:
    """Ten instances, step by step; each task is looked up by its instance before it is done."""
    process = f"c{client}"
    ids = [
        engine.execute(StartInstance(process, variables=_C, wires=_WIRES), CLERK).id
        for _ in range(BATCH)
    ]
    _complete(engine, ids, {"approved": True}, tally.latencies)
    _work(engine, client)
    _fire(engine, process)
    _complete(engine, ids, {}, [])
    tally.instances += BATCH
    tally.commands += BATCH * 5 + 1


def _complete(engine: Engine, ids: list[str], variables: Variables, latencies: list[float]) -> None:
    for instance_id in ids:
        with engine.database.reading() as tx:
            (task,) = queries.tasks(tx, CLERK, queries.TaskQuery(instance_id=instance_id))
        started = time.perf_counter()
        engine.execute(CompleteTask(task.id, variables), CLERK)
        latencies.append(time.perf_counter() - started)


def _work(engine: Engine, client: int) -> None:
    worker, topics = f"w{client}", [Topic(f"topic{client}", _MINUTE)]
    done = 0
    while done < BATCH:
        for job in engine.execute(LockExternalTasks(worker, topics, BATCH), WORKER):
            engine.execute(CompleteJob(job.id, worker), WORKER)
            done += 1


def _fire(engine: Engine, process: str) -> None:
    done = 0
    while done < BATCH:
        with engine.database.reading() as tx:
            wanted = queries.TimerQuery(process_id=process, due_before=tx.now, limit=BATCH)
            timers = queries.timers(tx, OPERATOR, wanted)
        for timer in timers:
            done += engine.execute(FireTimer(timer.id), OPERATOR)


_ROW = insert(channel).values({column.name: bindparam(column.name) for column in channel.c})


def run_r(engine: Engine, client: int, tally: Tally) -> None:
    """The reference: one row of 100 bytes, committed. What the machine gives just now."""
    for _ in range(BATCH):
        row = {"tenant": "default", "name": f"reference {client}", "key": token_hex(32)}
        with engine.database.begin() as tx:
            tx.batch().add(_ROW, row)
    tally.instances += BATCH
    tally.commands += BATCH


WORKLOADS: dict[str, Workload] = {"r": run_r, "a": run_a, "b": run_b, "c": run_c, "e": run_e}
