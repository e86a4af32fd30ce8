"""An invoice for a person: an HTML fragment without scripts, and plain text.

Invariant: whatever stands in the invoice reaches the page as text only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from itertools import islice
from typing import Any, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from invoice import formats, view
from invoice.checking import Finding
from invoice.model import Invoice

Shown = TypeVar("Shown")
_LINE = re.compile(r"/(?:cac:InvoiceLine|cac:CreditNoteLine|ram:Included\w+LineItem)(?:\[(\d+)\])?")
_TABLES = {"BG-23": "steuer", "BG-25": "positionen", "BG-22": "summen", "BG-24": "anlagen"}
_SEVERITY = {"fatal": "Fehler", "warning": "Warnung", "information": "Hinweis"}
MOST_ROWS = 10_000
"""Rows of one table: more than that no browser bears, and nobody reads."""
NOT_ALL = f"Gezeigt sind die ersten {MOST_ROWS}. Alle stehen in der Datei."


def invoice_html(invoice: Invoice, findings: Sequence[Finding] = ()) -> str:
    """The invoice as an HTML fragment in German. Each finding links to its field."""
    faulty = {finding.place for finding in findings}
    sections = [
        view.Section(s.term, s.title, _first(r for r in s.rows if r.value or r.term in faulty))
        for s in view.sections(invoice)
    ]
    anchors = _anchors(invoice, sections)
    return _environment().get_template("invoice.html").render(
        invoice=invoice,
        title=view.title(invoice),
        sections=[s for s in sections if s.rows],
        totals=[r for r in view.totals(invoice) if r.value or r.term in faulty],
        findings=[(f, _SEVERITY[f.severity], _target(f, anchors)) for f in findings],
        faulty=faulty,
        first=_first_use(),
        most=MOST_ROWS,
        not_all=NOT_ALL,
    )  # fmt: skip


def invoice_text(invoice: Invoice, findings: Sequence[Finding] = ()) -> str:
    """The invoice as plain text, for a terminal."""
    out = [view.title(invoice), "=" * len(view.title(invoice))]
    for section in view.sections(invoice):
        rows = _first(row for row in section.rows if row.value)
        if rows:
            out += ["", section.title]
            out += [f"  {r.label}: {r.value}" + (f" ({r.note})" if r.note else "") for r in rows]
    out += ["", "Positionen", *_text_lines(invoice), "", "Umsatzsteuer"]
    for tax in _first(invoice.breakdown):
        taxable, due = (formats.amount(a, invoice.currency) for a in (tax.taxable, tax.tax))
        out.append(
            f"  {view.category(tax.category)} {formats.percent(tax.rate)}: {due} auf {taxable}"
        )
    out += ["", "Summen"]
    out += [f"  {row.label}: {row.value}" for row in view.totals(invoice) if row.value]
    if invoice.attachments:
        out += ["", "Anlagen"]
        out += [f"  {a.name} ({formats.size(a.size)})" for a in _first(invoice.attachments)]
    if findings:
        out += ["", "Feststellungen"]
        out += [
            f"  {_SEVERITY[f.severity]} {f.rule} {f.place} (Zeile {f.line}): {f.text} {f.hint}"
            for f in findings
        ]
    return harmless("\n".join(out)) + "\n"


def _text_lines(invoice: Invoice) -> list[str]:
    out = []
    for line in _first(invoice.lines):
        quantity = f"{formats.number(line.quantity)} {view.unit(line.unit)}".strip()
        price = formats.amount(line.price.net, invoice.currency)
        net = formats.amount(line.net, invoice.currency)
        out.append(f"  {line.id or ''}  {line.item.name or ''}: {quantity} × {price} = {net}")
    return out if len(invoice.lines) <= MOST_ROWS else [*out, f"  {NOT_ALL}"]


def _first(rows: Iterable[Shown]) -> tuple[Shown, ...]:
    return tuple(islice(rows, MOST_ROWS))


def harmless(text: str) -> str:
    """Without control characters, which a terminal would obey."""
    return "".join(c for c in text if c in "\n\t" or (c.isprintable() or c == "\N{NO-BREAK SPACE}"))


def _anchors(invoice: Invoice, sections: Sequence[view.Section]) -> dict[str, str]:
    """Which term stands under which id."""
    found = dict(_TABLES)
    found.update({row.term: anchor(row.term) for row in view.totals(invoice)})
    for section in sections:
        found.update({row.term: anchor(row.term) for row in section.rows})
        if section.term and section.rows:
            found.setdefault(section.term, anchor(section.term))
    return found


def _target(finding: Finding, anchors: dict[str, str]) -> str:
    """The id that a finding points at: the line, the field, or the top."""
    line = _LINE.search(finding.path)
    if line:
        number = int(line[1] or 1)
        return f"position-{number}" if number <= MOST_ROWS else "positionen"
    if "/cac:TaxSubtotal" in finding.path or finding.path.endswith("ram:ApplicableTradeTax"):
        return "steuer"
    return anchors.get(finding.place, "rechnung")


def anchor(term: str) -> str:
    return term.lower()


def _first_use() -> Any:
    """Ids stand once on a page: a term that comes again gets none."""
    seen: set[str] = set()

    def first(term: str) -> Markup:
        if not term or term in seen:
            return Markup("")
        seen.add(term)
        return Markup(f' id="{escape(anchor(term))}"')  # noqa: S704 - escaped just here

    return first


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("invoice"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        amount=formats.amount,
        number=formats.number,
        percent=formats.percent,
        day=formats.day,
        size=formats.size,
        category=view.category,
        unit=view.unit,
        period=view.period,
    )
    return environment
