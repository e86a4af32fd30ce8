"""SpiffWorkflow's vocabulary in the graph's words, as far as it has an equivalent.

Its expressions and scripts are Python; what FEEL has in the very same meaning is taken over (see
`python`), everything else is refused with its place.
"""

# ruff: noqa: ARG002  (the methods have the signatures of `Dialect`)

from __future__ import annotations

from lxml import etree

from bpmn.context import Context
from bpmn.dialects.dialect import Dialect, Element, Mappings
from bpmn.dialects.python import assignments_of, feel_of
from bpmn.errors import ExpressionRefused
from bpmn.graph import Computation, Expression, Listener, Work
from bpmn.model import FlowNode, child, local, text_of
from bpmn.report import Report

NAMESPACE = "http://spiffworkflow.org/bpmn/schema/1.0/core"
_PYTHON = frozenset({"", "python", "text/python", "text/x-python", "python3"})

READ = frozenset({"preScript", "postScript", "serviceTaskOperator", "properties"})
SILENT = frozenset(
    {
        "unitTests", "instructionsForEndUser", "signalButtonLabel", "category", "allowGuest",
        "guestConfirmation", "scriptsOnInstances",
    }
)  # fmt: skip
REFUSED = {
    "calledDecisionId": "The outputs of a called decision would become variables each; say "
    "camunda:decisionRef with camunda:resultVariable.",
    "messagePayload": "A payload in Python is not sent; map it with camunda:inputOutput.",
    "messageVariable": "A message's variables keep their names; this one is not executed.",
    "processVariableCorrelation": "Say the correlation as a correlationSubscription.",
    "variableName": "What an event brings keeps its names; a variableName is not executed.",
    "isOutputSynchronous": "Only BPMN's own order of events is executed.",
}


class Spiff(Dialect):
    name = "SpiffWorkflow"
    namespaces = (NAMESPACE,)
    names_collections = True

    def unmarked(self, text: str, *, asked: bool) -> str:
        return feel_of(text, asked=asked)

    def properties(self, element: Element) -> dict[str, str]:
        holder = _word(element, "properties")
        parts = () if holder is None else holder.findall(f"{{{NAMESPACE}}}property")
        return {part.get("name", ""): part.get("value", "") for part in parts}

    def mappings(self, context: Context, node: FlowNode) -> Mappings | None:
        """The parameters of a service task's operator."""
        operator = _word(node.element, "serviceTaskOperator")
        if operator is None:
            return None
        found = []
        for part in operator.iter(f"{{{NAMESPACE}}}parameter"):
            name, value = part.get("id", ""), _compiled(context, part, part.get("value") or "")
            if name and value is not None:
                found.append((name, value))
        return Mappings(inputs=tuple(found)) if found else None

    def listeners(self, context: Context, element: Element) -> tuple[Listener, ...]:
        """A script before or after a task sets variables as any script does."""
        before = _script(context, _word(element, "preScript"))
        after = _script(context, _word(element, "postScript"))
        return (
            *(Listener("start", expression=value, variable=name) for name, value in before),
            *(Listener("end", expression=value, variable=name) for name, value in after),
        )

    def work(self, context: Context, element: Element, process: Element) -> Work | None:
        operator = _word(element, "serviceTaskOperator")
        if operator is None:
            return None
        topic = (operator.get("id") or "").strip()
        if not topic:
            context.refuse("topic-missing", operator, "A service task's operator needs an id.")
        return Work(topic, external=False)

    def script(self, context: Context, element: Element) -> Computation | None:
        format_ = "scriptLanguage" if local(element) == "globalScriptTask" else "scriptFormat"
        if (element.get(format_) or "").strip().lower() not in _PYTHON:
            return None
        script = child(element, "script")
        if script is None or not text_of(script):
            context.refuse("script-missing", element, "The script is empty.")
        return Computation(_script(context, script))

    def check(self, element: Element, report: Report) -> None:
        holder = child(element, "extensionElements")
        for extension in () if holder is None else holder.iterchildren(f"{{{NAMESPACE}}}*"):
            name = local(extension)
            if name in REFUSED:
                report.error("unsupported", extension, REFUSED[name])
            elif name not in READ and name not in SILENT:
                text = f"spiffworkflow:{name} is not known here."
                report.error("unknown-extension", extension, text)


def _word(element: Element, name: str) -> etree._Element | None:
    holder = child(element, "extensionElements")
    return None if holder is None else holder.find(f"{{{NAMESPACE}}}{name}")


def _compiled(context: Context, at: Element, text: str) -> Expression | None:
    try:
        return context.expression(feel_of(text), at, "feel")
    except ExpressionRefused as error:
        context.refuse_expression(at, text, error, context.line(at))
        return None


def _script(context: Context, script: Element | None) -> tuple[tuple[str, Expression], ...]:
    text = "" if script is None else "".join(map(str, script.itertext()))
    if script is None or not text.strip():
        return ()
    try:
        lines = assignments_of(text)
    except ExpressionRefused as error:
        context.refuse_expression(script, text, error, context.line(script))
        return ()
    found = []
    for name, feel, _line in lines:
        value = context.expression(feel, script, "feel")
        if value is not None:
            found.append((name, value))
    return tuple(found)
