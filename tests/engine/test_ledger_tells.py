"""The ledger of every instance tells the state that its row holds."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from engine import clock, commands, queries
from engine.handlers import Backoff, Handlers, JobContext
from engine.machine.standing import Standing, standing, standing_of
from engine.machine.state import decode
from engine.tables import instance
from storage.database import Database
from tests.engine import engine_models as models
from tests.engine.bureau import SYSTEM, Bureau
from tests.engine.test_calls import call
from tests.engine.test_signals import EVENT, SIGNAL

EACH = (
    '<userTask id="each"><multiInstanceLoopCharacteristics camunda:collection="${items}" '
    'camunda:elementVariable="item"/></userTask>'
)
TIMED = (
    '<boundaryEvent id="late" attachedToRef="box" cancelActivity="false"><timerEventDefinition>'
    '<timeCycle xsi:type="tFormalExpression">R2/PT1H</timeCycle></timerEventDefinition>'
    '</boundaryEvent><userTask id="hurry"/>'
)
BOX = (
    '<subProcess id="box"><extensionElements><camunda:inputOutput><camunda:inputParameter '
    'name="own">${n + 1}</camunda:inputParameter></camunda:inputOutput></extensionElements>'
    '<startEvent id="bs"/><userTask id="inside"/>' + models.flow("bs", "inside") + "</subProcess>"
)
LISTENER = (
    '<subProcess id="alarm" triggeredByEvent="true"><startEvent id="as" isInterrupting="false">'
    f'{EVENT}</startEvent><userTask id="told"/>' + models.flow("as", "told") + "</subProcess>"
)
RICH = models.process(
    "rich",
    '<startEvent id="s"/><parallelGateway id="fork"/><userTask id="plain"/><endEvent id="e"/>'
    '<serviceTask id="work" camunda:delegateExpression="${work}"/>'
    '<serviceTask id="broken" camunda:expression="${missing.field}"/>'
    '<serviceTask id="later" camunda:asyncBefore="true" camunda:expression="${n}"/>'
    + EACH
    + BOX
    + TIMED
    + LISTENER
    + call("call", "inner")[1]
    + models.flow("s", "fork")
    + "".join(
        models.flow("fork", name)
        for name in ("plain", "work", "broken", "later", "each", "box", "call")
    )
    + models.flow("late", "hurry")
    + models.flow("plain", "e"),
    SIGNAL,
)
INNER = models.chain("inner", models.user_task("within"))


def of_row(database: Database, instance_id: str) -> Standing | None:
    with database.reading() as tx:
        found = tx.first(
            select(instance.c.state, instance.c.variables).where(
                instance.c.tenant == "default", instance.c.id == instance_id
            )
        )
    assert found is not None
    return None if found.state is None else standing_of(decode(found.state, found.variables))


def of_ledger(database: Database, instance_id: str) -> Standing:
    with database.reading() as tx:
        entries = queries.history(tx, SYSTEM, instance_id)
    return standing(fact for entry in entries for fact in entry.facts)


def act(bureau: Bureau, dice: Random) -> None:
    """One thing that may happen to an office."""
    tasks = bureau.tasks(limit=100)
    match dice.randrange(8):
        case 0 | 1 | 2 if tasks:
            values: dict[str, Any] = {"n": dice.randrange(9), "text": "ä"}
            bureau.run(commands.CompleteTask(dice.choice(tasks).id, values))
        case 3:
            bureau.run_jobs()
        case 4:
            bureau.pass_time(timedelta(minutes=dice.randrange(90)))
        case 5:
            bureau.run(commands.BroadcastSignal("alarm", {"loud": True}))
        case 6:
            with bureau.database.reading() as tx:
                found = queries.incidents(tx, SYSTEM, queries.IncidentQuery())
            for each in found:
                bureau.run(commands.RetryIncident(each.id))
        case _:
            clock.sweep(bureau.engine)


@pytest.mark.parametrize("seed", range(6))
def test_the_ledger_tells_what_stands_in_the_row(database: Database, seed: int) -> None:
    dice = Random(seed)
    handlers = Handlers()

    def work(job: JobContext) -> dict[str, Any]:
        if dice.random() < 0.6:
            raise ValueError("not now")
        return {"worked": job.attempt}

    handlers.add("work", work, Backoff(attempts=2, first_wait=timedelta(minutes=5)))
    bureau = Bureau(database, handlers)
    bureau.deploy(RICH, INNER)
    for _ in range(3):
        bureau.start("rich", n=1, items=["a", "b"])

    for _ in range(25):
        act(bureau, dice)

    with database.reading() as tx:
        known = queries.instance_list(tx, SYSTEM, queries.InstanceQuery())
    assert len(known) == 6
    for each in known:
        told, stored = of_ledger(database, each.id), of_row(database, each.id)
        assert told.ended == each.how
        assert stored is None or _shown(told) == _shown(stored)


def _shown(at: Standing) -> dict[str, Any]:
    """All but the jobs that failed: those the machine knows as open, their rows as failed."""
    return {"tokens": at.tokens, "open": at.open, "variables": at.variables, "ended": at.ended}
