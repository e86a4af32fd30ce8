"""A process that is killed with -9 at a named point. Run as a script by `test_crash`.

Usage: crash_victim.py DATABASE_URL COMMAND POINT
A point is `statement:n` (before the n-th statement of the command) or `committed`.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta

from sqlalchemy import text

import engine.tables  # noqa: F401
from engine import clock, commands, work
from engine.engine import Engine
from engine.handlers import Done, Handlers, JobContext
from identity.principal import system_principal
from storage import sqlite
from storage.database import Database, Transaction

SYSTEM = system_principal("default")
handlers = Handlers()


@handlers.service_task("work", lease=timedelta(seconds=0))
def work_on(job: JobContext) -> Done:
    def effect(tx: Transaction) -> None:
        tx.run(text("INSERT INTO effect VALUES (:job)"), {"job": job.id})

    return Done({"worked": True}, [effect])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str) -> None:
    """Die before the n-th statement that the writing connection sends from now on."""
    kind, _, number = point.partition(":")
    if kind != "statement":
        return
    left = int(number)
    original = sqlite.SqliteLink.execute

    def execute(self: sqlite.SqliteLink, sql: str, parameters: object) -> object:
        nonlocal left
        if self._writing:
            left -= 1
            if left < 0:
                die()
        return original(self, sql, parameters)  # type: ignore[arg-type]

    sqlite.SqliteLink.execute = execute  # type: ignore[method-assign,assignment]


def main() -> None:
    url, command, point = sys.argv[1:]
    database = Database.open(url)
    subject = Engine(database, handlers)
    with database.reading() as tx:
        task = tx.first(text("SELECT id FROM user_task WHERE closed_at IS NULL AND node <> 't'"))
    arm(point)
    command, _, named = command.partition(":")
    if command == "start":
        subject.execute(commands.StartInstance(named or "chained"), SYSTEM)
    elif command == "complete":
        assert task is not None
        subject.execute(commands.CompleteTask(task.id, {"n": 1}), SYSTEM)
    elif command == "work":
        for row in work.claim(subject, "default", "victim"):
            work.run(subject, "default", row)
    elif command == "cancel":
        subject.execute(commands.CancelInstance(named, "no longer needed"), SYSTEM)
    else:
        clock.sweep(subject)
    if point == "committed":
        die()


main()
