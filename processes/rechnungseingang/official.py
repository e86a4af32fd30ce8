"""The official rules that the operator has imported: kept as a blob, so that all workers have them.

Invariant: what is kept was read and pinned before; every import stands in the ledger.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from bpmn.values import encode
from identity.principal import Principal
from invoice.checking import Report
from invoice.documents import xml_in
from invoice.errors import NoVerdict, OfficialMissing
from invoice.official.configuration import Configuration, read_configuration
from invoice.official.verdict import compared, official_findings, without_verdict
from processes.rechnungseingang.tables import invoice_official
from storage.blobs import Blobs
from storage.database import Transaction
from storage.ledger import append

if TYPE_CHECKING:
    from processes.house import House

STREAM = "rechnungseingang-amtlich"
log = logging.getLogger(__name__)


def import_rules(house: House, principal: Principal, data: bytes, pinned: str) -> Configuration:
    """Take a configuration in and put it in force. Raises RulesRefused."""
    found = read_configuration(data, pinned)
    blob = house.blobs.put(principal.tenant, data, "application/zip")
    with house.database.begin(principal.tenant) as tx:
        c = invoice_official.c
        mine = (c.tenant == tx.tenant, c.id == STREAM)
        if tx.first(select(c.id).where(*mine)) is None:
            tx.run(insert(invoice_official), {"tenant": tx.tenant, "id": STREAM})
        facts = {"name": found.name, "date": found.date, "sha256": found.sha256}
        append(
            tx,
            invoice_official,
            STREAM,
            actor=principal.id,
            kind="official_rules_imported",
            facts=encode(dict(facts)),
        )
        values = {"blob_id": blob.id, "sha256": found.sha256}
        tx.run(update(invoice_official).where(*mine).values(**values))
        house.blobs.commit(tx, blob.id)
    return found


def imported(tx: Transaction, blobs: Blobs) -> Configuration | None:
    """The rules in force, or None where nobody has imported any."""
    c = invoice_official.c
    row = tx.first(select(invoice_official).where(c.tenant == tx.tenant, c.id == STREAM))
    if row is None or row.blob_id is None:
        return None
    return read_configuration(blobs.read(tx, row.blob_id), row.sha256)


def examined_officially(report: Report, data: bytes, rules: Configuration | None) -> Report:
    """The report with what the official rules say; no verdict of theirs is for a person."""
    if rules is None or report.invoice is None:
        return report
    try:
        official = official_findings(xml_in(data), rules)
    except (NoVerdict, OfficialMissing) as error:
        log.warning("official rules gave no verdict: %s", error)
        return without_verdict(report, NoVerdict(str(error)))
    judged = compared(report, official)
    if judged.findings != report.findings:
        log.info("official rules differ: %s", [f.rule for f in judged.findings])
    return judged
