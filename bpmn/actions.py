"""What an activity does, compiled from its element and what its dialect says of it.

Invariant: each `Action` is complete and literal where the graph wants literals; whatever cannot
be executed exactly is reported. The table shows which function compiles which element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from lxml import etree

from bpmn.calls import compile_call
from bpmn.compilation import Compilation
from bpmn.context import Reported
from bpmn.data import Data
from bpmn.events import message_event, sends_message
from bpmn.graph import (
    Action,
    AdHoc,
    Computation,
    Receive,
    Subprocess,
    UserTask,
    Work,
)
from bpmn.model import FlowNode, ProcessModel, child, reference, text_of
from bpmn.roles import with_roles
from bpmn.scripts import script_of

_UNSAID = frozenset({"", "##WebService", "##unspecified", "##other"})


def compile_action(
    context: Compilation, process: ProcessModel, data: Data, node: FlowNode
) -> Action | None:
    """The node's action; None for events and gateways, or where a fault was reported."""
    try:
        if node.kind == "callActivity":
            return compile_call(context, data, node)
        compiler = _COMPILERS.get(node.kind)
        return None if compiler is None else compiler(context, process, node)
    except Reported:
        return None


def _user_task(context: Compilation, process: ProcessModel, node: FlowNode) -> Action:
    task = context.dialect.user_task(context, node.element) or UserTask()
    task = with_roles(context, node.element, task)
    return replace(task, other_person_than=_four_eyes(context, process, node))


def _four_eyes(context: Compilation, process: ProcessModel, node: FlowNode) -> tuple[str, ...]:
    text = context.dialect.properties(node.element).get("andere_person_als")
    if text is None:
        return ()
    named = tuple(part.strip() for part in text.split(",") if part.strip())
    nodes = process.nodes
    for name in named:
        other = nodes.get(name)
        itself = other is node and node.loop is None  # Instances can be told from each other.
        if other is None or other.kind != "userTask" or itself:
            context.report.error(
                "four-eyes",
                node.element,
                f'andere_person_als names "{name}", which is not another user task of this '
                "process.",
            )
    if not named:
        context.report.error("four-eyes", node.element, "andere_person_als names no task.")
    return tuple(dict.fromkeys(named))


def _service(context: Compilation, process: ProcessModel, node: FlowNode) -> Action:
    element = node.element
    said = context.dialect.work(context, element, process.element) or _own_work(context, element)
    if said is None and context.dialect.leaves_work_open:
        topic = element.get("id", "")
        text = f'Nothing says who does the work of "{node.label}": it waits for topic "{topic}".'
        context.report.warning("work-open", element, text)
        return Work(topic, external=True)
    if said is None:
        context.refuse(
            "implementation-missing",
            element,
            f'Nothing says who does the work of "{node.label}": give camunda:type="external" with '
            "camunda:topic, camunda:topic alone for a handler of this server, "
            "camunda:expression, zeebe:taskDefinition, or an operationRef.",
        )
    return said


def _own_work(context: Compilation, element: etree._Element) -> Work | None:
    """BPMN's own words for it: the operation of an interface, or an implementation by its URI.

    A handler of this server bears the operation's name."""
    part = child(element, "operationRef")
    operation = reference(element.get("operationRef") or text_of(part))
    if operation:
        found = context.model.find("operation", operation)
        if found is None:
            context.refuse("dangling-reference", element, f'There is no operation "{operation}".')
        return Work((found.get("name") or operation).strip(), external=False)
    implementation = (element.get("implementation") or "").strip()
    return None if implementation in _UNSAID else Work(implementation, external=False)


def _send(context: Compilation, process: ProcessModel, node: FlowNode) -> Action | None:
    """A send task works as a service task, or throws the message it refers to; where it does
    neither, that of its message flow."""
    said = context.dialect.work(context, node.element, process.element)
    if said is not None or sends_message(context, node):
        return said
    return _service(context, process, node)


def _throw(context: Compilation, process: ProcessModel, node: FlowNode) -> Action | None:
    """A thrown message with an implementation of its own is work, as in Camunda 7."""
    if node.definition != "messageEventDefinition":
        return None
    return context.dialect.work(context, node.definitions[0], process.element)


def _receive(context: Compilation, process: ProcessModel, node: FlowNode) -> Action:
    return Receive(message_event(context, process, node, node.element))


def _script(context: Compilation, process: ProcessModel, node: FlowNode) -> Action:
    said = context.dialect.script(context, node.element)
    if said is None and not (node.element.get("scriptFormat") or "").strip():
        work = context.dialect.work(context, node.element, process.element)
        if work is not None:
            return work
    return said or script_of(context, node.element, child(node.element, "script"))


def _rule(context: Compilation, process: ProcessModel, node: FlowNode) -> Action:
    return context.dialect.decision(context, node.element) or _service(context, process, node)


def _subprocess(_context: Compilation, _process: ProcessModel, node: FlowNode) -> Action:
    return Subprocess(on_event=node.on_event)


def _transaction(_context: Compilation, _process: ProcessModel, node: FlowNode) -> Action:
    return Subprocess(transaction=True, on_event=node.on_event)


def _ad_hoc(context: Compilation, _process: ProcessModel, node: FlowNode) -> Action:
    element = node.element
    return AdHoc(
        parallel=element.get("ordering", "Parallel").strip() != "Sequential",
        completion=context.condition(child(element, "completionCondition"), at=element),
        cancel_remaining=node.flag("cancelRemainingInstances", default=True),
        chosen=context.dialect.chosen(context, element),
    )


def _passes(_context: Compilation, _process: ProcessModel, _node: FlowNode) -> Action:
    """Undefined and manual tasks are drawn for people: the engine passes them at once."""
    return Computation(())


_COMPILERS: Mapping[str, Callable[[Compilation, ProcessModel, FlowNode], Action | None]] = {
    "task": _passes,
    "manualTask": _passes,
    "userTask": _user_task,
    "serviceTask": _service,
    "sendTask": _send,
    "receiveTask": _receive,
    "scriptTask": _script,
    "businessRuleTask": _rule,
    "subProcess": _subprocess,
    "transaction": _transaction,
    "adHocSubProcess": _ad_hoc,
    "intermediateThrowEvent": _throw,
    "endEvent": _throw,
}
