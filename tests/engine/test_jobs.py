"""Jobs: claims, fences, leases, retries and incidents; here and with workers elsewhere."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic, sleep

import pytest

from bpmn.values import Variables
from engine import commands, queries, work
from engine.embedded import Embedded
from engine.errors import JobNotYours
from engine.handlers import Backoff, BpmnError, Done, JobContext, Retry
from storage.database import Transaction
from tests.engine import engine_models as models
from tests.engine.bureau import OPERATOR, Bureau

WITH_BOUNDARY = models.process(
    "bounded",
    '<startEvent id="start"/><serviceTask id="work" camunda:delegateExpression="${work}"/>'
    '<boundaryEvent id="caught" attachedToRef="work"><errorEventDefinition errorRef="e"/>'
    '</boundaryEvent><userTask id="repair" name="repair" camunda:candidateGroups="clerks"/>'
    '<endEvent id="end"/><endEvent id="done"/>'
    + models.flow("start", "work")
    + models.flow("work", "end")
    + models.flow("caught", "repair")
    + models.flow("repair", "done"),
    '<error id="e" errorCode="unreadable"/>',
)
EXTERNAL = models.chain("ext", models.external("remote", "print"))
TOPIC = commands.Topic("print", timedelta(minutes=5))


def test_a_handler_gives_variables_and_effects_that_happen_once(bureau: Bureau) -> None:
    happened: list[str] = []

    @bureau.handlers.service_task
    def work(job: JobContext) -> Done:
        def effect(tx: Transaction) -> None:
            happened.append(job.id)

        return Done({"seen": job.variables["n"]}, [effect])

    bureau.deploy(models.HANDLED)
    started = bureau.start("handled", n=7)

    assert bureau.run_jobs() == 1

    assert bureau.values(started.id) == {"n": 7, "seen": 7}
    assert len(happened) == 1


def test_a_failed_attempt_waits_and_gives_up_with_an_incident(bureau: Bureau) -> None:
    calls: list[int] = []

    @bureau.handlers.service_task(retry=Backoff(attempts=2, first_wait=timedelta(minutes=1)))
    def work(job: JobContext) -> Variables:
        calls.append(job.attempt)
        if len(calls) < 3:
            raise ConnectionError("the neighbour is away")
        return {}

    bureau.deploy(models.HANDLED)
    started = bureau.start("handled")
    assert bureau.run_jobs() == 1
    assert bureau.run_jobs() == 0
    bureau.now += timedelta(minutes=1)
    assert bureau.run_jobs() == 1
    bureau.now += timedelta(days=1)
    assert bureau.run_jobs() == 0

    with bureau.database.reading() as tx:
        (incident,) = queries.incidents(tx, OPERATOR, queries.IncidentQuery())
    assert "neighbour" in incident.message
    bureau.run(commands.RetryIncident(incident.id), OPERATOR)
    assert bureau.run_jobs() == 1
    assert bureau.ended(started.id) == "completed"
    with bureau.database.reading() as tx:
        assert queries.incident_count(tx, OPERATOR, queries.IncidentQuery()) == 0


def test_asking_for_a_retry_uses_up_no_attempt(bureau: Bureau) -> None:
    calls: list[int] = []

    @bureau.handlers.service_task(retry=Backoff(attempts=1))
    def work(job: JobContext) -> Variables:
        calls.append(job.attempt)
        if len(calls) < 4:
            raise Retry(timedelta(hours=1))
        return {}

    bureau.deploy(models.HANDLED)
    started = bureau.start("handled")

    for _ in range(4):
        bureau.run_jobs()
        bureau.now += timedelta(hours=1)

    assert bureau.ended(started.id) == "completed"


def test_a_bpmn_error_goes_to_the_boundary_event(bureau: Bureau) -> None:
    @bureau.handlers.service_task
    def work(job: JobContext) -> Variables:
        raise BpmnError("unreadable")

    bureau.deploy(WITH_BOUNDARY)
    bureau.start("bounded")

    bureau.run_jobs()

    assert [task.node for task in bureau.tasks()] == ["repair"]


def test_an_effect_that_fails_undoes_the_completion(bureau: Bureau) -> None:
    @bureau.handlers.service_task(retry=Backoff(attempts=1))
    def work(job: JobContext) -> Done:
        def effect(tx: Transaction) -> None:
            raise ValueError("the file is closed")

        return Done({"x": 1}, [effect])

    bureau.deploy(models.HANDLED)
    started = bureau.start("handled")

    bureau.run_jobs()

    assert bureau.ended(started.id) is None
    assert bureau.values(started.id) == {}
    with bureau.database.reading() as tx:
        assert queries.incident_count(tx, OPERATOR, queries.IncidentQuery()) == 1


def test_a_worker_whose_lease_ran_out_is_fenced_out(bureau: Bureau) -> None:
    results: list[int] = []

    @bureau.handlers.service_task(lease=timedelta(minutes=1))
    def work(job: JobContext) -> Variables:
        results.append(job.attempt)
        return {"by": job.attempt}

    bureau.deploy(models.HANDLED)
    started = bureau.start("handled")
    (lost,) = work_claim(bureau)
    bureau.now += timedelta(minutes=2)
    (taken,) = work_claim(bureau)

    assert run_claimed(bureau, lost) is False
    assert run_claimed(bureau, taken) is True

    assert bureau.values(started.id) == {"by": 2}


def work_claim(bureau: Bureau) -> list[object]:
    return list(work.claim(bureau.engine, "default", "test"))


def run_claimed(bureau: Bureau, row: object) -> bool:
    return work.run(bureau.engine, "default", row)  # type: ignore[arg-type]


def test_a_job_that_kills_its_workers_becomes_an_incident(bureau: Bureau) -> None:
    @bureau.handlers.service_task(retry=Backoff(attempts=2), lease=timedelta(minutes=1))
    def work(job: JobContext) -> Variables:
        raise AssertionError("never reached: the worker is killed before")

    bureau.deploy(models.HANDLED)
    bureau.start("handled")
    for _ in range(2):
        work_claim(bureau)
        bureau.now += timedelta(minutes=2)

    bureau.run_jobs()

    with bureau.database.reading() as tx:
        assert queries.incident_count(tx, OPERATOR, queries.IncidentQuery()) == 1


def test_an_external_task_belongs_to_the_worker_that_locked_it_last(bureau: Bureau) -> None:
    bureau.deploy(EXTERNAL)
    started = bureau.start("ext")
    (locked,) = bureau.run(commands.LockExternalTasks("w1", [TOPIC]))
    assert bureau.run(commands.LockExternalTasks("w2", [TOPIC])) == []
    bureau.now += timedelta(minutes=6)
    (again,) = bureau.run(commands.LockExternalTasks("w2", [TOPIC]))
    assert again.id == locked.id

    with pytest.raises(JobNotYours):
        bureau.run(commands.CompleteJob(locked.id, "w1"))

    bureau.run(commands.CompleteJob(locked.id, "w2"))
    assert bureau.ended(started.id) == "completed"


def test_an_expired_lock_that_nobody_took_may_still_complete(bureau: Bureau) -> None:
    bureau.deploy(EXTERNAL)
    started = bureau.start("ext")
    (locked,) = bureau.run(commands.LockExternalTasks("w1", [TOPIC]))
    bureau.now += timedelta(hours=1)

    bureau.run(commands.CompleteJob(locked.id, "w1"))

    assert bureau.ended(started.id) == "completed"


def test_an_external_task_without_retries_waits_for_an_operator(bureau: Bureau) -> None:
    bureau.deploy(EXTERNAL)
    started = bureau.start("ext")
    (locked,) = bureau.run(commands.LockExternalTasks("w1", [TOPIC]))
    bureau.run(commands.FailJob(locked.id, "w1", "paper jam", retries=0))
    assert bureau.run(commands.LockExternalTasks("w1", [TOPIC])) == []

    bureau.run(commands.SetJobRetries(locked.id, 3), OPERATOR)

    (again,) = bureau.run(commands.LockExternalTasks("w1", [TOPIC]))
    assert again.retries == 3
    assert again.error_message == "paper jam"
    bureau.run(commands.CompleteJob(again.id, "w1"))
    assert bureau.ended(started.id) == "completed"


def test_a_failed_external_task_comes_back_after_its_timeout(bureau: Bureau) -> None:
    bureau.deploy(EXTERNAL)
    bureau.start("ext")
    (locked,) = bureau.run(commands.LockExternalTasks("w1", [TOPIC]))
    wait = timedelta(minutes=10)
    bureau.run(commands.FailJob(locked.id, "w1", "busy", retries=2, retry_after=wait))

    assert bureau.run(commands.LockExternalTasks("w1", [TOPIC])) == []
    bureau.now += wait

    (again,) = bureau.run(commands.LockExternalTasks("w1", [TOPIC]))
    assert again.retries == 2


def test_embedded_workers_and_clock_finish_what_is_due(bureau: Bureau) -> None:
    @bureau.handlers.service_task
    def work(job: JobContext) -> Variables:
        return {"done": True}

    model = models.chain(
        "both",
        models.service("work", 'camunda:delegateExpression="${work}"'),
        models.timer("pause", "PT0S"),
        models.service("then", 'camunda:asyncBefore="true" camunda:expression="${true}"'),
    )
    bureau.deploy(model)
    with Embedded(bureau.engine):
        started = [bureau.start("both") for _ in range(5)]
        until = monotonic() + 20
        while monotonic() < until and not all(bureau.ended(each.id) for each in started):
            sleep(0.02)

    assert {bureau.ended(each.id) for each in started} == {"completed"}
