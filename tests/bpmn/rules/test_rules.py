"""Each rule finds its fault at the element, and leaves alone what is next to it."""

from __future__ import annotations

import pytest

from bpmn.reader import read_document
from bpmn.report import Report
from bpmn.rules import RULES, check_file
from bpmn.schema import schema_findings
from tests.bpmn.rules import activity_cases, collaboration_cases, event_cases, flow_cases

CASES = {
    **flow_cases.CASES,
    **event_cases.CASES,
    **activity_cases.CASES,
    **collaboration_cases.CASES,
}

BETWEEN = [
    ("flow-into-start", "s"), ("flow-into-boundary", "b"), ("flow-out-of-end", "e"),
    ("flow-to-event-subprocess", "u"), ("link-flow", "a"), ("compensation-flow", "h"),
    ("event-gateway-successor", "g"), ("event-gateway-boundary", "b"),
    ("default-with-condition", "g"), ("condition-misplaced", "g"),
    ("single-conditional-flow", "t"), ("flow-without-condition", "g"),
    ("event-subprocess-start", "u"), ("adhoc-start-end", "t"), ("message-flow-end", "t"),
]  # fmt: skip
"""Rules whose breach two elements share, with the other element of the case."""


def found(source: bytes) -> set[tuple[str, str | None]]:
    document = read_document(source, "x.bpmn")
    report = Report(document)
    check_file(document.root, report)
    assert all(finding.line > 1 for finding in report.findings())
    return {(finding.rule, finding.element) for finding in report.findings()}


def test_every_rule_has_a_case() -> None:
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_model_is_reported_at_the_element(rule: str) -> None:
    assert (rule, CASES[rule].element) in found(CASES[rule].broken)


@pytest.mark.parametrize(("rule", "other"), BETWEEN)
def test_a_breach_between_two_elements_is_found_at_either_and_names_the_other(
    rule: str, other: str
) -> None:
    case = CASES[rule]
    document = read_document(case.broken, "x.bpmn")
    report = Report(document)

    check_file(document.root, report)

    said = {f.element: f for f in report.findings() if f.rule == rule}
    assert {case.element, other} <= set(said)
    assert other in {place.element for place in said[case.element].related}
    assert all(place.line > 1 for finding in said.values() for place in finding.related)


@pytest.mark.parametrize("rule", RULES)
def test_a_model_next_to_it_has_no_error_and_not_this_warning(rule: str) -> None:
    said = {name for name, _element in found(CASES[rule].fine)}

    assert rule not in said
    assert not {name for name in said if RULES[name].severity == "error"}


@pytest.mark.parametrize("rule", RULES)
def test_the_schema_alone_would_not_have_found_it(rule: str) -> None:
    case = CASES[rule]

    found_by_schema = [
        [finding.message for finding in schema_findings(read_document(source, "x.bpmn"))]
        for source in (case.fine, case.broken)
    ]

    assert found_by_schema[0] == []
    assert (found_by_schema[1] == []) is case.passes_schema
