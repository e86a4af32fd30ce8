"""What an operator does to running instances: suspend, resume, modify."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import commands, queries
from engine.acts import Modified, Resumed, Suspended
from engine.errors import InstanceSuspended
from engine.machine.triggers import CancelActivity, StartBefore
from identity.errors import NotPermitted
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, OPERATOR, Bureau

TIMED = models.chain("timed", models.timer("tm", "PT1H"), models.user_task("after"))
TWO = models.chain("two", models.user_task("a"), models.user_task("b"))


def acts(bureau: Bureau, instance_id: str, kind: type) -> list[object]:
    with bureau.database.reading() as tx:
        steps = queries.history(tx, OPERATOR, instance_id)
    return [fact for step in steps for fact in step.facts if isinstance(fact, kind)]


def test_a_suspended_instance_moves_no_token_until_it_is_resumed(bureau: Bureau) -> None:
    bureau.deploy(TIMED)
    started = bureau.start("timed")
    bureau.run(commands.SuspendInstance(started.id, reason="Rückfrage"), OPERATOR)

    bureau.pass_time(timedelta(hours=2))
    assert bureau.tasks(instance_id=started.id) == []
    bureau.run(commands.SuspendInstance(started.id, suspended=False), OPERATOR)
    bureau.pass_time(timedelta(seconds=1))

    assert [task.node for task in bureau.tasks(instance_id=started.id)] == ["after"]


def test_a_task_of_a_suspended_instance_refuses(bureau: Bureau) -> None:
    bureau.deploy(TWO)
    started = bureau.start("two")
    bureau.run(commands.SuspendInstance(started.id), OPERATOR)

    with pytest.raises(InstanceSuspended):
        bureau.run(commands.CompleteTask(bureau.task("a").id), ANNA)

    with bureau.database.reading() as tx:
        assert queries.instance(tx, OPERATOR, started.id).suspended


def test_a_suspended_instance_can_be_ended(bureau: Bureau) -> None:
    bureau.deploy(TWO)
    started = bureau.start("two")
    bureau.run(commands.SuspendInstance(started.id), OPERATOR)

    bureau.run(commands.CancelInstance(started.id, "zurückgezogen"), OPERATOR)

    assert bureau.ended(started.id) == "cancelled"


def test_a_modification_moves_what_people_have_before_them(bureau: Bureau) -> None:
    bureau.deploy(TWO)
    started = bureau.start("two")
    jump = [CancelActivity(node="a"), StartBefore(node="b", variables={"x": 1})]

    bureau.run(commands.ModifyInstance(started.id, jump, "falsch zugeordnet"), OPERATOR)

    assert [task.node for task in bureau.tasks(instance_id=started.id)] == ["b"]
    assert bureau.values(started.id) == {"x": 1}


def test_each_operation_stands_in_the_history_with_its_reason(bureau: Bureau) -> None:
    bureau.deploy(TWO)
    started = bureau.start("two")
    bureau.run(commands.SuspendInstance(started.id, reason="r1"), OPERATOR)
    bureau.run(commands.SuspendInstance(started.id, reason="again"), OPERATOR)
    bureau.run(commands.SuspendInstance(started.id, suspended=False, reason="r2"), OPERATOR)
    bureau.run(commands.ModifyInstance(started.id, [StartBefore(node="b")], "r3"), OPERATOR)

    found = [acts(bureau, started.id, kind) for kind in (Suspended, Resumed, Modified)]

    assert found == [[Suspended("r1")], [Resumed("r2")], [Modified("r3")]]


def test_a_clerk_operates_nothing(bureau: Bureau) -> None:
    bureau.deploy(TWO)
    started = bureau.start("two")

    with pytest.raises(NotPermitted):
        bureau.run(commands.SuspendInstance(started.id), ANNA)
    with pytest.raises(NotPermitted):
        bureau.run(commands.ModifyInstance(started.id, [StartBefore(node="b")]), ANNA)
