"""Instances over REST: variables and their types, messages, jobs, history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.engine import engine_models as models
from tests.engine.http.conftest import Office

ONE_TASK = models.chain("one", models.user_task("t"))
TIMED = models.chain("timed", models.timer("tm", "PT1H"), models.user_task("after"))
CONTINUED = models.chain(
    "continued", models.service("s1", 'camunda:asyncBefore="true" camunda:expression="${true}"')
)
RECEIVES = models.process(
    "receives",
    '<startEvent id="s"/><endEvent id="e"/>'
    '<receiveTask id="r" messageRef="m"/><userTask id="u" camunda:candidateGroups="clerks"/>'
    + models.flow("s", "r")
    + models.flow("r", "u")
    + models.flow("u", "e"),
    before='<message id="m" name="paid"/>',
)
STARTED = models.process(
    "started",
    '<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent>'
    '<userTask id="u" camunda:candidateGroups="clerks"/><endEvent id="e"/>'
    + models.flow("s", "u")
    + models.flow("u", "e"),
    before='<message id="m" name="begin"/>',
)

SENT: dict[str, dict[str, Any]] = {
    "string": {"type": "String", "value": "ä"},
    "integer": {"type": "Integer", "value": 7},
    "long": {"type": "Long", "value": 7},
    "short": {"type": "Short", "value": 7},
    "double": {"type": "Double", "value": 0.1},
    "whole_double": {"type": "Double", "value": 3},
    "boolean": {"type": "Boolean", "value": False},
    "date": {"type": "Date", "value": "2013-01-23T13:42:42.000+0000"},
    "json": {"type": "Json", "value": '{"b":1,"a":[1.10,{"c":null}]}'},
    "json_text": {"type": "Json", "value": '"text"'},
    "null": {"type": "Null", "value": None},
}


def test_variables_come_back_with_the_type_they_were_sent_with(office: Office) -> None:
    office.deploy(ONE_TASK)
    instance = office.start("one", **SENT)

    found = office.desk("olga").get(f"/process-instance/{instance}/variables")

    assert {
        name: {"type": each["type"], "value": each["value"]} for name, each in found.items()
    } == SENT
    assert all(each["valueInfo"] == {} for each in found.values())


@pytest.mark.parametrize(
    "stated",
    [
        {"type": "Object", "value": "rO0AB"},
        {"type": "File", "value": "aGFsbG8="},
        {"type": "Integer", "value": 2**31},
        {"type": "Integer", "value": "7"},
        {"type": "Json", "value": "{"},
        {"type": "Date", "value": "2013-01-23"},
        {"type": "Double", "value": "NaN"},
    ],
)
def test_a_value_that_cannot_be_kept_as_sent_is_refused(
    office: Office, stated: dict[str, Any]
) -> None:
    office.deploy(ONE_TASK)

    refused = office.desk("olga").post(
        "/process-definition/key/one/start", 400, variables={"x": stated}
    )

    assert refused["type"] == "InvalidRequestException"
    assert "'x'" in refused["message"]


def test_variables_are_changed_and_removed(office: Office) -> None:
    office.deploy(ONE_TASK)
    instance = office.start("one", a={"value": 1}, b={"value": 2})
    olga = office.desk("olga")
    path = f"/process-instance/{instance}/variables"

    olga.put(f"{path}/a", value=5, type="Long")
    olga.delete(f"{path}/b")
    olga.post(path, 204, modifications={"c": {"value": "x", "type": "String"}})

    found = olga.get(path)
    assert {name: each["value"] for name, each in found.items()} == {"a": 5, "c": "x"}
    assert olga.http.get(f"/engine-rest{path}/c/data").text == "x"
    assert olga.http.get(f"/engine-rest/execution/{instance}/localVariables/c/data").text == "x"
    olga.get(f"{path}/b", 404)


def test_instances_are_listed_counted_and_ended(office: Office) -> None:
    office.deploy(ONE_TASK)
    olga = office.desk("olga")
    first = olga.post("/process-definition/key/one/start", businessKey="k1")["id"]
    second = olga.post("/process-definition/key/one/start", businessKey="k2")["id"]

    by_key = olga.get("/process-instance", businessKey="k1")
    by_ids = olga.post("/process-instance", processInstanceIds=[first, second])
    olga.delete(f"/process-instance/{first}")

    assert [each["id"] for each in by_key] == [first]
    assert {each["id"] for each in by_ids} == {first, second}
    assert olga.get("/process-instance/count") == {"count": 1}
    olga.get(f"/process-instance/{first}", 404)
    olga.get("/process-instance", 400, variables="a_eq_1")


def test_an_instance_shows_where_it_stands(office: Office) -> None:
    office.deploy(ONE_TASK)
    instance = office.start("one")
    olga = office.desk("olga")

    tree = olga.get(f"/process-instance/{instance}/activity-instances")
    executions = olga.get("/execution", processInstanceId=instance)

    (child,) = tree["childActivityInstances"]
    assert (tree["activityType"], tree["id"]) == ("processDefinition", instance)
    assert (child["activityId"], child["activityType"]) == ("t", "userTask")
    assert [each["id"] for each in executions] == [instance, *child["executionIds"]]


def test_a_message_reaches_who_waits_and_starts_who_listens(office: Office) -> None:
    office.deploy(RECEIVES, STARTED)
    olga = office.desk("olga")
    waiting = olga.post("/process-definition/key/receives/start", businessKey="k")["id"]

    (subscription,) = olga.get("/event-subscription", processInstanceId=waiting)
    variables = {"amount": {"value": 5, "type": "Integer"}}
    body = {"messageName": "paid", "businessKey": "k", "processVariables": variables}
    (received,) = olga.post("/message", **body, resultEnabled=True)
    (started,) = olga.post("/message", messageName="begin", resultEnabled=True)
    nobody = olga.post("/message", 400, messageName="paid", businessKey="k")

    assert (subscription["eventName"], subscription["activityId"]) == ("paid", "r")
    assert received["resultType"] == "Execution"
    assert received["execution"]["processInstanceId"] == waiting
    assert started["resultType"] == "ProcessDefinition"
    assert nobody["type"] == "RestException"
    assert olga.get(f"/process-instance/{waiting}/variables")["amount"]["value"] == 5


def test_a_timer_is_listed_when_due_and_executed_before(office: Office) -> None:
    office.deploy(TIMED)
    office.start("timed")
    olga = office.desk("olga")

    not_due = olga.get("/job", processDefinitionKey="timed", timers="true", executable="true")
    (job,) = olga.get("/job", processDefinitionKey="timed", timers="true")
    olga.post(f"/job/{job['id']}/execute", 204)

    assert not_due == []
    assert job["dueDate"] == "2026-03-02T10:00:00.000+0000"
    assert office.desk("anna").get("/task")[0]["taskDefinitionKey"] == "after"
    olga.post(f"/job/{job['id']}/execute", 404)


def test_a_continuation_is_a_job(office: Office) -> None:
    office.deploy(CONTINUED)
    instance = office.start("continued")
    olga = office.desk("olga")

    (job,) = olga.get("/job", messages="true", executable="true")
    olga.post(f"/job/{job['id']}/execute", 204)

    assert (job["processInstanceId"], job["retries"]) == (instance, 1)
    assert olga.get(f"/history/process-instance/{instance}")["state"] == "COMPLETED"


def test_history_tells_who_did_what_and_when(office: Office) -> None:
    office.deploy(ONE_TASK)
    instance = office.start("one", a={"value": 1})
    anna, olga = office.desk("anna"), office.desk("olga")
    (task,) = anna.get("/task")
    office.pass_time(timedelta(minutes=1))
    anna.post(f"/task/{task['id']}/complete", 204)

    whole = olga.get(f"/history/process-instance/{instance}")
    activities = olga.get("/history/activity-instance", processInstanceId=instance)
    (done,) = olga.get("/history/task", processInstanceId=instance, finished="true")
    (variable,) = olga.get("/history/variable-instance", processInstanceId=instance)

    assert (whole["state"], whole["startUserId"]) == ("COMPLETED", "olga")
    assert (whole["durationInMillis"], whole["endActivityId"]) == (60_000, "end")
    kinds = [(each["activityId"], each["activityType"]) for each in activities]
    assert kinds == [("start", "startEvent"), ("t", "userTask"), ("end", "noneEndEvent")]
    assert activities[1]["assignee"] == "anna"
    assert activities[1]["durationInMillis"] == 60_000
    assert (done["assignee"], done["duration"]) == ("anna", 60_000)
    assert (variable["name"], variable["value"]) == ("a", 1)
    assert olga.get("/history/process-instance/count", finished="true") == {"count": 1}


def test_people_are_known_by_their_logins(office: Office) -> None:
    anna, lea = office.desk("anna"), office.desk("lea")

    verified = anna.post("/identity/verify", username="anna", password="wrong")
    own = anna.get("/identity/groups", userId="anna")
    profile = lea.get("/user/ben/profile")

    assert verified == {"authenticatedUser": "anna", "authenticated": False}
    assert own["groups"] == [{"id": "clerks", "name": "clerks"}]
    assert profile == {"id": "ben", "firstName": "Ben", "lastName": "Muster", "email": None}
    assert [each["id"] for each in lea.get("/user", memberOfGroup="clerks")] == [
        "anna",
        "ben",
        "lea",
    ]
    assert [each["id"] for each in anna.get("/user")] == ["anna"]
    assert anna.get("/group") == [{"id": "clerks", "name": "clerks", "type": "WORKFLOW"}]
    anna.get("/user/ben/profile", 404)
    anna.get("/identity/groups", 404, userId="ben")
