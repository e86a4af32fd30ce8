"""Ids: an instance's is time-ordered and random; what lives in it is numbered by its state."""

from __future__ import annotations

from datetime import datetime
from os import urandom
from threading import Lock

from storage.database import to_microseconds

_lock = Lock()
_last = (0, 0)


def new_id(now: datetime) -> str:
    """A UUID version 7 (RFC 9562 §5.7) as 32 hex digits.

    Those of one process and millisecond grow in the order in which they are made (§6.2, method 2).
    """
    global _last  # noqa: PLW0603 the clock of ids
    milliseconds = to_microseconds(now) // 1000 & 0xFFFFFFFFFFFF
    random = int.from_bytes(urandom(10), "big")
    with _lock:
        if milliseconds == _last[0]:
            counted = _last[1] + 1 + (random & 0xFFFFFFFF)
        else:
            counted = random & (1 << 73) - 1  # One bit is left to grow into.
        _last = (milliseconds, counted)
    head = milliseconds << 80 | 7 << 76 | (counted >> 62 & 0xFFF) << 64
    return f"{head | 2 << 62 | counted & 0x3FFFFFFFFFFFFFFF:032x}"


def local_id(instance_id: str, number: int) -> str:
    """The global id of a task, job, timer, subscription or incident of an instance."""
    return f"{instance_id}-{number}"


def split_id(id: str) -> tuple[str, int] | None:  # noqa: A002 the word of the interface
    """Instance id and number, or None for what is no local id."""
    instance_id, dash, number = id.rpartition("-")
    if not dash or len(instance_id) != 32 or not number.isdecimal():
        return None
    return instance_id, int(number)
