"""The variables that the model decides on: gateways, decisions, timers and task lists.

Invariant: they hold references and what is decided on, never content; who is paid and how stands on
the receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bpmn.values import Value, Variables, decode
from engine.handlers import JobContext
from invoice.skonto import skonti
from processes.rechnungseingang.dates import (
    DAYS_TO_PAY,
    ESCALATE_BEFORE,
    clarify_by,
    due,
    local_day,
    order_by,
    start_of,
)
from processes.rechnungseingang.disputes import DAYS_TO_OBJECT
from processes.rechnungseingang.heads import Head
from processes.rechnungseingang.working_days import DEFAULT_LAND, LAENDER
from storage.database import Row

NORMAL, SOON = 50, 70
"""Priorities of tasks."""


def deciding(head: Head, received_at: datetime, now: datetime, land: str) -> Variables:
    """The variables that gateways, decisions, timers and task lists use."""
    terms = skonti(head.payment_terms)
    last = order_by(head.due.on, head.issued_on, terms, local_day(received_at), land)
    deadline = start_of(last.on)
    return {
        "leitweg_id": head.leitweg_id,
        "type_code": head.type_code,
        "payment_means": head.payment_means,
        "amount_due": head.amount_due,
        "festgestellter_betrag": head.amount_due,
        "currency": head.currency,
        "received_at": received_at,
        "due_on": head.due.on,
        "due_source": head.due.source,
        "order_by": deadline,
        "escalate_at": _escalate_at(deadline, now),
        "priority": _priority(deadline, now),
        "buchungszeilen": [],
    }


def remaining(row: Row, job: JobContext) -> Variables:
    """The deadlines that are left today: a person may have stated another due date, and a Skonto
    whose last day to order has passed hurries nobody any more."""
    land, today = land_of(job), local_day(job.now)
    terms, since = skonti(row.payment_terms), max(local_day(row.received_at), today)
    deadline = start_of(order_by(row.due_on, row.issued_on, terms, since, land).on)
    left: Variables = {
        "due_on": row.due_on,
        "due_source": row.due_source,
        "order_by": deadline,
        "priority": max(int(str(job.variables["priority"])), _priority(deadline, job.now)),
    }
    if deadline != job.variables["order_by"]:
        left["escalate_at"] = _escalate_at(deadline, job.now)
    return left


def periods(case: Mapping[str, Value]) -> tuple[int, int]:
    """Days to pay and days to object, as models/fristen.dmn has said for this invoice."""
    said = case.get("fristen")
    days = said if isinstance(said, dict) else {}
    pay, object_ = days.get("zahlungsziel_tage"), days.get("ruege_tage")
    return (
        int(pay) if isinstance(pay, int | Decimal) else DAYS_TO_PAY,
        int(object_) if isinstance(object_, int | Decimal) else DAYS_TO_OBJECT,
    )


def undecided(job: JobContext) -> Variables:
    """What the rest of the model asks for, until a person has typed it."""
    received_at = received_of(job)
    payable = due(None, received_at)
    deadline = start_of(clarify_by(received_at, land_of(job)))
    return {
        "zugeordnet": False,
        "received_at": received_at,
        "due_on": payable.on,
        "due_source": payable.source,
        "order_by": deadline,
        "escalate_at": _escalate_at(deadline, job.now),
        "priority": NORMAL,
    }


def land_of(job: JobContext) -> str:
    """Whose holidays count: the installation's when the invoice was taken in."""
    stated = job.variables.get("land")
    return stated if isinstance(stated, str) and stated in LAENDER else DEFAULT_LAND


def received_of(job: JobContext) -> datetime:
    value = job.variables.get("received_at")
    if isinstance(value, str):
        value = decode(value.encode())
    return value if isinstance(value, datetime) else job.now.astimezone(UTC)


def _priority(deadline: datetime, now: datetime) -> int:
    return SOON if deadline - now < timedelta(days=7) else NORMAL


def _escalate_at(deadline: datetime, now: datetime) -> datetime:
    """Some days before the last one, never at once: what came late is looked at first."""
    return max(deadline - ESCALATE_BEFORE, now + timedelta(hours=1))
