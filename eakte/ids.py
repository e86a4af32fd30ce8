"""Ids of the E-Akte: 32 hex digits, ordered by time, then random; never reused, never a name."""

from __future__ import annotations

import secrets
from datetime import datetime


def new_id(now: datetime) -> str:
    """Milliseconds since 1970 (12 digits) and 80 random bits."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"
