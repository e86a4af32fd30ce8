"""An invoice that holds every business term of EN 16931, as UBL and as CII, and what a page shows.

It is no good invoice: some terms exclude each other. It is one to look for fields in.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from string import Template

from invoice.terms import LABELS

SAMPLES = Path(__file__).parent / "samples"
BLANK = "\N{NO-BREAK SPACE}"

_DATES = ("BT-2", "BT-7", "BT-9", "BT-26", "BT-72", "BT-73", "BT-74", "BT-134", "BT-135")
_AMOUNTS = (
    "BT-92", "BT-93", "BT-99", "BT-100", "BT-106", "BT-107", "BT-108", "BT-109", "BT-110",
    "BT-112", "BT-113", "BT-114", "BT-115", "BT-116", "BT-117", "BT-131", "BT-136", "BT-137",
    "BT-141", "BT-142", "BT-146", "BT-147", "BT-148", "BT-DEX-002",
)  # fmt: skip
_PERCENTS = ("BT-94", "BT-96", "BT-101", "BT-103", "BT-119", "BT-138", "BT-143", "BT-152")
_QUANTITIES = ("BT-129", "BT-149")
_CODES = {
    "BT-3": ("380", "Rechnung (380)"),
    "BT-5": ("EUR", "EUR"),
    "BT-6": ("USD", "USD"),
    "BT-8": ("35", "Lieferdatum (35)"),
    "BT-21": ("AAI", "AAI"),
    "BT-81": ("58", "SEPA-Überweisung (58)"),
    "BT-84": ("DE27000000000055501234", "DE27 0000 0000 0055 5012 34"),
    "BT-91": ("DE31000000000055509999", "DE31 0000 0000 0055 5099 99"),
    "BT-95": ("S", "S (Normalsatz)"),
    "BT-102": ("AE", "AE (Umkehrung der Steuerschuld)"),
    "BT-111": ("111.99", f"111,99{BLANK}US-$"),
    "BT-118": ("E", "E (steuerbefreit)"),
    "BT-125": ("SGFsbG8=", "BT-125.pdf (5 Byte) (application/pdf)"),
    "BT-130": ("HUR", "Std."),
    "BT-150": ("KGM", "kg"),
    "BT-151": ("Z", "Z"),
    "BT-10": ("059990001-TIEFBAU-02", "059990001-TIEFBAU-02"),
    "BT-18": ("Wert BT-18", "Wert BT-18 (ABT)"),
    "BT-30": ("Wert BT-30", "Wert BT-30 (0060)"),
    "BT-34": ("Wert BT-34", "Wert BT-34 (EM)"),
    "BT-49": ("Wert BT-49", "Wert BT-49 (EM)"),
    "BT-124": ("Wert BT-124", "Wert BT-124 (wird nicht abgerufen)"),
    "BT-128": ("Wert BT-128", "Wert BT-128 (ABT)"),
    "BT-157": ("Wert BT-157", "Wert BT-157 (0160)"),
    "BT-158": ("Wert BT-158", "Wert BT-158 (STI 7)"),
    "BT-40": ("DE", "DE"),
    "BT-55": ("AT", "AT"),
    "BT-69": ("CH", "CH"),
    "BT-80": ("FR", "FR"),
    "BT-159": ("IT", "IT"),
}


def _number(term: str) -> int:
    return int(term.rpartition("-")[2])


def _values() -> dict[str, tuple[str, str]]:
    """Term: as it stands in UBL, as it is shown. No two texts, dates or amounts are alike."""
    found = dict(_CODES)
    for term in LABELS:
        n = _number(term)
        if term in _DATES:
            day = date(2026, 1 + n % 12, 1 + n % 28)
            found[term] = day.isoformat(), f"{day:%d.%m.%Y}"
        elif term in _AMOUNTS:
            found[term] = f"{1000 + n}.25", f"1.{n:03},25{BLANK}€"
        elif term in _PERCENTS:
            found[term] = f"{n}.5", f"{n},5{BLANK}%"
        elif term in _QUANTITIES:
            found[term] = str(Decimal(n)), str(n)
        else:
            found.setdefault(term, (f"Wert {term}", f"Wert {term}"))
    return found


VALUES = _values()
SHOWN = {term: shown for term, (_, shown) in VALUES.items()}
EXTENSION = {"BT-DEX-001", "BT-DEX-002", "BT-DEX-003"}
"""Terms that only UBL carries."""


def _filled(name: str, **other: str) -> bytes:
    text = Template((SAMPLES / name).read_text(encoding="utf-8"))
    raw = {term.replace("-", "_"): value for term, (value, _) in VALUES.items()}
    return text.substitute({**raw, **other}).encode()


def ubl() -> bytes:
    return _filled("every_term_ubl.xml")


def cii() -> bytes:
    """Dates are written without hyphens, and the tax point by another list of codes."""
    dates = {t.replace("-", "_"): VALUES[t][0].replace("-", "") for t in _DATES}
    return _filled("every_term_cii.xml", **dates, BT_8="29")
