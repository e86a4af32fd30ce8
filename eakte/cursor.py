"""Cursors of pages: the place after the last row shown. They give no right: every page is
filtered anew by the same criterion."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from eakte.errors import CursorInvalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode_cursor(at: datetime, row_id: str) -> str:
    """An opaque text for a place in a list ordered by time and id."""
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    return urlsafe_b64encode(f"{microseconds}.{row_id}".encode()).decode().rstrip("=")


def decode_cursor(text: str) -> tuple[datetime, str]:
    """The inverse; raises `CursorInvalid` for anything else."""
    try:
        plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        microseconds, _, row_id = plain.partition(".")
        at = _EPOCH + timedelta(microseconds=int(microseconds))
    except (ValueError, OverflowError) as error:
        raise CursorInvalid("Diese Seite gibt es nicht (mehr).") from error
    if not row_id:
        raise CursorInvalid("Diese Seite gibt es nicht (mehr).")
    return at, row_id
