"""What all watched folders share: to write whole, to read with care, to take over and to put away.

Invariant: a file under its own name is whole, nothing is overwritten, no link is followed, and
what is worked on has been taken over first, so that a new file of the same name is never mistaken
for it.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from uuid import uuid4

log = logging.getLogger(__name__)

LONGEST_NAME = 255
"""Bytes, of one part of a path."""
LEFT_OVER_SECONDS = 3600
"""How old an unfinished file is that nobody writes any more."""


class Tray:
    """The places of a folder that is worked off.

    in_arbeit/    taken over, each file in a place of its own; a restart goes on with it
    erledigt/     what was dealt with
    fehler/       what was not, each with NAME.grund.txt beside it
    """

    def __init__(self, folder: Path) -> None:
        self._taken = folder / "in_arbeit"
        self._done = folder / "erledigt"
        self._refused = folder / "fehler"
        for each in (self._taken, self._done, self._refused):
            each.mkdir(parents=True, exist_ok=True)

    def places(self) -> list[Path]:
        """What an earlier round left."""
        return sorted(self._taken.iterdir())

    def take(self, path: Path) -> Path | None:
        """Take a file over into a place of its own; None where another process was faster."""
        place = self._taken / uuid4().hex
        place.mkdir()
        try:
            path.rename(place / path.name)
        except OSError as error:
            # Another process was faster, or may take what we may not: no other file waits for it.
            if not isinstance(error, FileNotFoundError):
                log.warning("a file cannot be taken over: %s", error)
            remove_if_empty(place)
            return None
        return place

    def settle(self, place: str, refused: str | None) -> None:
        """Put away what lies in that place."""
        for path in files_in(self._taken / place):
            if refused is not None:
                reason = self._refused / named(path.name, ".grund.txt")
                write_whole(reason, f"{refused}\n".encode())
            move_into(path, self._done if refused is None else self._refused)
        remove_if_empty(self._taken / place)


def files_in(place: Path) -> list[Path]:
    try:
        return list(place.iterdir())
    except FileNotFoundError:
        return []  # another process was faster


def remove_if_empty(place: Path) -> None:
    """A place may hold what waits, or another process may have been faster."""
    with suppress(OSError):
        place.rmdir()


def write_whole(path: Path, data: bytes) -> None:
    """Whole and durable, or not there. Several processes may write the same at the same moment."""
    unfinished = path.with_name(named(path.name, f".{uuid4().hex}.tmp"))
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


def named(name: str, ending: str) -> str:
    """The name with this ending, cut where a file system would not bear it."""
    room = LONGEST_NAME - len(os.fsencode(ending))
    return os.fsdecode(os.fsencode(name)[:room]) + ending


def remove_left_over(folder: Path) -> None:
    """What a kill in the middle of `write_whole` left behind."""
    for path in folder.glob("*.tmp"):
        if not is_young(path, LEFT_OVER_SECONDS):
            path.unlink(missing_ok=True)


def read_plain(path: Path, largest: int) -> bytes:
    """The bytes of a plain file of a bearable size, else OSError.

    A link is none: it could name any file of this machine.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not S_ISREG(about.st_mode) or about.st_size > largest:
            raise OSError(f"keine gewöhnliche Datei bis {largest // 1024} KB")
        return file.read(largest)


def is_young(path: Path, seconds: float) -> bool:
    """Whether somebody may still be writing it. One that is gone counts as young.

    A copy may bear the time of what it copies from its first byte on; the time of the last change
    (ctime) nobody sets.
    """
    try:
        about = path.lstat()
    except FileNotFoundError:
        return True
    return time.time() - max(about.st_mtime, about.st_ctime) < seconds


def move_into(path: Path, folder: Path) -> None:
    """A name that is taken there gets the time behind it: nothing is overwritten."""
    target = _reserved(folder, path)
    try:
        path.rename(target)
    except FileNotFoundError:
        target.unlink()  # another process was faster


def _reserved(folder: Path, path: Path) -> Path:
    """A name in the folder that nobody else moves to."""
    target = folder / path.name
    while True:
        try:
            target.touch(exist_ok=False)
        except FileExistsError:
            target = folder / named(path.stem, f".{time.time_ns()}{path.suffix[:20]}")
        else:
            return target
