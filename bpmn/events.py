"""Event definitions, compiled; a table shows which function compiles which definition.

Invariant: references are resolved here, so the graph names codes, messages and nodes, never the
ids of definitions. What an event refers to and is not there was reported by the rules.
"""

# ruff: noqa: ARG001  (all in the table have one signature)

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from lxml import etree

from bpmn.compilation import Compilation
from bpmn.context import Reported
from bpmn.correlation import key_of, message_ref
from bpmn.expressions import awaited_condition, says_feel
from bpmn.graph import (
    CancelEvent,
    CompensateEvent,
    ConditionalEvent,
    ErrorEvent,
    EscalationEvent,
    EventDefinition,
    LinkEvent,
    MessageEvent,
    MultipleEvent,
    SignalEvent,
    SimpleEvent,
    TerminateEvent,
    TimerEvent,
)
from bpmn.model import (
    FlowNode,
    MessageFlow,
    ProcessModel,
    child,
    children,
    local,
    reference,
    text_of,
)
from bpmn.timers import fault

_THROWING = frozenset({"endEvent", "intermediateThrowEvent", "sendTask"})
_TIMER_KINDS: dict[str, Literal["date", "duration", "cycle"]] = {
    "timeDate": "date",
    "timeDuration": "duration",
    "timeCycle": "cycle",
}
_AWAITED = (MessageEvent, TimerEvent, SignalEvent, ConditionalEvent)
_CALL = re.compile(r'@"|[a-z][a-z ]*\(')
"""How FEEL for a moment or a duration begins, where nothing says which language a timer is in."""
_MISWRITTEN = re.compile(r"[PR][\dT/]|\d")
"""How a literal begins; it is no FEEL even where FEEL could be made of it."""
_QUOTED = re.compile(r"(['\"])([^'\"]*)\1")


def compile_event(
    context: Compilation, process: ProcessModel, node: FlowNode
) -> EventDefinition | None:
    """The node's event definitions; None for none, or where a fault was reported."""
    if node.kind == "sendTask":
        sends = sends_message(context, node)
        return message_event(context, process, node, node.element) if sends else None
    compiled: list[SimpleEvent] = []
    for definition in node.definitions:
        try:
            event = _DEFINITIONS[local(definition)](context, process, node, definition)
        except Reported:
            continue
        if event is not None:
            compiled.append(event)
    if len(node.definitions) > 1:
        return MultipleEvent(tuple(compiled), _together(context, node, compiled))
    return compiled[0] if compiled else None


def _together(context: Compilation, node: FlowNode, compiled: list[SimpleEvent]) -> bool:
    """Whether all of several triggers must come, and can be waited for."""
    together = not _throws(node) and node.flag("parallelMultiple")
    if together and not all(isinstance(event, _AWAITED) for event in compiled):
        text = f'"{node.label}" can wait together for messages, timers, signals and conditions.'
        context.refuse("parallel-multiple", node.element, text)
    if together and node.kind == "startEvent" and node.scope.parent is None:
        context.refuse(
            "parallel-multiple",
            node.element,
            "Before there is an instance nobody waits for all of several triggers; begin with an "
            "event-based gateway of type Parallel that instantiates.",
        )
    return together


def thrown_definition(
    context: Compilation, node: FlowNode, definition: etree._Element
) -> SimpleEvent | None:
    """What instances of a multi-instance activity throw into its boundary (Table 10.31)."""
    kind = local(definition)
    if kind not in ("signalEventDefinition", "messageEventDefinition", "errorEventDefinition",
                    "escalationEventDefinition", "cancelEventDefinition",
                    "compensateEventDefinition"):  # fmt: skip
        context.refuse("behavior-event", definition, f"A {kind} is not thrown by instances.")
    process = ProcessModel(node.scope.id, node.scope.element, [node.scope])
    return _DEFINITIONS[kind](context, process, node, definition)


# --- messages and signals ---


def sends_message(context: Compilation, node: FlowNode) -> bool:
    """Whether a send task throws a message: the one that it refers to or, where nothing else says
    what it does, that of its message flow."""
    if message_ref(context, node.element) is not None:
        return True
    said = node.element.get("operationRef") or (node.element.get("implementation") or "##")
    if not context.dialect.leaves_work_open or not said.startswith("##"):
        return False
    flows = (flow for flow in context.model.flows_at.get(node.id, ()) if flow.source == node.id)
    return any(
        _carried(context, flow, flow.target) is not None
        or _node_of(context, flow.target) is not None
        for flow in flows
    )


def message_event(
    context: Compilation, process: ProcessModel, node: FlowNode, holder: etree._Element
) -> MessageEvent:
    """The message that `holder` refers to, or that a message flow at the node carries."""
    throws = node.kind in _THROWING
    wanted = message_ref(context, holder)
    if wanted is None:
        return _flowing(context, process, node, throws)
    message = context.model.find("message", wanted)
    if message is None:
        context.refuse("dangling-reference", node.element, f'There is no message "{wanted}".')
    return _message(context, process, node, message, throws)


def _message(
    context: Compilation,
    process: ProcessModel,
    node: FlowNode,
    message: etree._Element,
    throws: bool,
) -> MessageEvent:
    name = context.expression(message.get("name"), message) or context.expression(
        message.get("id"), message
    )
    if name is None:
        raise Reported
    key = (
        context.dialect.message_key(context, node.element)
        or context.dialect.message_key(context, message)
        or key_of(context, process, node, message, throws=throws)
    )
    return MessageEvent(name, key)


def _flowing(
    context: Compilation, process: ProcessModel, node: FlowNode, throws: bool
) -> MessageEvent:
    """Without a messageRef the message flow says which message, or is one itself."""
    mine = "source" if throws else "target"
    at_node = context.model.flows_at.get(node.id, ())
    flows = [flow for flow in at_node if getattr(flow, mine) == node.id]
    name = None
    for flow in flows:
        end = flow.target if throws else flow.source
        message = _carried(context, flow, end)
        if message is not None:
            return _message(context, process, node, message, throws)
        if len(flows) == 1 and _node_of(context, end) is not None:
            name = context.expression(flow.id, flow.element)
    if name is None and node.kind == "receiveTask" and context.dialect.leaves_work_open:
        text = f'"{node.label}" does not say which message: it waits for one named "{node.id}".'
        context.report.warning("work-open", node.element, text)
        name = context.expression(node.id, node.element)
    if name is None:
        text = f'"{node.label}" does not say which message.'
        context.refuse("message-missing", node.element, text)
    return MessageEvent(name, context.dialect.message_key(context, node.element))


def _carried(context: Compilation, flow: MessageFlow, end: str) -> etree._Element | None:
    """The message that a flow names, or what stands at its other end, executed or only drawn."""
    other = context.model.elements.get(end)
    parts = () if other is None else (other, *children(other, "messageEventDefinition"))
    node = _node_of(context, end)
    holders = parts if node is None else (node.element, *node.definitions)
    refs = [flow.message, *(message_ref(context, holder) for holder in holders)]
    found = (context.model.find("message", ref) for ref in refs if ref)
    return next((message for message in found if message is not None), None)


def _node_of(context: Compilation, identifier: str) -> FlowNode | None:
    found = (process.nodes.get(identifier) for process in context.model.processes)
    return next((node for node in found if node is not None), None)


def _message_definition(
    context: Compilation, process: ProcessModel, node: FlowNode, definition: etree._Element
) -> MessageEvent | None:
    """Where an implementation does the sending, the message's name is not ours to use."""
    if node.kind in _THROWING and context.dialect.implements(definition):
        return None
    return message_event(context, process, node, definition)


def _signal(
    context: Compilation, process: ProcessModel, node: FlowNode, definition: etree._Element
) -> SignalEvent:
    wanted = reference(definition.get("signalRef"))
    if not wanted:
        context.refuse("signal-missing", node.element, f'"{node.label}" does not say which signal.')
    signal = context.model.find("signal", wanted)
    if signal is None:
        context.refuse("dangling-reference", node.element, f'There is no signal "{wanted}".')
    name = context.expression(signal.get("name"), signal) or context.expression(wanted, signal)
    if name is None:
        raise Reported
    inputs = context.dialect.signal_inputs(context, definition) if _throws(node) else None
    return SignalEvent(name, inputs or ())


def _throws(node: FlowNode) -> bool:
    return node.kind in _THROWING


# --- what is caught by code ---


def _code(
    context: Compilation,
    node: FlowNode,
    definition: etree._Element,
    kind: Literal["error", "escalation"],
) -> str | None:
    """The fixed code; None where a catching event catches all (BPMN 2.0 Tables 10.88, 10.89)."""
    wanted = reference(definition.get(f"{kind}Ref"))
    if not wanted:
        if _throws(node):
            context.refuse(
                f"{kind}-code", node.element, f'"{node.label}" does not say which {kind} it throws.'
            )
        return None
    named = context.model.find(kind, wanted)
    if named is None:
        context.refuse("dangling-reference", node.element, f'There is no {kind} "{wanted}".')
    code = (named.get(f"{kind}Code") or "").strip() or None
    if code is None and _throws(node):
        context.refuse(f"{kind}-code", named, f'The {kind} "{wanted}" has no {kind}Code.')
    if code is not None and (code.startswith("=") or "${" in code or "#{" in code):
        context.refuse(f"{kind}-code", named, f"The {kind}Code must be a fixed text.")
    return code


def _error(
    context: Compilation, process: ProcessModel, node: FlowNode, definition: etree._Element
) -> ErrorEvent:
    code = _code(context, node, definition, "error")
    error = context.model.find("error", reference(definition.get("errorRef")))
    thrown = error if _throws(node) else None
    message = None if thrown is None else context.dialect.error_message(context, thrown)
    return ErrorEvent(code, *context.dialect.error_variables(definition), message)


def _escalation(
    context: Compilation, process: ProcessModel, node: FlowNode, definition: etree._Element
) -> EscalationEvent:
    code = _code(context, node, definition, "escalation")
    return EscalationEvent(code, context.dialect.escalation_variable(definition))


# --- time and conditions ---


def _timer(
    context: Compilation, process: ProcessModel, node: FlowNode, definition: etree._Element
) -> TimerEvent | None:
    given = [part for name in _TIMER_KINDS if (part := child(definition, name)) is not None]
    texts = [part for part in given if text_of(part)]
    if len(texts) != 1:
        context.refuse(
            "timer",
            node.element,
            "A timer needs exactly one of timeDate, timeDuration and timeCycle, with a text.",
        )
    part, kind, text = texts[0], _TIMER_KINDS[local(texts[0])], text_of(texts[0])
    if kind == "cycle" and node.kind == "intermediateCatchEvent":
        context.report.warning(
            "timer", node.element, "Of a cycle only the first round is waited for; say a duration."
        )
    if quoted := _QUOTED.fullmatch(text):
        text = quoted[2]
    language = (part.get("language") or "").strip() or None
    computed = text.startswith("=") or "${" in text or "#{" in text
    if not computed and fault(kind, text) is None:
        language = None  # a literal in whatever language
    elif not computed and language is None:
        said = says_feel(context.model.expression_language)
        if _MISWRITTEN.match(text) or not (said or _CALL.match(text)):
            context.refuse("timer", part, fault(kind, text) or "")
        language = "feel"
    compiled = context.expression(text, part, language)
    return None if compiled is None else TimerEvent(kind, compiled)


def _conditional(
    context: Compilation, process: ProcessModel, node: FlowNode, definition: etree._Element
) -> ConditionalEvent | None:
    holder = child(definition, "condition")
    if not text_of(holder):
        context.refuse("condition-empty", node.element, f'"{node.label}" has no condition.')
    compiled = context.condition(holder, at=node.element)
    variable, changes = context.dialect.watched(context, definition)
    if compiled is None:
        return None
    return ConditionalEvent(awaited_condition(compiled), variable, changes)


# --- flow within the model ---


def _link(
    context: Compilation, process: ProcessModel, node: FlowNode, definition: etree._Element
) -> LinkEvent:
    """Pairs by name within one scope: several may throw, one catches (BPMN 2.0 §10.5.5)."""
    name = (definition.get("name") or "").strip()
    if not _throws(node):
        return LinkEvent(name)
    catching = node.scope.caught_links.get(name, [])
    if len(catching) != 1:
        context.refuse(
            "link-target",
            node.element,
            f'{len(catching)} link events of this scope catch "{name}"; one must.',
        )
    return LinkEvent(name, catching[0].id)


def _compensate(
    context: Compilation, process: ProcessModel, node: FlowNode, definition: etree._Element
) -> CompensateEvent:
    if not _throws(node):
        return CompensateEvent()
    waits = definition.get("waitForCompletion", "true").strip() in ("true", "1")
    return CompensateEvent(reference(definition.get("activityRef")) or None, waits)


def _cancel(
    context: Compilation, process: ProcessModel, node: FlowNode, definition: etree._Element
) -> CancelEvent:
    return CancelEvent()


def _terminate(
    context: Compilation, process: ProcessModel, node: FlowNode, definition: etree._Element
) -> TerminateEvent:
    return TerminateEvent()


_DEFINITIONS: Mapping[
    str, Callable[[Compilation, ProcessModel, FlowNode, etree._Element], SimpleEvent | None]
] = {
    "messageEventDefinition": _message_definition,
    "signalEventDefinition": _signal,
    "errorEventDefinition": _error,
    "escalationEventDefinition": _escalation,
    "timerEventDefinition": _timer,
    "conditionalEventDefinition": _conditional,
    "linkEventDefinition": _link,
    "compensateEventDefinition": _compensate,
    "cancelEventDefinition": _cancel,
    "terminateEventDefinition": _terminate,
}
