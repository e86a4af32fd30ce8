"""All rules, grouped by subject, and the packs in which they bind.

A reader with the standard in hand finds a rule by its id; a pack says for which profiles it
binds. Invariant: an id stands once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from invoice.model import Syntax
from invoice.profiles import Profile
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
    split_payment,
    totals,
    vat,
    xrechnung,
)
from invoice.rules.rule import Rule, Severity

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
XRECHNUNG: tuple[Rule, ...] = tuple(xrechnung.book.rules)
EXTENSION: tuple[Rule, ...] = tuple(extension.book.rules)
CVD: tuple[Rule, ...] = tuple(clean_vehicles.book.rules)
PEPPOL: tuple[Rule, ...] = tuple(peppol.book.rules)
ALL: tuple[Rule, ...] = EN16931 + XRECHNUNG + EXTENSION + CVD + PEPPOL


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules as they stand from a day on: next year's stands beside this year's."""

    valid_from: date
    en16931: tuple[Rule, ...]
    xrechnung: tuple[Rule, ...]
    extension: tuple[Rule, ...]
    cvd: tuple[Rule, ...]
    peppol: tuple[Rule, ...]


PACKS = (Pack(date(2017, 6, 28), EN16931, XRECHNUNG, EXTENSION, CVD, PEPPOL),)
"""Newest last. The first one also judges what is older."""


@cache
def rules_for(profile: Profile, on: date | None = None) -> tuple[Rule, ...]:
    """The rules that bind an invoice of this profile on this day, today's where it has none.

    BR-DE binds only where BT-24 names XRechnung. Where it names nothing that we know, only the
    warning remains that says so.
    """
    begun = [pack for pack in PACKS if on is None or pack.valid_from <= on] or [PACKS[0]]
    pack = begun[-1]
    xrechnung = pack.en16931 + pack.xrechnung + pack.peppol
    match profile:
        case Profile.XRECHNUNG:
            return xrechnung
        case Profile.XRECHNUNG_EXTENSION:
            return xrechnung + pack.extension
        case Profile.XRECHNUNG_CVD:
            return xrechnung + pack.cvd
        case Profile.PEPPOL:
            return pack.en16931 + pack.peppol
        case Profile.UNKNOWN:
            return pack.en16931 + tuple(r for r in pack.xrechnung if r.id == "BR-DE-21")
    return pack.en16931


_ALL, _EXTENSION, _CVD = "XRechnung", Profile.XRECHNUNG_EXTENSION, Profile.XRECHNUNG_CVD
OVERRIDES: dict[tuple[Profile | str, str], Severity] = {
    (_ALL, "BR-CL-23"): "warning",
    (_CVD, "BR-CL-13"): "information",  # the scheme CVD itself is not in the list
    (_EXTENSION, "BR-CL-10"): "information",  # BR-DEX take the place of all these
    (_EXTENSION, "BR-CL-11"): "information",
    (_EXTENSION, "BR-CL-21"): "information",
    (_EXTENSION, "BR-CL-24"): "information",
    (_EXTENSION, "BR-CL-25"): "information",
    (_EXTENSION, "BR-CL-26"): "information",
    (_EXTENSION, "BR-CO-16"): "information",
}
"""Severities that a profile sets otherwise (KoSIT's scenarios of 2026-08-31)."""


def severity_of(rule: Rule, profile: Profile, syntax: Syntax) -> Severity:
    """How much a breach of this rule weighs in this profile and syntax."""
    if rule.id == "BR-CO-16" and syntax == "cii":
        return rule.severity  # CII has no payments for third parties
    general = OVERRIDES.get((_ALL, rule.id)) if profile.is_xrechnung else None
    return OVERRIDES.get((profile, rule.id)) or general or rule.severity_in(syntax)
