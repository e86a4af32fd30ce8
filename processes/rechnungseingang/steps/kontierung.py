"""The Kontierung that a person sends: the amount that is certified, and the lines it is posted to.

Invariant: the lines make up the amount.
"""

from __future__ import annotations

from decimal import Decimal

from bpmn.forms import FieldError, FormInvalid
from bpmn.values import Value
from processes.rechnungseingang import signatures
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.steps.act import Act


def established_amount(act: Act) -> Decimal:
    """The amount that is certified; `richtig` means the whole, `gekuerzt` less of it."""
    amount = parse_amount(act.given("festgestellter_betrag"))
    due = parse_amount(act.row.amount_due)
    assert due is not None, "the head data are complete"
    fault = None
    if amount is None:
        fault = "Bitte einen Betrag wie 1.190,00 eingeben."
    elif act.outcome == "richtig" and amount != due:
        fault = f"„Richtig“ heißt der ganze Betrag: {german(due, act.row.currency)}."
    elif act.outcome == "gekuerzt" and (amount * due < 0 or abs(amount) >= abs(due)):
        fault = f"Ein gekürzter Betrag liegt unter {german(due, act.row.currency)}."
    if fault is not None or amount is None:
        raise FormInvalid([FieldError("festgestellter_betrag", fault or "")])
    return amount


def posted_lines(act: Act, amount: Decimal) -> list[dict[str, Value]]:
    # What the process only suggests is nobody's Kontierung until a person has sent it.
    certified = any(s.kind == act.node and s.outcome in signatures.GIVEN for s in act.steps)
    given = act.completion.variables.get("buchungszeilen")
    lines = signatures.posting_lines(act.given("buchungszeilen") if certified else given)
    amounts = [parse_amount(line.get("betrag")) for line in lines]
    fault = None
    if not lines:
        fault = "Bitte mindestens eine Buchungszeile angeben."
    elif any(each is None for each in amounts):
        fault = "Jede Buchungszeile braucht einen Betrag wie 1.190,00."
    else:
        total = sum((each for each in amounts if each is not None), Decimal(0))
        if total != amount:
            currency = act.row.currency
            fault = (
                f"Die Buchungszeilen ergeben {german(total, currency)}, "
                f"festgestellt sind {german(amount, currency)}."
            )
    if fault is not None:
        raise FormInvalid([FieldError("buchungszeilen", fault)])
    return lines
