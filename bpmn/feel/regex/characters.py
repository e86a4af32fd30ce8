r"""What one place of a pattern accepts: a character, a range, `\d`, `\p{Lu}`, `[a-z-[aeiou]]`.

Case does not matter to single characters and ranges under the flag `i`; categories and blocks are
what they are (F&O §7.6.1.1).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from bpmn.feel.regex.blocks import BLOCKS

Accept = Callable[[str], bool]

_SUBCATEGORIES = {
    "L": "ultmo",
    "M": "nce",
    "N": "dlo",
    "P": "cdseifo",
    "Z": "slp",
    "S": "mcko",
    "C": "cfon",
}
CATEGORIES = frozenset(_SUBCATEGORIES) | {
    major + minor for major, minors in _SUBCATEGORIES.items() for minor in minors
}
"""Unicode's general categories, save for surrogates, which are no characters."""
_NAME_START = re.compile(
    "[:A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff]"
)
_MORE_OF_NAMES = re.compile("[-.0-9\u00b7\u0300-\u036f\u203f-\u2040]")


def variants(character: str) -> frozenset[str]:
    """The character in its cases."""
    cases = (character, character.lower(), character.upper(), character.title())
    return frozenset(case for case in cases if len(case) == 1)


def one(character: str, *, ignore_case: bool = False) -> Accept:
    if not ignore_case:
        return character.__eq__
    accepted = variants(character)
    return lambda found: found in accepted or not accepted.isdisjoint(variants(found))


def between(low: str, high: str, *, ignore_case: bool = False) -> Accept:
    if not ignore_case:
        return lambda found: low <= found <= high
    return lambda found: any(low <= case <= high for case in variants(found))


def any_of(tests: Iterable[Accept]) -> Accept:
    accepted = tuple(tests)
    if len(accepted) == 1:
        return accepted[0]
    return lambda found: any(test(found) for test in accepted)


def none_of(test: Accept) -> Accept:
    return lambda found: not test(found)


def without(test: Accept, taken: Accept) -> Accept:
    return lambda found: test(found) and not taken(found)


def anything(_found: str) -> bool:
    return True


def no_newline(found: str) -> bool:
    return found != "\n"


def category(name: str) -> Accept | None:
    """What `\\p{name}` accepts; None if there is no such category or block."""
    if name.startswith("Is"):
        block = BLOCKS.get(name[2:])
        return between(*block) if block else None
    if name not in CATEGORIES:
        return None
    if len(name) == 1:
        return lambda found: unicodedata.category(found)[0] == name
    return lambda found: unicodedata.category(found) == name


def _initial(found: str) -> bool:
    return _NAME_START.match(found) is not None


def _in_name(found: str) -> bool:
    return _initial(found) or _MORE_OF_NAMES.match(found) is not None


ESCAPES: dict[str, Accept] = {
    "d": lambda found: unicodedata.category(found) == "Nd",
    "w": lambda found: unicodedata.category(found)[0] not in "PZC",
    "s": lambda found: found in " \t\n\r",
    "i": _initial,
    "c": _in_name,
}
"""The escapes for several characters; their capitals are the opposite."""
