"""What cannot be done stops only itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select

from engine import clock, commands
from engine.handlers import InstanceChange
from engine.tables import incident
from storage.database import Transaction
from tests.engine import engine_models as models
from tests.engine.bureau import Bureau

WAITS = models.chain("waits", models.timer("pause", "PT1H"))
MINUTE = timedelta(minutes=1)


def _incidents(case: str) -> Select[Any]:
    return select(incident).where(incident.c.instance_id == case)


def _refuse_the_end_of(bureau: Bureau, process: str, *instances: str) -> None:
    @bureau.participants.on_instance_ended(process)
    def refuse(tx: Transaction, change: InstanceChange) -> None:
        if change.instance_id in instances:
            raise ValueError("a participant's fault")


def test_a_timer_that_cannot_fire_does_not_stop_the_others(bureau: Bureau) -> None:
    bureau.deploy(WAITS)
    poisoned = [bureau.start("waits").id for _ in range(clock.AT_ONCE + 1)]
    bureau.now += MINUTE
    good = bureau.start("waits").id
    _refuse_the_end_of(bureau, "waits", *poisoned)

    bureau.pass_time(timedelta(hours=1))
    bureau.pass_time(timedelta(0))

    assert bureau.ended(good) == "completed"
    assert {bureau.ended(each) for each in poisoned} == {None}


def test_a_timer_that_could_not_fire_fires_later(bureau: Bureau) -> None:
    bureau.deploy(WAITS)
    case = bureau.start("waits").id
    _refuse_the_end_of(bureau, "waits", case)
    bureau.pass_time(timedelta(hours=1))
    assert bureau.ended(case) is None

    bureau.participants._ends.clear()
    bureau.pass_time(2 * MINUTE)

    assert bureau.ended(case) == "completed"


def test_a_continuation_that_cannot_be_run_becomes_an_incident(bureau: Bureau) -> None:
    bureau.deploy(models.asynchronous("later", 1))
    case = bureau.start("later").id
    _refuse_the_end_of(bureau, "later", case)

    for _ in range(4):
        bureau.pass_time(MINUTE)

    with bureau.database.reading() as tx:
        (found,) = tx.all(_incidents(case))
    assert "a participant's fault" in found.message
    bureau.participants._ends.clear()
    bureau.run(commands.RetryIncident(found.id))
    bureau.pass_time(timedelta(0))
    assert bureau.ended(case) == "completed"
    with bureau.database.reading() as tx:
        assert tx.all(_incidents(case)) == []
