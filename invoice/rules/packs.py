"""Packs: the rules and their weight as they stand from a day on.

A new edition is a new pack beside the old ones: an invoice is judged by the pack that was in force
on its date. A pack takes over what did not change, so that it shows what did. Code lists are part
of it (`CodeLists.followed_by` makes the next edition): theirs is valid as long as the pack is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from invoice.model import Syntax
from invoice.profiles import Profile
from invoice.rules import AUTUMN_2026 as AUTUMN_2026_RULES
from invoice.rules import CVD, EN16931, EXTENSION, PEPPOL, XRECHNUNG
from invoice.rules.codes import EN16931_1_3_16, CodeLists
from invoice.rules.rule import Rule, Severity, ids

Overrides = Mapping[tuple[Profile | str, str], Severity]
"""Severities that a profile, or all of XRechnung, sets otherwise than the rule itself."""


@dataclass(frozen=True, eq=False)
class Pack:
    """The rules as they stand from a day on: next year's stands beside this year's."""

    valid_from: date
    name: str
    code_lists: CodeLists
    en16931: tuple[Rule, ...]
    xrechnung: tuple[Rule, ...]
    extension: tuple[Rule, ...]
    cvd: tuple[Rule, ...]
    peppol: tuple[Rule, ...]
    overrides: Overrides

    @cache  # noqa: B019 packs live as long as the program
    def rules_of(self, profile: Profile) -> tuple[Rule, ...]:
        """The rules that bind an invoice of this profile, asking this pack's code lists.

        BR-DE binds only where BT-24 names XRechnung. Where it names nothing that we know, they
        are asked all the same: they say what is missing for one (see `entitles`).
        """
        return tuple(rule.bound(self.code_lists) for rule in self._binding(profile))

    def _binding(self, profile: Profile) -> tuple[Rule, ...]:
        xrechnung = self.en16931 + self.xrechnung + self.peppol
        match profile:
            case Profile.XRECHNUNG | Profile.UNKNOWN:
                return xrechnung
            case Profile.XRECHNUNG_EXTENSION:
                return xrechnung + self.extension
            case Profile.XRECHNUNG_CVD:
                return xrechnung + self.cvd
            case Profile.PEPPOL:
                return self.en16931 + self.peppol
        return self.en16931

    @cache  # noqa: B019
    def asked_of(self, profile: Profile, syntax: Syntax) -> tuple[Rule, ...]:
        """Those of them that this syntax has."""
        asked = (rule.asked_in(syntax) for rule in self.rules_of(profile))
        return tuple(rule for rule in asked if rule is not None)

    def severity_of(self, rule: Rule, profile: Profile, syntax: Syntax) -> Severity:
        """How much a breach of this rule weighs in this profile and syntax."""
        if rule.id == "BR-CO-16" and syntax == "cii":
            return rule.severity  # CII has no payments for third parties
        return self.override(rule.id, profile) or rule.severity_in(syntax)

    def entitles(self, rule: Rule, profile: Profile) -> bool:
        """Whether a fatal breach entitles to refuse: only of rules that the invoice claims."""
        return profile is not Profile.UNKNOWN or rule.id in ids(self.en16931)

    def override(self, rule: str, profile: Profile) -> Severity | None:
        """What the profile says of the rule; what it does not, XRechnung may say for all."""
        general = self.overrides.get((_ALL, rule)) if profile.is_xrechnung else None
        return self.overrides.get((profile, rule)) or general


def pack_on(day: date | None) -> Pack:
    """The pack in force on this day; the newest where there is no day."""
    begun = [pack for pack in PACKS if day is None or pack.valid_from <= day]
    return begun[-1] if begun else PACKS[0]


_ALL, _EXTENSION, _CVD = "XRechnung", Profile.XRECHNUNG_EXTENSION, Profile.XRECHNUNG_CVD

FIRST = Pack(
    date(2017, 6, 28),
    "XRechnung 3.0, EN 16931 1.3.16",
    EN16931_1_3_16,
    EN16931,
    XRECHNUNG,
    EXTENSION,
    CVD,
    PEPPOL,
    {
        (_ALL, "BR-CL-21"): "warning",  # the registries are ahead of the lists
        (_ALL, "BR-CL-23"): "warning",
        (_CVD, "BR-CL-13"): "information",  # the scheme CVD itself is not in the list
        (_EXTENSION, "BR-CL-10"): "information",  # BR-DEX take the place of all these
        (_EXTENSION, "BR-CL-11"): "information",
        (_EXTENSION, "BR-CL-21"): "information",
        (_EXTENSION, "BR-CL-24"): "information",
        (_EXTENSION, "BR-CL-25"): "information",
        (_EXTENSION, "BR-CL-26"): "information",
        (_EXTENSION, "BR-CO-16"): "information",
        (_EXTENSION, "UBL-CR-470"): "information",  # payments for third parties
    },
)
"""The oldest that stands here. It also judges what is older than the standard."""

SUMMER_2025 = replace(
    FIRST,
    valid_from=date(2025, 7, 10),
    name="XRechnung 3.0 (Schematron 2.4.0), EN 16931 1.3.16",
    overrides={
        **FIRST.overrides,
        (Profile.XRECHNUNG, "UBL-CR-646"): "fatal",
        (_EXTENSION, "UBL-CR-646"): "information",
    },
)
"""The bundle of 2025-07-10: lines below lines belong to the Extension alone."""

AUTUMN_2026 = replace(
    SUMMER_2025,
    valid_from=date(2026, 8, 31),
    name="XRechnung 3.0 (Schematron 2.6.0), EN 16931 1.3.16",
    xrechnung=SUMMER_2025.xrechnung + AUTUMN_2026_RULES,
    overrides={
        **SUMMER_2025.overrides,
        (_ALL, "BR-TMP-2"): "fatal",
        (_ALL, "CII-SR-475"): "information",  # BR-TMP-4 and 5 ask it of each paper
        (_ALL, "CII-SR-476"): "information",
    },
)
"""The bundle of 2026-08-31: a link to a document has to be a full address; four more warnings."""

PACKS = (FIRST, SUMMER_2025, AUTUMN_2026)
"""Oldest first."""
