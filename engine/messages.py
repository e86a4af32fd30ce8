"""Messages: correlate at once, or publish with a time to live.

Publisher and subscriber both lock the row of the channel (name, key), so neither misses the other.
What is published to a waiting instance goes through its inbox, since only the instance's own
command may move it. Invariant: one published message reaches at most one receiver.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from bpmn.graph import Node
from bpmn.values import Value, Variables, decode, encode
from engine.commands import CorrelateMessage, PublishMessage
from engine.errors import CorrelationMismatch, Misused, NotAllowed
from engine.ids import new_id, split_id
from engine.instance import Instance
from engine.limits import check_names, check_values
from engine.machine import facts
from engine.machine.triggers import MessageArrived
from engine.outbound import put
from engine.projection import text_of_key
from engine.results import Correlated, Published
from engine.tables import channel, message, subscription
from engine.unit import Unit
from identity.access import permits
from storage.database import Row, for_update
from storage.errors import Conflict

MOST_FOLLOWED = 500
"""Steps of one command that messages set off; more are left to the inboxes."""
THROWN_FOR = timedelta(hours=1)
"""How long a message that a model throws waits for a receiver."""

_CHANNEL = (
    channel.c.tenant == bindparam("tenant"),
    channel.c.name == bindparam("name"),
    channel.c.key == bindparam("key"),
)
_LOCK_CHANNEL = for_update(select(channel.c.name).where(*_CHANNEL))
_OPEN_CHANNEL = insert(channel).values({c.name: bindparam(c.name) for c in channel.c})
BY_ARRIVAL = (subscription.c.created_at, func.length(subscription.c.id), subscription.c.id)
"""Who began to listen first: of one command, who has the smaller number in its instance."""

_WAITING = (
    select(subscription)
    .where(
        subscription.c.tenant == bindparam("tenant"),
        subscription.c.message == bindparam("name"),
        subscription.c.key == bindparam("key"),
        subscription.c.event == "message",
        subscription.c.instance_id.is_not(None),
    )
    .order_by(*BY_ARRIVAL)
)
_NAMED = (
    select(subscription)
    .where(
        subscription.c.tenant == bindparam("tenant"),
        subscription.c.message == bindparam("name"),
        subscription.c.event == "message",
    )
    .order_by(*BY_ARRIVAL)
)
_STARTS = _NAMED.where(subscription.c.instance_id.is_(None))
_TAKEN = delete(subscription).where(
    subscription.c.tenant == bindparam("of_tenant"), subscription.c.id == bindparam("of_id")
)
_BUFFERED = (
    select(message)
    .where(
        message.c.tenant == bindparam("tenant"),
        message.c.name == bindparam("name"),
        message.c.key == bindparam("key"),
        message.c.payload.is_not(None),
        message.c.expires_at > bindparam("now"),
    )
    .order_by(message.c.id)
    .limit(bindparam("limit"))
)
_SEEN = select(message.c.id, message.c.expires_at).where(
    message.c.tenant == bindparam("tenant"),
    message.c.name == bindparam("name"),
    message.c.message_id == bindparam("message_id"),
)
_KEEP = insert(message).values({c.name: bindparam(c.name) for c in message.c})
_OF_MESSAGE = (message.c.tenant == bindparam("of_tenant"), message.c.id == bindparam("of_id"))
_FORGET = delete(message).where(*_OF_MESSAGE)
_DELIVERED = update(message).where(*_OF_MESSAGE).values(payload=None)


def lock_channel(unit: Unit, name: str, key: str) -> None:
    """Hold the channel until the transaction ends; it is opened by whoever comes first."""
    keys = {"tenant": unit.tx.tenant, "name": name, "key": key}
    if unit.tx.first(_LOCK_CHANNEL, keys) is None:
        unit.tx.flush()  # What others have queued may conflict: that is not for us to swallow.
        try:
            with unit.tx.savepoint():
                unit.tx.run(_OPEN_CHANNEL, keys)
        except Conflict:
            unit.tx.first(_LOCK_CHANNEL, keys)


def follow(
    unit: Unit,
    instance: Instance,
    subscribed: list[facts.Subscribed],
    thrown: list[facts.MessageThrown],
) -> None:
    """After a step: take what is buffered for new subscriptions, send what was thrown."""
    waiting = [each for each in subscribed if not each.signal]
    channels = {(each.message, text_of_key(each.key)) for each in waiting}
    channels |= {(each.message, text_of_key(each.key)) for each in thrown}
    for name, key in sorted(channels):
        lock_channel(unit, name, key)
    unit.listening += [(instance, fact) for fact in subscribed]
    for sent in thrown:
        _publish(unit, sent.message, sent.key, sent.variables, unit.tx.now + THROWN_FOR, None)
        _offer(unit, sent)
    for fact in waiting:
        _take_buffered(unit, instance, fact)
    unit.followed += 1


def _offer(unit: Unit, sent: facts.MessageThrown) -> None:
    """Who began to listen in this very unit has no row yet that the publisher could have found."""
    key = text_of_key(sent.key)
    for instance, fact in unit.listening:
        if fact.signal:
            continue
        if fact.message == sent.message and text_of_key(fact.key) == key:
            _take_buffered(unit, instance, fact)


def _take_buffered(unit: Unit, instance: Instance, fact: facts.Subscribed) -> None:
    wait = instance.state.waits.get(fact.subscription)
    if wait is None:
        return
    keys = {"tenant": unit.tx.tenant, "name": fact.message, "key": text_of_key(fact.key)}
    stays = keeps_listening(instance.graph.nodes[wait.node])
    limit = 1000 if stays else 1
    for row in unit.tx.all(_BUFFERED, {**keys, "now": unit.tx.now, "limit": limit}):
        if fact.subscription not in instance.state.waits:
            break  # The message before ended the waiting; this one is for somebody else.
        gone = {"of_tenant": unit.tx.tenant, "of_id": row.id}
        unit.tx.run(_FORGET if row.message_id is None else _DELIVERED, gone)
        if unit.followed >= MOST_FOLLOWED:
            put(unit, instance.id, "message", fact.subscription, row.name, row.payload, key=row.key)
            continue
        trigger = MessageArrived(subscription=fact.subscription, variables=_read(row.payload))
        unit.advance(instance, trigger, "message.arrived")


def keeps_listening(node: Node) -> bool:
    """A boundary event, or the start of an event subprocess, that does not interrupt takes one
    message after the other."""
    return not node.interrupting and node.kind in ("boundaryEvent", "startEvent")


def _read(payload: bytes) -> Variables:
    variables = decode(payload)
    assert isinstance(variables, dict)
    return variables


# --- publish ---


def publish(unit: Unit, command: PublishMessage) -> Published:
    _check(unit, "PublishMessage", command.name, command.key)
    check_names(message_id=command.message_id)
    lock_channel(unit, command.name, text_of_key(command.key))
    expires = unit.tx.now + command.time_to_live
    return _publish(unit, command.name, command.key, command.variables, expires, command.message_id)


def _publish(  # noqa: PLR0917 the fields of a message
    unit: Unit,
    name: str,
    key: Value,
    variables: Variables,
    expires: datetime,
    message_id: str | None,
) -> Published:
    """Deliver to the one that has waited longest, else start, else keep. The channel is held."""
    check_values(variables)
    id_ = new_id(unit.tx.now)
    text = text_of_key(key)
    if message_id is not None:
        seen = unit.tx.first(
            _SEEN, {"tenant": unit.tx.tenant, "name": name, "message_id": message_id}
        )
        if seen is not None and seen.expires_at > unit.tx.now:
            return Published(seen.id, "duplicate")
        if seen is not None:
            unit.tx.run(_FORGET, {"of_tenant": unit.tx.tenant, "of_id": seen.id})
    row: dict[str, Any] = {"tenant": unit.tx.tenant, "id": id_, "name": name, "key": text}
    row |= {"message_id": message_id, "payload": encode(variables), "expires_at": expires}
    published = _hand_over(unit, id_, name, text, variables)
    if published is not None:
        if message_id is not None:
            unit.tx.run(_KEEP, {**row, "payload": None})
        return published
    unit.tx.run(_KEEP, row)
    return Published(id_, "buffered")


def _hand_over(unit: Unit, id_: str, name: str, key: str, variables: Variables) -> Published | None:
    receiver = unit.tx.first(_WAITING, {"tenant": unit.tx.tenant, "name": name, "key": key})
    if receiver is not None:
        send(unit, receiver, variables)
        return Published(id_, "delivered", receiver.instance_id)
    start = unit.tx.first(_STARTS, {"tenant": unit.tx.tenant, "name": name})
    if start is not None and unit.followed >= MOST_FOLLOWED:
        raise Misused(f"{MOST_FOLLOWED} messages set each other off, the last one was {name!r}")
    if start is not None:
        definition = unit.engine.models.definition(unit.tx, start.definition_id)
        begun = unit.begin(definition, variables, node=start.node, kind="message.started")
        return Published(id_, "started", begun.id)
    return None


def send(unit: Unit, receiver: Row, variables: Variables) -> None:
    """Put the message into the instance's inbox and take it off the market."""
    parts = split_id(receiver.id)
    assert parts is not None
    definition = unit.engine.models.definition(unit.tx, receiver.definition_id)
    node = unit.engine.models.graph(unit.tx, definition).nodes[receiver.node]
    tenant = unit.tx.tenant
    if not keeps_listening(node):
        unit.tx.run(_TAKEN, {"of_tenant": tenant, "of_id": receiver.id})
    payload, key = encode(variables), receiver.key
    put(unit, receiver.instance_id, "message", parts[1], receiver.message, payload, key=key)


def send_again(unit: Unit, row: Row) -> None:
    """A receiver was gone when its message came: offer it to others, as if sent just now."""
    lock_channel(unit, row.name, row.key)
    key = decode(row.key.encode())
    _publish(unit, row.name, key, _read(row.payload), unit.tx.now + THROWN_FOR, None)


# --- correlate ---


def correlate(unit: Unit, command: CorrelateMessage) -> list[Correlated]:
    _check(unit, "CorrelateMessage", command.name, command.key)
    found = unit.tx.all(_NAMED, {"tenant": unit.tx.tenant, "name": command.name})
    waiting = [row for row in found if row.instance_id is not None and _fits(row, command)]
    starts = [row for row in found if row.instance_id is None]
    if command.starts == "only":
        waiting = []
    narrowed = command.instance_id is not None or command.key is not None
    if command.starts == "never" or narrowed or (command.correlation and waiting):
        starts = []
    received: list[Correlated] = []
    for row in waiting:
        if len(received) > 1 and not command.all_receivers:
            break  # Too many already: no need to move every instance that waits.
        if (each := _arrive(unit, row, command)) is not None:
            received.append(each)
    if command.all_receivers or not received:
        received += [_start(unit, row, command) for row in starts]
    if not received or (len(received) > 1 and not command.all_receivers):
        raise CorrelationMismatch(command.name, len(received))
    return received


def _fits(row: Row, command: CorrelateMessage) -> bool:
    """What the row alone can tell; variables are compared once the instance is locked."""
    if command.instance_id is not None and row.instance_id != command.instance_id:
        return False
    if command.business_key is not None and row.business_key != command.business_key:
        return False
    return command.key is None or row.key == text_of_key(command.key)


def _arrive(unit: Unit, row: Row, command: CorrelateMessage) -> Correlated | None:
    instance = unit.lock(row.instance_id)
    parts = split_id(row.id)
    assert parts is not None
    wait = instance.state.waits.get(parts[1])
    if wait is None or wait.kind != "subscription":
        return None
    seen = instance.state.visible(instance.state.scope_of(wait.token) if wait.token else 0)
    if any(name not in seen or seen[name] != value for name, value in command.correlation.items()):
        return None
    trigger = MessageArrived(
        subscription=parts[1], variables=command.variables, wire=dict(command.wires)
    )
    unit.advance(instance, trigger, "message.arrived")
    return Correlated(
        instance_id=instance.id,
        started=False,
        process_id=instance.definition.key,
        definition_id=instance.definition.id,
        business_key=instance.business_key,
        node=row.node,
    )


def _start(unit: Unit, row: Row, command: CorrelateMessage) -> Correlated:
    definition = unit.engine.models.definition(unit.tx, row.definition_id)
    instance = unit.begin(
        definition,
        {**command.correlation, **command.variables},
        wires=dict(command.wires),
        business_key=command.business_key,
        node=row.node,
        kind="message.started",
    )
    return Correlated(
        instance_id=instance.id,
        started=True,
        process_id=definition.key,
        definition_id=definition.id,
        business_key=command.business_key,
        node=row.node,
    )


def _check(unit: Unit, action: str, name: str, key: Value) -> None:
    check_names(name=name, key=text_of_key(key))
    if not permits(unit.principal, "message.send"):
        raise NotAllowed(action, name)
