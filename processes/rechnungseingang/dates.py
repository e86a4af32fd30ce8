"""The dates of an invoice: receipt, due date with its source, and until when to order.

Invariant: a computed date says so. Without BT-9 an invoice is due 30 days after its receipt
(BGB § 286 (3)), or as models/fristen.dmn says for its kind; the order must be out before the due
date, or before a Skonto ends that can still be earned, minus the working days that the Kasse needs.
That a period which ends on a day off may be met on the next working day (BGB § 193) gains nothing:
the last day to order is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from invoice.skonto import Skonto
from processes.rechnungseingang.working_days import (
    DEFAULT_LAND,
    working_days_after,
    working_days_before,
)

ZONE = ZoneInfo("Europe/Berlin")
DAYS_TO_PAY = 30
"""Until models/fristen.dmn has been asked, and where nobody asks it."""
KASSE_WORKING_DAYS = 3
CLARIFY_WORKING_DAYS = 3
ESCALATE_BEFORE = timedelta(days=2)
"""How long before the last day to order somebody is told."""

_EARLIEST, _LATEST = date(1990, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True, slots=True)
class Due:
    on: date
    source: Literal["BT-9", "errechnet", "erfasst"]


def local_day(instant: datetime) -> date:
    """The day of an instant in the tenant's zone."""
    return instant.astimezone(ZONE).date()


def start_of(day: date) -> datetime:
    """The first instant of a day in the tenant's zone."""
    return datetime.combine(day, time(), ZONE)


def due(stated: date | None, received_at: datetime, days_to_pay: int = DAYS_TO_PAY) -> Due:
    """BT-9, else so many days after the receipt."""
    if stated is not None:
        return Due(stated, "BT-9")
    return Due(local_day(received_at) + timedelta(days=days_to_pay), "errechnet")


def skonto_until(term: Skonto, issued_on: date) -> date:
    """The last day of a Skonto, counted from the invoice date unless agreed otherwise."""
    return _within(issued_on) + timedelta(days=term.days)


@dataclass(frozen=True, slots=True)
class OrderBy:
    """The last day to order, and the end that it is reckoned from: a Skonto's, or the due date."""

    on: date
    ends: date
    reason: Literal["skonto", "faelligkeit"]


def order_by(
    due_on: date,
    issued_on: date | None,
    skonto: tuple[Skonto, ...],
    received_on: date,
    land: str = DEFAULT_LAND,
) -> OrderBy:
    """The last day on which an order still earns the first Skonto, else meets the due date.

    A Skonto whose last day to order was before the receipt is lost: nobody is hurried for it.
    """
    for end in sorted(skonto_until(each, issued_on) for each in skonto if issued_on is not None):
        last = working_days_before(_within(end), KASSE_WORKING_DAYS, land)
        if received_on <= last and end <= due_on:
            return OrderBy(last, end, "skonto")
    end = _within(due_on)
    return OrderBy(working_days_before(end, KASSE_WORKING_DAYS, land), end, "faelligkeit")


def clarify_by(received_at: datetime, land: str = DEFAULT_LAND) -> date:
    """Until when somebody is to look at what could not be read."""
    return working_days_after(local_day(received_at), CLARIFY_WORKING_DAYS, land)


def _within(day: date) -> date:
    """A day one can reckon with: a file may state any year."""
    return min(max(day, _EARLIEST), _LATEST)
