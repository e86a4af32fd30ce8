"""What a file that somebody sent is called here: a name to show, to save under and to export.

Invariant: a name is no path and has no characters that one does not see; every system that people
use can keep a file under it.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 200
"""Bytes; file systems bear 255, and an export puts numbers before it."""
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
"""Names that Windows takes for devices, whatever ending they have."""


def file_name(given: str | None) -> str | None:
    """The name made harmless; None where nothing is left of it."""
    last = (given or "").replace("\\", "/").rpartition("/")[2]
    seen = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    name = _FORBIDDEN.sub("_", seen).strip(" .")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    # The end says what kind of file it is.
    return name.encode()[-LONGEST:].decode(errors="ignore").strip(" .") or None
