"""What becomes of an invoice whose instance ends before anybody has decided on it.

An operator's cancel (or an error that nothing catches) is a technical act: it decides nothing about
a claim against the city. So the Vorgang is neither closed nor forgotten.
Invariant: it stays open and says so; what was awaited from tasks that are gone is skipped, and a
Wiedervorlage of the same day puts it before the clerks and leads who are competent. Only a person
closes it, with a reason.
"""

from __future__ import annotations

from eakte.beteiligung import Beteiligung
from engine.handlers import InstanceChange, Participants
from identity.principal import Principal
from processes.rechnungseingang import receipts, records
from processes.rechnungseingang.dates import local_day
from processes.rechnungseingang.routing import checking_group_of
from storage.database import Row, Transaction

participants = Participants()

STEP, STATE = "abbruch", "abgebrochen"
_UNDECIDED = frozenset({"cancelled", "error"})
_WHAT_TO_DO = (
    "Der Ablauf wurde abgebrochen, über die Rechnung ist nicht entschieden: bitte außerhalb "
    "weiterbearbeiten oder den Vorgang mit Grund z.d.A. verfügen."
)


@participants.on_instance_ended(receipts.PROCESS)
def keep_open(tx: Transaction, change: InstanceChange) -> None:
    """Mark the Vorgang and let it come back today."""
    if change.how not in _UNDECIDED:
        return
    row = receipts.find(tx, change.instance_id)
    if row is None or row.state != receipts.OPEN:
        return
    receipts.change(tx, row.id, state=STATE)
    if row.vorgang is not None:
        _mark(tx, row, change.by, change.how or "")


def _mark(tx: Transaction, row: Row, by: Principal, how: str) -> None:
    records.skip_open(tx, row.vorgang, "Ablauf abgebrochen")
    said = "Der Ablauf endete mit einem Fehler." if how == "error" else None
    records.did(tx, row.vorgang, by, Beteiligung(kind=STEP, outcome=STATE, remark=said))
    addressee = checking_group_of(tx, row.unit)
    records.come_back(tx, row.vorgang, local_day(tx.now), _WHAT_TO_DO, addressee)
