"""One evaluation under way: what it may cost, what it noticed, and what explains its result.

Invariant: an error in a model's logic gives null and a warning, as the standard says; only what
would not end, or not fit, raises (`bpmn.errors.ExpressionFailed`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bpmn.errors import ExpressionFailed
from bpmn.feel.limits import STEPS, Run

BUDGET = 20 * STEPS
"""Steps of one evaluation, whatever number of decisions it needs."""

MOST_WARNINGS = 100


@dataclass(frozen=True, slots=True)
class Flaw:
    """What gave null, and where. A `fault` is the model's or the data's, such as two rules where
    the hit policy allows one; the rest are expressions without a value."""

    decision: str
    element: str
    message: str
    fault: bool = True

    def __str__(self) -> str:
        where = self.element if self.element == self.decision else f"{self.decision} {self.element}"
        return f"{where.strip()}: {self.message}"


@dataclass(frozen=True, slots=True)
class TableUse:
    """A decision table that was evaluated. `inputs` are keyed by the text of their expressions;
    `matched` numbers the rules that the result comes from, from 1; `rows` are its outputs."""

    table: str
    hit_policy: str
    inputs: dict[str, Any]
    matched: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class Evaluated:
    """A decision that was evaluated: the values it required, the tables it used, its result."""

    decision: str
    name: str
    required: dict[str, Any]
    tables: list[TableUse] = field(default_factory=list)
    result: Any = None


class Evaluation(Run):
    """The run that all expressions of one evaluation share. `explains`: whether expressions that
    give null are evaluated once more to tell why."""

    __slots__ = ("at", "explains", "functions", "tables", "trace", "warnings")

    def __init__(self, now: datetime, *, explains: bool = False) -> None:
        super().__init__(now)
        self.steps = BUDGET
        self.explains = explains
        self.warnings: list[Flaw] = []
        self.trace: list[Evaluated] = []
        self.tables: list[TableUse] = []
        self.functions: dict[Any, Any] = {}
        """Knowledge models and services as values: made once."""
        self.at = ""
        """The decision that is being evaluated."""

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise ExpressionFailed(f"the evaluation takes more than {BUDGET} steps")

    def fault(self, element: str, message: str) -> None:
        self._note(Flaw(self.at, element, message))

    def remark(self, element: str, message: str) -> None:
        self._note(Flaw(self.at, element, message, fault=False))

    def _note(self, flaw: Flaw) -> None:
        if len(self.warnings) < MOST_WARNINGS and flaw not in self.warnings:
            self.warnings.append(flaw)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """While it lasts nothing is noted: what is evaluated has been evaluated before."""
        kept, calls = (self.explains, self.warnings, self.trace, self.tables), self.calls
        self.explains, self.warnings, self.trace, self.tables = False, [], [], []
        try:
            yield
        finally:
            self.explains, self.warnings, self.trace, self.tables = kept
            self.calls = calls
