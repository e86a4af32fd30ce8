"""What a rule is: an id, the section of the standard, one sentence, and a function that looks.

Invariant: each id stands once; a rule that looks yields every breach, not the first only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from bpmn.rules.drawing import Drawing

Breaches = Iterator[tuple[etree._Element, str, *tuple[etree._Element, ...]]]
"""The elements at fault, each with what is wrong there and the others that it is wrong with."""
Look = Callable[[Drawing], Breaches]


@dataclass(frozen=True, slots=True)
class Rule:
    """`section` is one of BPMN 2.0.2; "—" where the rule is this house's own."""

    id: str
    section: str
    sentence: str
    severity: Literal["error", "warning"]
    look: Look
    borne: bool = False
    """Engines bear with it and it leaves no doubt: in a file of their dialect it only warns."""

    def warns_in(self, *, dialect: bool) -> bool:
        return self.severity == "warning" or (self.borne and dialect)


RULES: dict[str, Rule] = {}
"""All rules that look at a drawing, in the order in which they do."""


def rule(
    identifier: str, section: str, sentence: str, *, warns: bool = False, borne: bool = False
) -> Callable[[Look], Look]:
    """Enter the function into `RULES` under this id."""

    def enter(look: Look) -> Look:
        assert identifier not in RULES, identifier
        severity: Literal["error", "warning"] = "warning" if warns else "error"
        RULES[identifier] = Rule(identifier, section, sentence, severity, look, borne)
        return look

    return enter


def both(
    one: etree._Element, other: etree._Element, message: str, *more: etree._Element
) -> Breaches:
    """A breach that is as much the one's as the other's: it is found at either."""
    yield one, message, *[other, *more]
    yield other, message, *[one, *more]
