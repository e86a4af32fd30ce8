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

import os
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from stat import S_ISREG
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

import msgspec

from processes.rechnungseingang.booking import Acknowledgement
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
        _write(self._orders / f"{order.booking_id}.csv", order.table)
        _write(self._orders / f"{order.booking_id}.json", order.content)

    def answers(self) -> Iterator[Answer]:
        for path in sorted(self._answers.glob("*.json"))[:AT_ONCE]:
            try:
                said = msgspec.json.decode(_read(path), type=Quittung)
            except FileNotFoundError:
                continue  # another process was faster
            except (msgspec.MsgspecError, UnicodeDecodeError, OSError) as error:
                if not _is_young(path):
                    self._refuse(path, f"Keine Quittung: {error}")
                continue
            yield Answer(path.name, Acknowledgement(**msgspec.structs.asdict(said)))

    def settle(self, answer: Answer, refused: str | None) -> None:
        path = self._answers / answer.reference
        if refused is None:
            _move(path, self._done)
        else:
            self._refuse(path, refused)

    def _refuse(self, path: Path, reason: str) -> None:
        _write(self._refused / f"{path.name}.grund.txt", f"{reason}\n".encode())
        _move(path, self._refused)


def _write(path: Path, data: bytes) -> None:
    """Whole and durable, or not there."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    """A plain file of a bearable size; a link could name any file of this machine."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not S_ISREG(about.st_mode) or about.st_size > LARGEST:
            raise OSError(f"keine gewöhnliche Datei bis {LARGEST // 1024} KB")
        return file.read(LARGEST)


def _is_young(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime < UNFINISHED_SECONDS
    except FileNotFoundError:
        return True


def _move(path: Path, folder: Path) -> None:
    """A name that is taken there gets the time behind it: nothing is overwritten."""
    target = folder / path.name
    if target.exists():
        target = folder / f"{path.stem}.{time.time_ns()}{path.suffix}"
    try:
        path.rename(target)
    except FileNotFoundError:
        return  # another process was faster
