"""Definitions, elements and single jobs are suspended, and go on where they were."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import batches, clock, commands, queries, work
from engine.errors import DefinitionSuspended, InstanceSuspended, NotFound
from identity.errors import NotPermitted
from storage import ledger
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, SYSTEM, Bureau
from tests.engine.test_calls import call, children, incidents, nodes
from tests.engine.test_migrations import newest, version
from tests.engine.test_signals import STARTED

WORKS = models.chain("p", models.service("x", 'camunda:delegateExpression="${work}"'))


def suspended(
    bureau: Bureau, key: str = "p", *, off: bool = False, whole: bool = False
) -> str | None:
    definition = newest(bureau, key).id
    command = commands.SuspendDefinition(definition, not off, with_instances=whole, reason="law")
    return bureau.run(command)


def running(bureau: Bureau) -> int:
    with bureau.database.reading() as tx:
        return queries.instance_count(tx, SYSTEM, queries.InstanceQuery(state="running"))


def test_nothing_starts_from_a_suspended_definition(bureau: Bureau) -> None:
    bureau.deploy(version("a"))
    bureau.start("p")  # From here on the version is supposed to be startable.
    suspended(bureau)

    for command in (
        commands.StartInstance("p"),
        commands.StartInstance(definition_id=newest(bureau).id),
    ):
        with pytest.raises(DefinitionSuspended):
            bureau.run(command)
    assert running(bureau) == 1
    suspended(bureau, off=True)
    bureau.start("p")

    assert running(bureau) == 2


def test_what_starts_by_itself_waits_for_its_definition(bureau: Bureau) -> None:
    bureau.deploy(STARTED, models.STARTED_BY_MESSAGE, models.STARTED_BY_TIMER)
    for key in ("started", "by_message", "by_timer"):
        suspended(bureau, key)

    bureau.run(commands.BroadcastSignal("alarm"))
    assert bureau.run(commands.PublishMessage("paid")).outcome == "buffered"
    bureau.pass_time(timedelta(hours=3))
    assert nodes(bureau) == []
    for key in ("started", "by_message", "by_timer"):
        suspended(bureau, key, off=True)
    bureau.run(commands.BroadcastSignal("alarm"))
    clock.sweep(bureau.engine)

    assert nodes(bureau) == ["work"]
    with bureau.database.reading() as tx:
        query = queries.InstanceQuery(process_id="by_timer")
        assert len(queries.instance_list(tx, SYSTEM, query)) == 2


def test_a_call_of_what_is_suspended_is_an_incident_until_it_is_resumed(bureau: Bureau) -> None:
    bureau.deploy(models.chain("outer", call("call", "p")), version("a"))
    suspended(bureau)

    bureau.start("outer")
    assert incidents(bureau) == ["call_impossible"]
    suspended(bureau, off=True)
    with bureau.database.reading() as tx:
        (incident,) = queries.incidents(tx, SYSTEM, queries.IncidentQuery())
    bureau.run(commands.RetryIncident(incident.id))

    assert len(children(bureau)) == 1


def test_all_instances_are_suspended_with_their_definition(bureau: Bureau) -> None:
    bureau.deploy(version("a"))
    cases = [bureau.start("p").id for _ in range(3)]

    batch = suspended(bureau, whole=True)
    assert batch is not None
    batches.work_off(bureau.engine, "default", batch)
    for task in bureau.tasks():
        with pytest.raises(InstanceSuspended):
            bureau.run(commands.CompleteTask(task.id))
    suspended(bureau, off=True, whole=True)
    clock.sweep(bureau.engine)

    for task in bureau.tasks():
        bureau.run(commands.CompleteTask(task.id))
    assert [bureau.ended(each) for each in cases] == ["completed"] * 3


def test_the_deployments_history_tells_of_it(bureau: Bureau) -> None:
    bureau.deploy(version("a"))
    suspended(bureau)
    suspended(bureau)
    suspended(bureau, off=True)

    with bureau.database.reading() as tx:
        kinds = [each.kind for each in ledger.entries(tx, newest(bureau).deployment_id)]
    assert kinds == ["deployed", "definition.suspended", "definition.resumed"]


def test_jobs_of_a_held_element_wait_those_to_come_too(bureau: Bureau) -> None:
    bureau.handlers.add("work", lambda _: {})
    bureau.deploy(WORKS)
    bureau.start("p")
    definition = newest(bureau).id

    bureau.run(commands.HoldNode(definition, "x"))
    bureau.start("p")
    assert bureau.run_jobs() == 0
    bureau.run(commands.HoldNode(definition, "x", held=False))

    assert bureau.run_jobs() == 2


def test_the_hold_of_an_element_may_leave_out_what_waits_already(bureau: Bureau) -> None:
    bureau.handlers.add("work", lambda _: {})
    bureau.deploy(WORKS)
    bureau.start("p")

    bureau.run(commands.HoldNode(newest(bureau).id, "x", with_jobs=False))
    bureau.start("p")

    assert bureau.run_jobs() == 1


def test_what_a_suspended_instance_waits_for_stays_suspended_when_its_element_is_released(
    bureau: Bureau,
) -> None:
    bureau.handlers.add("work", lambda _: {})
    bureau.deploy(WORKS)
    case = bureau.start("p").id
    definition = newest(bureau).id
    bureau.run(commands.HoldNode(definition, "x"))
    bureau.run(commands.SuspendInstance(case))

    bureau.run(commands.HoldNode(definition, "x", held=False))
    assert bureau.run_jobs() == 0
    bureau.run(commands.SuspendInstance(case, suspended=False))

    assert bureau.run_jobs() == 1


def test_one_timer_and_one_job_can_be_suspended(bureau: Bureau) -> None:
    bureau.handlers.add("work", lambda _: {})
    timed = models.chain("t", models.timer("pause", "PT1H"))
    bureau.deploy(WORKS, timed)
    bureau.start("p")
    bureau.start("t")
    with bureau.database.reading() as tx:
        (job,) = queries.jobs(tx, SYSTEM, queries.JobQuery())
        (timer,) = queries.timers(tx, SYSTEM, queries.TimerQuery())

    for each in (job.id, timer.id):
        bureau.run(commands.SuspendJob(each))
    bureau.pass_time(timedelta(hours=2))
    assert (bureau.run_jobs(), running(bureau)) == (0, 2)
    for each in (job.id, timer.id):
        bureau.run(commands.SuspendJob(each, suspended=False))
    clock.sweep(bureau.engine)

    assert (bureau.run_jobs(), running(bureau)) == (1, 0)


def test_what_is_not_there_is_not_suspended_and_clerks_suspend_nothing(bureau: Bureau) -> None:
    bureau.deploy(version("a"))
    definition = newest(bureau).id

    with pytest.raises(NotFound):
        bureau.run(commands.HoldNode(definition, "nowhere"))
    with pytest.raises(NotFound):
        bureau.run(commands.SuspendJob(f"{'0' * 32}-1"))
    for command in (
        commands.SuspendDefinition(definition),
        commands.HoldNode(definition, "a"),
        commands.SuspendJob(f"{'0' * 32}-1"),
    ):
        with pytest.raises(NotPermitted):
            bureau.run(command, ANNA)


def test_a_job_in_hand_when_its_instance_is_suspended_is_done_again(bureau: Bureau) -> None:
    done: list[str] = []
    bureau.handlers.add("work", lambda job: done.append(job.id))  # type: ignore[func-returns-value]
    bureau.deploy(WORKS)
    case = bureau.start("p").id
    (claimed,) = work.claim(bureau.engine, "default", "w")
    bureau.run(commands.SuspendInstance(case))

    work.run(bureau.engine, "default", claimed)
    assert bureau.ended(case) is None
    assert bureau.run_jobs() == 0
    bureau.run(commands.SuspendInstance(case, suspended=False))

    assert bureau.run_jobs() == 1
    assert bureau.ended(case) == "completed"
    assert len(set(done)) == 1
