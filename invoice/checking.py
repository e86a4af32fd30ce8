"""Bytes in, verdict and findings out.

Invariants: hostile or broken bytes give a report, never an exception; no verdict ever says that
an invoice is valid, only that nothing was found; what could not be judged is for a person.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Context, InvalidOperation, localcontext
from enum import StrEnum
from typing import Any, cast

from lxml import etree

from invoice.errors import InvoiceRefused, NotAnInvoice
from invoice.input_tax import duty_in_words, is_mandatory
from invoice.model import Group, Invoice, Syntax
from invoice.parsing import read_invoice
from invoice.places import place_of, place_of_element
from invoice.profiles import Profile, binding_profile, profile_of
from invoice.reading import read_tree
from invoice.rules.packs import Pack, pack_on
from invoice.rules.rule import FIX, Klass, Rule, Severity
from invoice.schema import SchemaFault, schema_faults
from invoice.syntax import syntax_faults

ARITHMETIC = Context(prec=80, traps=[InvalidOperation])
"""Wide enough that no sum or product of amounts is ever rounded."""

MAX_OF_ONE_RULE = 25
"""Findings of the same rule in one report: a fault in every line need not be told a thousand times.
"""


class Verdict(StrEnum):
    """What the check says. None of the words means that the invoice is valid."""

    ACCEPTABLE = "annehmbar"
    WITH_NOTES = "annehmbar_mit_hinweisen"
    TO_CLARIFY = "zu_klaeren"
    OBJECTED = "beanstandet"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: what, where, what to do, and what it means for the invoice."""

    rule: str
    severity: Severity
    klass: str
    place: str
    path: str
    line: int
    text: str
    hint: str
    refusal: bool

    @property
    def mandatory_vat_field(self) -> bool:
        """Whether it is about a fact that § 14 Abs. 4 UStG demands, and so may cost input tax."""
        return is_mandatory(self.place)

    @property
    def vat_duty(self) -> str:
        """The same in words; empty where the finding stands at no field."""
        return duty_in_words(self.place)

    def as_json(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "severity": self.severity,
            "class": self.klass,
            "place": self.place,
            "path": self.path,
            "line": self.line,
            "text": self.text,
            "hint": self.hint,
            "refusal": self.refusal,
            "mandatory_vat_field": self.mandatory_vat_field,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Finding:
        """The finding that `as_json` told; what it adds is computed again."""
        own = {field.name for field in fields(cls)}
        known = {name: value for name, value in told.items() if name in own}
        return cls(klass=told["class"], **known)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a document was judged by: the pack of its date, the edition of its code lists, and the
    official rules if an operator has imported them."""

    pack: str
    valid_from: date
    code_lists: str
    official: str | None = None

    def as_json(self) -> dict[str, object]:
        return {
            "pack": self.pack,
            "valid_from": self.valid_from.isoformat(),
            "code_lists": self.code_lists,
            "official": self.official,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What came of checking one document. Without a basis, no rule was asked."""

    verdict: Verdict
    profile: str | None
    syntax: Syntax | None
    findings: tuple[Finding, ...]
    invoice: Invoice | None
    basis: Basis | None = None
    stated: Invoice | None = None
    """What the XML in a PDF says that is no invoice by itself (MINIMUM, BASIC WL): for a person to
    compare with the image, never to count on."""

    @property
    def dated(self) -> date | None:
        """BT-2: the day whose rules judge the invoice."""
        return None if self.invoice is None else self.invoice.issue_date

    def as_json(self) -> dict[str, object]:
        return {
            "verdict": self.verdict.value,
            "profile": self.profile,
            "syntax": self.syntax,
            "basis": None if self.basis is None else self.basis.as_json(),
            "findings": [finding.as_json() for finding in self.findings],
        }


def check_invoice(
    data: bytes, on: date | None = None, *, received_on: date | None = None
) -> Report:
    """Read and check an invoice. `on` chooses the rule pack; without it the issue date does, and
    where the invoice has none, the day on which it came."""
    try:
        root = read_tree(data)
        invoice = read_invoice(root)
    except (NotAnInvoice, InvoiceRefused) as error:
        return Report(Verdict.TO_CLARIFY, None, None, (_unread(error),), None)
    profile = profile_of(invoice.specification)
    pack = pack_on(on or invoice.issue_date or received_on)
    findings = [_schema_finding(f) for f in schema_faults(root, invoice.syntax)]
    findings += _profile_findings(invoice, profile)
    findings += _syntax_findings(root, invoice, profile, pack)
    findings += _rule_findings(invoice, profile, pack)
    basis = Basis(pack.name, pack.valid_from, pack.code_lists.edition)
    found, verdict = tuple(findings), _verdict(findings)
    return Report(verdict, profile.value, invoice.syntax, found, invoice, basis)


def _verdict(findings: list[Finding]) -> Verdict:
    if any(f.refusal for f in findings):
        return Verdict.OBJECTED
    if any(f.severity == "fatal" for f in findings):
        return Verdict.TO_CLARIFY
    return Verdict.WITH_NOTES if findings else Verdict.ACCEPTABLE


def _unread(error: NotAnInvoice | InvoiceRefused) -> Finding:
    if isinstance(error, InvoiceRefused):
        text = "Die Datei wurde aus Sicherheitsgründen nicht gelesen."
        hint = "Bitte öffnen Sie die Datei nicht und bitten Sie den Absender um eine einwandfreie."
    else:
        text = "Die Datei ist keine E-Rechnung, die hier gelesen werden kann."
        hint = (
            "Bitte prüfen Sie, ob es eine sonstige Rechnung ist; dann erfassen Sie die Kopfdaten."
        )
    return Finding(
        error.code, "fatal", Klass.FORMAT.value, "", "", 0, text, f"{hint} ({error})", False
    )


def _schema_finding(fault: SchemaFault) -> Finding:
    return Finding(
        "XSD",
        "fatal",
        Klass.FORMAT.value,
        "",
        fault.path,
        fault.line,
        "Die Datei ist technisch falsch aufgebaut.",
        f"Sie entspricht nicht dem Schema ihres Formats (Meldung: {fault.message}). {FIX}",
        True,
    )


def _profile_findings(invoice: Invoice, profile: Profile) -> Iterator[Finding]:
    """What no rule of the standard says, but a person has to see."""
    if profile.is_an_invoice and profile is not Profile.UNKNOWN:
        return
    place = place_of(invoice, invoice, "specification")
    if not profile.is_an_invoice:
        yield Finding(
            "PROFIL", "fatal", Klass.FORMAT.value, place.term, place.path, place.line,
            f"Das Profil {profile.value} enthält keine vollständige Rechnung.",
            "Es ist eine sonstige Rechnung. Bitte prüfen Sie die Kopfdaten am Bild.", False,
        )  # fmt: skip
    elif invoice.specification:
        yield Finding(
            "PROFIL", "fatal", Klass.FORMAT.value, place.term, place.path, place.line,
            "Die Rechnung nennt eine Spezifikation, die hier nicht bekannt ist.",
            "Geprüft ist sie nach EN 16931 und XRechnung. Bitte prüfen Sie, was gilt.", False,
        )  # fmt: skip


def _syntax_findings(
    root: etree._Element, invoice: Invoice, profile: Profile, pack: Pack
) -> Iterator[Finding]:
    """What the binding of the standard to this syntax does not allow."""
    told: Counter[str] = Counter()
    for fault in syntax_faults(root, invoice.syntax):
        told[fault.rule.id] += 1
        if told[fault.rule.id] > MAX_OF_ONE_RULE:
            continue
        place = place_of_element(fault.element, invoice.syntax, fault.attribute)
        text, hint = fault.words()
        term = place.term if place.term.startswith("BT") else _named_in(text) or place.term
        severity = pack.override(fault.rule.id, profile) or fault.rule.severity
        yield Finding(
            fault.rule.id, severity, Klass.FORMAT.value, term, place.path, place.line,
            text, hint, severity == "fatal",
        )  # fmt: skip


def _named_in(text: str) -> str:
    """The business term that a sentence names, where it stands higher than its field."""
    found = re.search(r"BT-\d+", text)
    return found[0] if found else ""


def _rule_findings(invoice: Invoice, profile: Profile, pack: Pack) -> list[Finding]:
    findings: list[Finding] = []
    with localcontext(ARITHMETIC):
        binding = binding_profile(profile, invoice.specification)
        for rule, subjects in _asked(invoice, pack.asked_of(binding, invoice.syntax)):
            told = 0
            for subject in subjects:
                if rule.test(subject, invoice):
                    continue
                severity = pack.severity_of(rule, profile, invoice.syntax)
                refusal = severity == "fatal" and pack.entitles(rule, profile)
                findings.append(finding_of(rule, subject, invoice, severity, refusal))
                told += 1
                if told == MAX_OF_ONE_RULE:
                    break
    return findings


def _asked(invoice: Invoice, rules: Iterable[Rule]) -> Iterator[tuple[Rule, Iterable[Any]]]:
    """Each rule and its subjects. Rules in a row that ask of the same are told them once."""
    used = invoice.tax_categories
    on, subjects = None, cast("Iterable[Any]", ())
    for rule in rules:
        if rule.category and rule.category not in used:
            continue
        if rule.on is not on:
            subjects = rule.on(invoice)
            on = rule.on if isinstance(subjects, tuple | list) else None  # others end when read
        if subjects:
            yield rule, subjects


def finding_of(
    rule: Rule, subject: Group, invoice: Invoice, severity: Severity, refusal: bool
) -> Finding:
    """What is told where this subject breaks the rule."""
    place = place_of(invoice, subject, rule.field)
    term = place.term
    if rule.terms and (not term or (not rule.field and term.startswith("BG"))):
        source = subject.source  # what it is, where one kind of group stands in several places
        near = place_of_element(source, invoice.syntax).term if source is not None else ""
        term = near if near in rule.terms else rule.terms[0]
    return Finding(
        rule.id,
        severity,
        rule.klass.value,
        term,
        place.path,
        place.line,
        rule.text,
        rule.hint,
        refusal,
    )
