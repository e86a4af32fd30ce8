"""Extension attributes and elements of Camunda 7 and Operaton: what they mean, in BPMN's terms.

Invariant: an extension that changes what a model does is either compiled or refused by name;
what is not known is reported, so nothing a designer wrote is lost silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from lxml import etree

from bpmn.errors import ExpressionRefused
from bpmn.expressions import expression
from bpmn.graph import Expression, Retry
from bpmn.model import Model, child, local
from bpmn.report import Report
from bpmn.timers import duration

NAMESPACES = ("http://camunda.org/schema/1.0/bpmn", "http://operaton.org/schema/1.0/bpmn")
MAX_ATTEMPTS = 1_000
_WRITTEN_OUT = 20
_SWITCH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Context:
    """What every part of the compiler needs: the model, and where to report."""

    model: Model
    report: Report

    def expression(self, text: str | None, element: etree._Element) -> Expression | None:
        """Compile an attribute's or element's text: a literal, `${…}`, or `= FEEL`."""
        if text is None or not text.strip():
            return None
        line = self.report.document.line(element) + leading_lines(text)
        try:
            return expression(text.strip(), None, line)
        except ExpressionRefused as error:
            self.refuse_expression(element, text.strip(), error, line)
            return None

    def refuse_expression(
        self, element: etree._Element, text: str, error: ExpressionRefused, line: int
    ) -> None:
        """Report an expression with the line that its fault stands in."""
        shown = text if len(text) <= 80 else text[:77] + "…"
        line += text.rstrip().count("\n", 0, max(error.position, 0))
        self.report.error("expression", element, f"{error} — in: {shown.strip()}", line)


def leading_lines(text: str) -> int:
    """Line breaks before the first character that counts."""
    return text.count("\n", 0, len(text) - len(text.lstrip()))


def attribute(element: etree._Element, name: str) -> str | None:
    """The extension attribute of that name, in either namespace."""
    for namespace in NAMESPACES:
        value = element.get(f"{{{namespace}}}{name}")
        if value is not None:
            return value
    return None


def extensions(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Extension elements of that name directly below `extensionElements`."""
    holder = child(element, "extensionElements")
    if holder is not None:
        for namespace in NAMESPACES:
            yield from holder.iterchildren(f"{{{namespace}}}{name}")


def implementations(element: etree._Element) -> list[str]:
    """What is said to do the work here; more than one is a fault."""
    names = ("expression", "delegateExpression", "class", "type", "topic")
    given = [name for name in names if attribute(element, name) is not None]
    return [name for name in given if not (name == "topic" and "type" in given)]


def switch(context: Context, element: etree._Element, name: str, default: bool) -> bool:
    text = attribute(element, name)
    if text is None:
        return default
    if text.strip().lower() not in _SWITCH:
        context.report.error(
            "attribute", element, f'camunda:{name} is true or false, not "{text}".'
        )
        return default
    return _SWITCH[text.strip().lower()]


def properties(element: etree._Element) -> dict[str, str]:
    """`camunda:properties` as name → value."""
    found = {}
    for holder in extensions(element, "properties"):
        for item in holder.iterchildren(etree.Element):
            if local(item) == "property":
                found[item.get("name") or item.get("id") or ""] = item.get("value", "")
    return found


def retry(context: Context, element: etree._Element) -> Retry | None:
    """`R3/PT10S`: three attempts; `PT1M,PT5M`: one attempt more than there are waits."""
    found = [*extensions(element, "failedJobRetryTimeCycle")]
    if not found:
        return None
    text = (found[0].text or "").strip()
    compiled = _retry(text)
    if compiled is None:
        context.report.error(
            "retry",
            found[0],
            f'A retry cycle reads "R3/PT10S" or "PT1M,PT5M" (at most {MAX_ATTEMPTS} attempts), '
            f'not "{text}".',
        )
    return compiled


def _retry(text: str) -> Retry | None:
    if match := re.fullmatch(r"R([0-9]{1,6})/(P\S+)", text):
        attempts, wait = int(match[1]), duration(match[2])
        if not isinstance(wait, timedelta) or not 1 <= attempts <= MAX_ATTEMPTS:
            return None
        # The last wait repeats, so many attempts need not be written out.
        return Retry(attempts, (wait,) * min(max(attempts - 1, 1), _WRITTEN_OUT))
    waits = [duration(part.strip()) for part in text.split(",")]
    exact = tuple(wait for wait in waits if isinstance(wait, timedelta))
    if len(exact) != len(waits) or len(exact) >= MAX_ATTEMPTS:
        return None
    return Retry(len(exact) + 1, exact)
