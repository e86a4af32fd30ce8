"""Messages: correlated at once, published with a time to live, starting instances."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine import clock, commands
from engine.errors import CorrelationMismatch, NotAllowed
from engine.inbound import ReceiveInbox
from engine.tables import inbox, message
from tests.engine import engine_models as models
from tests.engine.bureau import ANNA, OPERATOR, SYSTEM, Bureau


def test_a_correlated_message_moves_its_receiver_at_once(bureau: Bureau) -> None:
    bureau.deploy(models.WAITS_FOR_MESSAGE)
    bureau.run(commands.StartInstance("waits", business_key="k1"))
    other = bureau.run(commands.StartInstance("waits", business_key="k2"))
    command = commands.CorrelateMessage("paid", business_key="k2", variables={"sum": 5})

    (received,) = bureau.run(command)

    assert received.instance_id == other.id
    assert bureau.task("after").instance_id == other.id
    assert bureau.values(other.id) == {"sum": 5}


def test_correlation_compares_variables_and_refuses_ambiguity(bureau: Bureau) -> None:
    bureau.deploy(models.WAITS_FOR_MESSAGE)
    first = bureau.start("waits", order="A")
    bureau.start("waits", order="B")

    with pytest.raises(CorrelationMismatch):
        bureau.run(commands.CorrelateMessage("paid"))

    (received,) = bureau.run(commands.CorrelateMessage("paid", correlation={"order": "A"}))
    assert received.instance_id == first.id


def test_correlation_never_buffers(bureau: Bureau) -> None:
    bureau.deploy(models.WAITS_FOR_MESSAGE)

    with pytest.raises(CorrelationMismatch):
        bureau.run(commands.CorrelateMessage("paid"))

    bureau.start("waits")
    assert bureau.tasks() == []


def test_a_published_message_waits_for_its_receiver(bureau: Bureau) -> None:
    bureau.deploy(models.WAITS_FOR_MESSAGE)
    published = bureau.run(commands.PublishMessage("paid", variables={"sum": 7}))
    assert published.outcome == "buffered"

    started = bureau.start("waits")

    assert bureau.values(started.id) == {"sum": 7}
    with bureau.database.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(message)) == 0


def test_a_published_message_reaches_one_that_waits(bureau: Bureau) -> None:
    bureau.deploy(models.WAITS_FOR_MESSAGE)
    first, second = bureau.start("waits"), bureau.start("waits")

    published = bureau.run(commands.PublishMessage("paid"))

    assert published.outcome == "delivered"
    assert published.instance_id in {first.id, second.id}
    assert len(bureau.tasks()) == 1
    with bureau.database.reading() as tx:
        assert tx.scalar(select(func.count()).select_from(inbox)) == 0


def test_a_message_beyond_its_time_to_live_is_forgotten(bureau: Bureau) -> None:
    bureau.deploy(models.WAITS_FOR_MESSAGE)
    bureau.run(commands.PublishMessage("paid", time_to_live=timedelta(minutes=1)))
    bureau.now += timedelta(minutes=2)

    bureau.start("waits")

    assert bureau.tasks() == []
    assert clock.forget_expired(bureau.engine, "default") == 1


def test_a_second_message_with_the_same_id_is_ignored(bureau: Bureau) -> None:
    bureau.deploy(models.WAITS_FOR_MESSAGE)
    bureau.start("waits")
    bureau.start("waits")
    bureau.run(commands.PublishMessage("paid", message_id="x"))

    again = bureau.run(commands.PublishMessage("paid", message_id="x"))

    assert again.outcome == "duplicate"
    assert len(bureau.tasks()) == 1


def test_a_message_starts_an_instance(bureau: Bureau) -> None:
    bureau.deploy(models.STARTED_BY_MESSAGE)

    (correlated,) = bureau.run(commands.CorrelateMessage("paid", variables={"sum": 1}))
    published = bureau.run(commands.PublishMessage("paid"))

    assert correlated.started
    assert published.outcome == "started"
    assert len(bureau.tasks(ANNA)) == 2


def test_a_message_whose_receiver_is_gone_is_offered_to_others(bureau: Bureau) -> None:
    bureau.deploy(models.WAITS_FOR_MESSAGE)
    gone = bureau.start("waits")
    bureau.engine.deliver = lambda *_: None  # type: ignore[method-assign] a sender cut off
    bureau.run(commands.PublishMessage("paid", variables={"sum": 3}))
    bureau.run(commands.CancelInstance(gone.id, "test"), OPERATOR)
    other = bureau.start("waits")
    assert bureau.tasks() == []

    bureau.run(ReceiveInbox(gone.id), SYSTEM)
    bureau.run(ReceiveInbox(other.id), SYSTEM)

    assert bureau.values(other.id) == {"sum": 3}


def test_a_clerk_sends_no_message(bureau: Bureau) -> None:
    with pytest.raises(NotAllowed):
        bureau.run(commands.PublishMessage("paid"), ANNA)
