"""Forms that a model brings along: Camunda 7's `formData`, Zeebe's `userTaskForm`.

Invariant: each is a form like any other, read and checked as one, under a key made of the ids of
its process and of what it stands at; it is deployed with the model that it stands in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from lxml import etree

from bpmn.context import Context
from bpmn.errors import ModelRefused


@dataclass(frozen=True, slots=True)
class EmbeddedForm:
    """A form in the JSON of form-js."""

    key: str
    content: bytes


def embed(
    context: Context, element: etree._Element, owner: str, form: dict[str, Any]
) -> str | None:
    """Keep the form that stands at `element` for what is named `owner`; its key, None if it is
    refused."""
    from bpmn.forms import parse_form  # noqa: PLC0415 loads when a form is met

    process = next((e.get("id", "") for e in element.iterancestors() if _is_callable(e)), "")
    key = f"{process}.{owner}"
    content = json.dumps({**form, "id": key}, ensure_ascii=False, indent=1).encode()
    try:
        parse_form(content, context.report.document.file)
    except ModelRefused as refused:
        for finding in refused.findings:
            context.report.error("form", element, finding.message)
        return None
    context.forms[key] = content
    return key


def _is_callable(element: etree._Element) -> bool:
    name = etree.QName(element).localname
    return name == "process" or name.startswith("global")
