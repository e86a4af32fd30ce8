"""The static constraints of BPMN 2.0.2, one short function each, a module a subject.

Invariant: what the standard forbids is an error at the element at fault; what it recommends
against, or what moves no token, is a warning. Where a breach lies between two elements, as a flow
and the event that it must not lead to, it is found at both. All rules are asked of all processes,
collaborations and choreographies of a file; those that only make sense for what is executed say
so. The table of all rules is docs/rules.md, which a test compares with the code.
"""

from __future__ import annotations

from lxml import etree

from bpmn.report import Report
from bpmn.rules import (
    activities,
    associations,
    boundary,
    choreography,
    collaboration,
    compensation,
    conversations,
    data,
    diagram,
    event_subprocesses,
    events,
    flows,
    gateways,
    lanes,
    links,
    references,
    services,
    starts,
)
from bpmn.rules.drawing import Drawing
from bpmn.rules.house import check_names, check_process
from bpmn.rules.rule import RULES, Rule

__all__ = ["RULES", "SUBJECTS", "Rule", "check_file", "check_names", "check_process"]

SUBJECTS = (
    references, flows, starts, gateways, events, boundary, event_subprocesses, links,
    compensation, activities, services, data, associations, lanes, collaboration, conversations,
    choreography, diagram,
)  # fmt: skip
"""The modules that hold rules, in the order of docs/rules.md."""


def check_file(root: etree._Element, report: Report, *, dialect: bool = False) -> Drawing:
    """Report every breach of every rule in the file below `root`, which may speak a dialect."""
    drawing = Drawing(root)
    for rule in RULES.values():
        say = report.warning if rule.warns_in(dialect=dialect) else report.error
        for element, message, *others in rule.look(drawing):
            say(rule.id, element, message, related=(*others, *drawing.touched(element)))
    report.settle()
    return drawing
