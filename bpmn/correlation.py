"""Correlation between pools (BPMN 2.0 §8.4.2): which instance a message is for.

Invariant: a sender's key and its receivers' keys are made of the same correlation properties in
the same order. A receiver's comes from its `correlationSubscription`, or else from what an earlier
message of the same conversation has brought it; without either it is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from lxml import etree

from bpmn.compilation import Compilation
from bpmn.graph import Evaluate, Expression
from bpmn.model import FlowNode, ProcessModel, child, children, reference
from bpmn.values import Value


def key_of(
    context: Compilation,
    process: ProcessModel,
    node: FlowNode,
    message: etree._Element,
    *,
    throws: bool,
) -> Expression | None:
    """The key that the node sends its message with, or waits for it with."""
    if not throws and begins_instance(node):
        return None  # whatever the key: it is this message that makes the instance
    for key in context.model.all("correlationKey"):
        retrievals = _retrievals(context, key, message.get("id", ""))
        if not retrievals:
            continue
        if throws:
            return _joined([context.formal(child(part, "messagePath")) for part in retrievals])
        bound = _subscribed(context, process, key)
        if bound is not None:
            return _joined([context.formal(child(part, "dataPath")) for part in bound])
        if not _heard_before(context, process, node, key):
            context.refuse(
                "correlation-missing",
                node.element,
                f'Nothing gives this instance the key of "{key.get("name") or key.get("id")}" '
                "before it waits here: add a correlationSubscription.",
            )
        return _joined([context.formal(child(part, "messagePath")) for part in retrievals])
    return None


def begins_instance(node: FlowNode) -> bool:
    """Whether the node's message makes a new instance of the process."""
    if node.kind == "startEvent":
        return node.scope.parent is None
    if node.scope.parent is not None:
        return False
    gateways = node.scope.instantiating_gateways
    return node.instantiates or any(flow.source in gateways for flow in node.incoming)


def _retrievals(context: Compilation, key: etree._Element, message: str) -> list[etree._Element]:
    """How each property of the key is read from the message; empty if one is not."""
    found = []
    for part in children(key, "correlationPropertyRef"):
        of_messages = context.model.retrievals.get(reference(part.text), {})
        if message not in of_messages:
            return []
        found.append(of_messages[message])
    return found


def _subscribed(
    context: Compilation, process: ProcessModel, key: etree._Element
) -> Sequence[etree._Element] | None:
    """The process's own values of the key's properties, in the key's order."""
    for subscription in process.scopes[0].parts("correlationSubscription"):
        if reference(subscription.get("correlationKeyRef")) != key.get("id"):
            continue
        bindings = {
            reference(part.get("correlationPropertyRef")): part
            for part in children(subscription, "correlationPropertyBinding")
        }
        names = [reference(part.text) for part in children(key, "correlationPropertyRef")]
        if not all(name in bindings for name in names):
            context.refuse(
                "correlation-binding", subscription, "A property of the key is not bound."
            )
        return [bindings[name] for name in names]
    return None


def _heard_before(
    context: Compilation, process: ProcessModel, node: FlowNode, key: etree._Element
) -> bool:
    """Whether another message of the same key is sent or received in this process."""
    counted = context.messages.get(process.id)
    if counted is None:
        every = (name for one in process.nodes.values() for name in message_refs(context, one))
        counted = context.messages[process.id] = Counter(every)
    own = Counter(message_refs(context, node))
    return any(
        count > own[name] and _retrievals(context, key, name) for name, count in counted.items()
    )


def message_refs(context: Compilation, node: FlowNode) -> Iterator[str]:
    """Ids of the messages that a node sends or waits for."""
    for holder in (node.element, *node.definitions):
        if (name := message_ref(context, holder)) is not None:
            yield name


def message_ref(context: Compilation, holder: etree._Element) -> str | None:
    """`messageRef`, or the message that goes into the operation that is referred to."""
    named = reference(holder.get("messageRef"))
    if named:
        return named
    part = child(holder, "operationRef")
    operation = reference(holder.get("operationRef") or (part.text if part is not None else ""))
    found = context.model.find("operation", operation) if operation else None
    inside = None if found is None else child(found, "inMessageRef")
    return None if inside is None else reference(inside.text) or None


def _joined(parts: list[Expression | None]) -> Expression | None:
    compiled = [part for part in parts if part is not None]
    if len(compiled) != len(parts) or not compiled:
        return None
    if len(compiled) == 1:
        return compiled[0]
    text = ", ".join(part.text for part in compiled)
    return Expression(text, "feel", _list([part.evaluate for part in compiled]), compiled[0].line)


def _list(items: list[Evaluate]) -> Evaluate:
    def evaluate(variables: Mapping[str, Value], now: datetime) -> Value:
        return [item(variables, now) for item in items]

    return evaluate
