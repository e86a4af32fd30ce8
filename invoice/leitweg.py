"""The Leitweg-ID (BT-10): its check digits, as a warning only.

KoSIT's rules do not test them and its own samples break them, so nothing is refused for them.
"""

from __future__ import annotations

from stdnum.de import leitweg
from stdnum.exceptions import ValidationError


def leitweg_fault(text: str | None) -> str | None:
    """What is wrong with this Leitweg-ID, or None."""
    plain = (text or "").strip()
    if not plain:
        return None
    try:
        leitweg.validate(plain)
    except ValidationError:
        return "Die Leitweg-ID ist nicht richtig gebildet oder ihre Prüfziffern stimmen nicht."
    return None
