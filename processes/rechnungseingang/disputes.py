"""Kürzung: which items of an invoice are disputed, by how much and why, and until when to object.

Invariant: items that are named explain the whole cut. The day to object by comes from the person,
else from models/fristen.dmn (VOB/B § 16 (3): 30 days for a final account); until somebody has said
that it is settled, the Vorgang comes back before it and is not closed as booked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from bpmn.forms import FieldError, FormInvalid
from bpmn.values import Value, Variables
from processes.rechnungseingang.amounts import german, parse_amount

DAYS_TO_OBJECT = 30
"""Where models/fristen.dmn has not been asked."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """`remark` is for the step in the Vorgang; `until` the day of the Mängelrüge."""

    remark: str
    until: date


def dispute_in(
    form: Variables, cut: Decimal, received_on: date, today: date, days: int = DAYS_TO_OBJECT
) -> Dispute | None:
    """What the form says of a cut; None where no item is named. Raises `FormInvalid`.

    Without a day that the person names, one may object until `days` after the receipt.
    """
    stated = form.get("strittige_positionen")
    rows = [row for row in stated if isinstance(row, dict)] if isinstance(stated, list) else []
    items = [row for row in rows if any(_text(each) for each in row.values())]
    if not items and form.get("ruege_bis") is None:
        return None
    told, total = [], Decimal(0)
    for item in items:
        amount = parse_amount(item.get("abzug"))
        position, why = _text(item.get("position")), _text(item.get("grund"))
        if amount is None or not position or not why:
            raise _fault("Jede strittige Position nennt Position, Abzug und Grund.")
        total += amount
        told.append(f"Position {position}: {german(amount)}, {why}.")
    if items and total != cut:
        raise _fault(
            f"Die strittigen Positionen ergeben {german(total)}, gekürzt sind {german(cut)}."
        )
    until = _until(form.get("ruege_bis"), received_on + timedelta(days=days), today)
    return Dispute(" ".join([f"Mängelrüge bis {until:%d.%m.%Y}.", *told]), until)


def _until(stated: Value, computed: date, today: date) -> date:
    day = stated.date() if isinstance(stated, datetime) else stated
    if day is None:
        day = computed
    if not isinstance(day, date) or day < today:
        text = "Bitte einen Tag angeben, der nicht vergangen ist."
        raise FormInvalid([FieldError("ruege_bis", text)])
    return day


def _text(value: Value) -> str:
    return str(value).strip() if value is not None else ""


def _fault(text: str) -> FormInvalid:
    return FormInvalid([FieldError("strittige_positionen", text)])
