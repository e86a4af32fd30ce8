"""Signals: everybody who listens is reached once, and nobody who comes later."""

from __future__ import annotations

import pytest

from engine import clock, commands, queries
from engine.engine import Engine
from engine.errors import Misused, NotAllowed, SignalNotAwaited
from tests.engine import engine_models as models
from tests.engine.bureau import CARL, SYSTEM, Bureau

SIGNAL = '<signal id="sig" name="alarm"/>'
EVENT = '<signalEventDefinition signalRef="sig"/>'
LISTENS = models.chain(
    "listens",
    ("catch", f'<intermediateCatchEvent id="catch">{EVENT}</intermediateCatchEvent>'),
    models.user_task("after"),
    before=SIGNAL,
)
THROWS = models.chain(
    "throws",
    models.user_task("first"),
    ("throw", f'<intermediateThrowEvent id="throw">{EVENT}</intermediateThrowEvent>'),
    before=SIGNAL,
)
STARTED = models.process(
    "started",
    f'<startEvent id="s">{EVENT}</startEvent><userTask id="work"/>' + models.flow("s", "work"),
    SIGNAL,
)
STAYS = models.process(
    "stays",
    '<startEvent id="s"/><userTask id="work"/><boundaryEvent id="b" attachedToRef="work" '
    f'cancelActivity="false">{EVENT}</boundaryEvent><userTask id="told"/>'
    + models.flow("s", "work")
    + models.flow("b", "told"),
    SIGNAL,
)
ENDLESS = models.process(
    "endless",
    f'<startEvent id="s">{EVENT}</startEvent><endEvent id="e">{EVENT}</endEvent>'
    + models.flow("s", "e"),
    SIGNAL,
)


def nodes(bureau: Bureau) -> list[str]:
    return sorted(task.node for task in bureau.tasks())


def running(bureau: Bureau, process: str) -> int:
    with bureau.database.reading() as tx:
        query = queries.InstanceQuery(process_id=process, state="running")
        return queries.instance_count(tx, SYSTEM, query)


def test_a_thrown_signal_reaches_every_instance_that_listens(bureau: Bureau) -> None:
    bureau.deploy(LISTENS, THROWS)
    listening = [bureau.start("listens").id for _ in range(3)]
    bureau.start("throws")

    bureau.run(commands.CompleteTask(bureau.task("first").id))
    late = bureau.start("listens").id

    assert nodes(bureau) == ["after"] * 3
    with bureau.database.reading() as tx:
        (waits,) = queries.subscriptions(tx, SYSTEM, queries.SubscriptionQuery())
    assert waits.instance_id == late
    assert late not in listening


def test_a_signal_from_outside_brings_its_variables(bureau: Bureau) -> None:
    bureau.deploy(LISTENS)
    case = bureau.start("listens").id

    bureau.run(commands.BroadcastSignal("alarm", {"level": 3}))

    assert bureau.values(case) == {"level": 3}


def test_a_signal_starts_the_newest_version_of_what_begins_with_it(bureau: Bureau) -> None:
    bureau.deploy(STARTED)
    bureau.deploy(STARTED.replace(b'"work"', b'"renewed"'), name="again")

    bureau.run(commands.BroadcastSignal("alarm", {"level": 3}))

    assert nodes(bureau) == ["renewed"]
    assert bureau.values(bureau.tasks()[0].instance_id) == {"level": 3}


def test_a_listener_that_stays_hears_each_signal_once(bureau: Bureau) -> None:
    bureau.deploy(STAYS)
    bureau.start("stays")

    for _ in range(3):
        bureau.run(commands.BroadcastSignal("alarm"))

    assert nodes(bureau) == ["told", "told", "told", "work"]


def test_another_name_is_another_signal(bureau: Bureau) -> None:
    bureau.deploy(LISTENS, STARTED)
    bureau.start("listens")

    bureau.run(commands.BroadcastSignal("all clear"))

    assert nodes(bureau) == []
    assert running(bureau, "listens") == 1


def test_a_message_of_the_same_name_is_no_signal(bureau: Bureau) -> None:
    bureau.deploy(LISTENS)
    bureau.start("listens")

    assert bureau.run(commands.PublishMessage("alarm")).outcome == "buffered"
    assert nodes(bureau) == []


def test_one_execution_can_be_meant_alone(bureau: Bureau) -> None:
    bureau.deploy(LISTENS, models.chain("deaf", models.user_task("first")))
    meant, other = bureau.start("listens").id, bureau.start("listens").id
    deaf = bureau.start("deaf").id

    bureau.run(commands.BroadcastSignal("alarm", instance_id=meant))

    assert [each.instance_id for each in bureau.tasks(node="after")] == [meant]
    with pytest.raises(SignalNotAwaited):
        bureau.run(commands.BroadcastSignal("alarm", instance_id=deaf))
    assert bureau.ended(other) is None


def test_who_may_send_no_messages_sends_no_signals(bureau: Bureau) -> None:
    bureau.deploy(LISTENS)

    with pytest.raises(NotAllowed):
        bureau.run(commands.BroadcastSignal("alarm"), CARL)


def test_a_sender_that_is_cut_off_has_reached_everybody(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau.deploy(LISTENS)
    for _ in range(3):
        bureau.start("listens")
    with monkeypatch.context() as cut_off:
        cut_off.setattr(Engine, "deliver", lambda *_: None)
        bureau.run(commands.BroadcastSignal("alarm"))
    assert nodes(bureau) == []

    clock.sweep(bureau.again().engine)

    assert nodes(bureau) == ["after"] * 3


def test_many_listeners_are_reached_by_the_clock_too(bureau: Bureau) -> None:
    bureau.deploy(LISTENS)
    for _ in range(120):
        bureau.start("listens")

    bureau.run(commands.BroadcastSignal("alarm"))
    clock.sweep(bureau.engine)

    assert len(bureau.tasks(node="after", limit=200)) == 120


def test_a_suspended_instance_hears_the_signal_when_it_is_resumed(bureau: Bureau) -> None:
    bureau.deploy(LISTENS)
    case = bureau.start("listens").id
    bureau.run(commands.SuspendInstance(case))

    bureau.run(commands.BroadcastSignal("alarm"))
    clock.sweep(bureau.engine)
    assert nodes(bureau) == []
    bureau.run(commands.SuspendInstance(case, suspended=False))

    assert nodes(bureau) == ["after"]


def test_processes_that_start_each_other_by_signals_without_end_are_stopped(
    bureau: Bureau,
) -> None:
    bureau.deploy(ENDLESS)

    with pytest.raises(Misused):
        bureau.run(commands.BroadcastSignal("alarm"))

    assert running(bureau, "endless") == 0
