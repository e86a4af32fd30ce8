"""What must hold when all invoices have ended, read from database, ledger and store.

Invariant: nothing here trusts what a process said of itself; all is read from what is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import func, select

from eakte.tables import dokument, vorgang
from engine import record
from engine.machine import facts
from engine.tables import inbox, incident, instance, job, subscription, timer, user_task
from processes.house import House
from processes.rechnungseingang.demo import Sample
from processes.rechnungseingang.tables import invoice_receipt
from processes.upkeep import anchor
from storage import ledger
from storage.database import Transaction
from storage.verify import Report, verify_all

Acknowledged = dict[str, tuple[Sample, bytes]]
"""What was acknowledged: the invoice's id, and the sample and bytes that it is."""


def verified(house: House) -> Report:
    """Every chain, checkpoint and content, all anchored."""
    anchor(house)
    return verify_all(
        house.database,
        house.store,
        house.blobs,
        house.settings.tenant,
        trusted=house.keyring.fingerprints(),
    )


def assert_nothing_lost(house: House, known: Acknowledged) -> None:
    """Every acknowledged push exists and reached the end that its sample declares."""
    with house.database.reading(house.settings.tenant) as tx:
        rows = {row.id: row for row in tx.all(select(invoice_receipt))}
        ended = {row.id: row.how for row in tx.all(select(instance.c.id, instance.c.how))}
    assert {i: rows[i].state for i in known} == {i: s.end for i, (s, _) in known.items()}
    # z.d.A. by a terminating end event stops what still ran beside it, such as a deadline.
    assert {ended[i] for i in known} <= {"completed", "terminated"}


def assert_nothing_twice(house: House, known: Acknowledged) -> None:
    """One receipt per bytes, one instance and Vorgang per invoice, one booking file per order."""
    with house.database.reading(house.settings.tenant) as tx:
        rows = tx.all(select(invoice_receipt))
        instances = [row.id for row in tx.all(select(instance.c.id))]
        # What one unit gave up is a closed Vorgang of its own (Abgabe); one goes on.
        kept = vorgang.c.zda_reason.not_like("Abgegeben an %")
        vorgaenge = [row.instance_id for row in tx.all(select(vorgang.c.instance_id).where(kept))]
        assert {row.id for row in rows} == set(known)
        assert _repeated(row.sha256 for row in rows) == []
        assert sorted(instances) == sorted(known)
        assert sorted(vorgaenge) == sorted(known)
        for row in rows:
            sample, _ = known[row.id]
            rounds = sample.abgewiesen + 1 if sample.end == "gebucht" else 0
            assert row.booking_round == rounds
            assert _booking_files(tx, row.vorgang) == rounds
            _assert_each_once(tx, row.id)


def _booking_files(tx: Transaction, of: str) -> int:
    c = dokument.c
    mine = (c.tenant == tx.tenant, c.vorgang == of, c.dokumenttyp == "Buchungsdatei")
    return int(tx.scalar(select(func.count()).select_from(dokument).where(*mine)))


def _assert_each_once(tx: Transaction, invoice: str) -> None:
    """In the ledger each task is opened and closed once, each job requested and settled once."""
    happened = [fact for entry in ledger.entries(tx, invoice) for fact in record.decode(entry)]
    for opening, closing, key in (
        (facts.TaskOpened, facts.TaskClosed, "task"),
        (facts.JobRequested, facts.JobClosed, "job"),
    ):
        opened = [getattr(fact, key) for fact in happened if isinstance(fact, opening)]
        closed = [getattr(fact, key) for fact in happened if isinstance(fact, closing)]
        assert _repeated(opened) == []
        assert sorted(opened) == sorted(closed)


def assert_nothing_stuck(house: House) -> None:
    """Nothing waits any more, for anybody, and nothing went wrong for good."""
    with house.database.reading(house.settings.tenant) as tx:
        for table in (job, timer, subscription, inbox, incident):
            assert tx.all(select(table)) == [], table.name
        assert tx.all(select(user_task.c.id).where(user_task.c.closed_at.is_(None))) == []


def assert_whole(house: House) -> None:
    """Every chain verifies, and after the reconciler no object is without its row."""
    report = verified(house)
    assert [str(fault) for fault in report.faults] == []
    assert report.unanchored == []
    # What a killed process left is PENDING or without a row; the second look finds nothing more.
    house.blobs.reconcile(house.settings.tenant, timedelta(0))
    left = house.blobs.reconcile(house.settings.tenant, timedelta(0))
    assert [list(each) for each in left] == [[], [], [], []]
    with house.database.reading(house.settings.tenant) as tx:
        stored = {name.rpartition("/")[2] for name in house.store.names("blobs/")}
        assert stored == set(house.blobs.committed(tx))


def _repeated(values: Iterable[object]) -> list[object]:
    return [value for value, count in Counter(values).items() if count > 1]
