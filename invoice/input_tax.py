"""What an invoice has to say so that the input tax can be deducted (§ 14 Abs. 4 UStG).

After the BMF letter of 15 October 2025 a breach of a business rule costs the deduction only where
it hits one of these. A person decides: whether the words beside it suffice is no question of form.
"""

from __future__ import annotations

_TERMS = {
    "1": "BT-27 BG-4 BG-5 BT-35 BT-37 BT-38 BT-44 BG-7 BG-8 BT-50 BT-52 BT-53 BT-62 BG-11 BG-12",
    "2": "BT-31 BT-32 BT-63",
    "3": "BT-2",
    "4": "BT-1",
    "5": "BG-25 BG-31 BT-129 BT-130 BT-153 BT-154",
    "6": "BG-13 BT-72 BG-14 BT-73 BT-74 BG-26 BT-134 BT-135",
    "7": "BG-20 BG-27 BT-92 BT-109 BT-116 BT-131 BT-136",
    "8": "BG-23 BG-30 BT-95 BT-102 BT-110 BT-117 BT-118 BT-119 BT-120 BT-121 BT-151 BT-152",
}
"""The number of § 14 Abs. 4 Satz 1 UStG, and the terms of EN 16931 in which its facts stand."""

MANDATORY = frozenset(term for terms in _TERMS.values() for term in terms.split())


def is_mandatory(term: str) -> bool:
    """Whether a fault at this term may cost the input tax."""
    return term in MANDATORY


def duty_in_words(term: str) -> str:
    """The same for people; of a fault that stands at no term, nothing can be said."""
    if not term:
        return ""
    no = "" if is_mandatory(term) else "keine "
    return f"{no}Pflichtangabe nach § 14 UStG"
