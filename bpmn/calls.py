"""Call activities (BPMN 2.0 §10.3.6): what is called, and the variables that go in and come out.

Invariant: where nothing is said about variables, plain BPMN passes all of them both ways, since
the called process then works on the caller's data; a dialect says what its own default is.
"""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from bpmn.compilation import Compilation
from bpmn.data import Data
from bpmn.elements import GLOBAL_TASKS
from bpmn.graph import Call, Expression, Passed
from bpmn.model import FlowNode, local, reference

_ALL = (Passed(None, None),)


def compile_call(context: Compilation, data: Data, node: FlowNode) -> Call:
    call = context.dialect.call(context, node.element) or Call(_called(context, node))
    inside = _known(context, call.reference)
    if inside is not None and local(inside) == "process" and not _executable(inside):
        context.report.error(
            "called-not-executable",
            node.element,
            f'"{inside.get("id")}" does not say isExecutable="true", so it cannot be called.',
        )
    inputs = _paired(data, node.element, inside, "dataInput")
    outputs = _paired(data, node.element, inside, "dataOutput")
    if inputs or outputs:
        passed_in = tuple(Passed(theirs, context.variable(mine, node.element))
                          for mine, theirs in inputs)  # fmt: skip
        passed_out = tuple(Passed(mine, context.variable(theirs, node.element), local=True)
                           for mine, theirs in outputs)  # fmt: skip
        return replace(
            call, inputs=(*call.inputs, *passed_in), outputs=(*call.outputs, *passed_out)
        )
    says_nothing = not (call.inputs or call.outputs)
    if says_nothing and context.dialect.calls_pass_all:
        return replace(call, inputs=_ALL, outputs=_ALL)
    return call


def _called(context: Compilation, node: FlowNode) -> Expression:
    text = (node.element.get("calledElement") or "").strip()
    name = text if "${" in text or "#{" in text or text.startswith("=") else reference(text)
    compiled = context.expression(name, node.element)
    if compiled is None:
        context.refuse(
            "called-missing", node.element, f'"{node.label}" does not say what it calls.'
        )
    return compiled


def _known(context: Compilation, called: Expression) -> etree._Element | None:
    """The called element, where it stands in this file."""
    if called.language != "literal":
        return None
    element = context.model.elements.get(called.text.strip())
    fits = element is not None and local(element) in ("process", *GLOBAL_TASKS)
    return element if fits else None


def _executable(process: etree._Element) -> bool:
    return process.get("isExecutable", "false").strip() in ("true", "1")


def _paired(
    data: Data, element: etree._Element, inside: etree._Element | None, kind: str
) -> list[tuple[str, str]]:
    """The call's inputs or outputs and those of what it calls: as many in the same order, else
    by name."""
    mine = data.specified(element, kind)
    theirs = [] if inside is None else data.specified(inside, kind)
    return list(zip(mine, theirs if len(theirs) == len(mine) else mine, strict=True))
