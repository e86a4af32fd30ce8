"""Tasks and instances in plain JSON."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.engine import engine_models as models
from tests.engine.http.conftest import Office

ONE_TASK = models.chain("one", models.user_task("t"))
FORM = json.dumps(
    {
        "id": "approval",
        "type": "default",
        "components": [
            {"id": "F1", "type": "checkbox", "key": "ok", "label": "In Ordnung"},
            {
                "id": "F2",
                "type": "number",
                "key": "amount",
                "label": "Betrag",
                "decimalDigits": 2,
                "validate": {"required": True},
            },
        ],
    }
).encode()
WITH_FORM = models.chain(
    "formed", models.user_task("t", 'camunda:candidateGroups="clerks" camunda:formRef="approval"')
)


def test_the_inbox_goes_on_where_its_cursor_says(office: Office) -> None:
    office.deploy(ONE_TASK)
    for _ in range(5):
        office.start("one")
        office.pass_time(timedelta(seconds=1))
    anna = office.plain("anna")

    first = anna.get("/tasks", limit=2)
    office.start("one")
    second = anna.get("/tasks", limit=2, cursor=first["page"]["endCursor"])
    third = anna.get("/tasks", limit=2, cursor=second["page"]["endCursor"])

    seen = [task["opened_at"] for page in (first, second, third) for task in page["items"]]
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)
    assert third["page"] == {"endCursor": None}
    assert office.plain("carl").get("/tasks")["items"] == []
    anna.get("/tasks", 422, cursor="nothing")
    anna.get("/tasks", 422, limit=0)


def test_a_task_shows_its_form_and_what_the_fields_hold(office: Office) -> None:
    files = [("formed.bpmn", WITH_FORM), ("approval.form", FORM)]
    office.upload(files, {"deployment-name": "formed"})
    office.start("formed", amount={"value": 12.5, "type": "Double"})
    anna = office.plain("anna")
    (listed,) = anna.get("/tasks")["items"]

    shown = anna.get(f"/tasks/{listed['id']}")

    assert shown["candidate_groups"] == ["clerks"]
    assert shown["form"]["key"] == "approval"
    assert shown["form"]["schema"]["required"] == ["amount"]
    assert shown["form"]["values"]["amount"] == 12.5


def test_a_form_refuses_what_does_not_fit_and_takes_what_does(office: Office) -> None:
    files = [("formed.bpmn", WITH_FORM), ("approval.form", FORM)]
    office.upload(files, {"deployment-name": "formed"})
    instance = office.start("formed")
    anna = office.plain("anna")
    task = anna.get("/tasks")["items"][0]["id"]

    anna.post(f"/tasks/{task}/claim", 204)
    mine = anna.get(f"/tasks/{task}")
    refused = anna.post(f"/tasks/{task}/complete", 422, variables={"ok": True})
    anna.post(f"/tasks/{task}/complete", 422, variable={})
    sent = b'{"variables": {"ok": true, "amount": 12.10}}'
    anna.call("POST", f"/tasks/{task}/complete", 204, content=sent)

    ended = office.plain("olga").get(f"/instances/{instance}")
    assert mine["assignee"] == {"id": office.ids["anna"], "name": "Anna Muster"}
    assert refused["code"] == "form_invalid"
    assert ended["variables"] == {"ok": True, "amount": 12.1}
    assert (ended["how"], ended["waits_at"]) == ("completed", [])


def test_an_instance_tells_where_it_stands(office: Office) -> None:
    office.deploy(ONE_TASK)
    olga = office.plain("olga")

    started = olga.post(
        "/processes/one/start", 201, variables={"x": [1, {"y": None}]}, business_key="k"
    )
    shown = olga.get(f"/instances/{started['id']}")

    (waits,) = shown["waits_at"]
    assert (started["ended"], shown["business_key"], shown["how"]) == (False, "k", None)
    assert (waits["node"], waits["waits_for"][0]["kind"]) == ("t", "task")
    assert [each["node"] for each in shown["activities"]] == ["start", "t"]
    assert shown["variables"] == {"x": [1, {"y": None}]}
    assert shown["started_by"]["name"] == "Olga Muster"


def test_others_learn_nothing_in_plain_json_either(office: Office) -> None:
    office.deploy(ONE_TASK)
    instance = office.start("one")
    task = office.plain("anna").get("/tasks")["items"][0]["id"]
    carl = office.plain("carl")

    assert carl.get(f"/tasks/{task}", 422) == {"code": "not_found"}
    assert carl.post(f"/tasks/{task}/complete", 422) == {"code": "not_found"}
    assert carl.get(f"/instances/{instance}", 422) == {"code": "not_found"}
