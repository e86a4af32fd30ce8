"""How near a date is, in words: colour alone tells nobody anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from web.rendering import ZONE, datum

SOON = 3
"""Days before the date from which it counts as near."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """`tone` is the badge's class; `text` says the same in words."""

    text: str
    tone: str = ""


def deadline(due: datetime | date | None, now: datetime) -> Deadline | None:
    """None where there is no date."""
    if due is None:
        return None
    day = due.astimezone(ZONE).date() if isinstance(due, datetime) else due
    left = (day - now.astimezone(ZONE).date()).days
    if left < 0:
        return Deadline(f"überfällig seit {_days(-left)}", "bad")
    if left == 0:
        return Deadline("bis heute", "warn")
    if left == 1:
        return Deadline("bis morgen", "warn")
    if left <= SOON:
        return Deadline(f"noch {left} Tage", "warn")
    return Deadline(f"bis {datum(day)}")


def _days(count: int) -> str:
    return "einem Tag" if count == 1 else f"{count} Tagen"
