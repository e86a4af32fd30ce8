"""What the official rules say of a document, and how that differs from what ours say.

Invariant: a crash, a timeout, an empty report, no scenario or more than one is `NoVerdict`, never
"nothing found"; where the two differ the stricter one wins, and the difference is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from lxml import etree

from invoice.checking import MAX_OF_ONE_RULE, Finding, Report, Verdict
from invoice.errors import InvoiceError, NoVerdict
from invoice.model import Syntax
from invoice.official.configuration import Configuration, Scenario
from invoice.official.locations import element_at
from invoice.official.worker import worker_for
from invoice.places import place_of_element
from invoice.reading import read_tree
from invoice.rules import ALL
from invoice.rules.rule import Klass, Rule, Severity
from invoice.syntax.walk import book_of

SECONDS = 60
SCHEMA = "XSD"
"""The rule that both sides call a breach of the schema."""
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_WORDS: tuple[tuple[Severity, frozenset[str]], ...] = (
    ("fatal", frozenset({"fatal", "error"})),
    ("warning", frozenset({"warning", "warn"})),
    ("information", frozenset({"information", "info"})),
)
"""What flag or role of an assertion say, the gravest first, as KoSIT's reports read them."""
_GRAVITY = (Verdict.ACCEPTABLE, Verdict.WITH_NOTES, Verdict.TO_CLARIFY, Verdict.OBJECTED)


@dataclass(frozen=True, slots=True)
class OfficialFinding:
    """One failed assertion in the publisher's words."""

    rule: str
    severity: Severity
    text: str
    location: str = ""


@dataclass(frozen=True, slots=True)
class OfficialResult:
    """What a scenario found. `accepted` is None where it says nothing beyond its findings."""

    scenario: str
    findings: tuple[OfficialFinding, ...]
    asked: frozenset[str]
    accepted: bool | None = None
    undecided: str = ""
    """Why it could not be said whether it is accepted, though its scenario asks."""


def official_result(
    data: bytes, configuration: Configuration, seconds: float = SECONDS
) -> OfficialResult:
    """What the imported rules find in this XML. Raises NoVerdict or OfficialMissing."""
    worker = worker_for(configuration)
    try:
        document = etree.tostring(read_tree(data), encoding="utf-8")
    except InvoiceError as error:
        raise NoVerdict(str(error)) from error
    answer = worker.evaluate(document, seconds)
    matching = answer["matching"]
    if not matching:
        raise NoVerdict("kein Szenario der amtlichen Regeln passt auf das Dokument")
    if len(matching) > 1:
        raise NoVerdict("mehrere Szenarien der amtlichen Regeln passen auf das Dokument")
    return _result(configuration.scenarios[matching[0]], answer)


def _result(scenario: Scenario, answer: Mapping[str, Any]) -> OfficialResult:
    schema = frozenset([SCHEMA]) if scenario.schema is not None else frozenset()
    if answer["faults"]:
        found = [OfficialFinding(SCHEMA, "fatal", fault) for fault in answer["faults"]]
        return OfficialResult(scenario.name, tuple(found), schema, accepted=False)
    reports = zip(answer["reports"], scenario.proofs, strict=True)
    findings = tuple(each for report, proof in reports for each in _read(report, proof, scenario))
    asked = (scenario.rules or frozenset(_known_here())) | schema
    accepted, undecided = answer.get("accepted"), answer.get("undecided", "")
    return OfficialResult(scenario.name, findings, asked, accepted, undecided)


def _read(report: Mapping[str, Any], proof: str, scenario: Scenario) -> Iterator[OfficialFinding]:
    if report["root"] != f"{SVRL}schematron-output" or (proof and proof not in report["written"]):
        raise NoVerdict("der amtliche Bericht ist leer")
    for each in report["findings"]:
        rule, text = each["rule"], " ".join(each["text"].split())
        own = scenario.levels.get(rule)
        stated = {own} if own is not None else {each["flag"], each["role"]}
        yield OfficialFinding(rule, _severity(stated), text, each["location"])


def _severity(stated: set[str]) -> Severity:
    return next((severity for severity, words in _WORDS if stated & words), "fatal")


def compared(report: Report, result: OfficialResult) -> Report:
    """The report with the official findings that ours lack, and the stricter verdict."""
    ours = {finding.rule for finding in report.findings}
    objected = {finding.rule for finding in report.findings if finding.refusal}
    told: Counter[str] = Counter()
    more = []
    for each in result.findings:
        told[each.rule] += 1
        graver = _refuses(each, result) and each.rule not in objected
        if (each.rule not in ours or graver) and told[each.rule] <= MAX_OF_ONE_RULE:
            more.append(_finding(each, report, result))
    if result.undecided:
        more.append(_no_result(f"der Bericht ist gescheitert: {result.undecided}"))
    if result.accepted is False and all(f.severity != "fatal" for f in result.findings):
        more.append(_rejected(result))
    if apart := disagreement(report, result):
        more.append(_note(", ".join(apart)))
    verdict = max(report.verdict, _verdict(more), key=_GRAVITY.index)
    return replace(report, verdict=verdict, findings=(*report.findings, *more))


def _verdict(findings: Sequence[Finding]) -> Verdict:
    if any(each.refusal for each in findings):
        return Verdict.OBJECTED
    if any(each.severity == "fatal" for each in findings):
        return Verdict.TO_CLARIFY
    return Verdict.WITH_NOTES if findings else Verdict.ACCEPTABLE


def without_verdict(report: Report, error: NoVerdict) -> Report:
    """No official verdict: whatever ours say, a person decides."""
    told = _no_result(f"{error}: {error.detail}" if error.detail else str(error))
    verdict = max(report.verdict, Verdict.TO_CLARIFY, key=_GRAVITY.index)
    return replace(report, verdict=verdict, findings=(*report.findings, told))


def disagreement(report: Report, result: OfficialResult) -> list[str]:
    """Rule ids on which the two are not of one mind, each with who says what. Only of rules that
    both have asked: checks of our own, and rules that one side lacks, are no contradiction."""
    ours = {finding.rule: finding.severity for finding in report.findings}
    theirs = {each.rule: each.severity for each in result.findings}
    both = result.asked & (_known_here().keys() | {SCHEMA})
    return [
        f"{rule} (hier {ours.get(rule, 'nichts')}, amtlich {theirs.get(rule, 'nichts')})"
        for rule in sorted(both & (ours.keys() | theirs.keys()))
        if ours.get(rule) != theirs.get(rule)
    ]


@cache
def _known_here() -> dict[str, Rule | None]:
    """The published rules that are ours, too."""
    syntaxes: tuple[Syntax, ...] = ("ubl-invoice", "cii")  # a credit note has the same book
    found: dict[str, Rule | None] = dict.fromkeys(
        rule for syntax in syntaxes for rule in book_of(syntax).rules
    )
    return found | {rule.id: rule for rule in ALL}


def _finding(each: OfficialFinding, report: Report, result: OfficialResult) -> Finding:
    """Told at the element that the assertion names, and at the field that ours stand at."""
    known, path, line = _known_here().get(each.rule), each.location, 0
    if report.invoice is not None and report.invoice.source is not None:
        element = element_at(report.invoice.source, each.location)
        if element is not None:
            place = place_of_element(element, report.invoice.syntax)
            path, line = place.path, place.line
    term = known.terms[0] if known is not None and known.terms else ""
    klass = Klass.FORMAT if each.rule == SCHEMA else known.klass if known else Klass.RULE
    hint = "Amtlicher Wortlaut; die eigenen Regeln haben das so nicht beanstandet."
    refusal = _refuses(each, result)
    return Finding(
        each.rule, each.severity, klass.value, term, path, line, each.text, hint, refusal
    )


def _refuses(each: OfficialFinding, result: OfficialResult) -> bool:
    return each.severity == "fatal" and result.accepted is not True


def _no_result(why: str) -> Finding:
    return Finding(
        "AMTLICH", "fatal", Klass.FORMAT.value, "", "", 0,
        "Die amtlichen Regeln kamen zu keinem Ergebnis.",
        f"Bitte die Rechnung selbst beurteilen. ({why})", False,
    )  # fmt: skip


def _rejected(result: OfficialResult) -> Finding:
    return Finding(
        "AMTLICH", "fatal", Klass.FORMAT.value, "", "", 0,
        "Die amtliche Konfiguration nimmt die Rechnung nicht an, ohne einen Fehler zu nennen.",
        f"Bitte die Rechnung selbst beurteilen. (Szenario: {result.scenario})", False,
    )  # fmt: skip


def _note(words: str) -> Finding:
    return Finding(
        "AMTLICH-ABWEICHUNG", "warning", Klass.FORMAT.value, "", "", 0,
        "Die eigenen und die amtlichen Regeln kommen zu verschiedenen Ergebnissen.",
        f"Das strengere gilt. {words}", False,
    )  # fmt: skip
