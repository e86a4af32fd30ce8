"""Other invoices that belong to one, as its panel shows them: what it credits, what credits it, and
the instalments that it names, and what is paid alike.

Invariant: shown is only what this person may read; a sum that does not add up is told all the same.
"""

from __future__ import annotations

from eakte.access import may
from eakte.tables import vorgang
from identity.principal import Principal
from invoice.model import Invoice
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.credit_notes import (
    CREDIT_NOTES,
    credited_by,
    notes_to,
    too_much_credited,
)
from processes.rechnungseingang.duplicates import paid_alike
from processes.rechnungseingang.instalments import instalments_of
from storage.database import Row, Transaction

MOST_ALIKE = 10


def related(
    tx: Transaction, principal: Principal, row: Row, invoice: Invoice | None
) -> dict[str, object]:
    """What templates/panel.html asks for."""
    credited, instalments = credited_by(tx, row), instalments_of(tx, row, invoice)
    billed = row if credited is None else credited.row
    notes = notes_to(tx, billed)
    known = instalments.known if instalments is not None else ()
    return {
        "money": _money,
        "credit_note": row.type_code in CREDIT_NOTES,
        "credited": credited,
        "credited_shown": credited is not None and may_read(tx, principal, credited.row),
        "notes": [each for each in notes if each.id != row.id and may_read(tx, principal, each)],
        "credit_doubt": too_much_credited(billed, notes),
        "alike": [
            each for each in paid_alike(tx, row)[:MOST_ALIKE] if may_read(tx, principal, each)
        ],
        "instalments": instalments,
        "instalments_shown": [each for each in known if may_read(tx, principal, each)],
    }


def may_read(tx: Transaction, principal: Principal, other: Row) -> bool:
    """Whether its content may be told: another invoice may lie with another unit."""
    return other.vorgang is not None and may(tx, principal, vorgang, other.vorgang, "content")


def _money(row: Row) -> str:
    amount = parse_amount(row.amount_due)
    return "–" if amount is None else german(amount, row.currency or "EUR")
