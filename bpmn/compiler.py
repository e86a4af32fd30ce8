"""A BPMN file becomes the immutable graphs that the machine walks.

Invariant: either every executable process of the file is compiled exactly, or `ModelRefused`
is raised with the complete report. The steps: read, check against the schema, sort into a model,
apply the rules, compile each node; a graph is only given out where none of them found an error.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lxml import etree

from bpmn.actions import compile_action
from bpmn.camunda import Context, attribute, leading_lines, properties, retry, switch
from bpmn.elements import BPMN
from bpmn.errors import ExpressionRefused, Finding, ModelRefused
from bpmn.events import compile_event
from bpmn.expressions import condition
from bpmn.extensions import check_extensions
from bpmn.graph import Expression, Flow, Graph, Node, Scope, UserTask
from bpmn.mappings import input_output
from bpmn.model import (
    FlowNode,
    ProcessModel,
    ScopeModel,
    SequenceFlow,
    text_of,
)
from bpmn.model_reading import read_model
from bpmn.reader import Document, read_document
from bpmn.report import Report
from bpmn.rules import check_file, check_process
from bpmn.soundness import check_soundness


@dataclass(frozen=True, slots=True)
class Compiled:
    """The executable processes of one file, and the warnings and notices about it."""

    graphs: tuple[Graph, ...]
    findings: list[Finding]


def compile_model(
    source: bytes, file: str = "model.bpmn", *, against_schema: bool = True
) -> Compiled:
    """Compile all executable processes; raises `ModelRefused` when any finding is an error.

    `against_schema=False` is for a source that passed at its deployment: it saves loading the
    OMG schema when graphs are compiled again after a start.
    """
    document = read_document(source, file)
    report = Report(document)
    if etree.QName(document.root) != etree.QName(BPMN, "definitions"):
        report.error("not-bpmn", document.root, f"A BPMN file begins with <definitions> in {BPMN}.")
        raise ModelRefused(report.findings())
    if against_schema:
        report.take(_schema_findings(document))
    drawing = check_file(document.root, report)
    if against_schema:  # what only warns was said at the deployment
        check_soundness(drawing, report, well_formed=not report.errors)
    graphs = _compile(document, report, hashlib.sha256(source).hexdigest())
    if report.errors:
        raise ModelRefused(report.findings())
    return Compiled(graphs, report.findings())


def _schema_findings(document: Document) -> list[Finding]:
    from bpmn.schema import schema_findings  # noqa: PLC0415  loads the XSDs: only when needed

    return schema_findings(document)


def _compile(document: Document, report: Report, source_hash: str) -> tuple[Graph, ...]:
    model = read_model(document.root, report)
    context = Context(model, report)
    for shared in (*model.all("message"), *model.all("error")):
        check_extensions(shared, report)
    graphs = []
    for process in model.processes:
        check_process(process, report)
        check_extensions(process.element, report)
        graphs.append(_graph(context, process, source_hash))
    return tuple(graphs)


def _graph(context: Context, process: ProcessModel, source_hash: str) -> Graph:
    nodes = {
        node.id: _node(context, process, node) for node in process.nodes.values() if node.executed
    }
    root = process.scopes[0]
    initiators = (
        attribute(node.element, "initiator") for node in root.nodes if node.kind == "startEvent"
    )
    remembered = (
        name
        for node in nodes.values()
        if isinstance(node.action, UserTask)
        for name in node.action.other_person_than
    )
    return Graph(
        process_id=process.id,
        name=process.element.get("name") or process.id,
        version_tag=attribute(process.element, "versionTag"),
        nodes=nodes,
        scopes={scope.id: _scope(scope) for scope in process.scopes},
        source_hash=source_hash,
        history_ttl=attribute(process.element, "historyTimeToLive"),
        initiator=next((name for name in initiators if name), None),
        remembered=frozenset(remembered),
    )


def _scope(scope: ScopeModel) -> Scope:
    def starts(definition: str) -> tuple[str, ...]:
        return tuple(
            node.id
            for node in scope.nodes
            if node.kind == "startEvent" and node.executed and node.definition == definition
        )

    return Scope(
        id=scope.id,
        parent=scope.parent.id if scope.parent else None,
        nodes=tuple(node.id for node in scope.nodes),
        starts=starts(""),
        message_starts=starts("messageEventDefinition"),
        timer_starts=starts("timerEventDefinition"),
    )


def _node(context: Context, process: ProcessModel, node: FlowNode) -> Node:
    element = node.element
    flows = {flow.id: _flow(context, flow) for flow in node.outgoing}
    default = element.get("default", "").strip().rpartition(":")[2]
    inputs, outputs = input_output(context, node)
    return Node(
        id=node.id,
        name=element.get("name") or "",
        kind=node.kind,
        scope=node.scope.id,
        line=context.report.document.line(element),
        incoming=tuple(flow.id for flow in node.incoming),
        outgoing=tuple(flow for name, flow in flows.items() if name != default),
        default=flows.get(default),
        action=compile_action(context, process, node),
        event=compile_event(context, node),
        boundary=tuple(b.id for b in process.attached.get(node.id, ()) if b.executed),
        attached_to=element.get("attachedToRef", "").rpartition(":")[2] or None,
        interrupting=element.get("cancelActivity", "true").strip() not in ("false", "0"),
        inputs=inputs,
        outputs=outputs,
        async_before=switch(context, element, "asyncBefore", False)
        or switch(context, element, "async", False),
        async_after=switch(context, element, "asyncAfter", False),
        exclusive=switch(context, element, "exclusive", True),
        retry=retry(context, element),
        properties=properties(element),
    )


def _flow(context: Context, flow: SequenceFlow) -> Flow:
    return Flow(flow.id, flow.source, flow.target, _condition(context, flow))


def _condition(context: Context, flow: SequenceFlow) -> Expression | None:
    holder = flow.condition
    text = text_of(holder)
    if holder is None or not text:
        return None
    if attribute(holder, "resource") is not None:
        context.report.error("unsupported", flow.element, "camunda:resource is not followed.")
    # Without a word at the condition Camunda 7 reads JUEL, whatever the file's default says.
    default = context.model.expression_language
    language = holder.get("language") or (default if "feel" in default.lower() else None)
    line = context.report.document.line(holder) + leading_lines(holder.text or "")
    try:
        return condition(text, language, line)
    except ExpressionRefused as error:
        context.refuse_expression(flow.element, text, error, line)
        return None
