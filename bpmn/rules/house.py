"""What BPMN allows and this house does not do, or not at this place.

Invariant: a row of these rules goes when its element is executed; none repeats the standard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from lxml import etree

from bpmn.dialects.camunda.words import attribute
from bpmn.model import ProcessModel
from bpmn.report import Report


class Breach(NamedTuple):
    """One rule broken at one element."""

    rule: str
    element: etree._Element
    message: str


def check_process(process: ProcessModel, report: Report) -> None:
    """Report every breach of the house's own rules."""
    for look in _LOOKS:
        for breach in look(process):
            report.error(breach.rule, breach.element, breach.message)


def _transactions_compensate(process: ProcessModel) -> Iterator[Breach]:
    for node in process.nodes.values():
        method = node.element.get("method", "").strip().lstrip("#").lower()
        if node.kind == "transaction" and method not in ("", "compensate"):
            text = f"A transaction is undone by compensation here, not by {method}."
            yield Breach("unsupported", node.element, text)


def _nobody_is_promised_a_guard(process: ProcessModel) -> Iterator[Breach]:
    for name in ("candidateStarterUsers", "candidateStarterGroups"):
        if attribute(process.element, name) is not None:
            text = (
                f"camunda:{name} is not enforced yet, and a guard that does not guard is refused."
            )
            yield Breach("unsupported", process.element, text)


def _names_fit(process: ProcessModel) -> Iterator[Breach]:
    """What stands in a row of its own must fit there on every database."""
    process_id = process.element.get("id") or ""
    if len(process_id) > LONGEST_NAME:
        yield _too_long(process.element, "id", process_id)
    for node in process.nodes.values():
        if len(node.id) > LONGEST_NAME:
            yield _too_long(node.element, "id", node.id)
        for name in ("topic", "formKey", "formRef", "decisionRef"):
            text = attribute(node.element, name) or ""
            if len(text) > LONGEST_NAME:
                yield _too_long(node.element, f"camunda:{name}", text)
        if node.kind == "userTask" and len(node.element.get("name", "")) > LONGEST_NAME:
            yield _too_long(node.element, "name", node.element.get("name", ""))


def _too_long(element: etree._Element, what: str, text: str) -> Breach:
    message = f"{what} has {len(text)} characters; at most {LONGEST_NAME} are kept."
    return Breach("too-long", element, message)


LONGEST_NAME = 255
_LOOKS: tuple[Callable[[ProcessModel], Iterator[Breach]], ...] = (
    _transactions_compensate,
    _nobody_is_promised_a_guard,
    _names_fit,
)
