"""The hand-over to the HKR system: orders out, acknowledgements in, whatever its adapter.

The row says which round was handed over, and is written after the delivery: a kill between the two
delivers once more, under the same `booking_id` and with the same bytes. Invariant: what was not
settled comes again, and what comes again changes nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from importlib.metadata import entry_points
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import select, update

from eakte.errors import EakteError
from engine.errors import EngineError
from identity.errors import IdentityError
from identity.principal import system_principal
from processes.package import Duty
from processes.rechnungseingang.errors import HkrUnknown, RechnungseingangError
from processes.rechnungseingang.hkr import acknowledgements
from processes.rechnungseingang.hkr.adapter import Hkr, Order
from processes.rechnungseingang.hkr.booking import booking_table
from processes.rechnungseingang.hkr.folder import HkrFolder
from processes.rechnungseingang.receipts import OPEN
from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row, Transaction
from storage.errors import StorageError

if TYPE_CHECKING:
    from processes.house import House

log = logging.getLogger(__name__)

AT_ONCE = 100
"""Orders handed over in one round; the rest waits for the next."""


Adapter = Callable[[str], Hkr]
ADAPTERS: Mapping[str, Adapter] = {"file": HkrFolder.of_url}
"""By the scheme of their URL. Others come as packages, by the entry point `amtsgang.hkr`."""


def open_hkr(url: str) -> Hkr:
    """The adapter for this URL; raises `HkrUnknown`."""
    scheme = urlsplit(url).scheme
    adapter = ADAPTERS.get(scheme)
    if adapter is not None:
        return adapter(url)
    for entry in entry_points(group="amtsgang.hkr", name=scheme):
        found: Hkr = entry.load()(url)
        return found
    raise HkrUnknown(f"Für AMTSGANG_HKR={url} ist kein Anschluss installiert.")


def exchange(house: House) -> object:
    """Hand over what is ordered, then apply what is answered."""
    if not house.settings.hkr:
        return None
    hkr = open_hkr(house.settings.hkr)
    _hand_over(house, hkr)
    return _take_answers(house, hkr)


DUTY = Duty("hkr", timedelta(seconds=10), exchange)


def _hand_over(house: House, hkr: Hkr) -> None:
    system = system_principal(house.settings.tenant)
    with house.database.reading(system.tenant) as tx:
        pending = _pending(tx)
    for row in pending:
        try:
            with house.database.begin(system.tenant) as tx:
                content = acknowledgements.current_file(tx, system, house.blobs, row.id)
        except (StorageError, EakteError, RechnungseingangError) as error:
            log.warning("the booking file of %s is handed over later: %s", row.id, error)
            continue
        # A new round may have been written since: the file itself says which it is.
        order = Order(json.loads(content)["booking_id"], content, booking_table(content))
        try:
            hkr.deliver(order)
        except OSError as error:
            log.warning("the booking system takes no orders for now: %s", error)
            return  # what it answers is taken all the same
        with house.database.begin(system.tenant) as tx:
            _note(tx, row)


def _pending(tx: Transaction) -> Sequence[Row]:
    c = invoice_receipt.c
    query = (
        select(c.id, c.booking_round)
        .where(
            c.tenant == tx.tenant,
            c.state == OPEN,
            c.booking_file.is_not(None),
            c.booking_result.is_(None),
            c.handed_over < c.booking_round,
        )
        .order_by(c.due_on, c.id)
        .limit(AT_ONCE)
    )
    return tx.all(query)


def _note(tx: Transaction, row: Row) -> None:
    c = invoice_receipt.c
    earlier = (c.tenant == tx.tenant, c.id == row.id, c.handed_over < row.booking_round)
    tx.run(update(invoice_receipt).where(*earlier).values(handed_over=row.booking_round))


def _take_answers(house: House, hkr: Hkr) -> int:
    """How many were applied first. One that is refused leaves the others alone."""
    system, applied = system_principal(house.settings.tenant), 0
    for answer in hkr.answers():
        try:
            applied += acknowledgements.report(house, system, answer.invoice, answer.said)
        except (RechnungseingangError, IdentityError, EakteError) as error:
            hkr.settle(answer, str(error))
        except (StorageError, EngineError) as error:
            log.warning("the answer to %s is applied later: %s", answer.said.booking_id, error)
        else:
            hkr.settle(answer, None)
    return applied
