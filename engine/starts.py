"""What begins instances from outside: the start events of deployed definitions.

A start event, an instantiating receive task or an event after an instantiating event-based gateway
listens as a row without an instance. Invariant: only the newest version of a process listens, and
only while it is not suspended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from sqlalchemy import bindparam, delete, insert, select

from bpmn.errors import ExpressionFailed, Finding, ModelRefused
from bpmn.graph import (
    ConditionalEvent,
    Expression,
    Graph,
    MessageEvent,
    MultipleEvent,
    Node,
    Receive,
    SignalEvent,
    SimpleEvent,
    TimerEvent,
)
from bpmn.values import Value, Variables
from engine.commands import StartOnConditions
from engine.errors import NotAllowed, NotFound
from engine.ids import new_id
from engine.limits import check_names, check_values
from engine.machine.time import TimeInvalid, first_due
from engine.results import Definition, Started
from engine.tables import subscription, timer
from engine.unit import Unit
from identity.access import permits

E = TypeVar("E", MessageEvent, SignalEvent, ConditionalEvent, TimerEvent)

_ARM = insert(timer).values({c.name: bindparam(c.name) for c in timer.c})
_LISTEN = insert(subscription).values({c.name: bindparam(c.name) for c in subscription.c})
_DISARM = delete(timer).where(
    timer.c.tenant == bindparam("of_tenant"),
    timer.c.definition_id == bindparam("of_definition"),
    timer.c.instance_id.is_(None),
)
_DEAFEN = delete(subscription).where(
    subscription.c.tenant == bindparam("of_tenant"),
    subscription.c.definition_id == bindparam("of_definition"),
    subscription.c.instance_id.is_(None),
)
_ON_CONDITIONS = (
    select(subscription.c.definition_id, subscription.c.node)
    .where(
        subscription.c.tenant == bindparam("tenant"),
        subscription.c.message == "",
        subscription.c.key == "null",
        subscription.c.event == "condition",
        subscription.c.instance_id.is_(None),
    )
    .order_by(subscription.c.created_at, subscription.c.id)
)


# --- what a graph begins with ---


def events(node: Node, kind: type[E]) -> Iterator[E]:
    """The definitions of this kind that a node waits for: one, or several of a multiple event."""
    found: Any = node.action.message if isinstance(node.action, Receive) else node.event
    each: tuple[SimpleEvent, ...] = (
        found.definitions if isinstance(found, MultipleEvent) else (found,)
    )
    return (definition for definition in each if isinstance(definition, kind))


def message_starts(graph: Graph) -> Iterator[tuple[str, MessageEvent]]:
    for node in graph.scopes[graph.process_id].message_starts:
        yield from ((node, event) for event in events(graph.nodes[node], MessageEvent))


def signal_starts(graph: Graph) -> Iterator[tuple[str, SignalEvent]]:
    for node in graph.scopes[graph.process_id].signal_starts:
        yield from ((node, event) for event in events(graph.nodes[node], SignalEvent))


def timer_starts(graph: Graph) -> Iterator[tuple[str, TimerEvent]]:
    for node in graph.scopes[graph.process_id].timer_starts:
        yield from ((node, event) for event in events(graph.nodes[node], TimerEvent))


def condition_starts(graph: Graph) -> Iterator[tuple[str, ConditionalEvent]]:
    for node in graph.scopes[graph.process_id].condition_starts:
        yield from ((node, event) for event in events(graph.nodes[node], ConditionalEvent))


# --- listening ---


def listen(unit: Unit, made: Definition, graph: Graph, *, armed: bool = True) -> None:
    """Let the definition's start events listen; its timers only if `armed`."""
    base: dict[str, Any] = {
        "tenant": unit.tx.tenant,
        "instance_id": None,
        "definition_id": made.id,
        "process_id": made.key,
        "token": 0,
    }
    for node, event, name in _named(unit, made, graph):
        row = {**base, "id": new_id(unit.tx.now), "node": node, "event": event, "message": name}
        unit.add(_LISTEN, {**row, "key": "null", "business_key": None, "created_at": unit.tx.now})
    for node, rule in timer_starts(graph) if armed else ():
        value = _evaluated(unit, made, graph, node, rule.expression)
        try:
            due = first_due(rule.kind, value, unit.tx.now)
        except TimeInvalid as error:
            raise _refused(made, graph, node, str(error)) from error
        row = {**base, "id": new_id(unit.tx.now), "node": node, "due": due.at}
        unit.add(_ARM, {**row, "cycle": encode_cycle(due.cycle), "suspended": False})


def _named(unit: Unit, made: Definition, graph: Graph) -> Iterator[tuple[str, str, str]]:
    """Node, kind of event, and what it is called."""
    for node, message in message_starts(graph):
        yield node, "message", str(_evaluated(unit, made, graph, node, message.name))
    for node, signal in signal_starts(graph):
        yield node, "signal", str(_evaluated(unit, made, graph, node, signal.name))
    for node, _ in condition_starts(graph):
        yield node, "condition", ""


def deafen(unit: Unit, definition_id: str, *, timers: bool = True) -> None:
    """Let the definition's start events listen no longer."""
    for statement in (_DISARM, _DEAFEN) if timers else (_DEAFEN,):
        unit.add(statement, {"of_tenant": unit.tx.tenant, "of_definition": definition_id})


def _evaluated(
    unit: Unit, made: Definition, graph: Graph, node: str, expression: Expression
) -> Value:
    try:
        return expression.evaluate({}, unit.tx.now)
    except ExpressionFailed as error:
        raise _refused(made, graph, node, str(error)) from error


def _refused(made: Definition, graph: Graph, node: str, text: str) -> ModelRefused:
    line = graph.nodes[node].line
    return ModelRefused([Finding(made.resource, line, node, "start-event", "error", text)])


def encode_cycle(cycle: Any) -> str | None:
    """A start event's recurrence as stored in its timer row."""
    return None if cycle is None else msgspec.json.encode(cycle).decode()


# --- conditions ---


def on_conditions(unit: Unit, command: StartOnConditions) -> list[Started]:
    """Ask all conditional start events; one that cannot be evaluated refuses the command."""
    check_names(business_key=command.business_key)
    check_values(command.variables)
    if not permits(unit.principal, "instance.start"):
        raise NotAllowed("StartOnConditions", command.definition_id or "")
    return [
        _begin(unit, command, definition, node)
        for definition, node in _conditional(unit, command.definition_id)
        if holds(unit, definition, node, command.variables)
    ]


def _conditional(unit: Unit, definition_id: str | None) -> list[tuple[Definition, str]]:
    models = unit.engine.models
    if definition_id is not None:
        definition = models.definition(unit.tx, definition_id)
        if definition.kind != "process":
            raise NotFound("process", definition_id)
        graph = models.graph(unit.tx, definition)
        return [(definition, node) for node in graph.scopes[graph.process_id].condition_starts]
    rows = unit.tx.all(_ON_CONDITIONS, {"tenant": unit.tx.tenant})
    return [(models.definition(unit.tx, row.definition_id), row.node) for row in rows]


def holds(unit: Unit, definition: Definition, node: str, variables: Variables) -> bool:
    """Whether a conditional start event is true of the variables."""
    graph = unit.engine.models.graph(unit.tx, definition)
    return any(
        event.condition.evaluate(variables, unit.tx.now) is True
        for event in events(graph.nodes[node], ConditionalEvent)
    )


def _begin(unit: Unit, command: StartOnConditions, definition: Definition, node: str) -> Started:
    begun = unit.begin(
        definition,
        command.variables,
        wires=dict(command.wires),
        business_key=command.business_key,
        node=node,
        kind="condition.started",
    )
    ended = begun.state.ended is not None
    return Started(begun.id, definition.id, definition.key, command.business_key, ended)
