"""`camunda:inputOutput`: variables a node gets of its own, and what it gives back.

Invariant: each parameter is one compiled expression; lists and maps are made of their parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from lxml import etree

from bpmn.context import Context, constant
from bpmn.dialects.camunda.words import extensions
from bpmn.dialects.dialect import Mappings
from bpmn.elements import ACTIVITIES
from bpmn.errors import ExpressionRefused
from bpmn.expressions import expression, says_feel
from bpmn.graph import Evaluate, Expression
from bpmn.model import FlowNode, local, text_of
from bpmn.values import Value

_PLACES = ACTIVITIES | {"intermediateCatchEvent", "intermediateThrowEvent", "endEvent"}


def input_output(context: Context, node: FlowNode) -> Mappings | None:
    """Input and output parameters of the node, in the order they stand."""
    inputs: list[tuple[str, Expression]] = []
    outputs: list[tuple[str, Expression]] = []
    for holder in extensions(node.element, "inputOutput"):
        if node.kind not in _PLACES:
            context.report.error(
                "unsupported", node.element, f"A {node.kind} has no inputs and outputs."
            )
            continue
        for item in holder.iterchildren(etree.Element):
            side = {"inputParameter": inputs, "outputParameter": outputs}.get(local(item))
            if side is None:
                context.report.error("unknown-extension", item, f"<{local(item)}> is not known.")
                continue
            name = (item.get("name") or "").strip()
            if not name:
                context.report.error("parameter", item, "A parameter needs a name.")
                continue
            side.append((name, _parameter(context, item)))
    return Mappings(tuple(inputs), tuple(outputs)) if inputs or outputs else None


def _parameter(context: Context, item: etree._Element) -> Expression:
    """A text, list, map or FEEL script. After a reported fault it is a null nobody will see."""
    parts = [*item.iterchildren(etree.Element)]
    compiled = _structure(context, parts[0]) if parts else context.expression(item.text, item)
    return compiled or constant("", None, context.line(item))


def _structure(context: Context, part: etree._Element) -> Expression | None:
    kind, line = local(part), context.report.document.line(part)
    if kind == "script":
        return _script(context, part)
    if kind == "list":
        values = [_entry(context, entry) for entry in part.iterchildren(etree.Element)]
        return Expression("list", "juel", _list([value.evaluate for value in values]), line)
    if kind == "map":
        entries = {
            entry.get("key", ""): _parameter(context, entry).evaluate
            for entry in part.iterchildren(etree.Element)
        }
        return Expression("map", "juel", _map(entries), line)
    context.report.error("unknown-extension", part, f"<{kind}> is not known in a parameter.")
    return None


def _entry(context: Context, entry: etree._Element) -> Expression:
    if local(entry) not in ("list", "map", "script"):
        return _parameter(context, entry)
    compiled = _structure(context, entry)
    return compiled or constant("", None, context.line(entry))


def _list(items: list[Evaluate]) -> Evaluate:
    def evaluate(variables: Mapping[str, Value], now: datetime) -> Value:
        return [item(variables, now) for item in items]

    return evaluate


def _map(entries: dict[str, Evaluate]) -> Evaluate:
    def evaluate(variables: Mapping[str, Value], now: datetime) -> Value:
        return {key: item(variables, now) for key, item in entries.items()}

    return evaluate


def _script(context: Context, part: etree._Element) -> Expression | None:
    language = (part.get("scriptFormat") or "").strip()
    if not says_feel(language):
        context.report.error(
            "script-language",
            part,
            f'scriptFormat="{language}" is not executed; write scriptFormat="feel".',
        )
        return None
    if part.get("resource") is not None:
        context.report.error("unsupported", part, "Script resources are not followed.")
        return None
    line = context.report.document.line(part)
    try:
        return expression(text_of(part), "feel", line)
    except ExpressionRefused as error:
        context.refuse_expression(part, text_of(part), error, line)
        return None
