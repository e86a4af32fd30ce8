"""An invoice as plain text, for a terminal, of the same sections as the page.

Invariant: nothing that a terminal would obey leaves this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from invoice import view, wording
from invoice.checking import Finding
from invoice.formats import harmless
from invoice.model import Invoice, Line
from invoice.rules.rule import SEVERITIES
from invoice.view import Row, Section

_QUANTITY, _PRICE = ("BT-129", "BT-130"), ("BT-146",)
_ON_ONE_LINE = frozenset((*_QUANTITY, *_PRICE, "BT-126", "BT-131", "BT-153"))


def invoice_text(invoice: Invoice, findings: Sequence[Finding] = ()) -> str:
    """The invoice, and what was found in it."""
    title = wording.title(invoice)
    out = [title, "=" * len(title)]
    for section in view.sections(invoice):
        out += ["", *told] if (told := _lines(section)) else []
    out += ["", "Positionen", *_positions(invoice.lines, invoice)]
    for section in (*view.allowances(invoice), *view.breakdown(invoice)):
        out += ["", *_lines(section)]
    out += ["", *_lines(view.totals(invoice))]
    for section in view.documents(invoice):
        out += ["", *_lines(section)]
    if findings:
        out += ["", "Befunde"]
        out += [
            f"  {SEVERITIES[f.severity]} {f.rule} {f.place} (Zeile {f.line}): {f.text} {f.hint}"
            for f in findings
        ]
    return harmless("\n".join(out)) + "\n"


def _positions(lines: Iterable[Line], invoice: Invoice, level: int = 0) -> Iterator[str]:
    for line in lines:
        section, pad = view.position(line, invoice, level), "  " * (level + 1)
        yield pad + _on_one_line(section.rows)
        rest = [row for row in section.rows if row.term not in _ON_ONE_LINE]
        yield from _rows(rest, pad + "    ")
        for part in section.parts:
            yield from _lines(part, level + 3)
        yield from _positions(line.sublines, invoice, level + 1)


def _on_one_line(rows: Sequence[Row]) -> str:
    """`1  Leistung: 18 Std. × 10,00 € = 180,00 €`."""
    told = {row.term: row.value for row in rows}
    quantity, price = (
        " ".join(told[term] for term in terms if told[term]) for terms in (_QUANTITY, _PRICE)
    )
    return f"{told['BT-126']}  {told['BT-153']}: {quantity} × {price} = {told['BT-131']}"


def _lines(section: Section, indent: int = 0) -> list[str]:
    """A heading and its rows; nothing where there is nothing to say."""
    pad = "  " * indent
    told = list(_rows(section.rows, pad + "  "))
    for part in section.parts:
        told += _lines(part, indent + 1)
    return [f"{pad}{section.title}", *told] if told else []


def _rows(rows: Iterable[Row], pad: str) -> Iterator[str]:
    for row in rows:
        if row.value or row.note:
            said = " ".join(part for part in (row.value, f"({row.note})" * bool(row.note)) if part)
            yield f"{pad}{row.label}: {said}"
