"""Pages of this process in the navigation of the house.

Invariant: a page shows what the E-Akte lets this person read (`deadlines.queue` asks), and is made
by a template that escapes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from identity.principal import Principal
from processes.package import Page
from processes.rechnungseingang import deadlines
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.letters import templates
from processes.rechnungseingang.status import tasks_of
from storage.database import Transaction

if TYPE_CHECKING:
    from processes.house import House

MOST = 200


def _losses(house: House, tx: Transaction, principal: Principal) -> str:
    found = deadlines.queue(tx, principal, house.settings.land, MOST)
    where = tasks_of(tx, [row.id for row, _ in found])
    rows = [
        {
            "row": row,
            "loss": loss,
            "amount": german(parse_amount(row.amount_due) or Decimal(0), row.currency or "EUR"),
            "worth": german(loss.at_stake, row.currency or "EUR"),
            "late": loss.order_by < local_day(tx.now),
            "task": where.get(row.id),
        }
        for row, loss in found
    ]
    return templates.get_template("fristen.html").render(rows=rows, most=MOST)


LOSSES = Page(
    name="skonto",
    label="Fristen",
    title="Skonto und Fälligkeiten",
    permission="task.read",
    html=_losses,
)
