"""The element that an assertion's `location` names, in the two forms that compilers write.

Invariant: a location is never evaluated as a path of its own: steps in these forms or nothing.
"""

from __future__ import annotations

import re

from lxml import etree

_STEP = re.compile(
    r"/(?:\*:(?P<name>[\w.-]+)\[namespace-uri\(\)='(?P<space>[^']*)'\]"  # ISO skeleton
    r"|Q\{(?P<uri>[^}]*)\}(?P<local>[\w.-]+))"  # SchXslt
    r"(?:\[(?P<number>\d{1,9})\])?"
)
_ATTRIBUTE = re.compile(r"/@[^/]*$")


def element_at(root: etree._Element, location: str) -> etree._Element | None:
    """The element, or that of the attribute; None where there is no such."""
    path = _ATTRIBUTE.sub("", location.strip())
    steps = list(_STEP.finditer(path))
    if not steps or "".join(step[0] for step in steps) != path or _tag(steps[0]) != root.tag:
        return None
    found = root
    for step in steps[1:]:
        children = found.iterchildren(_tag(step))
        number = int(step["number"] or 1)
        child = next((c for place, c in enumerate(children, start=1) if place == number), None)
        if child is None:
            return None
        found = child
    return found


def _tag(step: re.Match[str]) -> str:
    if step["name"]:
        return f"{{{step['space']}}}{step['name']}"
    return f"{{{step['uri']}}}{step['local']}"
