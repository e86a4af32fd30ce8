"""Signals, conditions and operations over REST, in Camunda 7's shapes."""

from __future__ import annotations

from tests.engine import engine_models as models
from tests.engine.http.conftest import Office

LISTENS = models.process(
    "listens",
    '<startEvent id="s"/><intermediateCatchEvent id="c">'
    '<signalEventDefinition signalRef="g"/></intermediateCatchEvent>'
    '<userTask id="u" camunda:candidateGroups="clerks"/><endEvent id="e"/>'
    + models.flow("s", "c")
    + models.flow("c", "u")
    + models.flow("u", "e"),
    before='<signal id="g" name="alarm"/>',
)
CONDITION = models.process(
    "conditional",
    '<startEvent id="s"><conditionalEventDefinition>'
    '<condition xsi:type="tFormalExpression">${level &gt; 5}</condition>'
    "</conditionalEventDefinition></startEvent>"
    '<userTask id="u" camunda:candidateGroups="clerks"/><endEvent id="e"/>'
    + models.flow("s", "u")
    + models.flow("u", "e"),
)
TWO = models.chain("two", models.user_task("a"), models.user_task("b"))


def level(value: int) -> dict[str, object]:
    return {"variables": {"level": {"value": value, "type": "Integer"}}}


def nodes(office: Office, instance: str) -> list[str]:
    found = office.desk("olga").get(f"/process-instance/{instance}/activity-instances")
    return [each["activityId"] for each in found["childActivityInstances"]]


def test_a_signal_reaches_all_who_listen(office: Office) -> None:
    office.deploy(LISTENS)
    listening = [office.start("listens") for _ in range(2)]

    office.desk("olga").post("/signal", 204, name="alarm")

    assert [nodes(office, each) for each in listening] == [["u"], ["u"]]


def test_a_signal_without_a_name_is_refused(office: Office) -> None:
    assert office.desk("olga").post("/signal", 400)["message"] == "name is required"


def test_a_condition_starts_what_it_makes_true(office: Office) -> None:
    office.deploy(CONDITION)
    desk = office.desk("olga")

    nothing = desk.post("/condition", **level(3))
    (begun,) = desk.post("/condition", **level(7))

    assert nothing == []
    assert nodes(office, begun["id"]) == ["u"]


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
