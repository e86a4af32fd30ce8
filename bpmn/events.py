"""Event definitions, compiled: messages, timers, errors, termination.

Invariant: references are resolved here, so the graph names codes and messages, never ids.
"""

from __future__ import annotations

from typing import Literal

from lxml import etree

from bpmn.camunda import Context, attribute, implementations, properties
from bpmn.graph import ErrorEvent, EventDefinition, MessageEvent, TerminateEvent, TimerEvent
from bpmn.model import FlowNode, child, local, reference, text_of
from bpmn.timers import fault

_TIMER_KINDS: dict[str, Literal["date", "duration", "cycle"]] = {
    "timeDate": "date",
    "timeDuration": "duration",
    "timeCycle": "cycle",
}


def compile_event(context: Context, node: FlowNode) -> EventDefinition | None:
    """The node's event definition; None for none, or where a fault was reported."""
    holder = node.definitions[0] if node.definitions else node.element
    kind = local(holder)
    if kind in ("messageEventDefinition", "sendTask"):
        return _message(context, node, holder)
    if kind == "timerEventDefinition":
        return _timer(context, node, holder)
    if kind == "errorEventDefinition":
        return _error(context, node, holder)
    return TerminateEvent() if kind == "terminateEventDefinition" else None


def _message(context: Context, node: FlowNode, holder: etree._Element) -> MessageEvent | None:
    """Where an implementation does the sending, the message's name is not ours to use."""
    throws = node.kind in ("endEvent", "intermediateThrowEvent", "sendTask")
    if throws and (implementations(holder) or (holder is node.element and not _refers(holder))):
        return None
    return message_event(context, node, holder)


def _refers(holder: etree._Element) -> bool:
    return holder.get("messageRef") is not None


def message_event(context: Context, node: FlowNode, holder: etree._Element) -> MessageEvent | None:
    """The message that `holder` refers to; `correlation_key` stands at node or message."""
    wanted = reference(holder.get("messageRef"))
    if not wanted:
        context.report.error(
            "message-missing", node.element, f'"{node.label}" does not say which message.'
        )
        return None
    message = context.model.find("message", wanted)
    if message is None:
        context.report.error("dangling-reference", node.element, f'There is no message "{wanted}".')
        return None
    if not (message.get("name") or "").strip():
        context.report.error("message-name", message, f'The message "{wanted}" has no name.')
        return None
    name = context.expression(message.get("name"), message)
    key = properties(node.element).get("correlation_key")
    at = node.element
    if key is None:
        key, at = properties(message).get("correlation_key"), message
    compiled = context.expression(key, at)
    return None if name is None else MessageEvent(name, compiled)


def _timer(context: Context, node: FlowNode, definition: etree._Element) -> TimerEvent | None:
    given = [part for name in _TIMER_KINDS if (part := child(definition, name)) is not None]
    texts = [part for part in given if text_of(part)]
    if len(texts) != 1:
        context.report.error(
            "timer",
            node.element,
            "A timer needs exactly one of timeDate, timeDuration and timeCycle, with a text.",
        )
        return None
    part, kind, text = texts[0], _TIMER_KINDS[local(texts[0])], text_of(texts[0])
    if kind == "cycle" and node.kind == "intermediateCatchEvent":
        context.report.warning(
            "timer", node.element, "Of a cycle only the first round is waited for; say a duration."
        )
    literal = not (text.startswith("=") or "${" in text or "#{" in text)
    if literal and (why := fault(kind, text)) is not None:
        context.report.error("timer", part, why)
        return None
    compiled = context.expression(text, part)
    return None if compiled is None else TimerEvent(kind, compiled)


def _error(context: Context, node: FlowNode, definition: etree._Element) -> ErrorEvent | None:
    wanted = reference(definition.get("errorRef"))
    throws = node.kind == "endEvent"
    code = None
    if wanted:
        error = context.model.find("error", wanted)
        if error is None:
            context.report.error(
                "dangling-reference", node.element, f'There is no error "{wanted}".'
            )
            return None
        code = (error.get("errorCode") or "").strip() or None
        if code is None:
            context.report.error("error-code", error, f'The error "{wanted}" has no errorCode.')
            return None
        if "${" in code or "#{" in code:
            context.report.error("error-code", error, "An errorCode must be a fixed text.")
            return None
    elif throws:
        context.report.error(
            "error-code", node.element, f'"{node.label}" does not say which error it throws.'
        )
        return None
    return ErrorEvent(
        code,
        attribute(definition, "errorCodeVariable"),
        attribute(definition, "errorMessageVariable"),
    )
