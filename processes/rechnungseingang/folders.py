"""What all watched folders share: to write whole, to read with care, to move without loss.

Invariant: a file under its own name is whole, nothing is overwritten, and no link is followed.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from stat import S_ISREG

LONGEST_NAME = 255
"""Bytes, of one part of a path."""


def write_whole(path: Path, data: bytes) -> None:
    """Whole and durable, or not there."""
    unfinished = path.with_name(named(path.name, f".{os.getpid()}.tmp"))
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
    """Whether somebody may still be writing it. One that is gone counts as young."""
    try:
        return time.time() - path.lstat().st_mtime < seconds
    except FileNotFoundError:
        return True


def move_into(path: Path, folder: Path) -> None:
    """A name that is taken there gets the time behind it: nothing is overwritten."""
    target = folder / path.name
    if target.exists():
        target = folder / named(path.stem, f".{time.time_ns()}{path.suffix[:20]}")
    try:
        path.rename(target)
    except FileNotFoundError:
        return  # another process was faster
