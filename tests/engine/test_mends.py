"""Small things that went wrong once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bpmn.errors import ModelRefused
from engine import commands
from engine.errors import JobNotYours, Misused, NotFound, OtherPersonNeeded
from engine.tables import job as job_table
from engine.testing import Bench
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, BEN, Bureau

LATER = timedelta(minutes=5)


@pytest.mark.parametrize("element", ['<task id="x" {}/>', '<exclusiveGateway id="x" {}/>'])
def test_a_default_flow_alone_is_taken(element: str) -> None:
    bench = Bench()
    bench.deploy(
        models.process(
            "p",
            '<startEvent id="s"/><userTask id="t"/><endEvent id="e"/>'
            '<boundaryEvent id="again" attachedToRef="t"><timerEventDefinition>'
            "<timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>"
            + element.format('default="f_x_t"')
            + models.flow("s", "x")
            + models.flow("again", "x")
            + models.flow("x", "t")
            + models.flow("t", "e"),
        )
    )

    assert bench.start("p").waits_at == ["t"]


def test_who_ends_a_task_with_an_error_is_kept_off_its_second_look(bureau: Bureau) -> None:
    bureau.deploy(
        models.process(
            "p",
            '<startEvent id="s"/>'
            + models.user_task("first")[1]
            + '<boundaryEvent id="b" attachedToRef="first"><errorEventDefinition/></boundaryEvent>'
            '<userTask id="second" name="second" camunda:candidateGroups="clerks">'
            '<extensionElements><camunda:properties><camunda:property name="andere_person_als" '
            'value="first"/></camunda:properties></extensionElements></userTask>'
            '<endEvent id="e"/>'
            + models.flow("s", "first")
            + models.flow("first", "e")
            + models.flow("b", "second")
            + models.flow("second", "e"),
        )
    )
    bureau.start("p")

    bureau.run(commands.ThrowTaskError(bureau.task("first").id, "unclear"), ANNA)

    second = bureau.task("second").id
    with pytest.raises(OtherPersonNeeded):
        bureau.run(commands.CompleteTask(second), ANNA)
    bureau.run(commands.CompleteTask(second), BEN)


def _locked(bureau: Bureau) -> str:
    bureau.deploy(models.chain("p", models.external("x", "t")))
    bureau.start("p")
    (job,) = bureau.run(commands.LockExternalTasks("w", [commands.Topic("t", LATER)]))
    return job.id


def test_setting_retries_leaves_the_workers_lock(bureau: Bureau) -> None:
    job = _locked(bureau)

    bureau.run(commands.SetJobRetries(job, 3))

    assert bureau.run(commands.LockExternalTasks("v", [commands.Topic("t", LATER)])) == []
    bureau.run(commands.CompleteJob(job, "w"))


def test_a_failed_external_task_is_not_locked_past_its_incident(bureau: Bureau) -> None:
    job = _locked(bureau)
    bureau.run(commands.FailJob(job, "w", "broken"))

    with pytest.raises(Misused):
        bureau.run(commands.LockJob(job, "w", LATER))
    with pytest.raises(JobNotYours):
        bureau.run(commands.CompleteJob(job, "w"))


def test_an_external_worker_cannot_unlock_a_handlers_job(bureau: Bureau) -> None:
    bureau.handlers.add("work", lambda job: None)
    bureau.deploy(models.HANDLED)
    case = bureau.start("handled").id
    with bureau.database.reading() as tx:
        job = tx.scalar(select(job_table.c.id).where(job_table.c.instance_id == case))

    with pytest.raises(NotFound):
        bureau.run(commands.UnlockJob(job))


@pytest.mark.parametrize("cycle", ["R/PT0.001S", "R3/PT0.5S"])
def test_a_recurrence_that_is_always_due_is_refused(cycle: str) -> None:
    timer = (
        f'<startEvent id="s"><timerEventDefinition><timeCycle>{cycle}</timeCycle>'
        '</timerEventDefinition></startEvent><endEvent id="e"/>'
    )

    with pytest.raises(ModelRefused):
        Bench().deploy(models.process("p", timer + models.flow("s", "e")))


def test_what_a_process_cannot_map_is_refused() -> None:
    mapping = (
        "<extensionElements><camunda:inputOutput><camunda:inputParameter name='a'>1"
        "</camunda:inputParameter></camunda:inputOutput></extensionElements>"
    )
    body = '<startEvent id="s"/><endEvent id="e"/>' + models.flow("s", "e")

    with pytest.raises(ModelRefused) as caught:
        Bench().deploy(models.process("p", mapping + body))

    assert [(each.rule, each.element) for each in caught.value.findings] == [("unsupported", "p")]


def test_a_name_that_no_row_takes_is_refused_at_deployment() -> None:
    with pytest.raises(ModelRefused) as caught:
        Bench().deploy(models.chain("p", ("t", f'<userTask id="t" name="{"n" * 256}"/>')))

    assert [(each.rule, each.element) for each in caught.value.findings] == [("too-long", "t")]
