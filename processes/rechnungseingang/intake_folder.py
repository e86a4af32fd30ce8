"""A watched folder: every file that is laid into it is an invoice.

    *             what somebody laid down
    in_arbeit/    taken over, each in a folder of its own; a restart goes on with it
    erledigt/     what was taken in
    fehler/       what was not, each with NAME.grund.txt beside it

Invariant: what is read has been taken over first, so that a new file of the same name is never
mistaken for it. A file is left alone while it is written: until it has been at rest for a while,
and as long as it has one of the names that programs give unfinished files.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from processes.rechnungseingang.folders import is_young, move_into, named, read_plain, write_whole
from processes.rechnungseingang.receipts import LARGEST, Arrival, Push

log = logging.getLogger(__name__)

QUIET_SECONDS = 10
AT_ONCE = 100
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", "~")


class IntakeFolder:
    """The folder and its four places."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken = folder / "in_arbeit"
        self._done = folder / "erledigt"
        self._refused = folder / "fehler"
        for each in (self._taken, self._done, self._refused):
            each.mkdir(parents=True, exist_ok=True)

    @classmethod
    def of_url(cls, url: str) -> IntakeFolder:
        """`file:///folder`."""
        return cls(Path(unquote(urlsplit(url).path)))

    def arrivals(self) -> Iterator[Arrival]:
        """What an earlier round left first."""
        for place in sorted(self._taken.iterdir()):
            yield from self._read(place)
        for path in islice(self._laid_down(), AT_ONCE):
            place = self._taken / uuid4().hex
            place.mkdir()
            try:
                path.rename(place / path.name)
            except OSError as error:
                # Another process was faster, or may take what we may not. The empty place goes in
                # the next round, and no other file waits for this one.
                if not isinstance(error, FileNotFoundError):
                    log.warning("a file cannot be taken over: %s", error)
                continue
            yield from self._read(place)

    def settle(self, arrival: Arrival, refused: str | None) -> None:
        place = self._taken / arrival.reference
        for path in _files(place):
            if refused is not None:
                reason = self._refused / named(path.name, ".grund.txt")
                write_whole(reason, f"{refused}\n".encode())
            move_into(path, self._done if refused is None else self._refused)
        _remove_if_empty(place)

    def _laid_down(self) -> Iterator[Path]:
        for path in sorted(self._folder.iterdir()):
            unfinished = path.name.startswith(".") or path.name.lower().endswith(UNFINISHED)
            is_place = path.is_dir() and not path.is_symlink()
            if not unfinished and not is_place and not is_young(path, QUIET_SECONDS):
                yield path

    def _read(self, place: Path) -> Iterator[Arrival]:
        """Who still writes into a file that was taken over is waited for."""
        for path in _files(place):
            try:
                data = read_plain(path, LARGEST)
            except FileNotFoundError:
                continue  # another process was faster
            except OSError as error:
                yield Arrival(place.name, fault=f"Nicht zu lesen: {error}")
                continue
            if not is_young(path, QUIET_SECONDS):
                yield Arrival(place.name, (Push(data, _readable(path.name), "ordner"),))
        _remove_if_empty(place)


def _files(place: Path) -> list[Path]:
    try:
        return list(place.iterdir())
    except FileNotFoundError:
        return []  # another process was faster


def _remove_if_empty(place: Path) -> None:
    try:
        place.rmdir()
    except OSError:
        return  # it holds what waits, or another process was faster


def _readable(name: str) -> str:
    """A name of a disk need not be text."""
    return name.encode("utf-8", "replace").decode()
