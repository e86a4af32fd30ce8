"""What the official rules cost: cold start, warm documents, a long invoice, memory.

`AMTSGANG_RULES` names a configuration as KoSIT publishes it; without it, EN 16931's sheet for UBL
is asked alone. The invoices are the samples of the tests and the corpus; every figure goes the way
that an invoice goes when it is taken in.
"""

from __future__ import annotations

import io
import os
import time
import zipfile
from contextlib import suppress
from copy import deepcopy
from hashlib import sha256
from pathlib import Path
from statistics import median

from lxml import etree

from bench.invoices import CORPUS, SAMPLES
from bench.official_sheets import sheet_files
from bench.options import Options
from bench.report import Cell, Table
from invoice.errors import NoVerdict
from invoice.official.configuration import Configuration, read_configuration
from invoice.official.verdict import official_result
from invoice.official.worker import Worker, end_workers, worker_for

RULES = "AMTSGANG_RULES"
LINES = 5_000
_TICKS = os.sysconf("SC_CLK_TCK")
_LINE = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}InvoiceLine"
_ID = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}ID"


_SCENARIOS = """<scenarios xmlns="http://www.xoev.de/de/validator/framework/1/scenarios"
  frameworkVersion="1.0.0"><name>EN 16931</name><scenario><name>UBL</name>
<namespace prefix="u">urn:oasis:names:specification:ubl:schema:xsd:Invoice-2</namespace>
<match>/u:Invoice</match><validateWithSchematron><resource><name>EN 16931</name>
<location>EN16931-UBL-validation.xsl</location></resource></validateWithSchematron>
</scenario></scenarios>"""


def long_invoice(lines: int) -> bytes:
    """The UBL sample with as many lines; its sums are wrong, which costs nothing."""
    root = etree.fromstring((SAMPLES / "ubl_tiefbau.xml").read_bytes())
    first = root.findall(_LINE)[0]
    for number in range(len(root.findall(_LINE)), lines):
        line = deepcopy(first)
        name = line.find(_ID)
        assert name is not None
        name.text = str(number + 1)
        root.append(line)
    return etree.tostring(root)


def _shipped() -> bytes:
    """A configuration of the one sheet that is installed with us."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("scenarios.xml", _SCENARIOS)
        archive.write(sheet_files("ubl")[0], "EN16931-UBL-validation.xsl")
    return made.getvalue()


def documents(configuration: Configuration) -> list[bytes]:
    """Those that a scenario is for."""
    read = [f.read_bytes() for folder in (SAMPLES, CORPUS / "xrechnung")
            for f in sorted(folder.glob("*.xml"))]  # fmt: skip
    found = []
    for data in read:
        try:
            official_result(data, configuration)
        except NoVerdict:
            continue
        found.append(data)
    return found


def run(options: Options) -> list[Table]:
    table = Table("Official rules, one process")
    named = os.environ.get(RULES)
    if not named:
        table.notes.append(f"EN 16931's sheet for UBL alone: {RULES} names no configuration.")
    data = Path(named).read_bytes() if named else _shipped()
    rounds = 1 if options.quick else options.rounds
    began = time.perf_counter()
    configuration = read_configuration(data, sha256(data).hexdigest())
    table.rows = [_row("configuration read", time.perf_counter() - began, "s")]
    try:
        table.rows += _cold(configuration, rounds) + _warm(configuration, rounds, options.quick)
    finally:
        end_workers()
    return [table]


def _cold(configuration: Configuration, rounds: int) -> list[dict[str, Cell]]:
    """From no process to the first result; and until everything is compiled, as at an import."""
    found = {}
    for sample in ("ubl_tiefbau.xml", "cii_jugendamt.xml"):
        data, times = (SAMPLES / sample).read_bytes(), []
        for _ in range(rounds):
            end_workers()
            began = time.perf_counter()
            with suppress(NoVerdict):  # of a configuration that is not for both syntaxes
                official_result(data, configuration)
                times.append(time.perf_counter() - began)
        if not times:
            continue
        found[f"cold start to the first result, {sample[:3]}"] = median(times)
    end_workers()
    began = time.perf_counter()
    worker_for(configuration).compile()
    found["cold start to everything compiled"] = time.perf_counter() - began
    return [_row(name, value, "s") for name, value in found.items()]


def _warm(configuration: Configuration, rounds: int, quick: bool) -> list[dict[str, Cell]]:
    taken, worker = documents(configuration), worker_for(configuration)
    elapsed, spent = time.perf_counter(), _cpu(worker)
    for _ in range(rounds):
        for data in taken:
            official_result(data, configuration)
    count = rounds * len(taken)
    elapsed, spent = time.perf_counter() - elapsed, max(_cpu(worker) - spent, 1 / _TICKS)
    resting = _memory(worker, "VmRSS")
    lines = 200 if quick else LINES
    long = long_invoice(lines)
    began = time.perf_counter()
    official_result(long, configuration)
    return [
        _row("documents in turn", len(taken), ""),
        _row("warm, a document", elapsed / count * 1000, "ms"),
        _row("warm, documents a second", count / elapsed, ""),
        _row("warm, documents a CPU second of the process", count / spent, ""),
        _row("memory after them (RSS)", resting, "MB"),
        _row(f"{lines} lines, {len(long) / 1e6:.1f} MB", time.perf_counter() - began, "s"),
        _row("memory at most (RSS)", _memory(worker, "VmHWM"), "MB"),
    ]


def _row(what: str, value: float, unit: str) -> dict[str, Cell]:
    return {"what": what, "value": value, "unit": unit}


def _cpu(worker: Worker) -> float:
    stat = Path(f"/proc/{worker.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / _TICKS


def _memory(worker: Worker, what: str) -> float:
    status = Path(f"/proc/{worker.pid}/status").read_text(encoding="utf-8")
    return int(status.partition(f"{what}:")[2].split()[0]) / 1024
