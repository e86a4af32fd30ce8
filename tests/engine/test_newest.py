"""A start takes the newest version, also where another process has deployed it since."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.commands import DeleteDeployment, Deploy, StartInstance
from engine.errors import NotFound
from storage.database import Database
from tests.engine import engine_models as models
from tests.engine.bureau import SYSTEM, Bureau

FIRST = models.chain("c", models.user_task("one"))
SECOND = models.chain("c", models.user_task("two"))


def deploy(bureau: Bureau, source: bytes) -> str:
    return bureau.run(Deploy("c", [("c.bpmn", source)])).id


def test_a_start_follows_what_another_process_has_deployed(
    bureau: Bureau, reopen: Callable[[], Database]
) -> None:
    deploy(bureau, FIRST)
    bureau.start("c")
    before = bureau.start("c")

    deploy(Bureau(reopen()), SECOND)
    after = bureau.start("c")

    assert [task.node for task in bureau.tasks(instance_id=before.id)] == ["one"]
    assert [task.node for task in bureau.tasks(instance_id=after.id)] == ["two"]


def test_a_start_follows_what_another_process_has_withdrawn(
    bureau: Bureau, reopen: Callable[[], Database]
) -> None:
    only = deploy(bureau, models.chain("c"))
    bureau.start("c")
    bureau.start("c")

    Bureau(reopen()).run(DeleteDeployment(only))

    with pytest.raises(NotFound):
        bureau.start("c")


def test_in_a_transaction_of_the_callers_the_newest_version_is_asked_for(
    bureau: Bureau, reopen: Callable[[], Database]
) -> None:
    deploy(bureau, FIRST)
    bureau.start("c")
    deploy(Bureau(reopen()), SECOND)

    with bureau.database.begin(now=bureau.now) as tx:
        started = bureau.engine.execute_in(tx, StartInstance("c"), SYSTEM)

    assert [task.node for task in bureau.tasks(instance_id=started.id)] == ["two"]
