"""Commands in one transaction: they see each other, and none happens by half."""

from __future__ import annotations

from contextlib import suppress

import pytest

from engine import commands
from engine.errors import Misused
from engine.handlers import TaskCompletion
from engine.machine.errors import MachineError
from engine.tables import instance
from storage.database import Transaction
from storage.errors import Conflict, WrongUse
from storage.walk import verify_stream
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, SYSTEM, Bureau

TWO_TASKS = models.chain("two", models.user_task("first"), models.user_task("second"))


def test_two_commands_on_one_instance_in_one_transaction_both_happen(bureau: Bureau) -> None:
    bureau.deploy(TWO_TASKS)
    case = bureau.start("two").id
    task = bureau.task("first").id

    with bureau.database.begin("default", bureau.now) as tx:
        bureau.engine.execute_in(tx, commands.ClaimTask(task), ANNA)
        bureau.engine.execute_in(tx, commands.CompleteTask(task, {"x": "1"}), ANNA)

    assert [each.node for each in bureau.tasks()] == ["second"]
    with bureau.database.reading() as tx:
        assert verify_stream(tx, instance, case) == []


def test_a_command_that_failed_is_not_committed_by_swallowing_its_error(bureau: Bureau) -> None:
    bureau.deploy(TWO_TASKS)
    case = bureau.start("two").id

    with pytest.raises(WrongUse), bureau.database.begin("default", bureau.now) as tx:  # noqa: PT012
        bureau.engine.execute_in(tx, commands.SetVariables(case, {"x": "kept"}), SYSTEM)
        with suppress(MachineError):
            bureau.engine.execute_in(tx, commands.SetVariables(case, {"x": ""}, scope=99), SYSTEM)

    assert bureau.values(case) == {}


def test_a_savepoint_undoes_a_failed_command_alone(bureau: Bureau) -> None:
    bureau.deploy(TWO_TASKS)
    case = bureau.start("two").id

    with bureau.database.begin("default", bureau.now) as tx:
        bureau.engine.execute_in(tx, commands.SetVariables(case, {"x": "kept"}), SYSTEM)
        with suppress(MachineError), tx.savepoint():
            bureau.engine.execute_in(tx, commands.SetVariables(case, {"x": ""}, scope=99), SYSTEM)

    assert bureau.values(case) == {"x": "kept"}


def test_a_participant_may_not_change_the_instance_that_is_being_changed(bureau: Bureau) -> None:
    bureau.deploy(TWO_TASKS)
    case = bureau.start("two").id

    @bureau.participants.on_task_completed("two")
    def meddle(tx: Transaction, done: TaskCompletion) -> None:
        bureau.engine.execute_in(tx, commands.SetVariables(done.instance_id, {"x": "1"}), SYSTEM)

    with pytest.raises(Misused):
        bureau.run(commands.CompleteTask(bureau.task("first").id), ANNA)

    assert [each.node for each in bureau.tasks()] == ["first"]
    assert bureau.values(case) == {}


def test_a_participant_may_start_another_instance(bureau: Bureau) -> None:
    bureau.deploy(TWO_TASKS, models.chain("other", models.user_task("elsewhere")))
    bureau.start("two")

    @bureau.participants.on_task_completed("two")
    def begin(tx: Transaction, done: TaskCompletion) -> None:
        started = bureau.engine.execute_in(tx, commands.StartInstance("other"), SYSTEM)
        bureau.engine.execute_in(tx, commands.SetVariables(started.id, {"x": "1"}), SYSTEM)

    bureau.run(commands.CompleteTask(bureau.task("first").id), ANNA)

    assert {each.node for each in bureau.tasks()} == {"second", "elsewhere"}


def test_a_listener_that_fails_after_the_commit_does_not_repeat_the_command(
    bureau: Bureau,
) -> None:
    bureau.deploy(models.chain("timed", models.timer("soon", "PT0S")))
    seen: list[str] = []

    def fail() -> None:
        seen.append("woken")
        raise Conflict("meets another")

    bureau.engine.on_wake(fail)

    bureau.start("timed")

    assert seen == ["woken"]
    with bureau.database.reading() as tx:
        assert len(tx.all(instance.select())) == 1
