"""Operations and messages of send, receive and service tasks (BPMN 2.0.2, 8.5, 10.3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from bpmn.model import reference
from bpmn.rules.drawing import THROWS, Drawing, Element, Node, kind_of, named_parts, part
from bpmn.rules.rule import Breaches, rule


def _operations(drawing: Drawing) -> Iterator[tuple[Node, Element, Element]]:
    """Nodes with the holder of their `operationRef` and the operation in this file."""
    for node in drawing.each("sendTask", "receiveTask", "serviceTask"):
        operation = drawing.referred(node.element, "operationRef")
        if operation is not None and kind_of(operation) == "operation":
            yield node, node.element, operation
    for node in drawing.each():
        for definition in node.definitions:
            ref = part(definition, "operationRef")
            operation = None if ref is None else drawing.find(ref.text)
            if operation is not None and kind_of(operation) == "operation":
                yield node, definition, operation


@rule(
    "operation-message",
    "10.3.3",
    "The message of a task or event is the one that its operation takes.",
)
def messages_are_the_operations(drawing: Drawing) -> Breaches:
    for node, holder, operation in _operations(drawing):
        message = reference(holder.get("messageRef"))
        taken = part(operation, "inMessageRef")
        if not message or taken is None or message == reference(taken.text):
            continue
        if node.kind in (*THROWS, "sendTask") or not _answers(operation, message):
            text = f'The operation "{operation.get("name")}" takes another message.'
            yield node.element, text


def _answers(operation: Element, message: str) -> bool:
    """A receiver may also wait for what the operation gives back."""
    given = part(operation, "outMessageRef")
    return given is not None and reference(given.text) == message


@rule(
    "service-data",
    "10.3.3",
    "A service task with an operation has one input, and one output if the operation answers.",
)
def services_have_one_input(drawing: Drawing) -> Breaches:
    for node, _holder, operation in _operations(drawing):
        data = part(node.element, "ioSpecification")
        if node.kind != "serviceTask" or data is None:
            continue
        inputs, outputs = named_parts(data, "dataInput"), named_parts(data, "dataOutput")
        answers = part(operation, "outMessageRef") is not None
        if len(named_parts(data, "inputSet")) > 1 or len(inputs) != 1:
            yield node.element, f'"{node.label}" has exactly one input, the operation\'s message.'
        if len(named_parts(data, "outputSet")) > 1 or len(outputs) > int(answers):
            yield node.element, f'"{node.label}" has more outputs than its operation.'


@rule("send-data", "10.3.3", "A send task has one input at most.")
def senders_have_one_input(drawing: Drawing) -> Breaches:
    for node in drawing.each("sendTask"):
        data = part(node.element, "ioSpecification")
        if data is None:
            continue
        if len(named_parts(data, "dataInput")) > 1 or len(named_parts(data, "inputSet")) > 1:
            yield node.element, f'"{node.label}" sends one message, so it has one input.'


@rule("receive-data", "10.3.3", "A receive task has one output at most.")
def receivers_have_one_output(drawing: Drawing) -> Breaches:
    for node in drawing.each("receiveTask"):
        data = part(node.element, "ioSpecification")
        if data is None:
            continue
        if len(named_parts(data, "dataOutput")) > 1 or len(named_parts(data, "outputSet")) > 1:
            yield node.element, f'"{node.label}" receives one message, so it has one output.'


@rule(
    "message-item",
    "10.3.3",
    "What a task sends or receives is of the kind that its message carries.",
)
def items_are_the_messages(drawing: Drawing) -> Breaches:
    for node, side, message in _transported(drawing):
        data = part(node.element, "ioSpecification", side)
        if message is None or data is None:
            continue
        item, carried = data.get("itemSubjectRef"), message.get("itemRef")
        if item and carried and reference(item) != reference(carried):
            yield data, f'"{message.get("id")}" carries "{reference(carried)}".', message


def _transported(drawing: Drawing) -> Iterator[tuple[Node, str, Element | None]]:
    """Tasks with the side of their data that is a message, and that message."""
    for kind, side in (("sendTask", "dataInput"), ("receiveTask", "dataOutput")):
        for node in drawing.each(kind):
            yield node, side, drawing.referred(node.element, "messageRef")
    for node, _holder, operation in _operations(drawing):
        for side, name in (("dataInput", "inMessageRef"), ("dataOutput", "outMessageRef")):
            ref = part(operation, name)
            if node.kind == "serviceTask" and ref is not None:
                yield node, side, drawing.find(ref.text)


@rule(
    "io-binding",
    "8.5",
    "An operation that a callable element binds belongs to an interface that it supports, and "
    "its messages to data sets of that element.",
)
def bindings_are_supported(drawing: Drawing) -> Breaches:
    for binding in drawing.all("ioBinding"):
        callee = binding.getparent()
        operation = drawing.referred(binding, "operationRef")
        if callee is None or operation is None:
            continue
        supported = [drawing.find(ref.text) for ref in named_parts(callee, "supportedInterfaceRef")]
        if operation.getparent() not in supported:
            text = f'"{operation.get("name")}" belongs to no interface that is supported here.'
            yield binding, text, operation
        for name in ("inputDataRef", "outputDataRef"):
            data = drawing.referred(binding, name)
            if data is not None and callee not in data.iterancestors():
                yield binding, f'{name} "{data.get("id")}" belongs to another element.', data
