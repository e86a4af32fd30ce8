"""Killed with -9 at any statement: nothing is lost, nothing happens twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

import engine.tables as _tables
from engine import clock, commands, queries, work
from engine.engine import Engine
from engine.handlers import Done, Handlers, JobContext
from identity.principal import system_principal
from storage import ledger
from storage.database import Database, Transaction
from storage.walk import verify_stream
from tests.engine import engine_models as models

SYSTEM = system_principal("default")
VICTIM = Path(__file__).with_name("crash_victim.py")
CHAINED = models.chain(
    "chained",
    models.user_task("check"),
    models.service("work", 'camunda:delegateExpression="${work}"'),
    models.timer("pause", "PT0S"),
    models.service("then", 'camunda:asyncBefore="true" camunda:expression="${true}"'),
)
STEPS = ("start", "complete", "work", "sweep")
MOST_STATEMENTS = 40

handlers = Handlers()


@handlers.service_task("work")
def _work(job: JobContext) -> Done:
    def effect(tx: Transaction) -> None:
        tx.run(text("INSERT INTO effect VALUES (:job)"), {"job": job.id})

    return Done({"worked": True}, [effect])


def step(subject: Engine, name: str) -> None:
    """What the victim was doing, done by a process that lives."""
    with subject.database.reading() as tx:
        started = queries.instance_list(tx, SYSTEM, queries.InstanceQuery())
        open_tasks = queries.tasks(tx, SYSTEM, queries.TaskQuery())
    if name == "start" and not started:
        subject.execute(commands.StartInstance("chained"), SYSTEM)
    elif name == "complete" and open_tasks:
        subject.execute(commands.CompleteTask(open_tasks[0].id, {"n": 1}), SYSTEM)
    elif name == "work":
        for row in work.claim(subject, "default", "survivor"):
            work.run(subject, "default", row)
    elif name == "sweep":
        clock.sweep(subject)


def crash(url: str, name: str, point: str) -> bool:
    """Whether the victim died at the point, instead of coming to its end."""
    ended = subprocess.run(
        [sys.executable, str(VICTIM), url, name, point],
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""},
        check=False,
        capture_output=True,
    )
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr.decode()
    return ended.returncode != 0


@pytest.mark.parametrize("crashing", STEPS)
def test_a_command_killed_anywhere_happens_once(crashing: str, tmp_path: Path) -> None:
    point = 0
    died = True
    while died:
        assert point < MOST_STATEMENTS
        url = f"sqlite:///{tmp_path / f'{point}.db'}"
        database = Database.open(url)
        database.create_all()
        with database.begin() as tx:
            tx.run(text("CREATE TABLE effect (job TEXT)"))
        subject = Engine(database, handlers)
        subject.execute(commands.Deploy("x", [("chained.bpmn", CHAINED)]), SYSTEM)
        for name in STEPS:
            if name == crashing:
                died = crash(url, name, f"statement:{point}")
            step(subject, name)
        step(subject, "sweep")
        _check(database)
        database.close()
        point += 1


@pytest.mark.parametrize("crashing", STEPS)
def test_what_was_committed_survives_the_kill(crashing: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'committed.db'}"
    database = Database.open(url)
    database.create_all()
    with database.begin() as tx:
        tx.run(text("CREATE TABLE effect (job TEXT)"))
    subject = Engine(database, handlers)
    subject.execute(commands.Deploy("x", [("chained.bpmn", CHAINED)]), SYSTEM)

    for name in STEPS:
        if name == crashing:
            assert crash(url, name, "committed")
        step(subject, name)

    _check(database)
    database.close()


def _check(database: Database) -> None:
    """One instance, ended; one effect; a chain without a gap or a double."""
    with database.reading() as tx:
        (found,) = queries.instance_list(tx, SYSTEM, queries.InstanceQuery())
        assert found.how == "completed"
        assert verify_stream(tx, _tables.instance, found.id) == []
        kinds = [entry.kind for entry in ledger.entries(tx, found.id)]
        assert len(tx.all(text("SELECT job FROM effect"))) == 1
    assert kinds == [
        "instance.started",
        "task.completed",
        "job.done",
        "timer.fired",
        "job.continued",
    ]
