"""What begins instances from outside, and messages with keys of every kind."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bpmn.errors import ExpressionFailed
from engine import commands, queries
from engine.errors import NotAllowed
from tests.engine import engine_models as models
from tests.engine.bureau import SYSTEM, Bureau, person

CONDITION = (
    '<startEvent id="s"><conditionalEventDefinition>'
    '<condition xsi:type="tFormalExpression">{}</condition></conditionalEventDefinition>'
    '</startEvent><userTask id="{}"/>'
)
TASK = '<userTask id="work"/>'


def on_condition(key: str, condition: str, task: str) -> bytes:
    return models.process(key, CONDITION.format(condition, task) + models.flow("s", task))


def nodes(bureau: Bureau) -> list[str]:
    return sorted(task.node for task in bureau.tasks())


def test_every_process_whose_condition_is_true_begins(bureau: Bureau) -> None:
    bureau.deploy(
        on_condition("much", "${amount &gt; 100}", "check"),
        on_condition("little", "${amount &lt; 10}", "wave"),
        on_condition("any", "${amount &gt; 0}", "count"),
    )

    begun = bureau.run(commands.StartOnConditions({"amount": 500}, business_key="K"))

    assert sorted(each.process_id for each in begun) == ["any", "much"]
    assert nodes(bureau) == ["check", "count"]
    assert bureau.values(begun[0].id) == {"amount": 500}


def test_only_the_newest_version_is_asked_unless_one_is_named(bureau: Bureau) -> None:
    bureau.deploy(on_condition("p", "${amount &gt; 100}", "old"))
    with bureau.database.reading() as tx:
        old = queries.newest_definition(tx, SYSTEM, "p", "process")
    bureau.deploy(on_condition("p", "${amount &gt; 100}", "new"), name="again")

    bureau.run(commands.StartOnConditions({"amount": 500}))
    bureau.run(commands.StartOnConditions({"amount": 500}, definition_id=old.id))

    assert nodes(bureau) == ["new", "old"]


def test_a_condition_that_fails_begins_nothing(bureau: Bureau) -> None:
    bureau.deploy(
        on_condition("a", "${amount &gt; 0}", "x"),
        on_condition("b", "${amount.is.no.object &gt; 0}", "y"),
    )

    with pytest.raises(ExpressionFailed):
        bureau.run(commands.StartOnConditions({"amount": 500}))

    assert nodes(bureau) == []


def test_who_may_start_nothing_asks_no_conditions(bureau: Bureau) -> None:
    bureau.deploy(on_condition("a", "${amount &gt; 0}", "x"))

    with pytest.raises(NotAllowed):
        bureau.run(commands.StartOnConditions({"amount": 1}), person("eve", roles=("worker",)))


def test_an_instantiating_receive_task_begins_where_its_message_comes(bureau: Bureau) -> None:
    body = '<receiveTask id="get" messageRef="m" instantiate="true"/>' + TASK
    bureau.deploy(models.process("gets", body + models.flow("get", "work"), models.MESSAGE))

    published = bureau.run(commands.PublishMessage("paid", variables={"n": 1}))

    assert published.outcome == "started"
    assert nodes(bureau) == ["work"]
    assert bureau.values(published.instance_id or "") == {"n": 1}


def test_an_instantiating_gateway_begins_at_the_event_that_came(bureau: Bureau) -> None:
    body = (
        '<eventBasedGateway id="g" instantiate="true"/>'
        '<intermediateCatchEvent id="m1"><messageEventDefinition messageRef="m"/>'
        '</intermediateCatchEvent><intermediateCatchEvent id="m2">'
        '<messageEventDefinition messageRef="n"/></intermediateCatchEvent>'
        '<userTask id="one"/><userTask id="two"/>'
    )
    body += models.flow("g", "m1") + models.flow("g", "m2")
    body += models.flow("m1", "one") + models.flow("m2", "two")
    names = models.MESSAGE + '<message id="n" name="refused"/>'
    bureau.deploy(models.process("either", body, names))

    bureau.run(commands.PublishMessage("refused"))

    assert nodes(bureau) == ["two"]
    with bureau.database.reading() as tx:
        found = queries.subscriptions(tx, SYSTEM, queries.SubscriptionQuery())
    assert {each.instance_id for each in found} == {None}


def test_a_timer_that_starts_a_process_is_the_newest_versions(bureau: Bureau) -> None:
    bureau.deploy(models.STARTED_BY_TIMER)
    bureau.deploy(
        models.STARTED_BY_TIMER.replace(b'id="end"', b'id="other"').replace(
            b'targetRef="end"', b'targetRef="other"'
        ),
        name="again",
    )

    bureau.pass_time(timedelta(hours=1, minutes=1))

    with bureau.database.reading() as tx:
        found = queries.instance_list(tx, SYSTEM, queries.InstanceQuery())
    assert [each.end_node for each in found] == ["other"]


# --- keys ---

KEYED = models.chain(
    "keyed",
    (
        "catch",
        '<intermediateCatchEvent id="catch"><messageEventDefinition messageRef="m"/>'
        "</intermediateCatchEvent>",
    ),
    models.user_task("after"),
    before='<message id="m" name="paid"><extensionElements><camunda:properties>'
    '<camunda:property name="correlation_key" value="${number}"/>'
    "</camunda:properties></extensionElements></message>",
)


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        ("A-1", "A-1"),
        (5, Decimal("5.00")),
        (["A-1", 7], ["A-1", Decimal("7.0")]),
        ([["x", None], True], [["x", None], True]),
    ],
)
def test_a_message_reaches_who_waits_with_an_equal_key(
    bureau: Bureau, wanted: object, sent: object
) -> None:
    bureau.deploy(KEYED)
    meant = bureau.start("keyed", number=wanted).id
    bureau.start("keyed", number=["other"])

    published = bureau.run(commands.PublishMessage("paid", key=sent))  # type: ignore[arg-type]

    assert (published.outcome, published.instance_id) == ("delivered", meant)
    assert [task.instance_id for task in bureau.tasks(node="after")] == [meant]


@pytest.mark.parametrize(
    ("wanted", "sent"), [("5", 5), (["a", "b"], ["b", "a"]), ([1], 1), (True, "true")]
)
def test_a_key_that_only_looks_alike_is_another(
    bureau: Bureau, wanted: object, sent: object
) -> None:
    bureau.deploy(KEYED)
    bureau.start("keyed", number=wanted)

    assert bureau.run(commands.PublishMessage("paid", key=sent)).outcome == "buffered"  # type: ignore[arg-type]


def test_an_event_subprocess_that_does_not_interrupt_takes_every_message(bureau: Bureau) -> None:
    inner = (
        '<subProcess id="sub" triggeredByEvent="true"><startEvent id="is" isInterrupting="false">'
        '<messageEventDefinition messageRef="m"/></startEvent><userTask id="told"/>'
        + models.flow("is", "told")
        + "</subProcess>"
    )
    body = '<startEvent id="s"/>' + TASK + inner + models.flow("s", "work")
    bureau.deploy(models.process("listens", body, models.MESSAGE))
    bureau.start("listens")

    for _ in range(3):
        assert bureau.run(commands.PublishMessage("paid")).outcome == "delivered"

    assert nodes(bureau) == ["told", "told", "told", "work"]


def test_an_event_subprocess_that_interrupts_takes_one_message(bureau: Bureau) -> None:
    inner = (
        '<subProcess id="sub" triggeredByEvent="true"><startEvent id="is">'
        '<messageEventDefinition messageRef="m"/></startEvent><userTask id="told"/>'
        + models.flow("is", "told")
        + "</subProcess>"
    )
    body = '<startEvent id="s"/>' + TASK + inner + models.flow("s", "work")
    bureau.deploy(models.process("listens", body, models.MESSAGE))
    case = bureau.start("listens").id

    bureau.run(commands.CorrelateMessage("paid", variables={"why": "late"}))

    assert nodes(bureau) == ["told"]
    assert bureau.run(commands.PublishMessage("paid")).outcome == "buffered"
    assert bureau.ended(case) is None
