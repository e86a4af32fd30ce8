"""A BPMN file as plain nodes and flows, before any rule is applied.

Invariant: every flow node and sequence flow of every executable process is here exactly once,
also those that are refused, so that the rules see the whole picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from bpmn.elements import (
    BPMN,
    COLLABORATION_PARTS,
    EVENT_DEFINITIONS,
    FLOW_NODES,
    ROOT_PARTS,
    SCOPE_PARTS,
    Treatment,
)
from bpmn.report import Report


@dataclass(slots=True, eq=False)
class SequenceFlow:
    id: str
    element: etree._Element
    source: str
    target: str
    condition: etree._Element | None


@dataclass(slots=True, eq=False)
class FlowNode:
    """One event, activity or gateway. `executed` is False for what was refused by name."""

    id: str
    kind: str
    element: etree._Element
    scope: ScopeModel
    executed: bool
    definitions: list[etree._Element] = field(default_factory=list)
    incoming: list[SequenceFlow] = field(default_factory=list)
    outgoing: list[SequenceFlow] = field(default_factory=list)

    @property
    def definition(self) -> str:
        """Local name of the only event definition, "" for none."""
        return local(self.definitions[0]) if self.definitions else ""

    @property
    def label(self) -> str:
        return self.element.get("name") or self.id


@dataclass(slots=True, eq=False)
class ScopeModel:
    """A process or embedded subprocess."""

    id: str
    element: etree._Element
    parent: ScopeModel | None
    nodes: list[FlowNode] = field(default_factory=list)
    flows: list[SequenceFlow] = field(default_factory=list)


@dataclass(eq=False)
class ProcessModel:
    """An executable process with all scopes, outermost first."""

    id: str
    element: etree._Element
    scopes: list[ScopeModel] = field(default_factory=list)

    @cached_property
    def nodes(self) -> dict[str, FlowNode]:
        return {node.id: node for scope in self.scopes for node in scope.nodes}

    @cached_property
    def attached(self) -> dict[str, list[FlowNode]]:
        """Boundary events by the id of the activity they sit on."""
        found: dict[str, list[FlowNode]] = {}
        for node in self.nodes.values():
            if node.kind == "boundaryEvent":
                found.setdefault(reference(node.element.get("attachedToRef")), []).append(node)
        return found


@dataclass(slots=True, eq=False)
class Model:
    """One file: its executable processes, and the root elements that they refer to."""

    processes: list[ProcessModel]
    messages: dict[str, etree._Element]
    errors: dict[str, etree._Element]
    expression_language: str


def local(element: etree._Element) -> str:
    return etree.QName(element).localname


def is_bpmn(element: etree._Element) -> bool:
    return etree.QName(element).namespace == BPMN


def reference(text: str | None) -> str:
    """What a QName or IDREF points to: within one file the local part is the id."""
    return (text or "").strip().rpartition(":")[2]


def child(element: etree._Element, name: str) -> etree._Element | None:
    return element.find(f"{{{BPMN}}}{name}")


def text_of(element: etree._Element | None) -> str:
    return "" if element is None else "".join(map(str, element.itertext())).strip()


def read_model(root: etree._Element, report: Report) -> Model:
    """Sort the file's elements into a model; what is unknown or not executed is reported."""
    return _Reading(root, report).model()


class _Reading:
    def __init__(self, root: etree._Element, report: Report) -> None:
        self.root = root
        self.report = report
        self.shared: dict[str, etree._Element] = {}
        self.unnamed = 0

    def model(self) -> Model:
        self.check_ids()
        processes = []
        messages: dict[str, etree._Element] = {}
        errors: dict[str, etree._Element] = {}
        for part in self.root.iterchildren(f"{{{BPMN}}}*"):
            kind, identifier = local(part), part.get("id", "")
            if kind in EVENT_DEFINITIONS:
                self.shared[identifier] = part
            elif kind == "message":
                messages[identifier] = part
            elif kind == "error":
                errors[identifier] = part
        for part in self.root.iterchildren(f"{{{BPMN}}}*"):
            if not self.treat(part, ROOT_PARTS):
                continue
            if local(part) == "collaboration":
                self.collaboration(part)
            elif local(part) == "process" and (process := self.process(part)):
                processes.append(process)
        if not processes:
            self.report.error(
                "no-executable-process",
                self.root,
                'No process says isExecutable="true", so nothing could be started.',
            )
        language = self.root.get("expressionLanguage", "")
        return Model(processes, messages, errors, language)

    def check_ids(self) -> None:
        first: dict[str, int] = {}
        for element in self.root.iter(f"{{{BPMN}}}*"):
            identifier = element.get("id")
            if identifier is None:
                continue
            if identifier in first:
                self.report.error(
                    "duplicate-id",
                    element,
                    f'The id "{identifier}" is used already in line {first[identifier]}.',
                )
            else:
                first[identifier] = self.report.document.line(element)

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

    def collaboration(self, element: etree._Element) -> None:
        for part in element.iterchildren(f"{{{BPMN}}}*"):
            if local(part) in COLLABORATION_PARTS:
                self.treat(part, COLLABORATION_PARTS)

    def process(self, element: etree._Element) -> ProcessModel | None:
        if element.get("isExecutable", "false").strip() not in ("true", "1"):
            self.report.notice_kind(
                element, 'A process without isExecutable="true" is drawn only, not deployed.'
            )
            return None
        if not element.get("id"):
            self.report.error("missing-id", element, "The process has no id.")
        process = ProcessModel(element.get("id", ""), element)
        self.scope(element, None, process)
        nodes = process.nodes
        for scope in process.scopes:
            for flow in scope.flows:
                if source := nodes.get(flow.source):
                    source.outgoing.append(flow)
                if target := nodes.get(flow.target):
                    target.incoming.append(flow)
        return process

    def scope(
        self, element: etree._Element, parent: ScopeModel | None, process: ProcessModel
    ) -> None:
        scope = ScopeModel(element.get("id", ""), element, parent)
        process.scopes.append(scope)
        inner = []
        for part in element.iterchildren(f"{{{BPMN}}}*"):
            if local(part) in FLOW_NODES:
                node = self.node(part, scope)
                scope.nodes.append(node)
                if node.kind == "subProcess" and node.executed:
                    inner.append(part)
            elif local(part) in _LOOPS:
                continue  # reported with the subprocess as a node
            elif self.treat(part, SCOPE_PARTS) and local(part) == "sequenceFlow":
                scope.flows.append(self.flow(part))
        for part in inner:
            self.scope(part, scope, process)

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
        if not element.get("id"):
            self.report.error("missing-id", element, f"This {kind} has no id.")
        executed = self.treat(element, FLOW_NODES)
        if executed and (why := _refused_flavour(element, kind)):
            self.report.error("unsupported", element, why)
            executed = False
        node = FlowNode(element.get("id", ""), kind, element, scope, executed)
        if executed:
            self.parts(node)
        return node

    def parts(self, node: FlowNode) -> None:
        for part in node.element.iterchildren(f"{{{BPMN}}}*"):
            kind = local(part)
            if kind in EVENT_DEFINITIONS:
                self.definition(node, part)
            elif kind == "eventDefinitionRef":
                shared = self.shared.get(reference(text_of(part)))
                if shared is None:
                    self.report.error(
                        "dangling-reference", part, f'No event definition "{text_of(part)}".'
                    )
                    node.executed = False
                else:
                    self.definition(node, shared)
            elif node.kind == "subProcess" and (kind in FLOW_NODES or kind == "sequenceFlow"):
                continue  # read as a scope of its own
            elif node.kind == "subProcess" and kind not in _LOOPS:
                continue
            else:
                self.treat(part, SCOPE_PARTS)
                self.data_association(part)
        if len(node.definitions) > 1:
            self.report.error(
                "unsupported", node.element, "Events with several definitions are not executed yet."
            )
            node.executed = False

    def data_association(self, part: etree._Element) -> None:
        """One that is only drawn has no effect; one that computes would be lost."""
        if local(part) in ("dataInputAssociation", "dataOutputAssociation"):
            for computed in ("assignment", "transformation"):
                if child(part, computed) is not None:
                    self.report.error(
                        "unsupported",
                        part,
                        f"A data association with {computed} is not executed; use "
                        "camunda:inputOutput.",
                    )

    def definition(self, node: FlowNode, part: etree._Element) -> None:
        node.definitions.append(part)
        treatment = EVENT_DEFINITIONS[local(part)]
        if treatment.how == "refused":
            self.report.error("unsupported", node.element, treatment.why)
            node.executed = False


_LOOPS = frozenset({"multiInstanceLoopCharacteristics", "standardLoopCharacteristics"})


def _refused_flavour(element: etree._Element, kind: str) -> str | None:
    """Attributes that make an executed element into one that is not executed."""
    if kind == "subProcess" and element.get("triggeredByEvent", "false") in ("true", "1"):
        return "Event subprocesses are not executed yet; use a boundary event on a subprocess."
    if element.get("isForCompensation", "false") in ("true", "1"):
        return "Compensation is not executed yet."
    if kind == "receiveTask" and element.get("instantiate", "false") in ("true", "1"):
        return "A receive task cannot start a process yet; use a message start event."
    if element.get("startQuantity", "1") != "1" or element.get("completionQuantity", "1") != "1":
        return "Token quantities other than 1 are not executed."
    return None
