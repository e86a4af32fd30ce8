"""How Camunda 7's vocabulary is found in a file: attributes, extension elements, properties.

Operaton says the same in a namespace of its own. Activiti and Flowable, from whom Camunda 7 comes,
are understood in the words that have kept their meaning; the rest of theirs is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache

from lxml import etree

from bpmn.context import Context
from bpmn.graph import Retry
from bpmn.model import child, local
from bpmn.timers import duration

NAMESPACES = ("http://camunda.org/schema/1.0/bpmn", "http://operaton.org/schema/1.0/bpmn")
ELDERS = {"http://activiti.org/bpmn": "Activiti", "http://flowable.org/bpmn": "Flowable"}
ELDER_ATTRIBUTES = frozenset(
    {
        "assignee", "candidateUsers", "candidateGroups", "dueDate", "priority", "formKey",
        "expression", "delegateExpression", "class", "resultVariable", "initiator", "async",
        "exclusive", "collection", "elementVariable", "resource",
    }
)  # fmt: skip
ELDER_ELEMENTS = frozenset(
    {"in", "out", "executionListener", "taskListener", "failedJobRetryTimeCycle"}
)
MAX_ATTEMPTS = 1_000
_WRITTEN_OUT = 20
_SWITCH = {"true": True, "1": True, "false": False, "0": False}


@cache
def _keys(name: str, elders: frozenset[str]) -> tuple[str, ...]:
    spaces = (*NAMESPACES, *(ELDERS if name in elders else ()))
    return tuple(f"{{{space}}}{name}" for space in spaces)


def attribute(element: etree._Element, name: str) -> str | None:
    """The extension attribute of that name, in any of the namespaces."""
    for key in _keys(name, ELDER_ATTRIBUTES):
        value = element.get(key)
        if value is not None:
            return value
    return None


def text(element: etree._Element, name: str) -> str | None:
    """The attribute without the blanks around it, None where nothing is left."""
    return (attribute(element, name) or "").strip() or None


def extensions(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Extension elements of that name directly below `extensionElements`, as they stand."""
    holder = child(element, "extensionElements")
    if holder is not None:
        yield from holder.iterchildren(*_keys(name, ELDER_ELEMENTS))


def implementations(element: etree._Element) -> list[str]:
    """What is said to do the work here; more than one is a fault."""
    names = ("expression", "delegateExpression", "class", "type", "topic")
    given = [name for name in names if attribute(element, name) is not None]
    return [name for name in given if not (name == "topic" and "type" in given)]


def switch(context: Context, element: etree._Element, name: str, default: bool) -> bool:
    said = attribute(element, name)
    if said is None:
        return default
    if said.strip().lower() not in _SWITCH:
        context.report.error(
            "attribute", element, f'camunda:{name} is true or false, not "{said}".'
        )
        return default
    return _SWITCH[said.strip().lower()]


def properties(element: etree._Element) -> dict[str, str]:
    """`camunda:properties` as name → value."""
    found = {}
    for holder in extensions(element, "properties"):
        for item in holder.iterchildren(etree.Element):
            if local(item) == "property":
                found[item.get("name") or item.get("id") or ""] = item.get("value", "")
    return found


def fixed(context: Context, element: etree._Element, name: str) -> str | None:
    """An attribute that must be known at deployment."""
    said = text(element, name)
    if said is not None and (said.startswith("=") or "${" in said or "#{" in said):
        context.report.error(
            "dynamic-reference",
            element,
            f'camunda:{name}="{said}" must be a fixed name: references are checked at deployment.',
        )
        return None
    return said


def retry(context: Context, element: etree._Element) -> Retry | None:
    """`R3/PT10S`: three attempts; `PT1M,PT5M`: one attempt more than there are waits."""
    holder = next(extensions(element, "failedJobRetryTimeCycle"), None)
    if holder is None:
        return None
    said = (holder.text or "").strip()
    compiled = _retry(said)
    if compiled is None:
        context.report.error(
            "retry",
            holder,
            f'A retry cycle reads "R3/PT10S" or "PT1M,PT5M" (at most {MAX_ATTEMPTS} attempts), '
            f'not "{said}".',
        )
    return compiled


def _retry(said: str) -> Retry | None:
    if match := re.fullmatch(r"R([0-9]{1,6})/(P\S+)", said):
        attempts, wait = int(match[1]), duration(match[2])
        if not isinstance(wait, timedelta) or not 1 <= attempts <= MAX_ATTEMPTS:
            return None
        return Retry(attempts, repeated(wait, attempts))
    waits = [duration(part.strip()) for part in said.split(",")]
    exact = tuple(wait for wait in waits if isinstance(wait, timedelta))
    if len(exact) != len(waits) or len(exact) >= MAX_ATTEMPTS:
        return None
    return Retry(len(exact) + 1, exact)


def repeated(wait: timedelta, attempts: int) -> tuple[timedelta, ...]:
    """The same wait before each further attempt; the last repeats, so many are not written out."""
    return (wait,) * min(max(attempts - 1, 1), _WRITTEN_OUT)
