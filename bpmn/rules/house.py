"""What BPMN allows and this house does not do, or not at this place.

Invariant: a row of these rules goes when its element is executed; none repeats the standard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from lxml import etree

from bpmn.dialects.camunda.words import attribute
from bpmn.graph import Decision, Node, UserTask, Work
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


def check_names(process: ProcessModel, nodes: Mapping[str, Node], report: Report) -> None:
    """What stands in a row of its own must fit there on every database."""
    if len(process.id) > LONGEST_NAME:
        report.error(*_too_long(process.element, "id", process.id))
    for name, node in nodes.items():
        for what, text in _names(node):
            if len(text) > LONGEST_NAME:
                report.error(*_too_long(process.nodes[name].element, what, text))


def _names(node: Node) -> Iterator[tuple[str, str]]:
    """What of a node the engine keeps in rows."""
    yield "id", node.id
    if isinstance(node.action, UserTask):
        yield "name", node.name
        yield "the form's name", node.action.form or ""
    elif isinstance(node.action, Work):
        yield "the topic", node.action.topic
    elif isinstance(node.action, Decision):
        yield "the decision's name", node.action.reference
    listeners = (*node.listeners, *(each for flow in node.outgoing for each in flow.listeners))
    for listener in listeners:
        yield "a listener's topic", listener.topic or ""


def _too_long(element: etree._Element, what: str, text: str) -> Breach:
    message = f"{what} has {len(text)} characters; at most {LONGEST_NAME} are kept."
    return Breach("too-long", element, message)


LONGEST_NAME = 255
_LOOKS: tuple[Callable[[ProcessModel], Iterator[Breach]], ...] = (
    _transactions_compensate,
    _nobody_is_promised_a_guard,
)
