"""The HKR system behind a watched folder that both sides can write to.

    auftraege/ID.json, ID.csv    what is ordered; the HKR system takes the files away
    quittungen/*.json            what it answers: booking_id, result, voucher, booked_on, reason
    quittungen/in_arbeit/        what was taken over; a restart goes on with it
    quittungen/erledigt/         what was applied
    quittungen/fehler/           what could not be, each with NAME.grund.txt beside it

Whoever writes, writes under another name (`.tmp`) and renames. Invariant: a file under its own name
is whole, a file is in one place, and a name that comes again is another answer. A file that cannot
be parsed is given a minute first: not all systems rename.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

import msgspec

from processes.rechnungseingang.folders import (
    Tray,
    files_in,
    is_young,
    read_plain,
    remove_if_empty,
    remove_left_over,
    write_whole,
)
from processes.rechnungseingang.hkr.adapter import Answer, Order
from processes.rechnungseingang.hkr.booking import Acknowledgement

LARGEST = 64 * 1024
AT_ONCE = 500
UNFINISHED_SECONDS = 60
_STORABLE = r"^[^\x00]*$"
"""PostgreSQL keeps no NUL: an answer with one would be tried for ever."""
Short = Annotated[str, msgspec.Meta(max_length=100, pattern=_STORABLE)]


class Quittung(msgspec.Struct, forbid_unknown_fields=True):
    """An answer as it lies in the folder. `gebucht` names voucher and day."""

    booking_id: Short
    result: Literal["gebucht", "abgewiesen"]
    voucher: Annotated[str, msgspec.Meta(max_length=60, pattern=_STORABLE)] | None = None
    booked_on: date | None = None
    reason: Annotated[str, msgspec.Meta(max_length=2000, pattern=_STORABLE)] | None = None


class HkrFolder:
    """See the module."""

    def __init__(self, folder: Path) -> None:
        self._orders = folder / "auftraege"
        self._answers = folder / "quittungen"
        self._orders.mkdir(parents=True, exist_ok=True)
        self._tray = Tray(self._answers)
        remove_left_over(self._orders)

    @classmethod
    def of_url(cls, url: str) -> HkrFolder:
        """`file:///folder`."""
        return cls(Path(unquote(urlsplit(url).path)))

    def deliver(self, order: Order) -> None:
        """The table first: who sees the JSON file finds its table beside it."""
        write_whole(self._orders / f"{order.booking_id}.csv", order.table)
        write_whole(self._orders / f"{order.booking_id}.json", order.content)

    def answers(self) -> Iterator[Answer]:
        """What an earlier round left first."""
        for place in self._tray.places():
            yield from self._read(place)
        for path in self._laid_down()[:AT_ONCE]:
            if _whole(path) or not is_young(path, UNFINISHED_SECONDS):
                taken = self._tray.take(path)
                if taken is not None:
                    yield from self._read(taken)

    def settle(self, answer: Answer, refused: str | None) -> None:
        self._tray.settle(answer.reference, refused)

    def _laid_down(self) -> list[Path]:
        names = self._answers.iterdir()
        return sorted(path for path in names if path.suffix.lower() == ".json")

    def _read(self, place: Path) -> Iterator[Answer]:
        for path in files_in(place):
            try:
                said = _said(path)
            except FileNotFoundError:
                continue  # another process was faster
            except (msgspec.MsgspecError, UnicodeDecodeError, OSError) as error:
                if not is_young(path, UNFINISHED_SECONDS):
                    self._tray.settle(place.name, f"Keine Quittung: {error}")
                continue
            yield Answer(place.name, said)
        remove_if_empty(place)


def _whole(path: Path) -> bool:
    try:
        _said(path)
    except (msgspec.MsgspecError, UnicodeDecodeError, OSError):
        return False
    return True


def _said(path: Path) -> Acknowledgement:
    data = read_plain(path, LARGEST).removeprefix(BOM_UTF8)
    return Acknowledgement(**msgspec.structs.asdict(msgspec.json.decode(data, type=Quittung)))
