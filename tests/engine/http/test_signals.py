"""`/signal`, `/condition`, `/event-subscription` and the selection of ad-hoc activities."""

from __future__ import annotations

from tests.engine import engine_models as models
from tests.engine.http.conftest import Office
from tests.engine.test_signals import LISTENS, STARTED
from tests.engine.test_starts import on_condition

MUCH = on_condition("much", "${amount &gt; 100}", "check")
AD_HOC = models.chain(
    "free",
    (
        "box",
        '<adHocSubProcess id="box"><userTask id="a" camunda:candidateGroups="clerks"/>'
        '<userTask id="b" camunda:candidateGroups="clerks"/>'
        '<completionCondition xsi:type="tFormalExpression">${done == true}</completionCondition>'
        "</adHocSubProcess>",
    ),
)


def test_a_signal_reaches_listeners_and_starts(office: Office) -> None:
    office.deploy(LISTENS, STARTED)
    case = office.start("listens")
    olga = office.desk("olga")

    body = {"name": "alarm", "variables": {"n": {"value": 7, "type": "Long"}}}
    olga.post("/signal", expect=204, **body)

    found = {task["taskDefinitionKey"]: task for task in olga.get("/task")}
    assert sorted(found) == ["after", "work"]
    assert found["after"]["processInstanceId"] == case
    for task in found.values():
        values = olga.get(f"/process-instance/{task['processInstanceId']}/variables")
        assert values == {"n": {"value": 7, "type": "Long", "valueInfo": {}}}


def test_a_signal_to_one_execution_must_be_awaited_there(office: Office) -> None:
    office.deploy(LISTENS)
    office.start("listens")
    office.start("listens")
    olga = office.desk("olga")
    (first, second) = olga.get("/event-subscription", eventType="signal")

    olga.post("/signal", expect=204, name="alarm", executionId=first["executionId"])

    assert olga.get("/event-subscription", eventType="signal") == [second]
    said = olga.post("/signal", expect=500, name="alarm", executionId=first["executionId"])
    assert said["type"] == "RestException"


def test_a_signal_needs_a_name_and_a_right(office: Office) -> None:
    assert "name" in office.desk("olga").post("/signal", expect=400)["message"]
    office.desk("anna").post("/signal", expect=403, name="alarm")


def test_conditions_start_what_they_are_true_of(office: Office) -> None:
    office.deploy(MUCH)
    olga = office.desk("olga")

    def asked(amount: int) -> list[dict[str, object]]:
        variables = {"amount": {"value": amount, "type": "Integer"}}
        found: list[dict[str, object]] = olga.post(
            "/condition", variables=variables, businessKey="K"
        )
        return found

    assert asked(5) == []
    (begun,) = asked(500)
    assert (begun["definitionKey"], begun["businessKey"], begun["ended"]) == ("much", "K", False)
    olga.post("/condition", expect=400)


def test_event_subscriptions_name_their_type(office: Office) -> None:
    office.deploy(LISTENS, STARTED, MUCH, models.WAITS_FOR_MESSAGE)
    case = office.start("listens")
    office.start("waits")
    olga = office.desk("olga")

    found = olga.get("/event-subscription")

    assert sorted(
        (each["eventType"], each["eventName"]) for each in found if each["eventName"]
    ) == [
        ("message", "paid"),
        ("signal", "alarm"),
        ("signal", "alarm"),
    ]
    (conditional,) = olga.get("/event-subscription", eventType="conditional")
    assert (conditional["activityId"], conditional["eventName"]) == ("s", None)
    assert olga.get("/event-subscription/count", processInstanceId=case) == {"count": 1}
    assert olga.get("/event-subscription", eventType="compensate") == []


def test_a_clerk_selects_what_is_done_next(office: Office) -> None:
    office.deploy(AD_HOC)
    case = office.start("free")
    anna = office.plain("anna")

    anna.post(f"/instances/{case}/select", expect=204, node="b")
    refused = anna.post(f"/instances/{case}/select", expect=422, node="box")
    office.plain("carl").post(f"/instances/{case}/select", expect=422, node="b")

    assert refused == {"code": "selection_refused"}
    names = [task["taskDefinitionKey"] for task in office.desk("anna").get("/task")]
    assert sorted(names) == ["a", "b", "b"]
