"""The Kontierung that a person sends: the kind of order, the amount that is certified, and the
lines that it is posted to.

Invariant: the lines make up the amount, and nothing is paid out that is owed to us.
"""

from __future__ import annotations

from decimal import Decimal

from bpmn.forms import FieldError, FormInvalid
from bpmn.values import Value
from processes.rechnungseingang import signatures
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.credit_notes import CREDIT_NOTES, SELF_BILLED
from processes.rechnungseingang.hkr import booking
from processes.rechnungseingang.posting import fault_in, posting_lines
from processes.rechnungseingang.steps.act import Act


def kind_of_order(act: Act, amount: Decimal) -> str:
    """What the person chose, if it goes with what the invoice is.

    A credit note is owed to us although its amount is positive; who says Auszahlung would pay it
    once more. What a person typed, and what the house has issued itself, has no kind that tells.
    """
    order, code = str(act.given("anordnungsart")), act.row.type_code
    credit, refund = code in CREDIT_NOTES, order in booking.REFUNDS
    fault = None
    if order == "auszahlung" and amount <= 0:
        fault = f"Über {german(amount, act.row.currency)} gibt es keine Auszahlung."
    elif credit and amount > 0 and not refund:
        fault = "Eine Gutschrift wird abgesetzt oder angenommen, nicht ausgezahlt."
    elif refund and amount > 0 and code is not None and not (credit or code in SELF_BILLED):
        fault = "Eine Rechnung über einen Betrag, den wir schulden, wird nicht angenommen."
    if fault is not None:
        raise FormInvalid([FieldError("anordnungsart", fault)])
    return order


def established_amount(act: Act) -> Decimal:
    """The amount that is certified; `richtig` means the whole, `gekuerzt` less of it."""
    amount = parse_amount(act.given("festgestellter_betrag"))
    due = parse_amount(act.row.amount_due)
    assert due is not None, "the head data are complete"
    fault = None
    if amount is None:
        fault = "Bitte einen Betrag wie 1.190,00 eingeben."
    elif act.outcome == "richtig" and amount not in {due, _paid_already(act)}:
        fault = f"„Richtig“ heißt der ganze Betrag: {german(due, act.row.currency)}."
    elif act.outcome == "gekuerzt" and (amount * due < 0 or abs(amount) >= abs(due)):
        fault = f"Ein gekürzter Betrag liegt unter {german(due, act.row.currency)}."
    if fault is not None or amount is None:
        raise FormInvalid([FieldError("festgestellter_betrag", fault or "")])
    return amount


def _paid_already(act: Act) -> Decimal | None:
    """The invoice's total (BT-112) where it is only posted: what was paid by card, or in advance,
    is an expense all the same, though nothing is due any more (BT-115)."""
    if act.given("anordnungsart") != "buchung_ohne_zahlung" or act.row.stated_currency is not None:
        return None
    return parse_amount(act.completion.case.get("invoice_total"))


def posted_lines(act: Act, amount: Decimal) -> list[dict[str, Value]]:
    """The lines that the person sent; later on also those that were certified before."""
    # What the process only suggests is nobody's Kontierung until a person has sent it.
    certified = any(s.kind == act.node and s.outcome in signatures.GIVEN for s in act.steps)
    given = act.completion.variables.get("buchungszeilen")
    lines = posting_lines(act.given("buchungszeilen") if certified else given)
    fault = fault_in(lines, amount, act.row.currency)
    if fault is not None:
        raise FormInvalid([FieldError("buchungszeilen", fault)])
    return lines
