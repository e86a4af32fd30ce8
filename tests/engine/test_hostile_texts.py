"""Texts that no column takes: refused where they come in, an incident where a model makes them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import commands
from engine.errors import Misused
from engine.handlers import JobContext
from engine.tables import incident
from tests.engine import engine_models as models
from tests.engine.bureau import LEA, Bureau

HOSTILE = ["a\0b", "x" * 256, "\ud800"]
ASSIGNED = models.chain(
    "assigned", models.timer("pause", "PT1H"), models.user_task("t", 'camunda:assignee="${who}"')
)


@pytest.mark.parametrize("text", HOSTILE[:2])
def test_a_computed_assignee_that_cannot_be_kept_is_an_incident(bureau: Bureau, text: str) -> None:
    bureau.deploy(ASSIGNED)
    bureau.start("assigned", who=text)

    bureau.pass_time(timedelta(hours=1))

    with bureau.database.reading() as tx:
        assert [row.kind for row in tx.all(select(incident))] == ["candidates_invalid"]


@pytest.mark.parametrize("text", HOSTILE)
def test_names_from_outside_that_cannot_be_kept_are_refused(bureau: Bureau, text: str) -> None:
    bureau.deploy(models.chain("p", models.user_task("t")))
    bureau.start("p")
    task = bureau.task("t").id

    for command in (
        commands.StartInstance("p", business_key=text),
        commands.PublishMessage(text),
        commands.PublishMessage("m", message_id=text),
        commands.CorrelateMessage(text),
        commands.LockExternalTasks(text, [commands.Topic("t", timedelta(seconds=1))]),
        commands.LockExternalTasks("w", [commands.Topic(text, timedelta(seconds=1))]),
    ):
        with pytest.raises(Misused):
            bureau.run(command)
    with pytest.raises(Misused):
        bureau.run(commands.AssignTask(task, text), LEA)


def test_a_handlers_error_may_quote_anything(bureau: Bureau) -> None:
    def fail(job: JobContext) -> None:
        raise ValueError("quotes \0")

    bureau.handlers.add("work", fail)
    bureau.deploy(models.HANDLED)
    bureau.start("handled")

    for _ in range(4):
        bureau.run_jobs()
        bureau.pass_time(timedelta(hours=1))

    with bureau.database.reading() as tx:
        (found,) = tx.all(select(incident))
    assert found.message == "ValueError: quotes \ufffd"
