"""A BPMN file becomes the immutable graphs that the machine walks.

Invariant: either every executable process of the file is compiled exactly, or `ModelRefused`
is raised with the complete report. The steps: read, check against the schema, sort into a model,
apply the rules, compile each node; a graph is only given out where none of them found an error.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lxml import etree

from bpmn.compilation import Compilation
from bpmn.dialects.spoken import Spoken, check_extensions, dialect_of
from bpmn.elements import BPMN
from bpmn.embedded_forms import EmbeddedForm
from bpmn.errors import Finding, ModelRefused
from bpmn.graph import Graph, UserTask
from bpmn.model import Model, ProcessModel
from bpmn.model_reading import read_model
from bpmn.nodes import Nodes
from bpmn.reader import Document, read_document
from bpmn.report import Report
from bpmn.rules import check_file, check_names, check_process
from bpmn.soundness import check_soundness

MODEL_SUFFIXES = (".bpmn", ".bpmn2", ".bpmn20.xml", ".bpmn.xml")
"""How files with models are called."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The executable processes of one file, and the warnings and notices about it."""

    graphs: tuple[Graph, ...]
    findings: list[Finding]
    forms: tuple[EmbeddedForm, ...] = ()
    """Forms that stand in the model, to be deployed with it."""


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
        report.error("not-bpmn", document.root, _not_bpmn(etree.QName(document.root)))
        raise ModelRefused(report.findings())
    if against_schema:
        report.take(_schema_findings(document))
    spoken = dialect_of(document.root)
    drawing = check_file(document.root, report, dialect=not spoken.leaves_work_open)
    if against_schema:  # what only warns was said at the deployment
        check_soundness(drawing, report, well_formed=not report.errors)
    source_hash = hashlib.sha256(source).hexdigest()
    context, graphs = _compile(document, spoken, report, source_hash)
    if against_schema and not context.model.processes:
        _advise(document, spoken, report)
    if report.errors:
        raise ModelRefused(report.findings())
    return Compiled(
        graphs, report.findings(), tuple(EmbeddedForm(*each) for each in context.forms.items())
    )


def _not_bpmn(found: etree.QName) -> str:
    other = f"<{found.localname}> in {found.namespace or 'no namespace'}"
    hint = next((said for part, said in _OTHERS.items() if part in (found.namespace or "")), "")
    return f"A BPMN file begins with <definitions> in {BPMN}, not with {other}.{hint}"


_OTHERS = {
    "/DMN/": " It is a decision model: its name ends in .dmn.",
    "/CMMN/": " It is a case model; cases are not executed.",
    "schema.omg.org/spec/BPMN": " That is a draft of BPMN 2.0: export it from a newer tool.",
    "wfmc.org": " It is XPDL: export the model as BPMN 2.0.",
}
"""What is mistaken for a BPMN file, by a part of its namespace."""


def _schema_findings(document: Document) -> list[Finding]:
    from bpmn.schema import schema_findings  # noqa: PLC0415  loads the XSDs: only when needed

    return schema_findings(document)


def _compile(
    document: Document, spoken: Spoken, report: Report, source_hash: str
) -> tuple[Compilation, tuple[Graph, ...]]:
    model = read_model(document.root, report)
    context = Compilation(model, report, spoken.unmarked, dialect=spoken)
    _check_extensions(model, spoken, report)
    graphs = []
    for process in model.processes:
        check_process(process, report)
        graphs.append(_graph(context, process, source_hash))
    return context, tuple(graphs)


def _advise(document: Document, spoken: Spoken, report: Report) -> None:
    """Where nothing is executable: what else would hinder each process that is drawn, were it."""
    drawn = [part for part in document.root.iterchildren(_PROCESS) if part.find(_NODE) is not None]
    if not drawn:
        return
    for process in drawn:
        process.set("isExecutable", "true")
    asked = Report(document)
    check_file(document.root, asked, dialect=not spoken.leaves_work_open)
    _compile(document, spoken, asked, "")
    report.advise(asked.findings())


_PROCESS = f"{{{BPMN}}}process"
_NODE = f"{{{BPMN}}}*[@id]"


def _check_extensions(model: Model, spoken: Spoken, report: Report) -> None:
    """What is executed, and what it can refer to; pools that are only drawn may say anything."""
    for process in model.processes:
        check_extensions(process.element, spoken, report)
    for kind, elements in model.roots.items():
        for element in elements.values():
            if kind != "process" and element.getparent() is model.root:
                check_extensions(element, spoken, report)


def _graph(context: Compilation, process: ProcessModel, source_hash: str) -> Graph:
    compile_ = Nodes(context, process)
    nodes = {node.id: compile_.node(node) for node in process.nodes.values() if node.executed}
    check_names(process, nodes, context.report)
    words = context.dialect.process(context, process.element)
    initiators = map(context.dialect.initiator, (n.element for n in process.scopes[0].starts))
    remembered = (
        name
        for node in nodes.values()
        if isinstance(node.action, UserTask)
        for name in node.action.other_person_than
    )
    return Graph(
        process_id=process.id,
        name=process.element.get("name") or process.id,
        version_tag=words.version_tag,
        nodes=nodes,
        scopes={scope.id: compile_.scope(scope) for scope in process.scopes},
        source_hash=source_hash,
        history_ttl=words.history_ttl,
        initiator=next((name for name in initiators if name), None),
        remembered=frozenset(remembered),
    )
