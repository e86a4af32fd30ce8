"""Suspension, modification, restart, migration and batches over REST, in Camunda 7's shapes."""

from __future__ import annotations

from typing import Any

import pytest

from engine import clock, record
from storage.ledger import entries
from tests.engine import engine_models as models
from tests.engine.http.conftest import Office
from tests.engine.test_calls import call

ONE = models.chain("p", models.user_task("a"), models.user_task("b"))
TWO = models.chain("p", models.user_task("a"), models.user_task("c"))
OTHER = models.chain("p", models.service("a", 'camunda:type="external" camunda:topic="t"'))
ASYNC = models.chain(
    "later",
    models.service("x", 'camunda:asyncBefore="true" camunda:expression="${true}"'),
    models.timer("pause", "PT1H"),
)


def definitions(office: Office, key: str = "p") -> list[str]:
    found = office.desk("olga").get(
        "/process-definition", key=key, sortBy="version", sortOrder="asc"
    )
    return [each["id"] for each in found]


def versions(office: Office, *sources: bytes) -> list[str]:
    for number, source in enumerate(sources):
        office.deploy(source, name=f"v{number}")
    return definitions(office)


def begun(office: Office, definition: str) -> str:
    started = office.desk("olga").post(f"/process-definition/{definition}/start", businessKey="K")
    return str(started["id"])


def at(office: Office, instance: str) -> list[str]:
    tree = office.desk("olga").get(f"/process-instance/{instance}/activity-instances")
    return [each["activityId"] for each in tree["childActivityInstances"]]


# --- migration ---


def test_a_plan_is_generated_validated_and_carried_out(office: Office) -> None:
    old, new = versions(office, ONE, TWO)
    case, olga = begun(office, old), office.desk("olga")
    between = {"sourceProcessDefinitionId": old, "targetProcessDefinitionId": new}

    plan = olga.post("/migration/generate", **between)
    assert plan == {
        **between,
        "instructions": [
            {"sourceActivityIds": ["a"], "targetActivityIds": ["a"], "updateEventTrigger": False}
        ],
        "variables": None,
    }
    report = olga.post("/migration/validate", **plan)
    assert report == {"instructionReports": [], "variableReports": {}}
    olga.post("/migration/execute", 204, migrationPlan=plan, processInstanceIds=[case])

    assert olga.get(f"/process-instance/{case}")["definitionId"] == new
    (task,) = olga.get("/task", processInstanceId=case)
    olga.post(f"/task/{task['id']}/complete", 403)  # An operator completes nobody's task.
    office.desk("anna").post(f"/task/{task['id']}/complete", 204)
    assert at(office, case) == ["c"]


def test_what_a_plan_or_an_instance_fails_at_is_reported(office: Office) -> None:
    old, other = versions(office, ONE, OTHER)
    case, olga = begun(office, old), office.desk("olga")
    wrong = {
        "sourceProcessDefinitionId": old,
        "targetProcessDefinitionId": other,
        "instructions": [{"sourceActivityIds": ["a"], "targetActivityIds": ["a"]}],
    }

    (told,) = olga.post("/migration/validate", **wrong)["instructionReports"]
    assert told["instruction"]["sourceActivityIds"] == ["a"]
    assert "incompatible types" in told["failures"][0]
    said = olga.post("/migration/execute", 400, migrationPlan=wrong, processInstanceIds=[case])
    assert said["type"] == "MigrationPlanValidationException"
    assert said["validationReport"]["instructionReports"] == [told]
    end = [{"sourceActivityIds": ["b"], "targetActivityIds": ["b"]}]
    plan = {**wrong, "targetProcessDefinitionId": old, "instructions": end}
    said = olga.post("/migration/execute", 400, migrationPlan=plan, processInstanceIds=[case])

    assert said["type"] == "MigratingProcessInstanceValidationException"
    (at_a,) = said["validationReport"]["activityInstanceValidationReports"]
    assert at_a["sourceScopeId"] == "a"
    assert "no migration instruction" in at_a["failures"][0]


def test_one_instance_that_does_not_fit_keeps_all_others_from_being_migrated(
    office: Office,
) -> None:
    old, new = versions(office, ONE, models.chain("p", models.user_task("a")))
    fits, fits_not = begun(office, old), begun(office, old)
    (task,) = office.desk("anna").get("/task", processInstanceId=fits_not)
    office.desk("anna").post(f"/task/{task['id']}/complete", 204)
    olga = office.desk("olga")
    plan = olga.post(
        "/migration/generate", sourceProcessDefinitionId=old, targetProcessDefinitionId=new
    )
    query = {"processDefinitionId": old}

    olga.post("/migration/execute", 400, migrationPlan=plan, processInstanceQuery=query)
    batch = olga.post("/migration/executeAsync", migrationPlan=plan, processInstanceQuery=query)
    clock.sweep(office.engine)

    assert batch["type"] == "instance-migration"
    assert olga.get(f"/process-instance/{fits}")["definitionId"] == new
    assert olga.get(f"/process-instance/{fits_not}")["definitionId"] == old
    (statistics,) = olga.get("/batch/statistics")
    assert [statistics[name] for name in ("totalJobs", "completedJobs", "failedJobs")] == [2, 1, 1]


def test_history_names_activities_by_the_version_they_were_in(office: Office) -> None:
    old, new = versions(office, ONE, models.chain("p", models.user_task("x")))
    case, olga = begun(office, old), office.desk("olga")
    (task,) = office.desk("anna").get("/task", processInstanceId=case)
    office.desk("anna").post(f"/task/{task['id']}/complete", 204)
    move = {"sourceActivityIds": ["b"], "targetActivityIds": ["x"]}
    plan = {"sourceProcessDefinitionId": old, "targetProcessDefinitionId": new}
    plan |= {"instructions": [move]}  # type: ignore[dict-item]

    olga.post("/migration/execute", 204, migrationPlan=plan, processInstanceIds=[case])

    found = olga.get("/history/activity-instance", processInstanceId=case)
    named = [(each["activityId"], each["processDefinitionId"]) for each in found]
    assert named == [("start", old), ("a", old), ("x", new)]
    plain = office.plain("olga").get(f"/instances/{case}")
    assert [each["name"] for each in plain["activities"]] == ["start", "a", "x"]


# --- restart and modification ---


def test_what_has_ended_is_restarted(office: Office) -> None:
    (definition,) = versions(office, ONE)
    case, olga = begun(office, definition), office.desk("olga")
    olga.delete(f"/process-instance/{case}")
    at_b = [{"type": "startBeforeActivity", "activityId": "b"}]
    path = f"/process-definition/{definition}/restart"

    olga.post(path, 204, processInstanceIds=[case], instructions=at_b)
    query = {"processInstanceIds": [case], "finished": True}
    batch = olga.post(
        f"{path}-async", historicProcessInstanceQuery=query, instructions=at_b,
        withoutBusinessKey=True,
    )  # fmt: skip
    clock.sweep(office.engine)

    found = olga.get("/process-instance")
    assert [at(office, each["id"]) for each in found] == [["b"], ["b"]]
    assert sorted(each["businessKey"] or "" for each in found) == ["", "K"]
    done = olga.get(f"/history/batch/{batch['id']}")
    assert (done["type"], done["endTime"] is not None) == ("instance-restart", True)
    olga.get(f"/batch/{batch['id']}", 404)


def test_many_are_modified_at_once_or_later(office: Office) -> None:
    (definition,) = versions(office, ONE)
    first, second = begun(office, definition), begun(office, definition)
    olga = office.desk("olga")
    jump = [
        {"type": "cancel", "activityId": "a"},
        {"type": "startBeforeActivity", "activityId": "b"},
    ]
    body = {"processDefinitionId": definition, "instructions": jump}

    olga.post("/modification/execute", 204, processInstanceIds=[first], **body)
    olga.post("/modification/executeAsync", processInstanceIds=[second], **body)
    clock.sweep(office.engine)

    assert at(office, first) == at(office, second) == ["b"]


def test_an_instance_starts_where_instructions_put_its_tokens(office: Office) -> None:
    versions(office, ONE)
    body = {"startInstructions": [{"type": "startBeforeActivity", "activityId": "b"}]}

    started = office.desk("olga").post("/process-definition/key/p/start", **body)
    office.desk("anna").post("/process-definition/key/p/start", 403, **body)

    assert at(office, started["id"]) == ["b"]


# --- suspension ---


def test_definitions_are_suspended_with_their_instances(office: Office) -> None:
    (definition,) = versions(office, ONE)
    case, olga = begun(office, definition), office.desk("olga")
    path = f"/process-definition/{definition}/suspended"

    olga.put(path, suspended=True, includeProcessInstances=True)
    assert olga.get(f"/process-definition/{definition}")["suspended"] is True
    assert olga.get(f"/process-instance/{case}")["suspended"] is True
    said = olga.post(f"/process-definition/{definition}/start", 500)
    assert said["type"] == "SuspendedEntityInteractionException"
    (task,) = office.desk("anna").get("/task")
    assert task["suspended"] is True
    office.desk("anna").post(f"/task/{task['id']}/complete", 500)
    assert olga.get("/process-definition", suspended=True)[0]["id"] == definition
    assert olga.get("/process-definition", active=True) == []
    olga.put("/process-definition/key/p/suspended", suspended=False, includeProcessInstances=True)

    assert olga.get("/process-instance", suspended=True) == []
    office.desk("anna").post(f"/task/{task['id']}/complete", 204)


def test_instances_are_suspended_by_a_query_at_once_and_later(office: Office) -> None:
    (definition,) = versions(office, ONE)
    cases = sorted(begun(office, definition) for _ in range(3))
    olga = office.desk("olga")

    olga.put("/process-instance/suspended", suspended=True, processDefinitionKey="p")
    assert olga.get("/process-instance/count", suspended=True) == {"count": 3}
    query = {"processDefinitionKey": "p"}
    olga.post("/process-instance/suspended-async", suspended=False, processInstanceQuery=query)
    clock.sweep(office.engine)

    assert sorted(each["id"] for each in olga.get("/process-instance", active=True)) == cases


def test_job_definitions_and_jobs_are_suspended(office: Office) -> None:
    office.deploy(ASYNC)
    olga = office.desk("olga")
    (definition,) = definitions(office, "later")
    found = olga.get("/job-definition", processDefinitionId=definition)
    kinds = [(each["activityId"], each["jobType"], each["suspended"]) for each in found]
    assert kinds == [
        ("x", "async-continuation", False),
        ("pause", "timer-intermediate-transition", False),
    ]

    olga.put(f"/job-definition/{found[0]['id']}/suspended", suspended=True, includeJobs=True)
    case = office.start("later")
    clock.sweep(office.engine)
    (job,) = olga.get("/job", processInstanceId=case)
    assert (job["suspended"], job["jobDefinitionId"]) == (True, found[0]["id"])
    assert olga.get(f"/job-definition/{found[0]['id']}")["suspended"] is True
    olga.put(f"/job/{job['id']}/suspended", suspended=False)
    clock.sweep(office.engine)
    (timer,) = olga.get("/job", processInstanceId=case, active=True)
    olga.put("/job/suspended", suspended=True, processInstanceId=case)

    assert olga.get(f"/job/{timer['id']}")["suspended"] is True
    assert olga.get("/job-definition/count", processDefinitionId=definition) == {"count": 2}


# --- batches ---


def test_many_get_variables_and_are_deleted(office: Office) -> None:
    (definition,) = versions(office, ONE)
    cases = [begun(office, definition) for _ in range(2)]
    olga = office.desk("olga")
    amount = {"amount": {"value": 5, "type": "Long"}}

    olga.post("/process-instance/variables-async", variables=amount, processInstanceIds=cases)
    clock.sweep(office.engine)
    for case in cases:
        values = olga.get(f"/process-instance/{case}/variables")
        assert values == {"amount": {"value": 5, "type": "Long", "valueInfo": {}}}
    batch = olga.post("/process-instance/delete", processInstanceIds=cases, deleteReason="law")
    olga.put(f"/batch/{batch['id']}/suspended", suspended=True)
    clock.sweep(office.engine)
    assert olga.get("/batch/count", suspended=True) == {"count": 1}
    assert olga.get(f"/batch/{batch['id']}")["suspended"] is True
    olga.put(f"/batch/{batch['id']}/suspended", suspended=False)
    clock.sweep(office.engine)

    assert olga.get("/process-instance/count") == {"count": 0}
    assert olga.get("/batch") == []
    assert olga.get("/history/batch/count", completed=True) == {"count": 2}


def test_failed_jobs_get_their_retries_back(office: Office) -> None:
    office.deploy(models.chain("w", models.external("x", "t")))
    case, olga = office.start("w"), office.desk("olga")
    topics = [{"topicName": "t", "lockDuration": 1000}]
    (held,) = olga.post("/external-task/fetchAndLock", workerId="w", maxTasks=1, topics=topics)
    olga.post(f"/external-task/{held['id']}/failure", 204, workerId="w", retries=0)
    assert olga.get("/incident/count") == {"count": 1}

    olga.post("/process-instance/job-retries", processInstances=[case], retries=2)
    clock.sweep(office.engine)

    assert olga.get("/incident/count") == {"count": 0}
    olga.post("/job/retries", 400, jobIds=[], retries=2)
    olga.post("/job/retries", 400, jobIds=[held["id"]], retries="many")


def test_a_batch_can_be_given_up(office: Office) -> None:
    (definition,) = versions(office, ONE)
    case, olga = begun(office, definition), office.desk("olga")
    batch = olga.post("/process-instance/delete", processInstanceIds=[case])

    office.desk("anna").delete(f"/batch/{batch['id']}", 403)
    olga.delete(f"/batch/{batch['id']}")
    clock.sweep(office.engine)

    assert olga.get(f"/process-instance/{case}")["ended"] is False


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/process-instance/delete", {}),
        ("/process-instance/delete", {"processInstanceIds": ["x"], "skipCustomListeners": True}),
        ("/process-instance/delete", {"processInstanceQuery": {"color": "red"}}),
        ("/modification/execute", {"processInstanceIds": ["x"], "instructions": []}),
        ("/migration/execute", {"processInstanceIds": ["x"]}),
        ("/migration/generate", {"sourceProcessDefinitionId": "x"}),
    ],
)
def test_what_does_not_say_enough_is_refused(
    office: Office, path: str, body: dict[str, Any]
) -> None:
    office.desk("olga").post(path, 400, **body)


# --- calls and scopes ---


def test_called_instances_know_their_callers(office: Office) -> None:
    office.deploy(models.chain("outer", call("call", "p")), ONE)
    outer, olga = office.start("outer"), office.desk("olga")

    (inner,) = olga.get("/process-instance", superProcessInstance=outer)
    assert olga.get("/process-instance", subProcessInstance=inner["id"])[0]["id"] == outer
    assert [each["id"] for each in olga.get("/process-instance", rootProcessInstances=True)] == [
        outer
    ]
    historic = olga.get(f"/history/process-instance/{inner['id']}")
    assert (historic["superProcessInstanceId"], historic["rootProcessInstanceId"]) == (outer, outer)
    found = olga.get("/history/activity-instance", processInstanceId=outer, activityId="call")
    assert [each["calledProcessInstanceId"] for each in found] == [inner["id"]]


def test_the_tree_shows_scope_within_scope(office: Office) -> None:
    inside = '<startEvent id="bs"/><userTask id="i"/>' + models.flow("bs", "i")
    each = (
        "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>"
        "</multiInstanceLoopCharacteristics>"
    )
    office.deploy(
        models.chain("tree", ("box", f'<subProcess id="box">{each}{inside}</subProcess>')),
        ASYNC,
    )
    case, later, olga = office.start("tree"), office.start("later"), office.desk("olga")

    top = olga.get(f"/process-instance/{case}/activity-instances")
    (body,) = top["childActivityInstances"]
    boxes = body["childActivityInstances"]
    waiting = olga.get(f"/process-instance/{later}/activity-instances")

    assert (body["activityId"], body["activityType"]) == (
        "box#multiInstanceBody",
        "multiInstanceBody",
    )
    assert [(each["activityId"], each["activityType"]) for each in boxes] == [
        ("box", "subProcess")
    ] * 2
    for box in boxes:
        (task,) = box["childActivityInstances"]
        assert (task["activityId"], task["parentActivityInstanceId"]) == ("i", box["id"])
    (between,) = waiting["childTransitionInstances"]
    assert between["activityId"] == "x"


# --- reasons ---


def reasons(office: Office, stream: str) -> list[tuple[str, str]]:
    with office.engine.database.reading() as tx:
        told = [fact for each in entries(tx, stream) for fact in record.decode(each)]
    return [(type(each).__name__, each.reason) for each in told if getattr(each, "reason", "")]


def test_the_annotation_of_every_operation_is_the_reason_in_the_history(office: Office) -> None:
    old, new = versions(office, ONE, TWO)
    case, olga = begun(office, old), office.desk("olga")
    many = {"processInstanceIds": [case]}
    plan = olga.post(
        "/migration/generate", sourceProcessDefinitionId=old, targetProcessDefinitionId=new
    )

    olga.put(f"/process-instance/{case}/suspended", 204, suspended=True, annotation="r1")
    olga.put("/process-instance/suspended", 204, suspended=False, annotation="r2", **many)
    olga.post("/process-instance/suspended-async", suspended=True, annotation="r3", **many)
    clock.sweep(office.engine)
    olga.post("/migration/execute", 204, migrationPlan=plan, annotation="r4", **many)

    assert reasons(office, case) == [
        ("Suspended", "r1"),
        ("Resumed", "r2"),
        ("Suspended", "r3"),
        ("Migrated", "r4"),
    ]
