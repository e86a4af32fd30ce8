"""Ids: an instance's is time-ordered and random; what lives in it is numbered by its state."""

from __future__ import annotations

from datetime import datetime
from os import urandom

from storage.database import to_microseconds


def new_id(now: datetime) -> str:
    """A UUID version 7 (RFC 9562 §5.7) as 32 hex digits."""
    milliseconds = to_microseconds(now) // 1000
    random = int.from_bytes(urandom(10), "big")
    head = (milliseconds & 0xFFFFFFFFFFFF) << 80
    value = head | (7 << 76) | (((random >> 62) & 0xFFF) << 64) | (2 << 62)
    return f"{value | (random & 0x3FFFFFFFFFFFFFFF):032x}"


def local_id(instance_id: str, number: int) -> str:
    """The global id of a task, job, timer, subscription or incident of an instance."""
    return f"{instance_id}-{number}"


def split_id(id: str) -> tuple[str, int] | None:  # noqa: A002 the word of the interface
    """Instance id and number, or None for what is no local id."""
    instance_id, dash, number = id.rpartition("-")
    if not dash or len(instance_id) != 32 or not number.isdecimal():
        return None
    return instance_id, int(number)
