"""Compiled decisions: tables and literal expressions, and what an evaluation gives.

Invariant: an outcome holds what explains it: the rules that matched and the inputs they saw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from bpmn.decision_types import converted
from bpmn.errors import ExpressionFailed, Finding
from bpmn.feel import Test
from bpmn.graph import Evaluate
from bpmn.hit_policies import POLICIES, SINGLE, Hit, Ranks, aggregated
from bpmn.values import Value, Variables


@dataclass(frozen=True, slots=True)
class Outcome:
    """`matched` numbers rules from 1, as Modeler shows them; `inputs` is keyed by the text of
    each input's expression. One output context per result; aggregated: one with the aggregate."""

    matched: tuple[int, ...]
    inputs: Variables
    outputs: list[Variables]


@dataclass(frozen=True, slots=True)
class Input:
    id: str
    label: str
    text: str
    evaluate: Evaluate = field(repr=False, compare=False)
    type: str = "any"
    variable: str = "cellInput"
    """The name that a rule's test may call the input by (`camunda:inputVariable`)."""
    allowed: Test | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Output:
    name: str
    label: str
    type: str = "any"
    allowed: Test | None = field(default=None, repr=False, compare=False)
    priorities: tuple[Value, ...] = ()
    default: Evaluate | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Cell:
    """A rule's test of one input; `names_input` tells whether it calls the input by name."""

    text: str
    test: Test = field(repr=False, compare=False)
    names_input: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """`texts` holds the output entries as written."""

    id: str
    line: int
    description: str
    cells: tuple[Cell, ...]
    outputs: tuple[Evaluate, ...] = field(repr=False, compare=False)
    texts: tuple[str, ...] = ()


Known: TypeAlias = dict[str, Variables]
"""The named results of decisions that one evaluation has behind it, by id."""


@dataclass(frozen=True, slots=True)
class _Base:
    id: str
    name: str
    variable: str
    """What expressions of other decisions call the result."""
    line: int
    version_tag: str | None
    history_ttl: str | None
    required: tuple[Decision, ...]

    def _visible(
        self, variables: Mapping[str, Value], now: datetime, known: Known
    ) -> Mapping[str, Value]:
        """The variables and the results of required decisions, by their outputs' names (Camunda 7)
        and by the decision's own (DMN). Each decision is evaluated once."""
        if not self.required:
            return variables
        found: Variables = {}
        for decision in self.required:
            if decision.id not in known:
                known[decision.id] = decision.named_results(variables, now, known)
            found.update(known[decision.id])
        return {**variables, **found}


@dataclass(frozen=True, slots=True)
class DecisionTable(_Base):
    hit_policy: str
    aggregation: str | None
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]

    def evaluate(
        self, variables: Mapping[str, Value], now: datetime, known: Known | None = None
    ) -> Outcome:
        """Evaluate with what it requires. Raises `ExpressionFailed`."""
        visible = self._visible(variables, now, {} if known is None else known)
        values = [_input_value(item, visible, now) for item in self.inputs]
        inputs = {item.text: value for item, value in zip(self.inputs, values, strict=True)}
        hits = [
            Hit(number, self._outputs(number, rule, visible, now))
            for number, rule in enumerate(self.rules, 1)
            if self._matches(rule, values, visible, now)
        ]
        chosen = POLICIES[self.hit_policy](hits, self._ranks())
        if self.aggregation:
            return Outcome(_numbers(chosen), inputs, self._aggregate(chosen, self.aggregation))
        if not chosen and any(output.default for output in self.outputs):
            return Outcome((), inputs, [self._defaults(visible, now)])
        return Outcome(_numbers(chosen), inputs, [hit.outputs for hit in chosen])

    def _matches(
        self, rule: Rule, values: list[Value], variables: Mapping[str, Value], now: datetime
    ) -> bool:
        for item, cell, value in zip(self.inputs, rule.cells, values, strict=True):
            visible = {**variables, item.variable: value} if cell.names_input else variables
            if not cell.test(value, visible, now):
                return False
        return True

    def _outputs(
        self, number: int, rule: Rule, variables: Mapping[str, Value], now: datetime
    ) -> Variables:
        made: Variables = {}
        for output, evaluate in zip(self.outputs, rule.outputs, strict=True):
            what = f"rule {number}: the output {output.name}"
            value = converted(evaluate(variables, now), output.type, what)
            if output.allowed and value is not None and not output.allowed(value, variables, now):
                raise ExpressionFailed(f"{what} is not among its values")
            made[output.name] = value
        return made

    def _defaults(self, variables: Mapping[str, Value], now: datetime) -> Variables:
        return {
            output.name: converted(
                output.default(variables, now) if output.default else None,
                output.type,
                f"the default of {output.name}",
            )
            for output in self.outputs
        }

    def _aggregate(self, hits: list[Hit], aggregation: str) -> list[Variables]:
        """No rule matched: no result, but a count of 0 (as Camunda 7)."""
        name = self.outputs[0].name
        if not hits and aggregation != "COUNT":
            return []
        return [{name: aggregated(aggregation, [hit.outputs[name] for hit in hits])}]

    def _ranks(self) -> Ranks:
        return [(item.name, item.priorities) for item in self.outputs if item.priorities]

    def named_results(
        self, variables: Mapping[str, Value], now: datetime, known: Known
    ) -> Variables:
        """The result under the names that other decisions use."""
        outputs = self.evaluate(variables, now, known).outputs
        single = self.hit_policy in SINGLE or self.aggregation is not None
        named: Variables = {}
        for output in self.outputs:
            column = [result[output.name] for result in outputs]
            named[output.name] = _one(column) if single else list(column)
        if len(self.outputs) == 1:
            named[self.variable] = named[self.outputs[0].name]
        else:
            contexts: list[Value] = list(outputs)
            named[self.variable] = _one(contexts) if single else contexts
        return named


@dataclass(frozen=True, slots=True)
class LiteralDecision(_Base):
    """A decision that is one expression."""

    text: str
    expression: Evaluate = field(repr=False, compare=False)
    type: str = "any"

    def evaluate(
        self, variables: Mapping[str, Value], now: datetime, known: Known | None = None
    ) -> Outcome:
        visible = self._visible(variables, now, {} if known is None else known)
        value = self.expression(visible, now)
        made = converted(value, self.type, f"the decision {self.name}")
        return Outcome((), {}, [{self.variable: made}])

    def named_results(
        self, variables: Mapping[str, Value], now: datetime, known: Known
    ) -> Variables:
        return self.evaluate(variables, now, known).outputs[0]


Decision: TypeAlias = DecisionTable | LiteralDecision


@dataclass(frozen=True, slots=True)
class Decisions(Mapping[str, Decision]):
    """All decisions of a file by id, and the notices of its reading."""

    id: str
    name: str
    decisions: Mapping[str, Decision]
    findings: tuple[Finding, ...] = ()

    def __getitem__(self, key: str) -> Decision:
        return self.decisions[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.decisions)

    def __len__(self) -> int:
        return len(self.decisions)


def _input_value(item: Input, variables: Mapping[str, Value], now: datetime) -> Value:
    """The input in its type. A null is let through where values are listed: rules may match it."""
    what = f"the input {item.label or item.text}"
    value = converted(item.evaluate(variables, now), item.type, what)
    if item.allowed and value is not None and not item.allowed(value, variables, now):
        raise ExpressionFailed(f"{what} is not among its values")
    return value


def _numbers(hits: list[Hit]) -> tuple[int, ...]:
    return tuple(hit.rule for hit in hits)


def _one(values: list[Value]) -> Value:
    return values[0] if values else None
