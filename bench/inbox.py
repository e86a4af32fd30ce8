"""Workload q: what a clerk of five groups sees first, among 20,000 and 100,000 open tasks.

The rows are copied from one task that the engine has opened, which takes seconds, not minutes.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta

from sqlalchemy import Table as Rows
from sqlalchemy import insert, select

from bench.options import Options
from bench.places import Place, found, place
from bench.report import Cell, Table, percentile
from bench.workloads import deploy
from engine import queries
from engine.commands import StartInstance
from engine.engine import Engine
from engine.ids import local_id, new_id
from engine.tables import instance, task_candidate, user_task
from identity.principal import Principal, system_principal
from storage.database import Database, Row, Transaction

_STEP = timedelta(milliseconds=1)
GROUPS, OWN, SHOWN = 50, 5, 50
GOALS = {"list": 2.5, "count": 4.0}
"""Milliseconds, p95, on PostgreSQL."""


def clerk(first: int) -> Principal:
    groups = frozenset(f"group{(first + step * 7) % GROUPS}" for step in range(OWN))
    return Principal("u_clerk", "default", "clerk", "person", groups, frozenset({"clerk"}))


def fill(engine: Engine, count: int) -> None:
    """Add open tasks, spread over the groups, each of an instance of its own."""
    system = system_principal("default")
    first = engine.execute(StartInstance("q", variables={"grp": "group0"}), system).id
    with engine.database.reading() as tx:
        rows = [_row(tx, table, first) for table in (instance, user_task, task_candidate)]
    done = 0
    while done < count:
        size = min(2000, count - done)
        with engine.database.begin() as tx:
            ids = [(new_id(tx.now), f"group{(done + n) % GROUPS}", done + n) for n in range(size)]
            for table, row in zip((instance, user_task, task_candidate), rows, strict=True):
                tx.run(insert(table), [_copy(row, *each) for each in ids])
        done += size


def _row(tx: Transaction, table: Rows, first: str) -> Row:
    key = {"instance": "id", "user_task": "instance_id"}.get(table.name)
    statement = select(table)
    if key is not None:
        statement = statement.where(table.c[key] == first)
    row = tx.first(statement)
    assert row is not None
    return row


def _copy(row: Row, new: str, group: str, number: int) -> dict[str, object]:
    """The row as another instance's, opened so many milliseconds later."""
    copied = row._asdict()
    if "instance_id" in copied:
        copied |= {"id": local_id(new, 2), "instance_id": new, "people": f'[[],["{group}"],[]]'}
    elif "task_id" in copied:
        copied |= {"task_id": local_id(new, 2), "candidate": f"g:{group}"}
    else:
        copied["id"] = new
    if "opened_at" in copied:
        copied["opened_at"] = row.opened_at + number * _STEP
    return copied


def _measure(database: Database, times: int) -> tuple[list[float], list[float]]:
    """Seconds of each list and each count; every question is asked by another clerk."""
    lists, counts = [], []
    randomly = random.Random(7)
    for _ in range(times):
        principal = clerk(randomly.randrange(GROUPS))
        began = time.perf_counter()
        with database.reading() as tx:
            shown = queries.tasks(tx, principal, queries.TaskQuery(inbox=True, limit=SHOWN))
        listed = time.perf_counter()
        with database.reading() as tx:
            number = queries.task_count(tx, principal, queries.TaskQuery(inbox=True))
        counts.append(time.perf_counter() - listed)
        lists.append(listed - began)
        assert len(shown) == min(SHOWN, number), "the inbox is not full"
    return lists, counts


def _of(where: Place, options: Options) -> list[dict[str, Cell]]:
    database = Database.open(where.url)
    try:
        engine = Engine(database)
        deploy(engine)
        rows: list[dict[str, Cell]] = []
        sizes = (500, 1000) if options.quick else (20_000, 100_000)
        done = 0
        for size in sizes:
            fill(engine, size - done)
            done = size
            where.analyze()
            _measure(database, 20)
            found = _measure(database, 20 if options.quick else 500)
            for name, seconds in zip(("list", "count"), found, strict=True):
                rows.append(_line(where.kind, size, name, seconds))
        return rows
    finally:
        database.close()


def _line(kind: str, size: int, name: str, seconds: list[float]) -> dict[str, Cell]:
    return {
        "database": kind,
        "open tasks": size,
        "question": name,
        "p50 ms": percentile(seconds, 0.5),
        "p95 ms": percentile(seconds, 0.95),
        "goal, p95": GOALS[name] if kind == "postgresql" else None,
    }


def run(options: Options) -> list[Table]:
    table = Table(
        f"Workload q: a clerk of {OWN} of {GROUPS} groups: the newest {SHOWN}, and how many"
    )
    for kind in found(options.databases):
        with place(kind) as where:
            table.rows += _of(where, options)
    return [table]
