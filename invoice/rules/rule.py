"""What a business rule is, and the three forms in which rules are written.

A rule is a question about one subject of the invoice (the document, a line, a VAT breakdown …)
whose answer is true when the invoice is right. It stands as a decorated function, as a row of
`needs(…)` where something has to be there, or as a row of a family. Meanings follow the formal
definitions of EN 16931 (1.3.16) and XRechnung; the sentences are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial, wraps
from typing import Any, Literal, TypeVar

from invoice.model import Group, Invoice, Syntax
from invoice.rules.codes import CodeLists

Severity = Literal["fatal", "warning", "information"]
SEVERITIES: Mapping[Severity, str] = {
    "fatal": "Fehler",
    "warning": "Warnung",
    "information": "Hinweis",
}
"""What they are called, the worst first."""
FIX = "Bitten Sie den Rechnungssteller um eine berichtigte Rechnung."
"""What the clerk does about most faults. In a hint, what the clerk does comes last and begins with
„Bitte“; before it stands what is right, which is what the supplier is told."""
Test = Callable[..., bool]
"""Of the subject and the invoice; with `asks` "test" also of `codes`, the lists in force."""
Select = Callable[..., Iterable[Any]]
"""Of the invoice; with `asks` "on" also of `codes`, the lists in force."""
Asks = Literal["", "on", "test"]


Fact = TypeVar("Fact")


def once(work_out: Callable[[Invoice], Fact]) -> Callable[[Invoice], Fact]:
    """What is so of a whole invoice is worked out once, however many rules and subjects ask."""

    @wraps(work_out)
    def known(invoice: Invoice) -> Fact:
        facts = invoice.worked_out
        if work_out not in facts:
            facts[work_out] = work_out(invoice)
        fact: Fact = facts[work_out]
        return fact

    return known


class Klass(Enum):
    """Classes of faults after the BMF letter of 15 October 2025."""

    FORMAT = "Formatfehler"
    RULE = "Geschäftsregelfehler"
    CONTENT = "Inhaltsfehler"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `field` is what the finding points at, seen from the subject."""

    id: str
    on: Select
    test: Test
    field: str
    text: str
    hint: str
    severity: Severity = "fatal"
    klass: Klass = Klass.RULE
    terms: tuple[str, ...] = ()
    cii_severity: Severity | None = None
    category: str = ""
    """The VAT category that it is about: where an invoice does not use it, nothing is asked."""
    asks: Asks = ""

    def bound(self, codes: CodeLists) -> Rule:
        """The rule as it stands while these code lists are in force."""
        match self.asks:
            case "on":
                return replace(self, on=partial(self.on, codes=codes), asks="")
            case "test":
                return replace(self, test=partial(self.test, codes=codes), asks="")
        return self

    def severity_in(self, syntax: Syntax) -> Severity:
        """A few rules weigh differently in CII. Only a fatal breach entitles to refuse."""
        return self.cii_severity if self.cii_severity and syntax == "cii" else self.severity

    def asked_in(self, syntax: Syntax) -> Rule | None:
        """The rule as this syntax has it, if it has it."""
        on = self.on.of(syntax) if isinstance(self.on, BySyntax) else self.on
        return None if on is nothing else replace(self, on=on)


class RuleBook:
    """The rules of one subject, in the order in which they are written."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def rule(
        self,
        id: str,  # noqa: A002 - the standard's word
        on: Select,
        field: str,
        text: str,
        hint: str,
        *,
        terms: str = "",
        severity: Severity = "fatal",
        cii_severity: Severity | None = None,
        klass: Klass = Klass.RULE,
        category: str = "",
        asks: Asks = "",
    ) -> Callable[[Test], Test]:
        """Enter the function below as a rule."""

        def enter(test: Test) -> Test:
            entered = Rule(id, on, test, field, text, hint, severity, klass, tuple(terms.split()))
            entered = replace(entered, cii_severity=cii_severity, category=category, asks=asks)
            self.rules.append(entered)
            return test

        return enter

    def needs(
        self,
        id: str,  # noqa: A002
        on: Select,
        field: str,
        text: str,
        hint: str,
        *,
        terms: str = "",
        severity: Severity = "fatal",
        klass: Klass = Klass.RULE,
    ) -> None:
        """A row: the field's element has to be there."""

        def test(subject: Group, _: Invoice) -> bool:
            return subject.has(field)

        self.rule(id, on, field, text, hint, terms=terms, severity=severity, klass=klass)(test)

    def fills(
        self,
        id: str,  # noqa: A002
        on: Select,
        field: str,
        text: str,
        hint: str,
        *,
        terms: str = "",
        severity: Severity = "fatal",
        klass: Klass = Klass.RULE,
    ) -> None:
        """A row: the field has to be there and say something."""

        def test(subject: Group, _: Invoice) -> bool:
            return filled(subject, field)

        self.rule(id, on, field, text, hint, terms=terms, severity=severity, klass=klass)(test)


def filled(group: Group, name: str) -> bool:
    """Whether the element is there and not empty once white space is taken off."""
    value = getattr(group, name)
    if value is None:
        raw = (group.unreadable or {}).get(name)
        return bool(raw and raw.strip(" \t\r\n"))
    return not isinstance(value, str) or bool(value.strip(" \t\r\n"))


@dataclass(frozen=True, slots=True)
class BySyntax:
    """Subjects that the two syntaxes define differently."""

    in_cii: Select
    in_ubl: Select

    def __call__(self, invoice: Invoice) -> Iterable[Any]:
        return self.of(invoice.syntax)(invoice)

    def of(self, syntax: Syntax) -> Select:
        return self.in_cii if syntax == "cii" else self.in_ubl


def nothing(_: Invoice) -> Sequence[Any]:
    """The subjects of a rule that a syntax does not have."""
    return ()


def document(invoice: Invoice) -> Sequence[Invoice]:
    return (invoice,)


def lines(invoice: Invoice) -> Sequence[Any]:
    return invoice.lines


def present(*groups: Group | None) -> Sequence[Any]:
    """Those of the groups that the invoice has."""
    return tuple(g for g in groups if g is not None and g.source is not None)


def ids(rules: Iterable[Rule]) -> set[str]:
    return {rule.id for rule in rules}
