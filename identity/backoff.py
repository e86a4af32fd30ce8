"""Waiting times after wrong credentials: they double, up to a quarter of an hour.

Invariant: known and unknown logins are counted alike, so the wait tells nothing; the count is in
the database, so it holds for every process.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, insert, select, update

from identity.tables import login_failure
from storage.database import Transaction
from storage.errors import Conflict

FREE_FAILURES = 5
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)


def wait_of(tx: Transaction, login: str, now: datetime) -> float:
    """Seconds until the login may be tried again; 0 if now."""
    blocked_until: datetime | None = tx.scalar(
        select(login_failure.c.blocked_until).where(*_row(tx, login))
    )
    return max(0.0, (blocked_until - now).total_seconds()) if blocked_until is not None else 0.0


def record_failure(tx: Transaction, login: str) -> None:
    """Count a wrong credential and set the next wait; drop what is older than a day."""
    tx.run(
        delete(login_failure).where(
            login_failure.c.tenant == tx.tenant,
            login_failure.c.failed_at < tx.now - FORGOTTEN_AFTER,
        )
    )
    if not _count(tx, login):
        row = {"tenant": tx.tenant, "login_hash": _hash(login), "failures": 1, "failed_at": tx.now}
        try:
            with tx.savepoint():
                tx.run(insert(login_failure), row)
        except Conflict:
            _count(tx, login)
    failures: int = tx.scalar(select(login_failure.c.failures).where(*_row(tx, login)))
    if failures >= FREE_FAILURES:
        wait = min(LONGEST_WAIT, timedelta(seconds=2 ** min(failures - FREE_FAILURES, 20)))
        tx.run(update(login_failure).where(*_row(tx, login)).values(blocked_until=tx.now + wait))


def forget_failures(tx: Transaction, login: str) -> None:
    """The right credential was given: the count starts again."""
    tx.run(delete(login_failure).where(*_row(tx, login)))


def _count(tx: Transaction, login: str) -> bool:
    changes = {"failures": login_failure.c.failures + 1, "failed_at": tx.now}
    return tx.run(update(login_failure).where(*_row(tx, login)).values(**changes)) > 0


def _row(tx: Transaction, login: str):  # type: ignore[no-untyped-def]
    return (login_failure.c.tenant == tx.tenant, login_failure.c.login_hash == _hash(login))


def _hash(login: str) -> bytes:
    return sha256(login.encode()).digest()
