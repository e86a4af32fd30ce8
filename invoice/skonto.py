"""Terms of discount as XRechnung writes them into BT-20 (XRechnung 3.0, BR-DE-18).

A line `#SKONTO#TAGE=14#PROZENT=2.00#` grants two per cent within fourteen days, of the amount
due or of what `BASISBETRAG=` names. Other lines are prose for people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_LINE = re.compile(
    r"#SKONTO#TAGE=(?P<days>[0-9]+)#PROZENT=(?P<percent>[0-9]+\.[0-9]{2})"
    r"(?:#BASISBETRAG=(?P<base>-?[0-9]+\.[0-9]{2}))?#\Z"
)
_MARKED = re.compile(r"#[^\r\n]+#")
_ENDS_WITH_NEWLINE = re.compile(r"[ \t\r\n]*\n")


@dataclass(frozen=True, slots=True)
class Skonto:
    """A discount for paying early."""

    days: int
    percent: Decimal
    base: Decimal | None = None


def skonti(terms: str | None) -> tuple[Skonto, ...]:
    """The discounts in these terms, the best first. What cannot be read is left out."""
    found = []
    for line in (terms or "").splitlines():
        match = _LINE.match(" ".join(line.split()))
        if match and len(match["days"]) <= 4:
            base = Decimal(match["base"]) if match["base"] else None
            found.append(Skonto(int(match["days"]), Decimal(match["percent"]), base))
    return tuple(sorted(found, key=lambda s: (-s.percent, s.days)))


def prose(terms: str | None) -> str:
    """The terms without the lines that are for machines."""
    lines = [line.strip() for line in (terms or "").splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def skonto_is_well_formed(terms: str) -> bool:
    """Whether every marked line can be read and the last one ends with a newline."""
    marked = [line for line in re.split(r"\r?\n", terms) if _squeezed(line).startswith("#")]
    if not marked:
        return True
    if not all(_LINE.match(_squeezed(line)) for line in marked):
        return False
    return _ENDS_WITH_NEWLINE.match(_MARKED.split(terms)[-1]) is not None


def _squeezed(line: str) -> str:
    return " ".join(line.split())
