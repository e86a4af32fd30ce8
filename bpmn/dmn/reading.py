"""Decisions as Modeler writes them (DMN 1.1 to 1.5), read and compiled.

Invariant: a decision that compiles is evaluated as the standard and Camunda 7 both say; what is
not is refused with line and element, all faults of a file at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from bpmn.decision_types import known_type
from bpmn.decisions import (
    Cell,
    Decision,
    Decisions,
    DecisionTable,
    Input,
    LiteralDecision,
    Outcome,
    Output,
    Rule,
)
from bpmn.errors import ExpressionRefused, Finding, ModelRefused
from bpmn.feel import Test, compile_feel, compile_unary_tests, constants_in_tests
from bpmn.graph import Evaluate
from bpmn.hit_policies import AGGREGATIONS, POLICIES, SINGLE
from bpmn.juel import compile_juel
from bpmn.reader import Document, read_document
from bpmn.values import Value

__all__ = ["DecisionTable", "Decisions", "LiteralDecision", "Outcome", "compile_decisions"]

NAMESPACES = frozenset(
    {
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    }
)
_CAMUNDA = "http://camunda.org/schema/1.0/dmn"
_OPERATON = "http://operaton.org/schema/1.0/dmn"
_SILENT = frozenset(
    {"association", "textAnnotation", "group", "inputData", "knowledgeSource", "extensionElements"}
    | {"description", "itemDefinition", "elementCollection", "performanceIndicator"}
    | {"organizationUnit", "artifact"}
)
_MAX_CELLS = 100_000
_MAX_CHAIN = 50

Element = etree._Element


def compile_decisions(source: bytes, file: str = "decisions.dmn") -> Decisions:
    """Compile a DMN file. Raises `ModelRefused` with all findings when one is an error."""
    return _Reading(read_document(source, file)).decisions()


class _Reading:
    """One file. Faults are collected, so that a designer sees all of them at once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []
        self.root = document.root
        self.namespace = str(etree.QName(self.root).namespace or "")
        self.language = self.root.get("expressionLanguage") or ""
        self.elements: dict[str, Element] = {}
        self.made: dict[str, Decision | None] = {}
        self.names: set[str] = set()
        self.underway: list[str] = []

    # --- the file ---

    def decisions(self) -> Decisions:
        if self.namespace not in NAMESPACES or _local(self.root) != "definitions":
            self.fault(self.root, "not-dmn", "The file is no DMN 1.1 to 1.5 model.")
            raise ModelRefused(self.findings)
        self._look_over()
        for identifier in self.elements:
            self.decision(identifier)
        if not self.elements:
            self.fault(self.root, "no-decision", "The file has no decision.")
        if any(finding.severity == "error" for finding in self.findings):
            raise ModelRefused(self.findings)
        decisions = {key: made for key, made in self.made.items() if made is not None}
        return Decisions(
            self.root.get("id", ""), self.root.get("name", ""), decisions, tuple(self.findings)
        )

    def _look_over(self) -> None:
        """Find decisions and names; refuse what takes part in decisions and is not executed."""
        for element in self.root:
            kind = _local(element)
            if etree.QName(element).namespace != self.namespace or kind in _SILENT:
                pass
            elif kind == "decision":
                self._register(element)
            elif kind in ("businessKnowledgeModel", "import"):
                self.fault(element, "not-executed", f"The element {kind} is not executed.")
            elif kind == "decisionService":
                self.report(element, "ignored", "Decision services are not offered.", "notice")
            else:
                self.fault(element, "not-executed", f"The element {kind} is not known.")
            if kind in ("decision", "inputData"):
                names = (element, *self.children(element, "variable"))
                self.names.update(item.get("name", "") for item in names)

    def _register(self, element: Element) -> None:
        identifier = element.get("id", "")
        if not identifier or identifier in self.elements:
            self.fault(element, "id", "A decision needs an id of its own.")
        self.elements[identifier] = element

    # --- a decision ---

    def decision(self, identifier: str) -> Decision | None:
        """Compile a decision, after those that it requires."""
        if identifier in self.made:
            return self.made[identifier]
        element = self.elements[identifier]
        self.made[identifier] = None
        self.underway.append(identifier)
        required = self._required(element)
        self.underway.pop()
        content = [
            child
            for child in element
            if etree.QName(child).namespace == self.namespace
            and _local(child) not in _SILENT | {"variable", "question", "allowedAnswers"}
            and not _local(child).endswith(("Requirement", "Reference", "Goal", "Process", "Task"))
            and _local(child) not in ("decisionMaker", "decisionOwner")
        ]
        if len(content) != 1 or _local(content[0]) not in ("decisionTable", "literalExpression"):
            kinds = ", ".join(_local(child) for child in content) or "nothing"
            self.fault(
                element,
                "not-executed",
                f"A decision is one decision table or literal expression; here is {kinds}.",
            )
            return None
        build = self._table if _local(content[0]) == "decisionTable" else self._literal
        before = len(self.findings)
        made = build(element, content[0], required)
        if not any(found.severity == "error" for found in self.findings[before:]):
            self.made[identifier] = made
        return self.made[identifier]

    def _required(self, element: Element) -> tuple[Decision, ...]:
        required: list[Decision] = []
        for requirement in self.children(element, "informationRequirement"):
            for reference in self.children(requirement, "requiredDecision"):
                name = reference.get("href", "").removeprefix("#")
                if name not in self.elements:
                    self.fault(reference, "reference", f"There is no decision {name} here.")
                elif name in self.made and self.made[name] is None:
                    self.fault(reference, "reference", f"The decision {name} cannot be used here.")
                elif len(self.underway) >= _MAX_CHAIN:
                    self.fault(reference, "too-deep", "Too many decisions require each other.")
                else:
                    made = self.decision(name)
                    required += [made] if made else []
        for requirement in self.children(element, "knowledgeRequirement"):
            self.fault(requirement, "not-executed", "Knowledge models are not executed.")
        return tuple(required)

    def _head(self, element: Element) -> tuple[str, str, str, int, str | None, str | None]:
        name = element.get("name", "") or element.get("id", "")
        variables = [item.get("name", "") for item in self.children(element, "variable")]
        return (
            element.get("id", ""),
            name,
            next(filter(None, variables), name),
            self.document.line(element),
            _extension(element, "versionTag"),
            _extension(element, "historyTimeToLive"),
        )

    def _literal(
        self, element: Element, content: Element, required: tuple[Decision, ...]
    ) -> LiteralDecision:
        variables = list(self.children(element, "variable"))
        holder = variables[0] if variables else content
        text, evaluate = self.expression(content)
        return LiteralDecision(*self._head(element), required, text, evaluate, self.type(holder))

    def _table(
        self, element: Element, content: Element, required: tuple[Decision, ...]
    ) -> DecisionTable | None:
        policy = content.get("hitPolicy", "UNIQUE")
        aggregation = content.get("aggregation")
        head = self._head(element)
        inputs = tuple(self._input(item) for item in self.children(content, "input"))
        columns = list(self.children(content, "output"))
        outputs = tuple(self._output(item, head[2], len(columns)) for item in columns)
        self._check_policy(content, policy, aggregation, outputs)
        if content.get("preferredOrientation", "Rule-as-Row") == "CrossTable":
            self.fault(content, "not-executed", "Cross tables are not executed.")
        rows = list(self.children(content, "rule"))
        if len(rows) * (len(inputs) + len(outputs)) > _MAX_CELLS:
            self.fault(content, "too-large", f"A table has at most {_MAX_CELLS} cells.")
            return None
        rules = tuple(self._rule(row, inputs, outputs) for row in rows)
        return DecisionTable(*head, required, policy, aggregation, inputs, outputs, rules)

    def _check_policy(
        self, table: Element, policy: str, aggregation: str | None, outputs: tuple[Output, ...]
    ) -> None:
        if policy not in POLICIES:
            self.fault(table, "hit-policy", f"There is no hit policy {policy}.")
        if not outputs:
            self.fault(table, "output", "A decision table needs an output.")
        if len({output.name for output in outputs}) != len(outputs):
            self.fault(table, "output", "Each of several outputs needs a name of its own.")
        if aggregation is not None:
            if aggregation not in AGGREGATIONS or policy != "COLLECT":
                self.fault(table, "aggregation", f"{policy} with {aggregation} is not possible.")
            if len(outputs) > 1:
                self.fault(table, "aggregation", "An aggregation needs exactly one output.")
        ranked = policy in ("PRIORITY", "OUTPUT ORDER")
        if ranked and not any(output.priorities for output in outputs):
            self.fault(table, "hit-policy", f"{policy} needs output values that can be ordered.")
        if any(output.default for output in outputs) and policy not in SINGLE:
            self.fault(table, "output", "A default output needs a hit policy with one result.")

    # --- columns and rows ---

    def _input(self, element: Element) -> Input:
        expressions = list(self.children(element, "inputExpression"))
        if not expressions:
            self.fault(element, "input", "The input has no expression.")
            return Input(element.get("id", ""), "", "", _nothing)
        text, evaluate = self.expression(expressions[0])
        return Input(
            element.get("id", ""),
            element.get("label", ""),
            text.strip(),
            evaluate,
            self.type(expressions[0]),
            _extension(element, "inputVariable") or "cellInput",
            self._allowed(element, "inputValues"),
        )

    def _output(self, element: Element, decision: str, count: int) -> Output:
        name = element.get("name", "") or ("" if count > 1 else decision)
        if not name:
            self.fault(element, "output", "Each of several outputs needs a name.")
        defaults = list(self.children(element, "defaultOutputEntry"))
        return Output(
            name,
            element.get("label", "") or name,
            self.type(element),
            self._allowed(element, "outputValues"),
            self._priorities(element),
            self.expression(defaults[0])[1] if defaults else None,
        )

    def _allowed(self, element: Element, kind: str) -> Test | None:
        for values in self.children(element, kind):
            text = self.text(values)
            if text.strip():
                return self.tests(values, text)
        return None

    def _priorities(self, element: Element) -> tuple[Value, ...]:
        for values in self.children(element, "outputValues"):
            try:
                return constants_in_tests(self.text(values))
            except ExpressionRefused:
                pass  # reported by `_allowed`
        return ()

    def _rule(self, row: Element, inputs: tuple[Input, ...], outputs: tuple[Output, ...]) -> Rule:
        cells = list(self.children(row, "inputEntry"))
        entries = list(self.children(row, "outputEntry"))
        if len(cells) != len(inputs) or len(entries) != len(outputs):
            self.fault(row, "rule", "The rule has not one entry for each input and output.")
        made = []
        for item, cell in zip(inputs, cells, strict=False):
            text = self.text(cell)
            made.append(Cell(text.strip(), self.tests(cell, text), item.variable in text))
        results = [self.expression(entry, nothing="null") for entry in entries]
        described = "".join(self.text(item, "") for item in self.children(row, "description"))
        return Rule(
            row.get("id", ""),
            self.document.line(row),
            described.strip(),
            tuple(made),
            tuple(evaluate for _, evaluate in results),
            tuple(text.strip() for text, _ in results),
        )

    # --- expressions ---

    def expression(self, element: Element, nothing: str | None = None) -> tuple[str, Evaluate]:
        """The text and its compiled form; an empty one means `nothing`, or is a fault."""
        text = self.text(element)
        if not text.strip():
            if nothing is None:
                self.fault(element, "expression", "The expression is empty.")
            return text, _nothing
        language = self.said_language(element)
        try:
            if language == "juel" or (not language and "${" in text):
                return text, compile_juel(text.strip())
            if language in ("", "feel"):
                return text, compile_feel(text, self.names)
        except ExpressionRefused as refused:
            self.refused(element, text, refused)
            return text, _nothing
        self.fault(element, "language", f"The language {language} is not run; write FEEL.")
        return text, _nothing

    def tests(self, element: Element, text: str) -> Test:
        if self.said_language(element) not in ("", "feel"):
            self.fault(element, "language", "Tests of inputs are written in FEEL.")
        try:
            return compile_unary_tests(text, self.names)
        except ExpressionRefused as refused:
            self.refused(element, text, refused)
            return lambda _value, _variables, _now: False

    def said_language(self, element: Element) -> str:
        said = (element.get("expressionLanguage") or self.language).strip().lower().rstrip("/")
        return "feel" if said.endswith(("/feel", "/feel.xsd", "feel")) else said

    def type(self, element: Element) -> str:
        name = element.get("typeRef") or ""
        found = known_type(name)
        if found is None:
            self.fault(element, "type", f"The type {name} is not known.")
        return found or "any"

    def text(self, element: Element, tag: str = "text") -> str:
        """The content of the element's `text`, or its own."""
        if not tag:
            return element.text or ""
        return "".join(child.text or "" for child in self.children(element, tag))

    def children(self, element: Element, kind: str) -> Iterator[Element]:
        return element.iterchildren(f"{{{self.namespace}}}{kind}")

    # --- findings ---

    def refused(self, element: Element, text: str, refused: ExpressionRefused) -> None:
        lines = text[: refused.position].count("\n")
        holders = list(self.children(element, "text"))
        line = self.document.line(holders[0] if holders else element) + lines
        message = f"{text.strip()[:80]}: {refused} (character {refused.position + 1})."
        self.findings.append(
            Finding(self.document.file, line, _named(element), "expression", "error", message)
        )

    def fault(self, element: Element, rule: str, message: str) -> None:
        self.report(element, rule, message, "error")

    def report(self, element: Element, rule: str, message: str, severity: str) -> None:
        self.findings.append(
            Finding(
                self.document.file,
                self.document.line(element),
                _named(element),
                rule,
                "error" if severity == "error" else "notice",
                message,
            )
        )


def _nothing(_variables: object, _now: object) -> None:
    return None


def _local(element: Element) -> str:
    return etree.QName(element).localname


def _extension(element: Element, name: str) -> str | None:
    return element.get(f"{{{_CAMUNDA}}}{name}") or element.get(f"{{{_OPERATON}}}{name}")


def _named(element: Element) -> str | None:
    """The id of the element or of the nearest one around it that has one."""
    current: Element | None = element
    while current is not None:
        if identifier := current.get("id"):
            return identifier
        current = current.getparent()
    return None
