"""What is done to many goes on after any crash, and what cannot be done stops only itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bpmn.values import Variables
from engine import batches, clock, commands, queries
from engine.batches import written
from engine.errors import Misused, NotFound
from engine.machine.triggers import CancelActivity, StartBefore
from identity.errors import NotPermitted
from storage import ledger
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, OPERATOR, SYSTEM, Bureau
from tests.engine.test_calls import incidents, nodes
from tests.engine.test_migrations import both, newest, version


def begun(bureau: Bureau, count: int, key: str = "p") -> list[str]:
    return [bureau.start(key).id for _ in range(count)]


def ordered(bureau: Bureau, kind: str, subjects: Sequence[str], **order: Any) -> str:
    return bureau.run(commands.StartBatch(kind, subjects, order), OPERATOR)


def view(bureau: Bureau, batch_id: str) -> queries.BatchView:
    with bureau.database.reading() as tx:
        return queries.batch(tx, SYSTEM, batch_id)


def test_many_are_cancelled_each_with_reason_and_actor(bureau: Bureau) -> None:
    bureau.deploy(version("a"))
    cases = begun(bureau, 45)

    batch = ordered(bureau, "delete", cases, reason="council's decision")
    assert view(bureau, batch).total == 45
    clock.sweep(bureau.engine)

    assert {bureau.ended(each) for each in cases} == {"cancelled"}
    found = view(bureau, batch)
    assert (found.done, found.failed, found.remaining, found.ended_at) == (45, 0, 0, bureau.now)
    with bureau.database.reading() as tx:
        *_, last = ledger.entries(tx, cases[0])
    assert (last.actor, last.kind) == (OPERATOR.id, "instance.cancelled")


def test_each_transaction_takes_a_few_and_another_process_goes_on(bureau: Bureau) -> None:
    bureau.deploy(version("a"))
    cases = begun(bureau, 45)
    batch = ordered(bureau, "variables", cases, variables={"n": 1, "at": bureau.now})

    assert batches.work_once(bureau.engine, "default") == batches.AT_ONCE
    assert view(bureau, batch).done == batches.AT_ONCE
    clock.sweep(bureau.again().engine)

    assert view(bureau, batch).done == 45
    values: Variables = {"n": 1, "at": bureau.now}
    assert all(bureau.values(each) == values for each in cases)
    with bureau.database.reading() as tx:
        assert {len(queries.history(tx, SYSTEM, each)) for each in cases} == {2}


def test_what_cannot_be_done_waits_and_can_be_tried_again(bureau: Bureau) -> None:
    bureau.deploy(version("a"))
    cases = begun(bureau, 3)
    bureau.run(commands.SuspendInstance(cases[1]))
    moves = written([CancelActivity(node="a"), StartBefore(node="end")])

    batch = ordered(bureau, "modify", cases, instructions=moves)
    clock.sweep(bureau.engine)
    found = view(bureau, batch)
    assert (found.done, found.failed, found.ended_at) == (2, 1, None)
    assert "suspended" in found.errors[0][1]
    bureau.run(commands.SuspendInstance(cases[1], suspended=False))
    bureau.run(commands.RetryBatch(batch), OPERATOR)
    clock.sweep(bureau.engine)

    assert [bureau.ended(each) for each in cases] == ["completed"] * 3
    assert view(bureau, batch).ended_at is not None


def test_what_has_ended_by_itself_need_not_be_ended(bureau: Bureau) -> None:
    bureau.deploy(version("a"))
    cases = begun(bureau, 2)
    bureau.run(commands.CompleteTask(bureau.tasks()[0].id))

    batch = ordered(bureau, "delete", cases, reason="r")
    clock.sweep(bureau.engine)

    assert view(bureau, batch).done == 2


def test_a_suspended_batch_waits_and_a_deleted_one_does_no_more(bureau: Bureau) -> None:
    bureau.deploy(version("a"))
    first, second = begun(bureau, 2)
    waits = ordered(bureau, "delete", [first], reason="r")
    gone = ordered(bureau, "delete", [second], reason="r")
    bureau.run(commands.SuspendBatch(waits), OPERATOR)
    bureau.run(commands.DeleteBatch(gone), OPERATOR)

    clock.sweep(bureau.engine)
    assert running(bureau) == 2
    bureau.run(commands.SuspendBatch(waits, suspended=False), OPERATOR)
    clock.sweep(bureau.engine)

    assert bureau.ended(first) == "cancelled"
    with pytest.raises(NotFound):
        view(bureau, gone)


def running(bureau: Bureau) -> int:
    with bureau.database.reading() as tx:
        return queries.instance_count(tx, SYSTEM, queries.InstanceQuery(state="running"))


def test_incidents_are_retried_in_a_batch(bureau: Bureau) -> None:
    bureau.deploy(models.chain("p", models.service("x", 'camunda:expression="${n.missing}"')))
    begun(bureau, 3)
    with bureau.database.reading() as tx:
        found = queries.incidents(tx, SYSTEM, queries.IncidentQuery())

    batch = ordered(bureau, "retry", [each.id for each in found])
    clock.sweep(bureau.engine)

    assert view(bureau, batch).done == 3
    assert len(incidents(bureau)) == 3  # Tried again, and failed again.
    with bureau.database.reading() as tx:
        again = queries.incidents(tx, SYSTEM, queries.IncidentQuery())
    assert not {each.id for each in again} & {each.id for each in found}


def test_instances_are_suspended_migrated_and_restarted_in_batches(bureau: Bureau) -> None:
    old, new = both(bureau, version("a"), version("b"))
    cases = [bureau.run(commands.StartInstance(definition_id=old)).id for _ in range(2)]
    ordered(bureau, "suspend", cases, suspended=True, reason="r")
    moves = [["a", "b", False]]
    ordered(bureau, "migrate", cases, source_id=old, target_id=new, moves=moves)
    ordered(bureau, "delete", cases, reason="r")
    instructions = written([StartBefore(node="b")])
    ordered(bureau, "restart", cases, definition_id=new, instructions=instructions)

    clock.sweep(bureau.engine)

    assert nodes(bureau) == ["b", "b"]
    assert running(bureau) == 2
    assert newest(bureau).id == new


@pytest.mark.parametrize(
    ("kind", "order"),
    [
        ("nothing", {}),
        ("delete", {}),
        ("delete", {"reason": "r", "more": 1}),
        ("modify", {"instructions": [["sideways", {}]]}),
        ("migrate", {"moves": [["a"]]}),
    ],
)
def test_an_order_that_says_nothing_is_refused_at_once(
    bureau: Bureau, kind: str, order: Variables
) -> None:
    with pytest.raises(Misused):
        bureau.run(commands.StartBatch(kind, ["x"], order), OPERATOR)


def test_a_clerk_orders_nothing(bureau: Bureau) -> None:
    with pytest.raises(NotPermitted):
        bureau.run(commands.StartBatch("delete", ["x"], {"reason": "r"}), ANNA)
    with pytest.raises(Misused):
        bureau.run(commands.StartBatch("delete", [], {"reason": "r"}), OPERATOR)
