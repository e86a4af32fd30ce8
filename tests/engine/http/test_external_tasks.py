"""The cycle of a foreign worker: fetch, complete, fail, throw; and the long poll."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

from tests.engine import engine_models as models
from tests.engine.http.conftest import Desk, Office

WORK = models.chain("work", models.external("x", "topic"), models.user_task("after"))
CAUGHT = models.process(
    "caught",
    '<startEvent id="s"/><endEvent id="e"/><userTask id="u" camunda:candidateGroups="clerks"/>'
    '<serviceTask id="x" camunda:type="external" camunda:topic="topic"/>'
    '<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition errorRef="no"/></boundaryEvent>'
    + models.flow("s", "x")
    + models.flow("x", "e")
    + models.flow("b", "u")
    + models.flow("u", "e"),
    before='<error id="no" errorCode="NO" name="no"/>',
)


def fetch(desk: Desk, **more: Any) -> list[dict[str, Any]]:
    topic = {"topicName": "topic", "lockDuration": 10_000, **more.pop("topic", {})}
    body = {"workerId": "w", "maxTasks": 10, "usePriority": True, "topics": [topic], **more}
    found: list[dict[str, Any]] = desk.post("/external-task/fetchAndLock", **body)
    return found


def test_a_worker_fetches_completes_and_the_instance_moves_on(office: Office) -> None:
    office.deploy(WORK)
    instance = office.start("work", n={"value": 7, "type": "Long"}, m={"value": "m"})
    olga = office.desk("olga")

    (task,) = fetch(olga, topic={"variables": ["n"], "deserializeValues": True})
    result = {"r": {"value": '{"a":[1,2.50]}', "type": "Json"}}
    olga.post(f"/external-task/{task['id']}/complete", 204, workerId="w", variables=result)

    assert task["variables"] == {"n": {"type": "Long", "value": 7, "valueInfo": {}}}
    assert (task["workerId"], task["topicName"], task["activityId"]) == ("w", "topic", "x")
    assert (task["processInstanceId"], task["retries"], task["tenantId"]) == (instance, None, None)
    assert task["lockExpirationTime"] == "2026-03-02T09:00:10.000+0000"
    assert office.desk("anna").get("/task")[0]["taskDefinitionKey"] == "after"
    assert olga.get(f"/process-instance/{instance}/variables/r")["value"] == '{"a":[1,2.50]}'


def test_a_locked_task_is_not_fetched_until_its_lock_ends(office: Office) -> None:
    office.deploy(WORK)
    office.start("work")
    olga = office.desk("olga")

    (task,) = fetch(olga)
    meanwhile = fetch(olga)
    office.pass_time(timedelta(seconds=11))
    (again,) = fetch(olga, workerId="v")
    late = olga.post(f"/external-task/{task['id']}/complete", 400, workerId="w")

    assert meanwhile == []
    assert again["id"] == task["id"]
    assert late["type"] == "InvalidRequestException"


def test_a_failure_counts_down_to_an_incident_that_retries_resolve(office: Office) -> None:
    office.deploy(WORK)
    instance = office.start("work")
    olga = office.desk("olga")
    (task,) = fetch(olga)
    path = f"/external-task/{task['id']}"

    olga.post(f"{path}/failure", 204, workerId="w", errorMessage="e", retries=1, retryTimeout=5000)
    too_soon = fetch(olga)
    office.pass_time(timedelta(seconds=6))
    (second,) = fetch(olga)
    olga.post(f"{path}/failure", 204, workerId="w", errorMessage="e2", errorDetails="d", retries=0)
    (incident,) = olga.get("/incident", processInstanceId=instance)
    details = olga.http.get(f"/engine-rest{path}/errorDetails").text
    olga.put(f"{path}/retries", retries=2)
    (third,) = fetch(olga)

    assert too_soon == []
    assert (second["retries"], second["errorMessage"]) == (1, "e")
    assert (incident["incidentMessage"], incident["activityId"]) == ("e2", "x")
    assert incident["configuration"] == task["id"]
    assert details == "d"
    assert third["retries"] == 2
    assert olga.get("/incident/count") == {"count": 0}


def test_a_bpmn_error_goes_to_its_boundary_event(office: Office) -> None:
    office.deploy(CAUGHT)
    instance = office.start("caught")
    olga = office.desk("olga")
    (task,) = fetch(olga)

    why = {"why": {"value": "w", "type": "String"}}
    path = f"/external-task/{task['id']}/bpmnError"
    olga.post(path, 204, workerId="w", errorCode="NO", errorMessage="m", variables=why)

    assert office.desk("anna").get("/task")[0]["taskDefinitionKey"] == "u"
    assert olga.get(f"/process-instance/{instance}/variables/why")["value"] == "w"


def test_a_lock_is_extended_and_given_back(office: Office) -> None:
    office.deploy(WORK)
    office.start("work")
    olga = office.desk("olga")
    (task,) = fetch(olga)
    path = f"/external-task/{task['id']}"

    olga.post(f"{path}/extendLock", 204, workerId="w", newDuration=60_000)
    extended = olga.get(path)
    olga.post(f"{path}/extendLock", 400, workerId="other", newDuration=60_000)
    olga.post(f"{path}/unlock", 204)

    assert extended["lockExpirationTime"] == "2026-03-02T09:01:00.000+0000"
    assert len(fetch(olga)) == 1


def test_open_external_tasks_are_listed_and_counted(office: Office) -> None:
    office.deploy(WORK)
    office.start("work")
    olga = office.desk("olga")

    (free,) = olga.get("/external-task", topicName="topic", notLocked="true")
    fetch(olga)

    assert free["workerId"] is None
    assert olga.get("/external-task/count", locked="true") == {"count": 1}
    assert olga.get("/external-task/topic-names") == ["topic"]


def test_unknown_jobs_and_broken_requests_are_told_apart(office: Office) -> None:
    olga = office.desk("olga")

    olga.post("/external-task/nothing/complete", 404, workerId="w")
    olga.post("/external-task/fetchAndLock", 400, workerId="w", topics=[])
    refused = olga.post("/external-task/fetchAndLock", 400, workerId="w", maxTasks=1, topics=[{}])
    office.desk("anna").post(
        "/external-task/fetchAndLock", 403, workerId="w", maxTasks=1, topics=[]
    )

    assert "topicName" in refused["message"]


def test_a_long_poll_answers_as_soon_as_there_is_work(office: Office) -> None:
    office.deploy(WORK)
    olga, starter = office.desk("olga"), office.desk("olga")

    with ThreadPoolExecutor(1) as threads:
        began = monotonic()
        waiting = threads.submit(fetch, olga, asyncResponseTimeout=10_000)
        sleep(0.3)
        starter.post("/process-definition/key/work/start")
        found = waiting.result()

    assert len(found) == 1
    assert monotonic() - began < 3


def test_a_long_poll_ends_empty_after_its_time(office: Office) -> None:
    office.deploy(WORK)
    began = monotonic()

    found = fetch(office.desk("olga"), asyncResponseTimeout=300)

    assert found == []
    assert 0.25 < monotonic() - began < 3
