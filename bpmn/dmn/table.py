"""A compiled decision table: which rules match, and what they give (DMN 1.5 §8.2.8 to §8.2.11).

Invariant: what a table gives is explained by what it notes: the values that its inputs had, the
rules that the result comes from, and their outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bpmn.dmn.columns import Input, Output, column_type, converted
from bpmn.dmn.evaluation import Evaluation, TableUse
from bpmn.dmn.expressions import Code, evaluation_of
from bpmn.dmn.functions import typed
from bpmn.dmn.hit_policies import (
    ORDERED,
    POLICIES,
    RANKED,
    SINGLE,
    Hit,
    Ranks,
    Violated,
    aggregated,
)
from bpmn.feel import Type
from bpmn.feel.scope import Scope


@dataclass(frozen=True, slots=True)
class Cell:
    """A rule's test of one input. `called`: it may name the input, as Camunda lets it."""

    input: int
    test: Code = field(repr=False, compare=False)
    called: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """`cells` leaves out what every value passes."""

    id: str
    line: int
    cells: tuple[Cell, ...]
    outputs: tuple[Code, ...] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """Called with a scope it gives its value, as any code does."""

    id: str
    hit_policy: str
    aggregation: str | None
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    lenient: bool = False

    @property
    def gives_one(self) -> bool:
        """Whether the result is one value at most."""
        return self.hit_policy in SINGLE or self.aggregation is not None

    def __call__(self, scope: Scope) -> Any:
        evaluation = evaluation_of(scope)
        values: list[Any] = []
        try:
            for item in self.inputs:
                values.append(self._input(item, scope))  # noqa: PERF401 what came before a fault
            chosen = self._chosen(scope, values)
            rows, result = self._given(chosen, scope)
        except Violated as violated:
            evaluation.fault(self.id, str(violated))
            chosen, rows, result = [], [], None
        seen = {item.text: value for item, value in zip(self.inputs, values, strict=False)}
        evaluation.tables.append(
            TableUse(
                self.id,
                self.hit_policy,
                seen,
                tuple(hit.rule for hit in chosen),
                tuple(self.rules[hit.rule - 1].id for hit in chosen),
                tuple(rows),
            )
        )
        return result

    # --- inputs ---

    def _input(self, item: Input, scope: Scope) -> Any:
        """The input in its type. A null is let through where values are listed: rules may match
        it. Raises `Violated` for a value that the table does not list."""
        what = f"the input {item.label or item.text}"
        value = self._typed(item.evaluate(scope), item.type, scope, what)
        if item.allowed and value is not None and not _passes(item.allowed, value, scope):
            raise Violated(f"{what} is not among its values")
        return value

    def _typed(self, value: Any, type_: Type, scope: Scope, what: str) -> Any:
        if self.lenient:
            value, type_ = converted(value, type_), column_type(type_)
        return typed(evaluation_of(scope), value, type_, self.id, what)

    # --- rules ---

    def _chosen(self, scope: Scope, values: list[Any]) -> list[Hit]:
        matching = self._matching(scope, values)
        if self.hit_policy == "UNIQUE" and len(matching) > 1:
            hits = [Hit(number, {}) for number in matching]
        else:
            hits = [Hit(number, self._outputs(number, scope)) for number in matching]
        return POLICIES[self.hit_policy](hits, self._ranks(scope), scope.run)

    def _matching(self, scope: Scope, values: list[Any]) -> list[int]:
        """The numbers of the rules that match; of FIRST only the first."""
        subjects = [Scope({"?": value}, scope.run, scope) for value in values]
        named = [
            Scope({"?": value}, scope.run, Scope({**scope.names, item.variable: value}, scope.run))
            for item, value in zip(self.inputs, values, strict=True)
        ]
        found: list[int] = []
        for number, rule in enumerate(self.rules, 1):
            for cell in rule.cells:
                subject = (named if cell.called else subjects)[cell.input]
                if cell.test(subject) is not True:
                    break
            else:
                found.append(number)
                if self.hit_policy == "FIRST":
                    break
        return found

    def _outputs(self, number: int, scope: Scope) -> dict[str, Any]:
        made: dict[str, Any] = {}
        codes = self.rules[number - 1].outputs
        for output, code in zip(self.outputs, codes, strict=True):
            what = f"rule {number}: the output {output.name}"
            value = self._typed(code(scope), output.type, scope, what)
            if output.allowed and value is not None and not _passes(output.allowed, value, scope):
                raise Violated(f"{what} is not among its values")
            made[output.name] = value
        return made

    def _ranks(self, scope: Scope) -> Ranks:
        if self.hit_policy not in RANKED:
            return ()
        return [
            (output.name, output.priorities(scope)) for output in self.outputs if output.priorities
        ]

    # --- the result ---

    def _given(self, hits: list[Hit], scope: Scope) -> tuple[list[dict[str, Any]], Any]:
        """The rows, as Camunda counts results, and the value, as DMN does."""
        if not hits and any(output.default for output in self.outputs):
            row = self._defaults(scope)
            return [row], self._of_row(row)
        if self.aggregation:
            return self._aggregate(hits, scope.run)  # type: ignore[arg-type]
        if not hits and self.hit_policy in ORDERED:
            return [], None
        rows = [hit.outputs for hit in hits]
        if self.hit_policy in SINGLE:
            return rows, self._of_row(rows[0]) if rows else None
        return rows, [self._of_row(row) for row in rows]

    def _of_row(self, row: dict[str, Any]) -> Any:
        return dict(row) if len(self.outputs) > 1 else row[self.outputs[0].name]

    def _defaults(self, scope: Scope) -> dict[str, Any]:
        return {
            output.name: self._typed(
                output.default(scope) if output.default else None,
                output.type,
                scope,
                f"the default of {output.name}",
            )
            for output in self.outputs
        }

    def _aggregate(
        self, hits: list[Hit], evaluation: Evaluation
    ) -> tuple[list[dict[str, Any]], Any]:
        """No rule matched: no result, but a count of 0."""
        if not hits and self.aggregation != "COUNT":
            return [], None
        name = self.outputs[0].name
        values = [hit.outputs[name] for hit in hits]
        value = aggregated(self.aggregation or "", values, evaluation)
        return [{name: value}], value


def _passes(test: Code, value: Any, scope: Scope) -> bool:
    return test(Scope({"?": value}, scope.run, scope)) is True
