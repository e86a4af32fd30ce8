"""Sorts a file's elements into a model, with the treatment that `elements` gives each.

Invariant: what is unknown or not executed is reported where it stands; nothing is lost.
"""

from __future__ import annotations

from lxml import etree

from bpmn.elements import (
    BPMN,
    COLLABORATION_PARTS,
    EVENT_DEFINITIONS,
    FLOW_NODES,
    GLOBAL_TASKS,
    LOOPS,
    ROOT_PARTS,
    SCOPE_PARTS,
    SUBPROCESSES,
    Treatment,
)
from bpmn.model import (
    FlowNode,
    MessageFlow,
    Model,
    ProcessModel,
    ScopeModel,
    SequenceFlow,
    child,
    local,
    reference,
    text_of,
)
from bpmn.report import Report

_ANY = f"{{{BPMN}}}*"
_DRAWN = ("process", "choreography", "collaboration", "globalConversation")


def read_model(root: etree._Element, report: Report) -> Model:
    """Sort the file's elements into a model; what is unknown or not executed is reported."""
    return _Reading(root, report).read()


class _Reading:
    def __init__(self, root: etree._Element, report: Report) -> None:
        self.report = report
        self.model = Model(root)
        self.unnamed = 0

    def read(self) -> Model:
        model = self.model
        self.identify()
        for part in model.root.iterchildren(_ANY):
            kind = local(part)
            if not self.treat(part, ROOT_PARTS):
                continue
            self.keep(part)
            if kind == "interface":
                for operation in part.iterchildren(f"{{{BPMN}}}operation"):
                    self.keep(operation)
        for part in model.root.iterchildren(_ANY):
            kind = local(part)
            if kind == "collaboration":
                self.collaboration(part)
            elif kind == "process" and (process := self.process(part)):
                model.processes.append(process)
            elif kind in GLOBAL_TASKS:
                model.processes.append(self.global_task(part))
        if not model.processes:
            drawn = [part for part in model.root.iterchildren(_ANY) if local(part) in _DRAWN]
            text = self.nothing_to_execute(drawn)
            at = drawn[0] if drawn and not model.root.get("id") else model.root
            self.report.error("no-executable-process", at, text, related=drawn)
        return model

    def keep(self, element: etree._Element) -> None:
        self.model.roots.setdefault(local(element), {}).setdefault(element.get("id", ""), element)

    def nothing_to_execute(self, drawn: list[etree._Element]) -> str:
        """What is there instead, by name: a drawing is no fault of the one who drew it."""
        others = [
            f"{local(part)} {part.get('name') or part.get('id')!r} (line "
            f"{self.report.document.line(part)})"
            for part in drawn
        ]
        text = 'No process says isExecutable="true", so nothing could be started.'
        return text + (f" The file has: {', '.join(others[:10])}." if others else "")

    def identify(self) -> None:
        for element in self.model.root.iter(_ANY):
            identifier = element.get("id")
            if identifier is None:
                continue
            first = self.model.elements.setdefault(identifier, element)
            if first is not element:
                self.report.repeated(element, first)

    def treat(self, element: etree._Element, table: dict[str, Treatment]) -> bool:
        """Report what the table says about the element; True if it is to be read on."""
        kind = local(element)
        treatment = table.get(kind)
        if treatment is None:
            self.report.error("unknown-element", element, f"<{kind}> is not known here.")
        elif treatment.how == "refused":
            self.report.error("unsupported", element, treatment.why)
        elif treatment.how == "noticed":
            self.report.notice_kind(element, treatment.why)
        return treatment is not None and treatment.how == "executed"

    # --- between processes ---

    def collaboration(self, element: etree._Element) -> None:
        for part in element.iterchildren(_ANY):
            if not self.treat(part, COLLABORATION_PARTS):
                continue
            if local(part) == "messageFlow":
                self.message_flow(part)
            elif local(part) == "correlationKey":
                self.keep(part)
            else:
                for key in part.iter(f"{{{BPMN}}}correlationKey"):
                    self.keep(key)

    def message_flow(self, part: etree._Element) -> None:
        ends = (reference(part.get("sourceRef")), reference(part.get("targetRef")))
        message = reference(part.get("messageRef"))
        self.model.message_flows.append(MessageFlow(part.get("id", ""), part, *ends, message))

    # --- processes ---

    def process(self, element: etree._Element) -> ProcessModel | None:
        if element.get("isExecutable", "false").strip() not in ("true", "1"):
            self.report.notice_kind(
                element, 'A process without isExecutable="true" is drawn only, not deployed.'
            )
            return None
        process = ProcessModel(self.named(element, "process"), element)
        self.scope(element, None, None, process)
        nodes = process.nodes
        for scope in process.scopes:
            for flow in scope.flows:
                if source := nodes.get(flow.source):
                    source.outgoing.append(flow)
                if target := nodes.get(flow.target):
                    target.incoming.append(flow)
        return process

    def global_task(self, element: etree._Element) -> ProcessModel:
        """A process whose only node is the task; `#` cannot stand in an id of the file's own."""
        process = ProcessModel(self.named(element, local(element)), element, global_task=True)
        scope = ScopeModel(process.id, element, None)
        kind = GLOBAL_TASKS[local(element)]
        scope.nodes.append(FlowNode(f"{process.id}#task", kind, element, scope, executed=True))
        process.scopes.append(scope)
        return process

    def named(self, element: etree._Element, kind: str) -> str:
        identifier = element.get("id", "")
        if not identifier:
            self.report.error("missing-id", element, f"This {kind} has no id.")
        return identifier

    def scope(
        self,
        element: etree._Element,
        parent: ScopeModel | None,
        filled: FlowNode | None,
        process: ProcessModel,
    ) -> None:
        scope = ScopeModel(element.get("id", ""), element, parent, filled)
        process.scopes.append(scope)
        inner = []
        for part in element.iterchildren(_ANY):
            kind = local(part)
            if kind in FLOW_NODES:
                node = self.node(part, scope)
                scope.nodes.append(node)
                if node.kind in SUBPROCESSES and node.executed:
                    inner.append(node)
            elif kind in LOOPS and filled is not None:
                continue  # read with the subprocess as a node
            elif self.treat(part, SCOPE_PARTS) and kind == "sequenceFlow":
                scope.flows.append(self.flow(part))
        for node in inner:
            self.scope(node.element, scope, node, process)

    def flow(self, element: etree._Element) -> SequenceFlow:
        # Without an id of its own a flow is named by its ends and its place in the file.
        source = reference(element.get("sourceRef"))
        target = reference(element.get("targetRef"))
        identifier = element.get("id")
        if identifier is None:
            self.unnamed += 1
            identifier = f"{source}->{target}#{self.unnamed}"
        return SequenceFlow(
            identifier, element, source, target, child(element, "conditionExpression")
        )

    def node(self, element: etree._Element, scope: ScopeModel) -> FlowNode:
        kind = local(element)
        identifier = self.named(element, kind)
        executed = self.treat(element, FLOW_NODES)
        node = FlowNode(identifier, kind, element, scope, executed)
        if executed:
            self.parts(node)
        return node

    def parts(self, node: FlowNode) -> None:
        for part in node.element.iterchildren(_ANY):
            kind = local(part)
            if kind in EVENT_DEFINITIONS:
                self.definition(node, part)
            elif kind == "eventDefinitionRef":
                self.shared_definition(node, part)
            elif kind in LOOPS:
                node.loop = part
            elif node.kind not in SUBPROCESSES:
                self.treat(part, SCOPE_PARTS)

    def shared_definition(self, node: FlowNode, part: etree._Element) -> None:
        name = reference(text_of(part))
        for kind in EVENT_DEFINITIONS:
            if (shared := self.model.find(kind, name)) is not None:
                self.definition(node, shared)
                return
        self.report.error("dangling-reference", part, f'No event definition "{name}".')
        node.executed = False

    def definition(self, node: FlowNode, part: etree._Element) -> None:
        treatment = EVENT_DEFINITIONS[local(part)]
        node.definitions.append(part)
        if treatment.how == "refused":
            self.report.error("unsupported", node.element, treatment.why)
            node.executed = False
