"""Graphs built by hand, for tests of the machine without the compiler."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from bpmn.errors import ExpressionFailed
from bpmn.graph import (
    AdHoc,
    Call,
    Computation,
    ConditionalEvent,
    EventDefinition,
    Expression,
    Flow,
    Graph,
    LinkEvent,
    MessageEvent,
    MultiInstance,
    MultipleEvent,
    Node,
    Receive,
    Scope,
    SignalEvent,
    SimpleEvent,
    StandardLoop,
    Subprocess,
    TimerEvent,
    UserTask,
    Work,
)
from bpmn.values import Value, Variables
from engine.machine.facts import AnyFact, IncidentOpened, Left
from engine.machine.loops import withdraw_instance
from engine.machine.machine import advance, move
from engine.machine.run import Decide, Decided, Run
from engine.machine.state import (
    State,
    decode,
    encode,
    encode_variables,
    new_state,
)
from engine.machine.triggers import AnyTrigger, Start

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def expr(function: Callable[[Any], Value] | Expression | Value, text: str = "test") -> Expression:
    """An expression from a function of the variables, or from a constant."""
    if isinstance(function, Expression):
        return function
    if callable(function):
        return Expression(text, "feel", lambda seen, now: function(seen))
    return Expression(repr(function), "literal", lambda seen, now: function)


def failing(reason: str = "broken") -> Expression:
    def evaluate(seen: object, now: object) -> Value:
        raise ExpressionFailed(reason)

    return Expression("fails", "feel", evaluate)


def sets(**values: Callable[[Any], Value] | Value) -> Computation:
    return Computation(tuple((name, expr(value)) for name, value in values.items()))


def user(**fields: Any) -> dict[str, Any]:
    return {"kind": "userTask", "action": UserTask(**fields)}


def script(**values: Callable[[Any], Value] | Value) -> dict[str, Any]:
    return {"kind": "scriptTask", "action": sets(**values)}


def service(topic: str = "work", *, external: bool = False) -> dict[str, Any]:
    return {"kind": "serviceTask", "action": Work(topic, external)}


def message(name: str, key: Any = None) -> MessageEvent:
    return MessageEvent(expr(name), expr(key) if key is not None else None)


def timer(kind: Any, value: Value) -> TimerEvent:
    return TimerEvent(kind, expr(value))


def signal(name: Any, **inputs: Any) -> SignalEvent:
    return SignalEvent(expr(name), tuple((key, expr(value)) for key, value in inputs.items()))


def condition(
    holds: Callable[[Any], Value] | Expression, variable: str | None = None, *changes: str
) -> ConditionalEvent:
    kinds = frozenset(changes or {"create", "update", "delete"})
    return ConditionalEvent(expr(holds), variable, kinds)


def several(*events: SimpleEvent, parallel: bool = False) -> MultipleEvent:
    return MultipleEvent(events, parallel)


def catch(event: EventDefinition) -> dict[str, Any]:
    return {"kind": "intermediateCatchEvent", "event": event}


def throw(event: EventDefinition | None) -> dict[str, Any]:
    return {"kind": "intermediateThrowEvent", "event": event}


def end(event: EventDefinition) -> dict[str, Any]:
    return {"kind": "endEvent", "event": event}


def started(event: EventDefinition, *, interrupting: bool = True) -> dict[str, Any]:
    """The start event of an event subprocess."""
    return {"kind": "startEvent", "event": event, "interrupting": interrupting}


def inside(scope: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {**spec, "in": scope}


def boundary(host: str, event: EventDefinition, *, interrupting: bool = True) -> dict[str, Any]:
    return {
        "kind": "boundaryEvent",
        "event": event,
        "attached_to": host,
        "interrupting": interrupting,
    }


def receive(name: str, key: Any = None) -> dict[str, Any]:
    return {"kind": "receiveTask", "action": Receive(message(name, key))}


def call(reference: Any = "child", **fields: Any) -> dict[str, Any]:
    return {"kind": "callActivity", "action": Call(expr(reference), **fields)}


def adhoc(**fields: Any) -> dict[str, Any]:
    return {"kind": "adHocSubProcess", "action": AdHoc(**fields)}


def each(collection: Any, *, sequential: bool = False, **fields: Any) -> dict[str, Any]:
    """The loop of an activity that runs once for each item, as `item`; expressions as functions."""
    fields |= {k: expr(fields[k]) for k in ("result", "completion") if k in fields}
    return {"loop": MultiInstance(sequential, None, expr(collection), "item", **fields)}


def times(cardinality: Any, *, sequential: bool = False, **fields: Any) -> dict[str, Any]:
    """The loop of an activity that runs a number of times."""
    fields |= {k: expr(fields[k]) for k in ("result", "completion") if k in fields}
    return {"loop": MultiInstance(sequential, expr(cardinality), **fields)}


def while_(condition: Any, *, before: bool = False, most: int | None = None) -> dict[str, Any]:
    """A standard loop."""
    return {"loop": StandardLoop(expr(condition), before, most)}


START = {"kind": "startEvent"}
END = {"kind": "endEvent"}
XOR = {"kind": "exclusiveGateway"}
AND = {"kind": "parallelGateway"}
OR = {"kind": "inclusiveGateway"}
GATE = {"kind": "eventBasedGateway"}
SUB = {"kind": "subProcess", "action": Subprocess()}
EVENT_SUB = {"kind": "subProcess", "action": Subprocess(on_event=True)}
TRANSACTION = {"kind": "transaction", "action": Subprocess(transaction=True)}


def graph(
    nodes: dict[str, dict[str, Any]],
    flows: str,
    *,
    conditions: dict[str, Expression] | None = None,
    defaults: Iterable[str] = (),
    listeners: dict[str, Any] | None = None,
    scopes: dict[str, dict[str, Any]] | None = None,
    **fields: Any,
) -> Graph:
    """Nodes by id, and flows as `a>b>c d>e`. A key `in` of a node names its subprocess.

    A flow's id is `a>b`, a second one between the same nodes `a>b>2`. `listeners` of flows by
    their id; `scopes` states fields of scopes by theirs, `p` is the process.
    """
    conditions = conditions or {}
    built: list[Flow] = []
    for chain in flows.split():
        ids = chain.split(">")
        for source, target in pairwise(ids):
            same = sum(flow.source == source and flow.target == target for flow in built)
            name = f"{source}>{target}" + (f">{same + 1}" if same else "")
            heard = (listeners or {}).get(name, ())
            built.append(Flow(name, source, target, conditions.get(name), heard))
    made = {
        name: _node(name, dict(spec), built, frozenset(defaults)) for name, spec in nodes.items()
    }
    for name, node in made.items():
        attached = tuple(other.id for other in made.values() if other.attached_to == name)
        made[name] = replace(node, boundary=attached)
    contents = {"p": _scope("p", None, made)}
    for node in made.values():
        if isinstance(node.action, Subprocess | AdHoc):
            contents[node.id] = _scope(node.id, node.scope, made)
    for name, stated in (scopes or {}).items():
        contents[name] = replace(contents[name], **stated)
    return Graph("p", "p", None, made, contents, "hash", **fields)


def _node(name: str, spec: dict[str, Any], flows: list[Flow], defaults: frozenset[str]) -> Node:
    scope = spec.pop("in", "p")
    outgoing = tuple(flow for flow in flows if flow.source == name)
    return Node(
        id=name,
        name=name,
        scope=scope,
        line=1,
        incoming=tuple(flow.id for flow in flows if flow.target == name),
        outgoing=tuple(flow for flow in outgoing if flow.id not in defaults),
        default=next((flow for flow in outgoing if flow.id in defaults), None),
        **spec,
    )


def _scope(name: str, parent: str | None, nodes: dict[str, Node]) -> Scope:
    own = tuple(node for node in nodes.values() if node.scope == name)
    starts = [node.id for node in own if node.kind == "startEvent" and node.event is None]
    on_event = [node.id for node in own if _on_event(node)]
    if not any(node.kind == "startEvent" for node in own):
        starts = [node.id for node in own if _implicit(node)]
    ids = tuple(node.id for node in own)
    return Scope(name, parent, ids, tuple(starts), event_subprocesses=tuple(on_event))


def _on_event(node: Node) -> bool:
    return isinstance(node.action, Subprocess) and node.action.on_event


def _implicit(node: Node) -> bool:
    """Whether a scope without a start event begins here (BPMN 2.0 §13.2)."""
    target = isinstance(node.event, LinkEvent) and node.event.target is None
    return not (
        node.incoming
        or node.attached_to
        or node.for_compensation
        or node.instantiate
        or _on_event(node)
        or target
    )


def undecided(*_: object) -> Decided:
    raise ExpressionFailed("no decision in this test")


class Play:
    """An instance whose state is written, read back and compared after every step."""

    def __init__(self, model: Graph, decide: Decide = undecided) -> None:
        self.model = model
        self.decide = decide
        self.state: State = new_state(model)
        self.facts: list[AnyFact] = []
        self.steps: list[tuple[AnyTrigger, datetime]] = []
        self.now = NOW

    def do(self, trigger: AnyTrigger, after: timedelta = timedelta()) -> list[AnyFact]:
        self.now += after
        written, variables = encode(self.state), encode_variables(self.state)
        state, facts = advance(
            self.model, decode(written, variables), trigger, self.now, self.decide
        )
        assert decode(encode(state), encode_variables(state)) == state
        self.state = state
        self.facts += facts
        self.steps.append((trigger, self.now))
        return facts

    def start(self, **variables: Value) -> Play:
        self.do(Start(variables=variables))
        return self

    def withdraw(self, token: int) -> None:
        """Take one instance of a loop out, as a modification from outside does."""
        run = Run(self.model, self.state, self.now, self.decide)
        withdraw_instance(run, token)
        move(run)
        self.facts += run.facts

    def waits(self, kind: str = "") -> list[str]:
        return [wait.node for wait in self.state.waits.values() if wait.kind.startswith(kind)]

    def local(self, node: str, kind: str = "") -> int:
        return next(
            key
            for key, wait in self.state.waits.items()
            if wait.node == node and wait.kind.startswith(kind)
        )

    def locals(self, node: str, kind: str = "") -> list[int]:
        """All open waits at a node, in order of arrival."""
        return [
            key
            for key, wait in self.state.waits.items()
            if wait.node == node and wait.kind.startswith(kind)
        ]

    def incident(self) -> IncidentOpened:
        """The one incident that is open."""
        (local,) = (key for key, wait in self.state.waits.items() if wait.kind == "incident")
        return next(fact for fact in self.of(IncidentOpened) if fact.incident == local)

    @property
    def left(self) -> list[str]:
        return [fact.node for fact in self.facts if isinstance(fact, Left)]

    def of(self, kind: type) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @property
    def variables(self) -> Variables:
        return self.state.variables.get(0, {})
