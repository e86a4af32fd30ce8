"""A family of calls, and a signal, killed with -9 at any statement: everybody hears once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import engine.tables as _tables
from engine import clock, commands, queries
from engine.engine import Engine
from engine.views import InstanceView
from identity.principal import system_principal
from storage import ledger
from storage.database import Database
from storage.walk import verify_stream
from tests.engine import engine_models as models
from tests.engine.test_crash import crash

SYSTEM = system_principal("default")
MOST_STATEMENTS = 60
SIGNAL = '<signal id="sig" name="alarm"/>'
EVENT = '<signalEventDefinition signalRef="sig"/>'
CALL = ("call", '<callActivity id="call" calledElement="{}"/>')
OUTER = models.chain("outer", (CALL[0], CALL[1].format("middle")))
MIDDLE = models.chain("middle", (CALL[0], CALL[1].format("inner")))
INNER = models.chain(
    "inner",
    models.user_task("work"),
    ("throw", f'<intermediateThrowEvent id="throw">{EVENT}</intermediateThrowEvent>'),
    before=SIGNAL,
)
LISTENS = models.process(
    "listens",
    '<startEvent id="s"/><userTask id="t" camunda:assignee="nobody"/><boundaryEvent id="b" '
    f'attachedToRef="t">{EVENT}</boundaryEvent><endEvent id="e"/>'
    + models.flow("s", "t")
    + models.flow("b", "e"),
    SIGNAL,
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[[int], tuple[str, Engine]]]:
    opened: list[Database] = []

    def furnish(point: int) -> tuple[str, Engine]:
        url = f"sqlite:///{tmp_path / f'{point}.db'}"
        opened.append(Database.open(url))
        opened[-1].create_all()
        subject = Engine(opened[-1])
        files = [(f"{n}.bpmn", each) for n, each in enumerate((OUTER, MIDDLE, INNER, LISTENS))]
        subject.execute(commands.Deploy("x", files), SYSTEM)
        return url, subject

    yield furnish
    for each in opened:
        each.close()


def known(subject: Engine) -> list[InstanceView]:
    """All instances, their chains without a gap or a double."""
    with subject.database.reading() as tx:
        found = queries.instance_list(tx, SYSTEM, queries.InstanceQuery())
        for each in found:
            assert verify_stream(tx, _tables.instance, each.id) == []
    return found


def family(subject: Engine) -> dict[str, InstanceView]:
    found = known(subject)
    assert len(found) == len({each.process_id for each in found})
    return {each.process_id: each for each in found}


def kinds(subject: Engine, instance_id: str) -> list[str]:
    with subject.database.reading() as tx:
        return [entry.kind for entry in ledger.entries(tx, instance_id)]


def complete(subject: Engine) -> None:
    with subject.database.reading() as tx:
        waiting = queries.tasks(tx, SYSTEM, queries.TaskQuery(node="work"))
    for task in waiting:
        subject.execute(commands.CompleteTask(task.id), SYSTEM)


def every_point(house: Callable[[int], tuple[str, Engine]]) -> Iterator[tuple[str, Engine, str]]:
    """A new house for each statement, until the victim survives."""
    for point in range(MOST_STATEMENTS):
        yield (*house(point), f"statement:{point}")
    raise AssertionError("the victim never came to its end")


def test_a_start_killed_anywhere_begins_the_whole_family_or_none(
    house: Callable[[int], tuple[str, Engine]],
) -> None:
    for url, subject, point in every_point(house):
        died = crash(url, "start:outer", point)
        assert len(family(subject)) in (0, 3)
        if not family(subject):
            subject.execute(commands.StartInstance("outer"), SYSTEM)

        assert sorted(family(subject)) == ["inner", "middle", "outer"]
        if not died:
            return


def test_an_end_killed_anywhere_is_heard_once_by_all_callers_and_listeners(
    house: Callable[[int], tuple[str, Engine]],
) -> None:
    for url, subject, point in every_point(house):
        subject.execute(commands.StartInstance("outer"), SYSTEM)
        subject.execute(commands.StartInstance("listens"), SYSTEM)
        died = crash(url, "complete", point)
        complete(subject)
        clock.sweep(subject)

        found = family(subject)
        assert {each.how for each in found.values()} == {"completed"}
        assert kinds(subject, found["inner"].id) == ["instance.started", "task.completed"]
        assert kinds(subject, found["middle"].id) == ["instance.started", "call.ended"]
        assert kinds(subject, found["outer"].id) == ["instance.started", "call.ended"]
        assert kinds(subject, found["listens"].id) == ["instance.started", "signal.arrived"]
        if not died:
            return


def test_a_cancellation_killed_anywhere_takes_along_the_family(
    house: Callable[[int], tuple[str, Engine]],
) -> None:
    for url, subject, point in every_point(house):
        outer = subject.execute(commands.StartInstance("outer"), SYSTEM).id
        died = crash(url, f"cancel:{outer}", point)
        if family(subject)["outer"].ended_at is None:
            subject.execute(commands.CancelInstance(outer, "no longer needed"), SYSTEM)
        clock.sweep(subject)

        found = family(subject)
        assert {each.how for each in found.values()} == {"cancelled"}
        for each in found.values():
            assert kinds(subject, each.id) == ["instance.started", "instance.cancelled"]
        if not died:
            return


def test_a_batch_killed_anywhere_goes_on_where_it_was(
    house: Callable[[int], tuple[str, Engine]],
) -> None:
    for url, subject, point in every_point(house):
        cases = [subject.execute(commands.StartInstance("listens"), SYSTEM).id for _ in range(3)]
        order = commands.StartBatch("delete", cases, {"reason": "no longer needed"})
        batch = subject.execute(order, SYSTEM)
        died = crash(url, "sweep", point)
        clock.sweep(subject)

        assert {each.how for each in known(subject)} == {"cancelled"}
        for case in cases:
            assert kinds(subject, case) == ["instance.started", "instance.cancelled"]
        with subject.database.reading() as tx:
            found = queries.batch(tx, SYSTEM, batch)
        assert (found.done, found.failed) == (3, 0)
        if not died:
            return
