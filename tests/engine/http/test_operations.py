"""Suspension and modification over REST, in Camunda 7's shapes."""

from __future__ import annotations

from tests.engine import engine_models as models
from tests.engine.http.conftest import Office

TWO = models.chain("two", models.user_task("a"), models.user_task("b"))


def nodes(office: Office, instance: str) -> list[str]:
    found = office.desk("olga").get(f"/process-instance/{instance}/activity-instances")
    return [each["activityId"] for each in found["childActivityInstances"]]


def test_an_instance_is_suspended_and_its_tokens_are_moved(office: Office) -> None:
    office.deploy(TWO)
    desk, instance = office.desk("olga"), office.start("two")

    desk.put(f"/process-instance/{instance}/suspended", suspended=True)
    assert desk.get(f"/process-instance/{instance}")["suspended"] is True
    desk.put(f"/process-instance/{instance}/suspended", suspended=False)
    jump = [
        {"type": "cancel", "activityId": "a"},
        {"type": "startBeforeActivity", "activityId": "b"},
    ]
    desk.post(f"/process-instance/{instance}/modification", 204, instructions=jump)

    assert nodes(office, instance) == ["b"]


def test_an_instruction_that_does_not_fit_is_refused_and_changes_nothing(office: Office) -> None:
    office.deploy(TWO)
    desk, instance = office.desk("olga"), office.start("two")
    wrong = [{"type": "startBeforeActivity", "activityId": "nowhere"}]

    refused = desk.post(f"/process-instance/{instance}/modification", 400, instructions=wrong)

    assert "nowhere" in str(refused)
    assert nodes(office, instance) == ["a"]
