"""The official rules that the operator has imported: kept as blobs, so that all workers have them.

Invariant: what is kept was read and pinned before; releases stand beside each other, and the one
in force on an invoice's date judges it; every import stands in the ledger.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from bpmn.values import encode
from identity.principal import Principal
from invoice.checking import Report
from invoice.documents import xml_in
from invoice.errors import NoVerdict, OfficialMissing, RulesRefused
from invoice.official.configuration import Configuration, read_configuration
from invoice.official.verdict import (
    SECONDS,
    compared,
    disagreement,
    official_result,
    without_verdict,
)
from invoice.official.worker import worker_for
from processes.rechnungseingang.tables import invoice_official
from storage.blobs import Blobs
from storage.database import Row, Transaction
from storage.ledger import append

if TYPE_CHECKING:
    from processes.house import House

STREAM = "amtlich"
MOST_KEPT = 4
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Release:
    """One import: from which day on it judges, which bytes it is."""

    name: str
    valid_from: date | None
    """None in a house whose only import is older than releases beside each other."""
    sha256: str


def import_rules(
    house: House, principal: Principal, data: bytes, pinned: str, valid_from: date | None = None
) -> Release:
    """Take a configuration in: it judges invoices from `valid_from` on, else from its own date.
    The same bytes again only change that day. Raises RulesRefused."""
    found = read_configuration(data, pinned)
    begins = valid_from or found.date
    if begins is None:
        raise RulesRefused("die Konfiguration nennt kein Datum; ab wann gilt sie?")
    _try_out(found)
    blob = house.blobs.put(principal.tenant, data, "application/zip")
    with house.database.begin(principal.tenant) as tx:
        c = invoice_official.c
        row = tx.first(
            select(invoice_official).where(c.tenant == tx.tenant, c.sha256 == found.sha256)
        )
        stream = row.id if row is not None else f"{STREAM}-{found.sha256[:32]}"
        if row is None:
            tx.run(insert(invoice_official), {"tenant": tx.tenant, "id": stream})
        facts = {
            "name": found.name,
            "date": str(found.date or ""),
            "sha256": found.sha256,
            "valid_from": begins.isoformat(),
        }
        append(
            tx, invoice_official, stream, actor=principal.id, kind="official_rules_imported",
            facts=encode(dict(facts)),
        )  # fmt: skip
        values = {
            "name": found.name,
            "valid_from": begins,
            "imported_at": tx.now,
            "withdrawn_at": None,
        }
        if row is None or row.blob_id is None:
            values |= {"blob_id": blob.id, "sha256": found.sha256}
            house.blobs.commit(tx, blob.id)
        mine = (c.tenant == tx.tenant, c.id == stream)
        tx.run(update(invoice_official).where(*mine).values(**values))
    return Release(found.name, begins, found.sha256)


def withdraw_rules(house: House, principal: Principal, sha256: str) -> Release:
    """Take an import out of force; its bytes stay. Raises RulesRefused where there is none."""
    with house.database.begin(principal.tenant) as tx:
        found = [row for row in _rows(tx) if sha256 and row.sha256.startswith(sha256.lower())]
        if len(found) != 1:
            raise RulesRefused(f"{len(found)} Übernahmen haben eine SHA-256, die so beginnt")
        append(
            tx, invoice_official, found[0].id, actor=principal.id,
            kind="official_rules_withdrawn", facts=encode({"sha256": found[0].sha256}),
        )  # fmt: skip
        c = invoice_official.c
        mine = (c.tenant == tx.tenant, c.id == found[0].id)
        tx.run(update(invoice_official).where(*mine).values(withdrawn_at=tx.now))
    return _release(found[0])


def releases(tx: Transaction) -> list[Release]:
    """What is in force here, the earliest first."""
    return [_release(row) for row in _rows(tx)]


def in_force(tx: Transaction, blobs: Blobs, day: date) -> Configuration | None:
    """The rules that judge an invoice of this day: the newest that had begun, the oldest where none
    had; None where nobody has imported any. Of two that begin on a day, the one imported last."""
    rows = _rows(tx)
    begun = [row for row in rows if row.valid_from is None or row.valid_from <= day]
    if not rows:
        return None
    row = begun[-1] if begun else rows[0]
    found = _kept.get(row.sha256)
    if found is None:
        found = read_configuration(blobs.read(tx, row.blob_id), row.sha256)
        with _lock:
            _kept[row.sha256] = found
            while len(_kept) > MOST_KEPT:
                _kept.pop(next(iter(_kept)))
    return found


_kept: dict[str, Configuration] = {}
"""Read anew for each invoice, a configuration would cost more than the check."""
_lock = Lock()


def _try_out(found: Configuration) -> None:
    """Everything compiled once, where the extra is installed: better now than at an invoice."""
    try:
        worker_for(found).compile()
    except OfficialMissing:
        return
    except NoVerdict as error:
        raise RulesRefused(
            f"die Regeln lassen sich nicht übersetzen: {error.detail or error}"
        ) from error


def _rows(tx: Transaction) -> list[Row]:
    c = invoice_official.c
    mine = (c.tenant == tx.tenant, c.blob_id.is_not(None), c.withdrawn_at.is_(None))
    rows = tx.all(select(invoice_official).where(*mine))
    return sorted(
        rows,
        key=lambda row: (row.valid_from or date.min, str(row.imported_at or ""), row.id),
    )


def _release(row: Row) -> Release:
    return Release(row.name or "", row.valid_from, row.sha256)


def examined_officially(
    report: Report, data: bytes, rules: Configuration | None, seconds: float = SECONDS
) -> Report:
    """The report with what the official rules say; no verdict of theirs is for a person."""
    if rules is None or report.invoice is None:
        return report
    try:
        result = official_result(xml_in(data), rules, seconds)
    except OfficialMissing as error:
        log.warning("official rules gave no verdict: %s", error)
        return _by(without_verdict(report, NoVerdict(str(error))), rules.title)
    except NoVerdict as error:
        log.warning("official rules gave no verdict: %s", error)
        return _by(without_verdict(report, error), rules.title)
    if result.undecided:
        log.warning("official rules (%s) did not say whether they accept", result.scenario)
    apart = disagreement(report, result)
    if apart:
        log.warning("official rules (%s) differ: %s", result.scenario, ", ".join(apart))
    return _by(compared(report, result), f"{rules.title}, Szenario {result.scenario}")


def _by(report: Report, official: str) -> Report:
    basis = report.basis
    return report if basis is None else replace(report, basis=replace(basis, official=official))
