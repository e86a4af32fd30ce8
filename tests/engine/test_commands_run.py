"""Instances from start to end, through tasks, external work, timers and restarts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest
from sqlalchemy import func, select

from bpmn.errors import ModelRefused
from engine import commands, queries, record
from engine.errors import NotFound, Overtaken
from engine.machine import facts
from engine.machine.errors import MachineError
from engine.tables import definition, instance, job, task_candidate, timer, user_task
from identity.errors import NotPermitted
from storage import ledger
from storage.database import Database
from storage.walk import verify_stream
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, BEN, CARL, OPERATOR, SYSTEM, Bureau


def complete_workload_c(bureau: Bureau, instance_id: str) -> None:
    first = bureau.tasks(instance_id=instance_id)[0]
    bureau.run(commands.CompleteTask(first.id, {"approved": True}), ANNA)
    topic = commands.Topic("topic", timedelta(minutes=5))
    for locked in bureau.run(commands.LockExternalTasks("worker", [topic])):
        bureau.run(commands.CompleteJob(locked.id, "worker", {"answer": 42}))
    bureau.pass_time(timedelta(seconds=1))
    second = bureau.tasks(instance_id=instance_id)[0]
    bureau.run(commands.CompleteTask(second.id), ANNA)


def test_an_instance_runs_through_people_workers_and_timers_to_its_end(bureau: Bureau) -> None:
    bureau.deploy(models.WORKLOAD_C)
    started = bureau.start("c", amount=Decimal("12.50"))

    complete_workload_c(bureau, started.id)

    assert bureau.ended(started.id) == "completed"
    assert bureau.values(started.id) == {"amount": Decimal("12.50"), "approved": True, "answer": 42}


def test_what_has_ended_leaves_no_open_row(bureau: Bureau) -> None:
    bureau.deploy(models.WORKLOAD_C)
    started = bureau.start("c")

    complete_workload_c(bureau, started.id)

    with bureau.database.reading() as tx:
        for table in (job, timer, task_candidate):
            assert tx.scalar(select(func.count()).select_from(table)) == 0
        unclosed = select(func.count(user_task.c.id)).where(user_task.c.closed_at.is_(None))
        assert tx.scalar(unclosed) == 0


def test_every_command_leaves_one_entry_in_a_chain_that_verifies(bureau: Bureau) -> None:
    bureau.deploy(models.WORKLOAD_C)
    started = bureau.start("c", secret="Maria Muster")

    complete_workload_c(bureau, started.id)

    with bureau.database.reading() as tx:
        entries = list(ledger.entries(tx, started.id))
        assert verify_stream(tx, instance, started.id) == []
    assert [entry.kind for entry in entries] == [
        "instance.started",
        "task.completed",
        "job.done",
        "timer.fired",
        "task.completed",
    ]
    assert b"Maria" not in b"".join(entry.facts for entry in entries)
    (secret,) = [
        fact
        for fact in record.decode(entries[0])
        if isinstance(fact, facts.VariableSet) and fact.name == "secret"
    ]
    assert secret.value == "Maria Muster"


def test_a_restart_between_any_two_commands_changes_nothing(bureau: Bureau) -> None:
    bureau.deploy(models.WORKLOAD_C)
    started = bureau.again().start("c")

    first = bureau.again().task("u1")
    bureau.again().run(commands.CompleteTask(first.id, {"approved": True}), ANNA)
    topic = commands.Topic("topic", timedelta(minutes=5))
    (locked,) = bureau.again().run(commands.LockExternalTasks("worker", [topic]))
    bureau.again().run(commands.CompleteJob(locked.id, "worker"))
    bureau.again().pass_time(timedelta(seconds=1))
    bureau.again().run(commands.CompleteTask(bureau.task("u2").id), ANNA)

    assert bureau.ended(started.id) == "completed"


def test_activities_tell_who_did_what(bureau: Bureau) -> None:
    bureau.deploy(models.WORKLOAD_C)
    started = bureau.start("c")
    complete_workload_c(bureau, started.id)

    with bureau.database.reading() as tx:
        visits = queries.activities(tx, SYSTEM, started.id)

    assert [visit.node for visit in visits] == ["s", "u1", "g", "ext", "tm", "u2", "end"]
    assert [visit.performer for visit in visits if visit.task_id] == [ANNA.id, ANNA.id]
    assert all(visit.ended_at is not None for visit in visits)


def test_an_unknown_process_or_task_is_not_found(bureau: Bureau) -> None:
    with pytest.raises(NotFound):
        bureau.start("nowhere")
    with pytest.raises(NotFound):
        bureau.run(commands.CompleteTask("0" * 32 + "-1"), ANNA)


def test_a_task_is_completed_once(bureau: Bureau) -> None:
    bureau.deploy(models.WORKLOAD_C)
    bureau.start("c")
    task = bureau.task("u1")
    bureau.run(commands.CompleteTask(task.id, {"approved": False}), ANNA)

    with pytest.raises(MachineError):
        bureau.run(commands.CompleteTask(task.id, {"approved": False}), BEN)


def test_two_who_complete_at_once_complete_once(
    bureau: Bureau, reopen: Callable[[], Database]
) -> None:
    bureau.deploy(models.WORKLOAD_C)
    started = bureau.start("c")
    task = bureau.task("u1")
    outcomes: list[str] = []

    def complete(other: Bureau) -> None:
        try:
            other.run(commands.CompleteTask(task.id, {"approved": True}), ANNA)
            outcomes.append("done")
        except (MachineError, Overtaken):
            outcomes.append("refused")

    threads = [Thread(target=complete, args=(Bureau(reopen()),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["done", "refused", "refused", "refused"]
    with bureau.database.reading() as tx:
        assert len(list(ledger.entries(tx, started.id))) == 2


def test_a_refused_model_leaves_no_trace(bureau: Bureau) -> None:
    broken = models.process("broken", '<complexGateway id="g"/>')

    with pytest.raises(ModelRefused) as refused:
        bureau.deploy(models.EMPTY, broken)

    assert refused.value.findings[0].line > 0
    with bureau.database.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(definition)) == 0


def test_deploying_the_same_again_makes_no_new_version(bureau: Bureau) -> None:
    files = [("a.bpmn", models.EMPTY)]
    first = bureau.run(commands.Deploy("a", files))

    second = bureau.run(commands.Deploy("a", files))

    assert second.unchanged
    assert second.id == first.id


def test_running_instances_keep_the_version_they_began_with(bureau: Bureau) -> None:
    bureau.run(commands.Deploy("p", [("p.bpmn", models.chain("p", models.user_task("old")))]))
    before = bureau.start("p")
    bureau.run(commands.Deploy("p", [("p.bpmn", models.chain("p", models.user_task("new")))]))

    after = bureau.again().start("p")

    nodes = {task.instance_id: task.node for task in bureau.tasks()}
    assert nodes == {before.id: "old", after.id: "new"}
    bureau.again().run(commands.CompleteTask(bureau.task("old").id), ANNA)
    assert bureau.ended(before.id) == "completed"


def test_a_withdrawn_version_gives_way_to_the_one_before(bureau: Bureau) -> None:
    bureau.run(commands.Deploy("p", [("p.bpmn", models.chain("p", models.user_task("old")))]))
    newer = bureau.run(
        commands.Deploy("p", [("p.bpmn", models.chain("p", models.user_task("new")))])
    )

    bureau.run(commands.DeleteDeployment(newer.id))

    bureau.start("p")
    assert [task.node for task in bureau.tasks()] == ["old"]


def test_a_failed_expression_waits_for_a_person_who_repairs_and_retries(bureau: Bureau) -> None:
    bureau.deploy(models.FAILS)
    started = bureau.start("fails")
    with bureau.database.reading() as tx:
        (incident,) = queries.incidents(tx, OPERATOR, queries.IncidentQuery())

    bureau.run(commands.SetVariables(started.id, {"missing": 1}), OPERATOR)
    bureau.run(commands.RetryIncident(incident.id), OPERATOR)

    assert bureau.ended(started.id) == "completed"
    with bureau.database.reading() as tx:
        assert queries.incident_count(tx, OPERATOR, queries.IncidentQuery()) == 0


def test_a_cancelled_instance_closes_all_it_waited_for(bureau: Bureau) -> None:
    bureau.deploy(models.WORKLOAD_C)
    started = bureau.start("c")

    bureau.run(commands.CancelInstance(started.id, "duplicate"), OPERATOR)

    assert bureau.ended(started.id) == "cancelled"
    assert bureau.tasks() == []


def test_a_clerk_neither_deploys_nor_operates(bureau: Bureau) -> None:
    with pytest.raises(NotPermitted):
        bureau.run(commands.Deploy("x", [("a.bpmn", models.EMPTY)]), CARL)
    bureau.deploy(models.WORKLOAD_C)
    started = bureau.start("c")
    with pytest.raises(NotPermitted):
        bureau.run(commands.CancelInstance(started.id, "no"), CARL)


def test_instances_of_others_are_not_seen(bureau: Bureau) -> None:
    bureau.deploy(models.WORKLOAD_C)
    started = bureau.start("c")

    with bureau.database.reading() as tx, pytest.raises(NotFound):
        queries.instance(tx, CARL, started.id)
    with bureau.database.reading() as tx:
        assert queries.instance(tx, ANNA, started.id).id == started.id
        assert tx.scalar(select(func.count(instance.c.id))) == 1


def test_values_come_back_with_the_type_they_were_stated_with(bureau: Bureau) -> None:
    bureau.deploy(models.WORKLOAD_C)
    command = commands.StartInstance("c", variables={"n": 5, "m": 5}, wires={"n": "Long"})

    started = bureau.run(command)

    with bureau.database.reading() as tx:
        found = queries.variables(tx, SYSTEM, started.id)
    assert (found["n"].wire, found["m"].wire) == ("Long", None)


def test_a_start_timer_starts_instances_as_often_as_its_cycle_says(bureau: Bureau) -> None:
    bureau.deploy(models.STARTED_BY_TIMER)

    for _ in range(4):
        bureau.pass_time(timedelta(hours=1))

    with bureau.database.reading() as tx:
        query = queries.InstanceQuery(process_id="by_timer")
        assert queries.instance_count(tx, SYSTEM, query) == 2


def test_continuations_run_each_in_an_entry_of_its_own(bureau: Bureau) -> None:
    bureau.deploy(models.asynchronous("d", 5))
    started = [bureau.start("d") for _ in range(3)]

    bureau.pass_time(timedelta(0))

    assert {bureau.ended(each.id) for each in started} == {"completed"}
    with bureau.database.reading() as tx:
        assert len(list(ledger.entries(tx, started[0].id))) == 6
