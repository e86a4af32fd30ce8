"""One process's nodes, flows and scopes, compiled into those of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from bpmn.actions import compile_action
from bpmn.compilation import Compilation
from bpmn.context import Reported, constant, variable
from bpmn.correlation import begins_instance, message_ref
from bpmn.data import Data
from bpmn.dialects.dialect import Mappings, Steps
from bpmn.events import compile_event
from bpmn.graph import (
    EventDefinition,
    Flow,
    Listener,
    Loop,
    MultiInstance,
    Node,
    Scope,
    SignalEvent,
)
from bpmn.loops import compile_loop
from bpmn.model import (
    FlowNode,
    ProcessModel,
    ScopeModel,
    SequenceFlow,
    child,
    reference,
    text_of,
)

_NO_STEPS = Steps()


class Nodes:
    """Compiles the parts of one process."""

    def __init__(self, context: Compilation, process: ProcessModel) -> None:
        self.context = context
        self.process = process
        self.data = Data(context, process)
        self.handlers = dict(self._handlers())

    def _handlers(self) -> Iterator[tuple[str, str]]:
        """Activity → the activity that compensates it: boundary event and handler are associated,
        whichever way the line was drawn (BPMN 2.0 §10.7.1)."""
        nodes = self.process.nodes
        for source, target, _ in self.process.associations:
            for event, handler in ((source, target), (target, source)):
                if event in nodes and handler in nodes:
                    caught = "compensateEventDefinition" in nodes[event].triggers
                    if caught and nodes[event].kind == "boundaryEvent":
                        yield nodes[event].attached_to, handler

    # --- nodes ---

    def node(self, node: FlowNode) -> Node:
        context, element = self.context, node.element
        flows = {flow.id: self.flow(flow) for flow in node.outgoing}
        default = reference(element.get("default"))
        steps = context.dialect.steps(context, element) or _NO_STEPS
        loop = self.loop(node)
        action = compile_action(context, self.process, self.data, node)
        works = action is not None and (node.is_event or message_ref(context, element) is None)
        event = None if works else self.event(node)
        mappings = self.mappings(node, loop)
        return Node(
            id=node.id,
            name=element.get("name") or "",
            kind=node.kind,
            scope=node.scope.id,
            line=context.line(element),
            incoming=tuple(flow.id for flow in node.incoming),
            outgoing=tuple(flow for name, flow in flows.items() if name != default),
            default=flows.get(default),
            action=action,
            event=_with_payload(event, mappings),
            loop=loop,
            boundary=tuple(b.id for b in self.process.attached.get(node.id, ()) if b.executed),
            attached_to=node.attached_to or None,
            interrupting=node.interrupting,
            start_quantity=_quantity(node, "startQuantity"),
            completion_quantity=_quantity(node, "completionQuantity"),
            compensated_by=self.handlers.get(node.id),
            for_compensation=node.for_compensation,
            instantiate=node.instantiates,
            all_events=element.get("eventGatewayType", "Exclusive").strip() == "Parallel",
            activation=context.condition(child(element, "activationCondition"), at=element),
            listeners=(*self.of_process(node), *context.dialect.listeners(context, element)),
            inputs=mappings.inputs,
            outputs=mappings.outputs,
            keeps_results=mappings.keeps_results,
            async_before=steps.async_before,
            async_after=steps.async_after,
            exclusive=steps.exclusive,
            retry=steps.retry,
            properties=dict(context.dialect.properties(element)),
        )

    def of_process(self, node: FlowNode) -> tuple[Listener, ...]:
        """What hears the start of the process hears it where the token begins."""
        if node.scope.parent is not None or self.process.global_task or not self.listeners:
            return ()
        return self.listeners if node in self.begins else ()

    @cached_property
    def listeners(self) -> tuple[Listener, ...]:
        heard = self.context.dialect.listeners(self.context, self.process.element)
        if heard and len(self.process.scopes[0].implicit_starts) > 1:
            self.context.report.error(
                "unsupported",
                self.process.element,
                "A process that begins at several nodes tells its start to nobody; add a start "
                "event.",
            )
        return heard

    @cached_property
    def begins(self) -> list[FlowNode]:
        root = self.process.scopes[0]
        return [n for n in root.nodes if n.kind == "startEvent" or begins_instance(n)] or (
            root.implicit_starts
        )

    def event(self, node: FlowNode) -> EventDefinition | None:
        try:
            return compile_event(self.context, self.process, node)
        except Reported:
            return None

    def loop(self, node: FlowNode) -> Loop | None:
        try:
            return compile_loop(self.context, self.data, node)
        except Reported:
            return None

    def mappings(self, node: FlowNode, loop: Loop | None) -> Mappings:
        """BPMN's data first, then the dialect's; an instance's result is its own."""
        said = self.context.dialect.mappings(self.context, node) or Mappings()
        data = self.data.mappings(node)
        inputs = (*data.inputs, *said.inputs)
        own = loop.own if isinstance(loop, MultiInstance) else None
        if own is not None and own not in {name for name, _ in inputs}:
            inputs = ((own, constant("null", None, self.context.line(node.element))), *inputs)
        return Mappings(inputs, (*data.outputs, *said.outputs), said.keeps_results)

    # --- flows ---

    def flow(self, flow: SequenceFlow) -> Flow:
        listeners = self.context.dialect.listeners(self.context, flow.element)
        condition = None
        if flow.condition is not None and text_of(flow.condition):
            if self.context.dialect.refers_elsewhere(flow.condition):
                self.context.report.error(
                    "unsupported", flow.element, "camunda:resource is not followed."
                )
            condition = self.context.condition(flow.condition, at=flow.element)
        return Flow(flow.id, flow.source, flow.target, condition, listeners)

    # --- scopes ---

    def scope(self, scope: ScopeModel) -> Scope:
        plain = [node for node in scope.starts if not node.definitions]
        begins = plain[:1] or scope.implicit_starts
        return Scope(
            id=scope.id,
            parent=scope.parent.id if scope.parent else None,
            nodes=tuple(node.id for node in scope.nodes),
            starts=tuple(node.id for node in begins if node.executed),
            message_starts=_begun_by(scope, "messageEventDefinition"),
            timer_starts=_begun_by(scope, "timerEventDefinition"),
            signal_starts=_begun_by(scope, "signalEventDefinition"),
            condition_starts=_begun_by(scope, "conditionalEventDefinition"),
            event_subprocesses=tuple(node.id for node in scope.nodes if node.on_event),
            data=self.data.declared(scope),
        )


def _begun_by(scope: ScopeModel, definition: str) -> tuple[str, ...]:
    """Nodes of the scope that such a trigger begins it at."""
    return tuple(
        node.id
        for node in scope.nodes
        if node.executed and (node.kind == "startEvent" or _instantiating(node))
        if definition in node.triggers or (_receives(node) and definition.startswith("message"))
    )


def _instantiating(node: FlowNode) -> bool:
    return node.kind != "eventBasedGateway" and begins_instance(node)


def _receives(node: FlowNode) -> bool:
    return node.kind == "receiveTask"


def _quantity(node: FlowNode, name: str) -> int:
    text = node.element.get(name, "1").strip()
    return int(text) if text.isdecimal() and len(text) < 10 else 1


def _with_payload(event: EventDefinition | None, mappings: Mappings) -> EventDefinition | None:
    """A signal carries what is mapped into its event, if nothing else is said."""
    if not isinstance(event, SignalEvent) or event.inputs or not mappings.inputs:
        return event
    names = dict.fromkeys(name for name, _ in mappings.inputs)
    return SignalEvent(event.name, tuple((name, variable(name)) for name in names))
