"""Who does the work of a service-like element, what a script computes, what a decision is asked.

Invariant: each is complete and literal where the graph wants literals; Java is refused by name.
"""

from __future__ import annotations

import re
from typing import Any

from bpmn.context import Context
from bpmn.dialects.camunda.words import attribute, extensions, fixed, implementations, text
from bpmn.dialects.dialect import Element
from bpmn.graph import Binding, Computation, Decision, Expression, Work
from bpmn.model import child, reference
from bpmn.scripts import script_of

BINDINGS = ("latest", "deployment", "version", "versionTag")
RESULTS = ("singleEntry", "singleResult", "collectEntries", "resultList")
_SETTER = re.compile(
    r"[$#]\{\s*(?:execution|delegateTask|task)\.setVariable\(\s*(['\"])([^'\"]+)\1\s*,"
    r"(.*)\)\s*\}",
    re.DOTALL,
)
_HANDLER = re.compile(r"[$#]\{\s*([A-Za-z_]\w*)\s*\}")


def work(context: Context, element: Element, process: Element) -> Work | Computation | None:
    """The implementation of a service-like element: expression, external topic or handler."""
    kinds = implementations(element)
    if not kinds:
        return None
    if len(kinds) > 1:
        context.refuse("several-implementations", element, f"Give only one of {', '.join(kinds)}.")
    if kinds == ["expression"]:
        return _computed(context, element)
    if attribute(element, "resultVariable") is not None:
        context.report.error(
            "result-variable",
            element,
            "camunda:resultVariable goes with an expression; a handler or worker returns "
            "variables by name.",
        )
    topic, external = _topic(context, element, kinds[0])
    name = "taskPriority" if external else "jobPriority"
    said = [attribute(holder, name) for holder in (element, process)]
    priority = next((each for each in said if each is not None), None)
    errors = _errors(context, element) if external else ()
    return Work(topic, external, context.expression(priority, element), errors)


def _computed(context: Context, element: Element) -> Computation:
    said = attribute(element, "expression")
    variable = text(element, "resultVariable")
    setter, compiled = setting(context, said, element)
    if compiled is None:
        if not (said or "").strip():
            context.report.error("expression", element, "camunda:expression is empty.")
        return Computation(())
    if setter is not None and variable is not None:
        context.refuse("result-variable", element, "What sets a variable has no result.")
    return Computation(((setter or variable, compiled),))


def setting(
    context: Context, said: str | None, element: Element
) -> tuple[str | None, Expression | None]:
    """An expression; `${execution.setVariable('x', …)}` is its second part, put into `x`."""
    match = _SETTER.fullmatch((said or "").strip())
    if match is None:
        return None, context.expression(said, element)
    return match[2], context.expression(f"${{{match[3].strip()}}}", element)


def handler(context: Context, element: Element, said: str, advice: str) -> str:
    """The one handler that a delegate expression names."""
    match = _HANDLER.fullmatch(said.strip())
    if match is None:
        context.refuse(
            "unsupported",
            element,
            f"A delegateExpression must name one handler, like ${{read_invoice}}. {advice}",
        )
    return match[1]


_ADVICE = (
    'Write camunda:topic="…" for a handler of this server, or camunda:type="external" with '
    "camunda:topic for a worker elsewhere."
)


def _topic(context: Context, element: Element, kind: str) -> tuple[str, bool]:
    said = text(element, kind) or ""
    if kind == "class":
        context.refuse(
            "unsupported",
            element,
            f'camunda:class="{said}" names Java code, which cannot run here. {_ADVICE}',
        )
    if kind == "delegateExpression":
        return handler(context, element, said, _ADVICE), False
    if kind == "type" and said != "external":
        context.refuse(
            "unsupported",
            element,
            f'camunda:type="{said}" is not executed; only "external" is.',
        )
    if text(element, "topic") is None:
        context.refuse("topic-missing", element, "An external task needs camunda:topic.")
    return fixed(context, element, "topic") or "", kind == "type"


def _errors(context: Context, element: Element) -> tuple[tuple[Expression, str], ...]:
    """`camunda:errorEventDefinition`: conditions on what the worker reports, and their errors."""
    found = []
    for part in extensions(element, "errorEventDefinition"):
        error = context.model.find("error", reference(part.get("errorRef")))
        code = "" if error is None else (error.get("errorCode") or "").strip()
        if not code:
            context.report.error("error-code", part, "This does not say which error it throws.")
        condition = context.expression(part.get("expression"), part)
        if condition is None or condition.language == "literal":
            context.report.error("expression", part, "A condition is an expression: ${…} or = ….")
        else:
            found.append((condition, code))
    return tuple(found)


def script(context: Context, element: Element) -> Computation | None:
    """`camunda:resultVariable` takes what a script's one expression gives."""
    if attribute(element, "resource") is not None:
        context.refuse(
            "unsupported", element, "camunda:resource is not followed; write the script here."
        )
    variable = text(element, "resultVariable")
    if variable is None:
        return None
    return script_of(context, element, child(element, "script"), variable)


def decision(context: Context, element: Element) -> Decision | None:
    if attribute(element, "decisionRef") is None:
        return None
    name = fixed(context, element, "decisionRef")
    binding, version = binding_of(context, element, "decisionRef", "latest")
    if name is None:
        return Decision("", binding, version, None, "resultList")
    return Decision(name, binding, version, text(element, "resultVariable"), result_of(
        context, element))  # fmt: skip


def result_of(context: Context, element: Element) -> Any:
    result = attribute(element, "mapDecisionResult") or "resultList"
    if result not in RESULTS:
        context.report.error(
            "attribute", element, f'camunda:mapDecisionResult="{result}" is not known.'
        )
    return result


def binding_of(
    context: Context, element: Element, name: str, default: Binding
) -> tuple[Binding, int | str | None]:
    """Which version of what `name` refers to is meant."""
    said = attribute(element, f"{name}Binding") or default
    if attribute(element, f"{name}TenantId") is not None:
        context.report.error(
            "unsupported", element, f"camunda:{name}TenantId: nothing of other tenants is reached."
        )
    if said not in BINDINGS:
        context.report.error(
            "binding",
            element,
            f'camunda:{name}Binding="{said}" is not executed; use one of {", ".join(BINDINGS)}.',
        )
        return default, None
    if said == "version":
        version = text(element, f"{name}Version") or ""
        if re.fullmatch(r"[0-9]{1,9}", version):
            return "version", int(version)
        wanted = f"camunda:{name}Version as a whole number"
    elif said == "versionTag":
        tag = fixed(context, element, f"{name}VersionTag")
        if tag is not None:
            return "versionTag", tag
        wanted = f"camunda:{name}VersionTag"
    else:
        return ("latest" if said == "latest" else "deployment"), None
    context.report.error("binding", element, f"The binding wants {wanted}.")
    return default, None
