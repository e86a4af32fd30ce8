"""What one expression may cost. Every bound is checked, and passing it is an error that says so.

Invariant: an expression ends after a bounded time in bounded memory, whoever wrote it. What is
evaluated once costs what its text costs, which is bounded; so only repetition spends steps.
"""

from __future__ import annotations

from datetime import datetime

from bpmn.errors import ExpressionFailed

TEXT = 20_000
"""Characters of one expression."""

DEPTH = 100
"""Levels of the syntax tree."""

CALL_DEPTH = 450
"""Levels of the syntax trees of all function calls that are under way at one time."""

STEPS = 200_000
"""Nodes evaluated by loops, filters, functions and comparisons of lists."""

STRING = 1_000_000
"""Characters of a string that an expression makes."""

ITEMS = 100_000
"""Values, nested ones counted, in a list or context that an expression makes."""


class Run:
    """One evaluation: its clock, and what it may still spend."""

    __slots__ = ("calls", "now", "steps")

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.steps = STEPS
        self.calls = 0

    def enter(self, levels: int) -> None:
        """A call begins whose body has so many levels."""
        self.calls += levels
        if self.calls > CALL_DEPTH:
            raise ExpressionFailed("functions call each other too deeply")

    def leave(self, levels: int) -> None:
        """The call has ended with a value."""
        self.calls -= levels

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise ExpressionFailed(f"the expression takes more than {STEPS} steps")


def checked_text(text: str) -> str:
    """The string, if it is short enough."""
    checked_length(len(text))
    return text


def checked_length(length: int) -> None:
    if length > STRING:
        raise ExpressionFailed(f"the expression makes a text of more than {STRING} characters")


def weight(value: object) -> int:
    """The steps that passing once over a text, list or context costs."""
    if type(value) is str:
        return len(value) >> 6
    return len(value) >> 4 if type(value) in (list, dict) else 0  # type: ignore[arg-type]
