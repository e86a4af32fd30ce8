"""What a call activity calls, and which variables go in and come out (`camunda:in`, `out`)."""

from __future__ import annotations

import re
from typing import Literal

from bpmn.context import Context
from bpmn.dialects.camunda.words import attribute, extensions
from bpmn.dialects.camunda.work import binding_of
from bpmn.dialects.dialect import Element
from bpmn.graph import Call, Expression, Passed
from bpmn.model import reference

_OWN_KEY = re.compile(r"[$#]\{\s*execution\.(?:process)?[bB]usinessKey\s*\}")
_JAVA = ("variableMappingClass", "variableMappingDelegateExpression")


def call(context: Context, element: Element) -> Call:
    if attribute(element, "caseRef") is not None:
        context.refuse("unsupported", element, "CMMN cases (camunda:caseRef) are not executed.")
    for name in _JAVA:
        if attribute(element, name) is not None:
            context.report.error(
                "unsupported",
                element,
                f"camunda:{name} names Java code; say camunda:in and camunda:out instead.",
            )
    binding, version = binding_of(context, element, "calledElement", "latest")
    key, same = _business_key(context, element)
    return Call(
        reference=called(context, element),
        binding=binding,
        version=version,
        inputs=passed(context, element, "in"),
        outputs=passed(context, element, "out"),
        business_key=key,
        same_business_key=same,
    )


def called(context: Context, element: Element) -> Expression:
    """`calledElement`: a QName of BPMN's, or an expression that gives a process's id."""
    said = (element.get("calledElement") or "").strip()
    prefix, colon, _ = said.partition(":")
    if colon and prefix in element.nsmap:
        said = reference(said)
    compiled = context.expression(said, element)
    if compiled is None:
        context.refuse("called-missing", element, "Nothing says which process is called.")
    return compiled


def _business_key(context: Context, element: Element) -> tuple[Expression | None, bool]:
    said = [key for part in extensions(element, "in") if (key := part.get("businessKey"))]
    if len(said) > 1:
        context.report.error("parameter", element, "A call has one business key.")
    if not said:
        return None, False
    if _OWN_KEY.fullmatch(said[0].strip()):
        return None, True
    return context.expression(said[0], element), False


def passed(
    context: Context, element: Element, direction: Literal["in", "out"]
) -> tuple[Passed, ...]:
    """Variables passed in or out. `local` looks at, or sets, the caller's own scope only."""
    found = []
    for part in extensions(element, direction):
        if part.get("businessKey") is not None and len(part.attrib) == 1:
            continue
        local = (part.get("local") or "false").strip().lower() == "true"
        ways = [name for name in ("variables", "source", "sourceExpression") if part.get(name)]
        target = (part.get("target") or "").strip()
        if len(ways) != 1 or (ways == ["variables"]) != (not target):
            text_ = 'say variables="all", or source or sourceExpression with target'
            context.report.error("parameter", part, f"camunda:{direction}: {text_}.")
        elif ways == ["variables"]:
            if part.get("variables") != "all":
                context.report.error("parameter", part, 'camunda:in/out variables is "all".')
            found.append(Passed(None, None, local))
        elif ways == ["source"]:
            name = (part.get("source") or "").strip()
            found.append(Passed(target, context.variable(name, part), local))
        else:
            value = context.expression(part.get("sourceExpression"), part)
            if value is not None:
                found.append(Passed(target, value, local))
    return tuple(found)
