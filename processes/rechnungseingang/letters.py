"""Letters and reports as HTML documents for the Akte: the refusal, the report of the check.

Invariant: a refusal names each fault that entitles to refuse, in plain German, and never a mere
warning; the system only drafts it, a person signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from invoice.checking import Finding, Report, Verdict
from processes.rechnungseingang.amounts import german
from processes.rechnungseingang.dates import local_day
from storage.database import Row

MEDIA_TYPE = "text/html; charset=utf-8"
VERDICTS = {
    Verdict.ACCEPTABLE: "annehmbar",
    Verdict.WITH_NOTES: "annehmbar, mit Hinweisen",
    Verdict.TO_CLARIFY: "von einem Menschen zu klären",
    Verdict.OBJECTED: "zu beanstanden",
}
"""No verdict says that an invoice is valid."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason to refuse, as the supplier reads it."""

    text: str
    place: str = ""
    rule: str = ""


def day(value: date | datetime | None) -> str:
    """`16.11.2026`; a dash for what is not known."""
    if value is None:
        return "–"
    return f"{local_day(value) if isinstance(value, datetime) else value:%d.%m.%Y}"


templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters["day"] = day
templates.filters["amount"] = german


def faults_of(findings: Sequence[Finding]) -> list[Fault]:
    """The findings that entitle to refuse."""
    return [Fault(f.text, f.place or "", f.rule) for f in findings if f.refusal]


def refusal_letter(
    receipt: Row,
    *,
    geschaeftszeichen: str,
    unit: str,
    faults: Sequence[Fault],
    today: date,
    signed_by: str | None = None,
    correctable: bool = True,
) -> bytes:
    """The letter; without `signed_by` it is marked as a draft. `correctable`: a better one of the
    same kind is welcome."""
    return (
        templates.get_template("ablehnung.html")
        .render(
            receipt=receipt,
            geschaeftszeichen=geschaeftszeichen,
            unit=unit,
            faults=faults,
            today=today,
            signed_by=signed_by,
            correctable=correctable,
        )
        .encode()
    )


def check_report(sha256: str, received_at: datetime, report: Report, at: datetime) -> bytes:
    """The verdict with all findings, for the Akte."""
    verdict = VERDICTS[report.verdict]
    template = templates.get_template("pruefbericht.html")
    return template.render(
        sha256=sha256, received_at=received_at, report=report, verdict=verdict, at=at
    ).encode()
