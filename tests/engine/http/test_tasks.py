"""People's tasks over REST: list, claim, complete, and who may not."""

from __future__ import annotations

import pytest

from tests.engine import engine_models as models
from tests.engine.http.conftest import Office

ONE_TASK = models.chain("one", models.user_task("t"))


def waiting(office: Office, **variables: object) -> tuple[str, str]:
    """An instance and its open task."""
    office.deploy(ONE_TASK)
    instance = office.start("one", **variables)
    (task,) = office.desk("anna").get("/task", processInstanceId=instance)
    return instance, str(task["id"])


def test_a_task_is_shown_as_camunda_shows_it(office: Office) -> None:
    instance, task = waiting(office)

    shown = office.desk("anna").get(f"/task/{task}")

    assert shown["id"] == task
    assert (shown["name"], shown["taskDefinitionKey"]) == ("t", "t")
    assert (shown["assignee"], shown["tenantId"], shown["priority"]) == (None, None, 50)
    assert shown["created"] == "2026-03-02T09:00:00.000+0000"
    assert shown["processInstanceId"] == instance
    assert shown["executionId"].startswith(instance)


def test_a_task_is_claimed_under_the_login_and_completed_once(office: Office) -> None:
    _, task = waiting(office)
    anna = office.desk("anna")

    anna.post(f"/task/{task}/claim", 204, userId="anna")
    (mine,) = anna.get("/task", assignee="anna")
    anna.post(f"/task/{task}/complete", 204, variables={"ok": {"value": True, "type": "Boolean"}})
    again = anna.post(f"/task/{task}/complete", 500)

    assert mine["assignee"] == "anna"
    assert again["type"] == "ProcessEngineException"
    assert anna.get("/task/count") == {"count": 0}
    anna.get(f"/task/{task}", 404)


def test_an_empty_body_completes_a_task(office: Office) -> None:
    _, task = waiting(office)

    response = office.desk("anna").http.post(f"/engine-rest/task/{task}/complete")

    assert response.status_code == 204
    assert "content-type" not in response.headers


def test_a_task_of_another_group_is_not_to_be_seen(office: Office) -> None:
    _, task = waiting(office)
    carl = office.desk("carl")

    assert carl.get("/task") == []
    assert carl.get(f"/task/{task}", 404)["type"] == "InvalidRequestException"
    carl.post(f"/task/{task}/claim", 404, userId="carl")
    carl.post(f"/task/{task}/complete", 404)
    carl.get(f"/task/{task}/variables", 404)


def test_only_a_lead_gives_tasks_to_others(office: Office) -> None:
    _, task = waiting(office)

    refused = office.desk("anna").post(f"/task/{task}/claim", 403, userId="ben")
    office.desk("lea").post(f"/task/{task}/assignee", 204, userId="ben")
    shown = office.desk("ben").get(f"/task/{task}")
    taken = office.desk("anna").post(f"/task/{task}/complete", 500)

    assert refused["missingAuthorizations"][0]["resourceId"] == task
    assert shown["assignee"] == "ben"
    assert taken["type"] == "TaskAlreadyClaimedException"


def test_a_task_is_given_back(office: Office) -> None:
    _, task = waiting(office)
    anna = office.desk("anna")
    anna.post(f"/task/{task}/claim", 204, userId="anna")

    anna.post(f"/task/{task}/unclaim", 204)

    assert anna.get(f"/task/{task}")["assignee"] is None


def test_a_list_by_group_or_user_holds_what_is_free(office: Office) -> None:
    _, task = waiting(office)
    ben = office.desk("ben")

    by_group = ben.get("/task", candidateGroup="clerks")
    by_user = ben.post(
        "/task", candidateUser="ben", sorting=[{"sortBy": "created", "sortOrder": "asc"}]
    )
    office.desk("anna").post(f"/task/{task}/claim", 204, userId="anna")

    assert [each["id"] for each in by_group] == [each["id"] for each in by_user] == [task]
    assert ben.get("/task/count", candidateGroup="clerks") == {"count": 0}
    assert ben.get("/task/count", candidateGroup="clerks", includeAssignedTasks="true") == {
        "count": 1
    }


@pytest.mark.parametrize(
    "filters",
    [{"processVariables": "a_eq_1"}, {"nameLike": "x"}, {"sortBy": "name", "sortOrder": "asc"}],
)
def test_a_filter_that_is_not_known_is_refused_by_name(
    office: Office, filters: dict[str, str]
) -> None:
    waiting(office)

    refused = office.desk("anna").get("/task", 400, **filters)

    assert refused["type"] == "InvalidRequestException"
    assert (
        next(iter(filters.values()) if "sortBy" in filters else iter(filters)) in refused["message"]
    )


def test_a_task_tells_variables_links_and_form(office: Office) -> None:
    _, task = waiting(office, n={"value": 7, "type": "Long"})
    anna = office.desk("anna")

    values = anna.get(f"/task/{task}/variables")
    links = anna.get(f"/task/{task}/identity-links")
    form = anna.get(f"/task/{task}/form")

    assert values == {"n": {"type": "Long", "value": 7, "valueInfo": {}}}
    assert anna.get(f"/task/{task}/variables/n") == values["n"]
    assert anna.get(f"/task/{task}/localVariables") == {}
    assert links == [{"type": "candidate", "userId": None, "groupId": "clerks"}]
    assert form == {"key": None, "camundaFormRef": None, "contextPath": None}


def test_completion_gives_the_variables_back_when_asked(office: Office) -> None:
    _, task = waiting(office)
    sent = {"x": {"value": 1.5, "type": "Double"}}

    answer = office.desk("anna").post(
        f"/task/{task}/complete", variables=sent, withVariablesInReturn=True
    )

    assert answer == {"x": {"type": "Double", "value": 1.5, "valueInfo": {}}}


def test_due_date_and_priority_are_changed_by_who_has_the_task(office: Office) -> None:
    _, task = waiting(office)
    anna = office.desk("anna")
    anna.post(f"/task/{task}/claim", 204, userId="anna")

    anna.put(f"/task/{task}", due="2026-03-09T12:00:00.000+0100", priority=90)

    shown = anna.get(f"/task/{task}")
    assert (shown["due"], shown["priority"]) == ("2026-03-09T11:00:00.000+0000", 90)


def test_nobody_is_answered_without_a_credential(office: Office) -> None:
    response = office.stranger().get("/engine-rest/task")

    assert response.status_code == 401
    assert response.json()["type"] == "AuthenticationException"
    assert response.headers["www-authenticate"].startswith("Basic")


def test_an_unknown_path_and_a_wrong_method_are_told_apart(office: Office) -> None:
    anna = office.desk("anna")

    assert anna.get("/nothing/here", 404)["type"] == "NotFoundException"
    assert anna.delete("/task", 405)["type"] == "NotAllowedException"
    assert anna.get("/engine/default/task") == []
    anna.call("POST", "/task", 400, content=b"{")
