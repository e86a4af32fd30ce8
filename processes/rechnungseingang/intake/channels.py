"""Channels that invoices are fetched from: what comes in ends in the same command as a push.

A channel gives what arrived, and is told afterwards what became of it. Invariant: settled is only
what is committed; what a kill leaves unsettled arrives again, and `receipts.receive` answers the
same bytes with the invoice that is there already.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from eakte.errors import EakteError
from identity.principal import Principal, system_principal
from processes.package import Duty
from processes.rechnungseingang import receipts
from processes.rechnungseingang.errors import ChannelUnknown, RechnungseingangError
from processes.rechnungseingang.intake import covers
from processes.rechnungseingang.intake.folder import IntakeFolder
from processes.rechnungseingang.intake.mailbox import Mailbox
from processes.rechnungseingang.receipts import Arrival
from storage.errors import StorageError

if TYPE_CHECKING:
    from processes.house import House

log = logging.getLogger(__name__)


class Channel(Protocol):
    """Where files arrive by themselves."""

    def arrivals(self) -> Iterator[Arrival]:
        """What has arrived whole and is not settled yet."""
        ...

    def settle(self, arrival: Arrival, refused: str | None) -> None:
        """Put it away: taken in, or refused for this reason."""
        ...


CHANNELS: Mapping[str, Callable[[str], Channel]] = {
    "file": IntakeFolder.of_url,
    "imap": Mailbox,
    "imaps": Mailbox,
}
"""By the scheme of their URL."""


def open_channel(url: str) -> Channel:
    """The channel of this URL; raises `ChannelUnknown`."""
    opener = CHANNELS.get(urlsplit(url).scheme)
    if opener is None:
        # The URL may hold a password: only its scheme is named.
        raise ChannelUnknown(f"AMTSGANG_EINGANG: „{urlsplit(url).scheme}:“ ist kein Eingang.")
    return opener(url)


@dataclass(frozen=True, slots=True)
class Fetched:
    """How many arrivals of a round were taken in, and how many refused."""

    taken: int = 0
    refused: int = 0


def fetch(house: House) -> Fetched:
    """One round over all channels of the settings. One that fails stops no other."""
    return fetch_from(house, house.settings.intake)


def fetch_from(house: House, urls: Iterable[str]) -> Fetched:
    """One round over these channels. A ValueError is what the libraries make of a wrong URL."""
    taken = refused = 0
    system = system_principal(house.settings.tenant)
    for url in urls:
        try:
            channel = open_channel(url)
            for arrival in channel.arrivals():
                reason = _take(house, system, arrival)
                channel.settle(arrival, reason)
                taken, refused = taken + (reason is None), refused + (reason is not None)
        except (OSError, ValueError, StorageError, ChannelUnknown) as error:
            log.warning("a channel is asked again later: %s: %s", type(error).__name__, error)
    return Fetched(taken, refused)


def _take(house: House, who: Principal, arrival: Arrival) -> str | None:
    """Why it was refused, if it was. The database being away is no reason: that is raised."""
    if arrival.fault is not None:
        return arrival.fault
    for push in arrival.pushes:
        try:
            receipt = receipts.receive(house, who, push)
            if push.cover and not receipt.first:
                covers.add(house, receipt.id, push.cover)
        except (RechnungseingangError, EakteError) as error:
            return str(error)
    return None


DUTY = Duty("eingang", timedelta(seconds=10), fetch)
