"""Our rules beside the official stylesheets, over invoices with faults put in.

The rules must name the same ids; a row that says otherwise is a defect of ours. Only documents
that the schema allows and whose profile the sheet is for are compared, as the official validator
asks of no others; those at which a sheet itself breaks down are counted and left out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from lxml import etree

from bench.invoices import CORPUS, SAMPLES
from bench.mutations import mutated
from bench.official_sheets import SHEETS, Kind, Sheet, kind_of, sheet_files
from bench.options import Options
from bench.report import Table
from invoice.checking import check_invoice

MAX_BYTES = 30_000
SEEDS = range(1, 6)


@dataclass
class Comparison:
    """What came of asking both. A difference is (`missing` or `extra`, rule)."""

    compared: int = 0
    not_asked: int = 0
    broken_down: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    differences: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, data: bytes, sheet: Sheet) -> None:
        report = check_invoice(data)
        ours = {finding.rule for finding in report.findings}
        if "XSD" in ours or not sheet.binds(report.profile or ""):
            self.not_asked += 1
            return
        theirs = sheet.fired(etree.tostring(etree.fromstring(data), encoding="unicode"))
        if theirs is None:
            self.broken_down += 1
            return
        ours &= sheet.rules
        self.compared += 1
        self.fired.update(theirs)
        self.differences.update(("missing", rule) for rule in theirs - ours)
        self.differences.update(("extra", rule) for rule in ours - theirs)


def documents(kind: Kind) -> list[bytes]:
    """The samples of the tests and the small documents of the corpus, in one syntax."""
    files = [*SAMPLES.glob("*.xml"), *(CORPUS / "xrechnung").glob("*.xml")]
    read = [file.read_bytes() for file in sorted(files)]
    return [d for d in read if len(d) < MAX_BYTES and kind_of(etree.fromstring(d)) == kind]


def run(options: Options) -> list[Table]:
    table = Table("Our rules beside the official stylesheets")
    kinds: tuple[Kind, ...] = ("ubl", "cii")
    for kind in kinds:
        bases = documents(kind)
        for file in sheet_files(kind):
            sheet, found = Sheet(file), Comparison()
            for seed in SEEDS[: 1 if options.quick else None]:
                for data in mutated(bases, seed, 20 if options.quick else 2000):
                    found.add(data, sheet)
            table.rows.append(
                {
                    "sheet": file.name,
                    "its rules": len(sheet.rules),
                    "documents": found.compared,
                    "not asked": found.not_asked,
                    "sheet broke down": found.broken_down,
                    "rules that fired": len(found.fired),
                    "differences": sum(found.differences.values()),
                }
            )
            table.notes += [
                f"{file.name}: {rule} {how} in {count}"
                for (how, rule), count in sorted(found.differences.items())
            ]
    if len(table.rows) < 2:
        table.notes.append(f"More sheets, CII's among them, from the folder that {SHEETS} names.")
    return [table]
