"""How Zeebe's vocabulary is found in a file: extension elements with attributes."""

from __future__ import annotations

from lxml import etree

from bpmn.context import Context
from bpmn.graph import Expression
from bpmn.model import child

NAMESPACE = "http://camunda.org/schema/zeebe/1.0"


def word(element: etree._Element, name: str) -> etree._Element | None:
    """The extension element of that name at the element."""
    holder = child(element, "extensionElements")
    return None if holder is None else holder.find(f"{{{NAMESPACE}}}{name}")


def words(element: etree._Element, name: str) -> list[etree._Element]:
    """All extension elements of that name at the element."""
    holder = child(element, "extensionElements")
    return [] if holder is None else holder.findall(f"{{{NAMESPACE}}}{name}")


def items(holder: etree._Element, name: str) -> list[etree._Element]:
    """What stands below a word, like the inputs of `ioMapping`."""
    return holder.findall(f"{{{NAMESPACE}}}{name}")


def given(holder: etree._Element | None, name: str) -> str | None:
    """The attribute without the blanks around it, None where nothing is left."""
    return None if holder is None else (holder.get(name) or "").strip() or None


def flag(holder: etree._Element | None, name: str, *, default: bool) -> bool:
    said = given(holder, name)
    return default if said is None else said.lower() == "true"


def said(context: Context, holder: etree._Element | None, name: str) -> Expression | None:
    """An attribute's value: FEEL after `=`, else itself."""
    return None if holder is None else context.expression(holder.get(name), holder)


def feel(context: Context, holder: etree._Element, name: str) -> Expression | None:
    """An attribute that is FEEL with or without its `=`."""
    return context.expression(holder.get(name), holder, "feel")


def fixed(context: Context, holder: etree._Element, name: str, word_: str) -> str | None:
    """An attribute that must be known at deployment."""
    text = given(holder, name)
    if text is not None and text.startswith("="):
        context.report.error(
            "dynamic-reference",
            holder,
            f'zeebe:{word_} {name}="{text}" must be a fixed name: references are checked at '
            "deployment.",
        )
        return None
    return text
