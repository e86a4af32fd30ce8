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

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import unquote, urlsplit

from processes.rechnungseingang.folders import Tray, files_in, is_young, read_plain, remove_if_empty
from processes.rechnungseingang.receipts import LARGEST, Arrival, Push

QUIET_SECONDS = 10
AT_ONCE = 100
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", "~")


class IntakeFolder:
    """The folder and its places."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tray = Tray(folder)

    @classmethod
    def of_url(cls, url: str) -> IntakeFolder:
        """`file:///folder`."""
        return cls(Path(unquote(urlsplit(url).path)))

    def arrivals(self) -> Iterator[Arrival]:
        """What an earlier round left first."""
        for place in self._tray.places():
            yield from self._read(place)
        for path in islice(self._laid_down(), AT_ONCE):
            taken = self._tray.take(path)
            if taken is not None:
                yield from self._read(taken)

    def settle(self, arrival: Arrival, refused: str | None) -> None:
        self._tray.settle(arrival.reference, refused)

    def _laid_down(self) -> Iterator[Path]:
        for path in sorted(self._folder.iterdir()):
            unfinished = path.name.startswith(".") or path.name.lower().endswith(UNFINISHED)
            is_place = path.is_dir() and not path.is_symlink()
            if not unfinished and not is_place and not is_young(path, QUIET_SECONDS):
                yield path

    def _read(self, place: Path) -> Iterator[Arrival]:
        """Who still writes into a file that was taken over is waited for."""
        for path in files_in(place):
            try:
                data = read_plain(path, LARGEST)
            except FileNotFoundError:
                continue  # another process was faster
            except OSError as error:
                yield Arrival(place.name, fault=f"Nicht zu lesen: {error}")
                continue
            if not is_young(path, QUIET_SECONDS):
                yield Arrival(place.name, (Push(data, _readable(path.name), "ordner"),))
        remove_if_empty(place)


def _readable(name: str) -> str:
    """A name of a disk need not be text."""
    return name.encode("utf-8", "replace").decode()
