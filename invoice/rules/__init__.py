"""All rules, grouped by subject. `packs` says from when and for which profiles they bind.

A reader with the standard in hand finds a rule by its id. Invariant: an id stands once.
"""

from __future__ import annotations

from invoice.rules import (
    clean_vehicles,
    code_lists,
    core,
    decimals,
    document,
    extension,
    lines,
    parties,
    peppol,
    peppol_lines,
    split_payment,
    temporary,
    totals,
    vat,
    xrechnung,
)
from invoice.rules.rule import Rule

EN16931: tuple[Rule, ...] = tuple(
    rule
    for subject in (
        core,
        parties,
        document,
        lines,
        totals,
        vat,
        split_payment,
        decimals,
        code_lists,
    )
    for rule in subject.book.rules
)
XRECHNUNG: tuple[Rule, ...] = tuple(xrechnung.book.rules + temporary.book.rules)
AUTUMN_2026: tuple[Rule, ...] = tuple(temporary.since_autumn_2026.rules)
EXTENSION: tuple[Rule, ...] = tuple(extension.book.rules)
CVD: tuple[Rule, ...] = tuple(clean_vehicles.book.rules)
PEPPOL: tuple[Rule, ...] = tuple(peppol.book.rules + peppol_lines.book.rules)
ALL: tuple[Rule, ...] = EN16931 + XRECHNUNG + AUTUMN_2026 + EXTENSION + CVD + PEPPOL
