"""Signals reach everybody who listens, in every instance, and start what begins with them.

Each listener gets a row in its inbox. Who listens is read in the thrower's transaction: a listener
that has committed is reached, one that begins later is not. Invariant: one signal reaches a
subscription at most once, and nothing keeps it for later.
"""

from __future__ import annotations

from sqlalchemy import bindparam, select

from bpmn.values import Variables, encode
from engine.commands import BroadcastSignal
from engine.errors import Misused, NotAllowed, SignalNotAwaited
from engine.ids import split_id
from engine.instance import Instance
from engine.limits import check_names, check_values
from engine.machine import facts
from engine.machine.triggers import MessageArrived
from engine.messages import BY_ARRIVAL, MOST_FOLLOWED
from engine.outbound import put
from engine.tables import subscription
from engine.unit import Unit
from identity.access import permits

_LISTENING = (
    select(
        subscription.c.id,
        subscription.c.instance_id,
        subscription.c.definition_id,
        subscription.c.node,
        subscription.c.token,
    )
    .where(
        subscription.c.tenant == bindparam("tenant"),
        subscription.c.message == bindparam("name"),
        subscription.c.event == "signal",
    )
    .order_by(*BY_ARRIVAL)
)


def throw(unit: Unit, instance: Instance, thrown: facts.SignalThrown) -> None:
    """Carry a signal that a model throws to all others; the thrower itself has it already."""
    _reach(unit, thrown.signal, thrown.variables, instance)


def broadcast(unit: Unit, command: BroadcastSignal) -> None:
    check_names(name=command.name)
    check_values(command.variables)
    if not permits(unit.principal, "message.send"):
        raise NotAllowed("BroadcastSignal", command.name)
    if command.instance_id is None:
        _reach(unit, command.name, command.variables, None, dict(command.wires))
        return
    instance = unit.lock(command.instance_id)
    waiting = [
        number
        for number, wait in instance.state.waits.items()
        if wait.signal == command.name and command.token in (None, wait.token)
    ]
    if not waiting:
        raise SignalNotAwaited(command.name, command.instance_id)
    for number in waiting:
        receive(unit, instance, number, command.variables, dict(command.wires))


def _reach(
    unit: Unit,
    name: str,
    variables: Variables,
    thrower: Instance | None,
    wires: dict[str, str] | None = None,
) -> None:
    check_names(name=name)
    check_values(variables)
    payload = encode({"variables": variables, "wires": dict(wires or {})})
    # Who began to listen in this very unit has no row yet; it is here, so it is moved at once.
    fresh = [
        (instance, fact.subscription)
        for instance, fact in unit.listening
        if fact.signal and fact.message == name and instance is not thrower
    ]
    for row in unit.tx.all(_LISTENING, {"tenant": unit.tx.tenant, "name": name}):
        if row.instance_id is None:
            _start(unit, row.definition_id, row.node, name, variables, wires)
        elif thrower is None or row.instance_id != thrower.id:
            parts = split_id(row.id)
            assert parts is not None
            put(unit, row.instance_id, "signal", parts[1], name, payload)
    for instance, number in fresh:
        receive(unit, instance, number, variables, wires)


def _start(  # noqa: PLR0917 the parts of a start
    unit: Unit,
    definition_id: str,
    node: str,
    name: str,
    variables: Variables,
    wires: dict[str, str] | None,
) -> None:
    if unit.followed >= MOST_FOLLOWED:
        raise Misused(f"{MOST_FOLLOWED} signals set each other off, the last one was {name!r}")
    unit.followed += 1
    definition = unit.engine.models.definition(unit.tx, definition_id)
    unit.begin(definition, variables, wires=wires, node=node, kind="signal.started")


def receive(
    unit: Unit,
    instance: Instance,
    number: int,
    variables: Variables,
    wires: dict[str, str] | None = None,
) -> None:
    """Let an instance have the signal, if it still listens."""
    wait = instance.state.waits.get(number)
    if instance.state.ended is None and wait is not None and wait.signal is not None:
        trigger = MessageArrived(subscription=number, variables=variables, wire=wires or {})
        unit.advance(instance, trigger, "signal.arrived")
