"""What an instance's variables may hold (decisions.md, no. 18). More is kept as a document.

Invariant: what passes here is read back by any later step: it is neither too long nor too deep.
"""

from __future__ import annotations

from collections.abc import Iterable

from bpmn.values import Value, Variables, encode
from engine.errors import Misused, TooLarge
from engine.machine.errors import LONGEST_NAME, fits
from engine.machine.facts import Fact, VariableSet

LARGEST_VALUE = 1024 * 1024
"""Bytes of one value as stored."""
LARGEST_INSTANCE = 4 * 1024 * 1024
"""Bytes of all variables of an instance as stored."""
LARGEST_ENTRY = 16 * 1024 * 1024
"""Bytes of what one command writes into the ledger: a script may set a value again and again."""
DEEPEST = 100
"""Lists and contexts within each other."""


def check_facts(facts: Iterable[Fact]) -> None:
    """Raises TooLarge or Misused for a value that was set and cannot be kept."""
    for fact in facts:
        if type(fact) is VariableSet:
            value = fact.value
            if isinstance(value, str):
                if 4 * len(value) > LARGEST_VALUE:
                    _check_size(fact.name, len(value.encode()))
            elif isinstance(value, list | dict):
                check_value(fact.name, value)


def check_names(**names: str | None) -> None:
    """Raises Misused for a text from outside that no column takes."""
    for what, text in names.items():
        if not fits(text):
            raise Misused(f"{what} is longer than {LONGEST_NAME} characters, or has a NUL in it")


def check_values(values: Variables) -> None:
    """The same for values on their way, e.g. a message's."""
    for name, value in values.items():
        check_value(name, value)


def check_value(name: str, value: Value) -> None:
    level: list[object] = [value]
    for _ in range(DEEPEST):
        level = [item for each in level for item in _items(each)]
        if not level:
            break
    else:
        raise Misused(f"variable {name!r} is nested more than {DEEPEST} levels deep")
    _check_size(name, len(encode(value)))


def _items(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _check_size(name: str, size: int) -> None:
    if size > LARGEST_VALUE:
        raise TooLarge(f"variable {name!r}", size, LARGEST_VALUE)
