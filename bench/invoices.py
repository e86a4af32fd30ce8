"""Invoices parsed and checked a second of CPU: all rules, on one thread, verdict included."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bench.options import Options
from bench.report import Cell, Table
from invoice.checking import check_invoice
from invoice.errors import InvoiceError
from invoice.parsing import parse_invoice

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "tests" / "invoice" / "samples"
CORPUS = Path(os.environ.get("AMTSGANG_CORPUS") or ROOT.parent / "shared" / "data")


def _parse(data: bytes) -> None:
    with suppress(InvoiceError):  # a sample that is no invoice is read, too
        parse_invoice(data)


STEPS: dict[str, Callable[[bytes], object]] = {
    "parsed": _parse,
    "parsed and checked": check_invoice,
}


def _measure(step: Callable[[bytes], object], documents: list[bytes], seconds: float) -> float:
    """Documents a second of CPU."""
    for data in documents:
        step(data)
    count, began = 0, time.process_time()
    while (spent := time.process_time() - began) < seconds:
        for data in documents:
            step(data)
        count += len(documents)
    return count / spent


def _rows(name: str, files: list[Path], options: Options) -> list[dict[str, Cell]]:
    documents = [file.read_bytes() for file in files]
    seconds = 0.2 if options.quick else 3.0
    size = sum(map(len, documents)) / len(documents) / 1024
    return [
        {
            "documents": name,
            "files": len(files),
            "mean KB": size,
            "step": step,
            "a CPU second": _measure(run, documents, seconds),
        }
        for step, run in STEPS.items()
    ]


def run(options: Options) -> list[Table]:
    table = Table("Invoices, one thread")
    folders = {"samples of the tests": SAMPLES, "corpus": CORPUS / "xrechnung"}
    for name, folder in folders.items():
        files = sorted(folder.rglob("*.xml")) if folder.is_dir() else []
        if options.quick:
            files = files[:3]
        if files:
            table.rows += _rows(name, files, options)
        else:
            table.notes.append(f"No documents for “{name}”: AMTSGANG_CORPUS names their folder.")
    return [table]
