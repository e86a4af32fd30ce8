"""One DMN file as it was read: its elements, its imports, and the report on it.

Invariant: nothing is interpreted here; whoever finds a fault puts it into the file's report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from bpmn.errors import ExpressionRefused, Finding, ModelRefused
from bpmn.reader import Document, read_document
from bpmn.report import Report

Element = etree._Element

EDITIONS = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
"""The namespaces of DMN's editions."""

DIALECTS = ("http://camunda.org/schema/1.0/dmn", "http://operaton.org/schema/1.0/dmn")
NODES = frozenset({"decision", "inputData", "businessKnowledgeModel", "decisionService"})
"""The elements of a decision requirements graph that take part in an evaluation."""


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """`import`: the elements of another file, under a name, or without one among our own."""

    name: str
    namespace: str
    element: Element
    of_decisions: bool


@dataclass(slots=True, eq=False)
class Source:
    """`namespace` is the model's own, which other files import; `nodes` are its requirements
    graph's elements by id."""

    document: Document
    report: Report
    schema: str
    namespace: str
    language: str
    nodes: dict[str, Element] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)
    _tags: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Element:
        return self.document.root

    @property
    def file(self) -> str:
        return self.document.file

    def children(self, element: Element, kind: str) -> Iterator[Element]:
        tag = self._tags.get(kind)
        if tag is None:
            tag = self._tags[kind] = f"{{{self.schema}}}{kind}"
        return element.iterchildren(tag)

    def child(self, element: Element, kind: str) -> Element | None:
        return next(self.children(element, kind), None)

    def text(self, element: Element) -> str:
        """The content of the element's `text`."""
        return "".join(child.text or "" for child in self.children(element, "text"))

    def line(self, element: Element) -> int:
        return self.document.line(element)

    def fault(self, element: Element, rule: str, message: str, line: int = 0) -> None:
        self.report.error(rule, element, message, line)

    def warn(self, element: Element, rule: str, message: str) -> None:
        self.report.warning(rule, element, message)

    def refuse_expression(self, element: Element, text: str, refused: ExpressionRefused) -> None:
        """Report an expression with the line that its fault stands in."""
        holder = self.child(element, "text")
        line = self.line(element if holder is None else holder)
        line += text.count("\n", 0, max(refused.position, 0))
        shown = text.strip() if len(text.strip()) <= 80 else text.strip()[:77] + "…"
        message = f"{refused} (character {refused.position + 1}) — in: {shown}"
        self.fault(element, "expression", message, line)


def read_source(content: bytes, file: str) -> Source:
    """Raises `ModelRefused` for what is no DMN file."""
    document = read_document(content, file)
    root = document.root
    schema, tag = _parted(root)
    if schema not in EDITIONS or tag != "definitions":
        text = "The file is no DMN 1.1 to 1.5 model."
        finding = Finding(file, document.line(root), root.get("id"), "not-dmn", "error", text)
        raise ModelRefused([finding])
    source = Source(
        document,
        Report(document),
        schema,
        root.get("namespace", ""),
        root.get("expressionLanguage", ""),
    )
    for element in root.iterchildren(etree.Element):
        found, kind = _parted(element)
        if found == schema:
            _keep(source, element, kind)
    _check_ids(source)
    return source


def _keep(source: Source, element: Element, kind: str) -> None:
    if kind in NODES:
        identifier = element.get("id") or ""
        if not identifier:
            source.fault(element, "id", f"The {kind} needs an id.")
        source.nodes.setdefault(identifier or f"\0{len(source.nodes)}", element)
    elif kind == "import":
        source.imports.append(_import(source, element))
    elif kind not in _SILENT:
        source.fault(element, "not-executed", f"The element {kind} is not known.")


def _import(source: Source, element: Element) -> Import:
    namespace, kind = element.get("namespace", ""), element.get("importType", "")
    if not namespace:
        source.fault(element, "import", "The import names no namespace.")
    of_decisions = kind in EDITIONS or "/DMN/" in kind or not kind
    if not of_decisions:
        text = f"Only decision models are imported; importType {kind} has no effect here."
        source.warn(element, "import-type", text)
    return Import(plain_name(element.get("name", "")), namespace, element, of_decisions)


def _check_ids(source: Source) -> None:
    """An id names one element (DMN 1.5 §6.3.1: ids are XML ids). Diagrams are no concern here."""
    seen: set[str] = set()
    prefix = f"{{{source.schema}}}*"
    for element in source.root.iter(prefix):
        identifier = element.get("id")
        if identifier and identifier in seen:
            source.fault(element, "duplicate-id", f"The id {identifier} stands for two elements.")
        elif identifier:
            seen.add(identifier)


_SILENT = frozenset(
    {"association", "textAnnotation", "group", "knowledgeSource", "extensionElements"}
    | {"description", "itemDefinition", "elementCollection", "performanceIndicator"}
    | {"organizationUnit", "artifact"}
)
"""What takes no part in an evaluation, or (item definitions) is read by its own module."""


def _parted(element: Element) -> tuple[str, str]:
    namespace, _, tag = str(element.tag).rpartition("}")
    return namespace.removeprefix("{"), tag


def local(element: Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def plain_name(name: str) -> str:
    """A name as FEEL compares it: one space between its words."""
    return " ".join(name.split())


def name_of(element: Element) -> str:
    return plain_name(element.get("name") or element.get("id") or "")


def extension(element: Element, name: str) -> str | None:
    """The attribute of Camunda's or Operaton's namespace."""
    for namespace in DIALECTS:
        value = element.get(f"{{{namespace}}}{name}")
        if value:
            return value
    return None
