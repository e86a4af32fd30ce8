"""All rules, grouped by subject, and the packs in which they bind.

A reader with the standard in hand finds a rule by its id; a pack says for which profiles it
binds. Invariant: an id stands once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from invoice.profiles import Profile
from invoice.rules import core
from invoice.rules.rule import Rule

EN16931: tuple[Rule, ...] = (*core.book.rules,)
XRECHNUNG: tuple[Rule, ...] = ()
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

    BR-DE binds only where BT-24 names XRechnung.
    """
    begun = [pack for pack in PACKS if on is None or pack.valid_from <= on] or [PACKS[0]]
    pack = begun[-1]
    return pack.en16931 + pack.xrechnung if profile.is_xrechnung else pack.en16931
