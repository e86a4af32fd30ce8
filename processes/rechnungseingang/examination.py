"""The check of a received file, with what this process adds to the rules of the standard.

Invariant: an invoice in another currency than the euro is for a person. Budget, Befugnisse and
limits are in euro; nothing is compared with them before somebody has converted it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from invoice.checking import Finding, Report, Verdict
from invoice.documents import check_document
from invoice.model import Invoice
from invoice.places import place_of
from invoice.rules.rule import Klass

EURO = "EUR"
NO_CURRENCY = "XXX"
"""ISO 4217's code for none: the file names no currency that one could convert from."""


def examine(data: bytes, received_on: date, *, others_refused: bool = False) -> Report:
    """`check_document`, and a finding where the amount is not in euro."""
    report = check_document(data, received_on, others_refused=others_refused)
    if report.invoice is None or currency_of(report.invoice) == EURO:
        return report
    worse = report.verdict in {Verdict.ACCEPTABLE, Verdict.WITH_NOTES}
    return replace(
        report,
        verdict=Verdict.TO_CLARIFY if worse else report.verdict,
        findings=(*report.findings, _foreign(report.invoice)),
    )


def currency_of(invoice: Invoice) -> str:
    """BT-5 as a code of three letters."""
    code = (invoice.currency or "").strip().upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else NO_CURRENCY


def _foreign(invoice: Invoice) -> Finding:
    place, stated = place_of(invoice, invoice, "currency"), currency_of(invoice)
    named = "auf keine bekannte Währung" if stated == NO_CURRENCY else f"auf {stated}"
    return Finding(
        "WAEHRUNG",
        "fatal",
        Klass.CONTENT.value,
        place.term,
        place.path,
        place.line,
        f"Die Rechnung lautet {named}, nicht auf Euro.",
        "Haushalt, Befugnisse und Wertgrenzen rechnen in Euro. Bitte rechnen Sie den Betrag um.",
        refusal=False,
    )
