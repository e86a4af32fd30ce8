"""All rules, grouped by subject, and the packs in which they bind.

A reader with the standard in hand finds a rule by its id; a pack says for which profiles it
binds. Invariant: an id stands once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from invoice.profiles import Profile
from invoice.rules import core, decimals, document, lines, parties, totals, vat, xrechnung
from invoice.rules.rule import Rule

EN16931: tuple[Rule, ...] = tuple(
    rule
    for subject in (core, parties, document, lines, totals, vat, decimals)
    for rule in subject.book.rules
)
XRECHNUNG: tuple[Rule, ...] = tuple(xrechnung.book.rules)
ALL: tuple[Rule, ...] = EN16931 + XRECHNUNG


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules as they stand from a day on: next year's stands beside this year's."""

    valid_from: date
    en16931: tuple[Rule, ...]
    xrechnung: tuple[Rule, ...]


PACKS = (Pack(date(2017, 6, 28), EN16931, XRECHNUNG),)
"""Newest last. The first one also judges what is older."""


@cache
def rules_for(profile: Profile, on: date | None = None) -> tuple[Rule, ...]:
    """The rules that bind an invoice of this profile on this day, today's where it has none.

    BR-DE binds only where BT-24 names XRechnung. Where it names nothing that we know, only the
    warning remains that says so.
    """
    begun = [pack for pack in PACKS if on is None or pack.valid_from <= on] or [PACKS[0]]
    pack = begun[-1]
    if profile.is_xrechnung:
        return pack.en16931 + pack.xrechnung
    if profile is Profile.UNKNOWN:
        return pack.en16931 + tuple(r for r in pack.xrechnung if r.id == "BR-DE-21")
    return pack.en16931
