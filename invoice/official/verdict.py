"""What the official rules say of a document, and how that differs from what ours say.

Invariant: a crash, a timeout or an empty report is `NoVerdict`, never "nothing found"; where the
two differ the stricter one wins, and the difference is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lxml import etree

from invoice.checking import Finding, Report, Verdict
from invoice.child import run_child
from invoice.errors import InvoiceError, NoVerdict, OfficialMissing, OutOfTime
from invoice.model import Syntax
from invoice.official.configuration import Configuration, Scenario
from invoice.places import Paths, Place, place_of_element
from invoice.reading import read_tree
from invoice.rules import ALL
from invoice.rules.rule import Klass, Severity
from invoice.syntax.walk import book_of

SECONDS = 60
PROGRAM = Path(__file__).with_name("evaluation.py")
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_WARNINGS = frozenset({"warning", "information", "warn", "info"})


@dataclass(frozen=True, slots=True)
class OfficialFinding:
    """One failed assertion in the publisher's words."""

    rule: str
    severity: Severity
    text: str
    path: str


def official_findings(
    data: bytes, configuration: Configuration, seconds: float = SECONDS
) -> tuple[OfficialFinding, ...]:
    """What the imported rules find in this XML. Raises NoVerdict or OfficialMissing."""
    if find_spec("saxonche") is None:
        raise OfficialMissing(
            "für amtliche Regeln fehlt ein Zusatz: pip install amtsgang[official]"
        )
    try:
        document = etree.tostring(read_tree(data), encoding="unicode")
    except InvoiceError as error:
        raise NoVerdict(str(error)) from error
    answer = _run(document, configuration.scenarios, seconds)
    if answer["scenario"] is None:
        raise NoVerdict("kein Szenario der amtlichen Regeln passt auf das Dokument")
    levels = configuration.scenarios[answer["scenario"]].levels
    return tuple(found for report in answer["reports"] for found in _read(report, levels))


def compared(report: Report, official: Sequence[OfficialFinding]) -> Report:
    """The report with the official findings that ours lack, and the stricter verdict."""
    ours = {finding.rule: finding.severity for finding in report.findings}
    theirs = {each.rule: each.severity for each in official}
    paths = Paths(report.invoice.source if report.invoice is not None else None)
    more = [
        _finding(each, paths, report.syntax)
        for each in official
        if each.rule not in ours or (each.severity == "fatal" and ours[each.rule] != "fatal")
    ]
    apart = differences(ours, theirs)
    notes = [_note(", ".join(apart))] if apart else []
    verdict = report.verdict
    if any(each.severity == "fatal" for each in more):
        verdict = Verdict.OBJECTED
    elif (more or notes) and verdict is Verdict.ACCEPTABLE:
        verdict = Verdict.WITH_NOTES
    return replace(report, verdict=verdict, findings=(*report.findings, *more, *notes))


def without_verdict(report: Report, error: NoVerdict) -> Report:
    """No official verdict: whatever ours say, a person decides."""
    words = "Die amtlichen Regeln kamen zu keinem Ergebnis."
    told = Finding(
        "AMTLICH", "fatal", Klass.FORMAT.value, "", "", 0, words,
        f"Bitte beurteilen Sie die Rechnung selbst. ({error})", False,
    )  # fmt: skip
    objected = report.verdict is Verdict.OBJECTED
    verdict = Verdict.OBJECTED if objected else Verdict.TO_CLARIFY
    return replace(report, verdict=verdict, findings=(*report.findings, told))


def differences(ours: dict[str, Severity], theirs: dict[str, Severity]) -> list[str]:
    """Rule ids on which the two are not of one mind, each with who says what. Only of rules that
    both know: checks of our own, and rules that ours lack on purpose, are no contradiction."""
    known = _known_here()
    return [
        f"{rule} (hier {ours.get(rule, 'nichts')}, amtlich {theirs.get(rule, 'nichts')})"
        for rule in sorted(ours.keys() | theirs.keys())
        if rule in known and ours.get(rule) != theirs.get(rule)
    ]


@cache
def _known_here() -> frozenset[str]:
    """Ids of the published rules that are ours, too."""
    syntaxes: tuple[Syntax, ...] = ("ubl-invoice", "cii")  # a credit note has the same book
    of_syntax = (rule for syntax in syntaxes for rule in book_of(syntax).rules)
    return frozenset(rule.id for rule in ALL) | frozenset(of_syntax)


def _run(document: str, scenarios: Sequence[Scenario], seconds: float) -> Any:
    """What the child that evaluates the sheets answered."""
    keys = ("match", "namespaces", "sheets")
    stated = [{key: getattr(each, key) for key in keys} for each in scenarios]
    given = json.dumps({"document": document, "scenarios": stated}).encode()
    try:
        answer = json.loads(run_child(PROGRAM, given, seconds))
    except OutOfTime:
        raise NoVerdict("die erlaubte Zeit ist abgelaufen") from None
    except ValueError:
        raise NoVerdict("die Auswertung ist abgebrochen") from None
    if not isinstance(answer, dict):
        raise NoVerdict("die Auswertung gab keine Antwort")
    if "failed" in answer:
        raise NoVerdict(answer["failed"])
    return answer


def _read(report: str, levels: dict[str, str]) -> Iterator[OfficialFinding]:
    try:
        root = read_tree(report.encode())
    except InvoiceError as error:
        raise NoVerdict("der amtliche Bericht ist nicht lesbar") from error
    if root.tag != f"{SVRL}schematron-output" or root.find(f"{SVRL}fired-rule") is None:
        raise NoVerdict("der amtliche Bericht ist leer")
    for element in root.iter(f"{SVRL}failed-assert", f"{SVRL}successful-report"):
        rule = element.get("id") or "?"
        level = levels.get(rule) or element.get("flag") or element.get("role") or "error"
        severity: Severity = "warning" if level in _WARNINGS else "fatal"
        said = element.find(f"{SVRL}text")
        text = " ".join("".join(map(str, said.itertext())).split()) if said is not None else ""
        yield OfficialFinding(rule, severity, text, element.get("location") or "")


def _finding(each: OfficialFinding, paths: Paths, syntax: Syntax | None) -> Finding:
    """With the place in our words, so that it leads to its field as ours do."""
    found = paths.along(each.path)
    place = place_of_element(found[-1], syntax) if found and syntax else Place("", each.path, 0)
    hint = "Bitte beachten Sie: Das ist der amtliche Wortlaut; hier wurde es nicht beanstandet."
    return Finding(
        each.rule, each.severity, Klass.RULE.value, place.term, place.path, place.line,
        each.text, hint,
        each.severity == "fatal",
    )  # fmt: skip


def _note(words: str) -> Finding:
    return Finding(
        "AMTLICH-ABWEICHUNG", "warning", Klass.FORMAT.value, "", "", 0,
        "Die eigenen und die amtlichen Regeln kommen zu verschiedenen Ergebnissen.",
        f"Das strengere gilt: {words}.", False,
    )  # fmt: skip
