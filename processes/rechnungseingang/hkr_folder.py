"""The HKR system behind a watched folder that both sides can write to.

    auftraege/ID.json, ID.csv    what is ordered; the HKR system takes the files away
    quittungen/*.json            what it answers: booking_id, result, voucher, booked_on, reason
    quittungen/erledigt/         what was applied
    quittungen/fehler/           what could not be, each with NAME.grund.txt beside it

Whoever writes, writes under another name (`.tmp`) and renames. Invariant: a file under its own name
is whole, and a file is in one place. A file that cannot be parsed is given a minute first: not all
systems rename.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

import msgspec

from processes.rechnungseingang.booking import Acknowledgement
from processes.rechnungseingang.folders import is_young, move_into, named, read_plain, write_whole
from processes.rechnungseingang.hkr import Answer, Order

LARGEST = 64 * 1024
AT_ONCE = 500
UNFINISHED_SECONDS = 60
Short = Annotated[str, msgspec.Meta(max_length=100)]


class Quittung(msgspec.Struct, forbid_unknown_fields=True):
    """An answer as it lies in the folder. `gebucht` names voucher and day."""

    booking_id: Short
    result: Literal["gebucht", "abgewiesen"]
    voucher: Annotated[str, msgspec.Meta(max_length=60)] | None = None
    booked_on: date | None = None
    reason: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


class HkrFolder:
    """See the module."""

    def __init__(self, folder: Path) -> None:
        self._orders = folder / "auftraege"
        self._answers = folder / "quittungen"
        self._done = self._answers / "erledigt"
        self._refused = self._answers / "fehler"
        for each in (self._orders, self._done, self._refused):
            each.mkdir(parents=True, exist_ok=True)

    @classmethod
    def of_url(cls, url: str) -> HkrFolder:
        """`file:///folder`."""
        return cls(Path(unquote(urlsplit(url).path)))

    def deliver(self, order: Order) -> None:
        """The table first: who sees the JSON file finds its table beside it."""
        write_whole(self._orders / f"{order.booking_id}.csv", order.table)
        write_whole(self._orders / f"{order.booking_id}.json", order.content)

    def answers(self) -> Iterator[Answer]:
        for path in sorted(self._answers.glob("*.json"))[:AT_ONCE]:
            try:
                said = msgspec.json.decode(read_plain(path, LARGEST), type=Quittung)
            except FileNotFoundError:
                continue  # another process was faster
            except (msgspec.MsgspecError, UnicodeDecodeError, OSError) as error:
                if not is_young(path, UNFINISHED_SECONDS):
                    self._refuse(path, f"Keine Quittung: {error}")
                continue
            yield Answer(path.name, Acknowledgement(**msgspec.structs.asdict(said)))

    def settle(self, answer: Answer, refused: str | None) -> None:
        path = self._answers / answer.reference
        if refused is None:
            move_into(path, self._done)
        else:
            self._refuse(path, refused)

    def _refuse(self, path: Path, reason: str) -> None:
        write_whole(self._refused / named(path.name, ".grund.txt"), f"{reason}\n".encode())
        move_into(path, self._refused)
