"""Valid invoices of others: each comes before a person, and its bytes come back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.tables import user_task
from processes.house import House
from processes.rechnungseingang import demo, receipts, status
from processes.rechnungseingang.receipts import Push

pytestmark = pytest.mark.corpus


def test_every_valid_invoice_of_the_corpus_comes_before_a_person(
    house: House, run_jobs: Callable[[], None], corpus: Path
) -> None:
    who = demo.principal(house, demo.INTAKE)
    pushed = {
        receipts.receive(house, who, Push(data)).id: data
        for data in (file.read_bytes() for file in sorted((corpus / "xrechnung").glob("*.xml")))
    }

    run_jobs()

    with house.database.begin() as tx:
        for invoice, data in pushed.items():
            row, original = status.original(tx, who, house.blobs, invoice)
            mine = (user_task.c.instance_id == invoice, user_task.c.closed_at.is_(None))
            waiting = [task.node for task in tx.all(select(user_task.c.node).where(*mine))]
            assert original == data
            assert row.amount_due is not None
            assert row.due_source in {"BT-9", "errechnet"}
            assert waiting in (["zuordnen"], ["dublette_pruefen"], ["rechnung_klaeren"])
