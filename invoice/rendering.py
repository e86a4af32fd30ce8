"""An invoice for a person: an HTML fragment without scripts. `plain_text` says the same.

Invariants: whatever stands in the invoice reaches the page as text only; a page stays small, also
where the invoice is long: lines come in parts, and those that a finding is about always come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from invoice import view, wording
from invoice.anchors import Anchors, Subjects
from invoice.checking import Finding
from invoice.model import Invoice, Line
from invoice.rules.rule import SEVERITIES
from invoice.terms import name_of
from invoice.view import Row, Section

LINES_A_PART = 200
MOST_LINES = 2_000
"""On one page, with those below lines and those that something was found in."""
_WEIGHT = {severity: weight for weight, severity in enumerate(SEVERITIES)}


@dataclass(frozen=True)
class Column:
    """A column of a table and the terms that it shows."""

    heading: str
    terms: tuple[str, ...]
    numeric: bool = False

    @cached_property
    def named(self) -> str:
        return ", ".join(self.terms)


LINES = (
    Column("Nr.", ("BT-126",)),
    Column("Bezeichnung", ("BT-153",)),
    Column("Menge", ("BT-129", "BT-130"), numeric=True),
    Column("Einzelpreis", ("BT-146", "BT-149", "BT-150"), numeric=True),
    Column("USt", ("BT-152", "BT-151"), numeric=True),
    Column("Netto", ("BT-131",), numeric=True),
)
ALLOWANCES = (
    Column("Grund", ("BT-97", "BT-104", "BT-98", "BT-105")),
    Column("Grundbetrag", ("BT-93", "BT-100"), numeric=True),
    Column("Prozentsatz", ("BT-94", "BT-101"), numeric=True),
    Column("Umsatzsteuer", ("BT-96", "BT-103", "BT-95", "BT-102")),
    Column("Betrag", ("BT-92", "BT-99"), numeric=True),
)
TAXES = (
    Column("Kategorie", ("BT-118",)),
    Column("Steuersatz", ("BT-119",), numeric=True),
    Column("Betrag ohne Steuer", ("BT-116",), numeric=True),
    Column("Steuerbetrag", ("BT-117",), numeric=True),
    Column("Grund der Befreiung", ("BT-120", "BT-121")),
)
DOCUMENTS = (
    Column("Kennung", ("BT-122",)),
    Column("Beschreibung", ("BT-123", "BT-124")),
    Column("Datei", ("BT-125",)),
)


@dataclass(frozen=True, slots=True)
class Table:
    """Groups of one kind, each a row. `first` names the row where no column does."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    sections: Sequence[Section]
    first: str = ""

    def cells(self, section: Section) -> Iterator[tuple[Column, list[Row]]]:
        by_term = {row.term: row for row in section.rows}
        for column in self.columns:
            yield column, [by_term[term] for term in column.terms if term in by_term]

    def more(self, section: Section) -> list[Row]:
        """What no column shows."""
        shown = _shown_in(self.columns)
        return [row for row in section.rows if row.term not in shown]


@cache
def _shown_in(columns: tuple[Column, ...]) -> frozenset[str]:
    return frozenset(term for column in columns for term in column.terms)


def invoice_html(invoice: Invoice, findings: Sequence[Finding] = (), part: int = 1) -> str:
    """The invoice as an HTML fragment in German. Each finding links to its field, the worst first.

    `part` says which of many lines are shown; links to the others are `?teil=2`.
    """
    findings = sorted(findings, key=lambda finding: _WEIGHT[finding.severity])
    subjects = Subjects(invoice, findings)
    anchors = Anchors(subjects)
    sections = view.sections(invoice)
    for section in sections:
        anchors.give(section)
    parts = max(1, -(-len(invoice.lines) // LINES_A_PART))
    part = min(max(1, part), parts)
    lines = Table("positionen", "Positionen", LINES, _positions(invoice, subjects, anchors, part))
    anchors.table("BG-25", lines.id)
    tables = _tables(invoice, anchors)
    totals = view.totals(invoice)
    anchors.give(totals, id_="summen")
    told = [
        (n, f, SEVERITIES[f.severity], name_of(f.place), anchors.target(n - 1, f.place))
        for n, f in enumerate(findings, start=1)
    ]
    return _environment().get_template("invoice.html").render(
        title=wording.title(invoice),
        sections=[each for each in sections if each.rows or each.parts or each.findings],
        lines=lines, line_count=len(invoice.lines), part=part, parts=parts, size=LINES_A_PART,
        tables=tables,
        totals=totals,
        cut=len(lines.sections) == MOST_LINES, most=MOST_LINES,
        left_out=view.left_out(invoice),
        findings=told,
        targets={target for *_, target in told},
    )  # fmt: skip


def _positions(invoice: Invoice, subjects: Subjects, anchors: Anchors, part: int) -> list[Section]:
    """The lines of this part, and those that something was found in, each with those below it."""
    first = (part - 1) * LINES_A_PART
    shown = (
        section
        for number, line in enumerate(invoice.lines)
        if first <= number < first + LINES_A_PART or subjects.lie_in(line.source)
        for section in _with_sublines(line, f"{number + 1}", invoice, anchors)
    )
    return list(islice(shown, MOST_LINES))


def _with_sublines(
    line: Line, number: str, invoice: Invoice, anchors: Anchors
) -> Iterator[Section]:
    level = number.count("-")
    section = view.position(line, invoice, level)
    anchors.give(section, f"position-{number}-", f"position-{number}")
    yield section
    for index, below in enumerate(line.sublines, start=1):
        yield from _with_sublines(below, f"{number}-{index}", invoice, anchors)


def _tables(invoice: Invoice, anchors: Anchors) -> list[Table]:
    tables = [
        Table("nachlaesse", "Nachlässe und Zuschläge", ALLOWANCES, view.allowances(invoice), "Art"),
        Table("steuer", "Steueraufschlüsselung", TAXES, view.breakdown(invoice)),
        Table("anlagen", "Rechnungsbegründende Unterlagen", DOCUMENTS, view.documents(invoice)),
    ]
    for table, groups in zip(tables, (("BG-20", "BG-21"), ("BG-23",), ("BG-24",)), strict=True):
        for section in table.sections:
            anchors.give(section)
        for group in groups:
            if table.sections or group == "BG-23":
                anchors.table(group, table.id)
    return tables


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("invoice"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
