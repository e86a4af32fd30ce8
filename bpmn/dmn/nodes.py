"""The elements of a requirements graph, compiled: what a decision needs, and how it gets its value.

Invariant: a decision sees what it requires, and each decision is evaluated once for the same
givens. Nothing recurs: requirements are evaluated in their order, however long their chain is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bpmn.dmn.evaluation import Evaluated, Evaluation
from bpmn.dmn.expressions import Code
from bpmn.dmn.functions import Definition, Parameter, callable_, result_of, typed
from bpmn.dmn.source import Element, Source
from bpmn.dmn.table import DecisionTable
from bpmn.feel import Type
from bpmn.feel.scope import Scope
from bpmn.feel.types import ANY


@dataclass(slots=True, eq=False)
class Node:
    """`name` is the element's, `variable` what expressions call it; `paths` says, for each node
    that is required, under which names it is in scope: its own, or `import` and its own."""

    source: Source
    element: Element
    id: str
    name: str
    variable: str
    type: Type = ANY
    requires: dict[Node, tuple[str, ...]] = field(default_factory=dict)

    @property
    def line(self) -> int:
        return self.source.line(self.element)


class InputData(Node):
    __slots__ = ()


@dataclass(slots=True, eq=False)
class DecisionNode(Node):
    """`logic` is None where the decision has none: its value is null."""

    logic: Code | None = None

    def frame(self, world: World) -> dict[str, Any]:
        """The names that the decision's logic sees."""
        frame: dict[str, Any] = dict(world.variables)
        for node in self.requires:
            if isinstance(node, DecisionNode) and isinstance(node.logic, DecisionTable):
                frame.update(world.columns.get(node, {}))
        return frame | self.required(world)

    def required(self, world: World) -> dict[str, Any]:
        return placed({path: world.value(node) for node, path in self.requires.items()})

    def evaluate(self, world: World) -> Any:
        """The value, once what it requires is known; noted in the trace."""
        evaluation = world.evaluation
        outer, used, evaluation.at = evaluation.at, len(evaluation.tables), self.id
        noted = Evaluated(self.id, self.name, {})
        evaluation.trace.append(noted)
        value = None
        if self.logic is None:
            evaluation.remark(self.id, "the decision has no logic")
        else:
            value = self.logic(Scope(self.frame(world), evaluation))
        value = typed(evaluation, value, self.type, self.id, f"the decision {self.name}")
        noted.required = {
            node.variable: world.value(node)
            for node in self.requires
            if isinstance(node, InputData | DecisionNode)
        }
        noted.tables = evaluation.tables[used:]
        noted.result = value
        if isinstance(self.logic, DecisionTable):
            world.columns[self] = _columns(self.logic, noted)
        evaluation.at = outer
        return value


@dataclass(slots=True, eq=False)
class KnowledgeModel(Node):
    """`definition` is None where it has no logic that is run: calling it gives null."""

    definition: Definition | None = None

    def function(self, evaluation: Evaluation) -> Any:
        """The function as a value. It may call itself by its name."""
        if self not in evaluation.functions:
            closure: dict[str, Any] = {}
            made = self.definition and self.definition.function(evaluation, closure)
            evaluation.functions[self] = made
            if made is None:
                evaluation.fault(self.id, f"{self.name} has no function that is run here")
            paths = {path: _callable(node, evaluation) for node, path in self.requires.items()}
            closure.update(placed(paths))
            closure.setdefault(self.variable, made)
        return evaluation.functions[self]


@dataclass(slots=True, eq=False)
class ServiceNode(Node):
    """A decision service: a function from its input data and input decisions, in that order, to
    its output decision, or to a context of several (DMN 1.5 §10.4)."""

    outputs: list[DecisionNode] = field(default_factory=list)
    inputs: list[InputData | DecisionNode] = field(default_factory=list)

    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(Parameter(each.variable, each.type) for each in self.inputs)

    def function(self, evaluation: Evaluation) -> Any:
        if self not in evaluation.functions:

            def call(given: dict[str, Any]) -> Any:
                evaluation.enter(_LEVELS)
                values: dict[Node, Any] = {node: given[node.variable] for node in self.inputs}
                value = self.evaluate(World(evaluation, given=values))
                evaluation.leave(_LEVELS)
                return value

            made = callable_(evaluation, self.parameters(), call, result_of(self.type))
            evaluation.functions[self] = made
        return evaluation.functions[self]

    def evaluate(self, world: World) -> Any:
        if len(self.outputs) == 1:
            value = world.value(self.outputs[0])
        else:
            value = {node.variable: world.value(node) for node in self.outputs}
        what = f"the service {self.name}"
        return typed(world.evaluation, value, result_of(self.type), self.id, what)


_LEVELS = 20
"""What the call of a service counts for: it holds an evaluation of its own."""


class World:
    """What one evaluation of decisions knows: `given` values stand for input data, and for
    decisions that are a service's inputs; `variables` are names that nobody declares."""

    def __init__(
        self,
        evaluation: Evaluation,
        given: Mapping[Node, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        self.evaluation = evaluation
        self.variables = variables or {}
        self.known: dict[Node, Any] = dict(given or {})
        self.columns: dict[Node, dict[str, Any]] = {}
        """A table's outputs by their names, as Camunda lets other decisions call them."""

    def value(self, node: Node) -> Any:
        """The value of a node: given, known, or evaluated now with all that it requires."""
        if isinstance(node, KnowledgeModel | ServiceNode):
            return node.function(self.evaluation)
        if node not in self.known:
            for each in self._order(node):
                self.known[each] = each.evaluate(self) if isinstance(each, DecisionNode) else None
        return self.known[node]

    def _order(self, wanted: Node) -> Iterator[Node]:
        """What is not known yet, requirements first."""
        entered: set[Node] = set()
        pending: list[tuple[Node, bool]] = [(wanted, False)]
        while pending:
            node, ready = pending.pop()
            if ready:
                yield node
                continue
            if node in self.known or node in entered:
                continue
            entered.add(node)
            pending.append((node, True))
            pending += [
                (each, False)
                for each in reversed(node.requires)
                if isinstance(each, InputData | DecisionNode)
            ]


def placed(values: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """Names and values; those of an import in a context of its name."""
    made: dict[str, Any] = {}
    for (*outer, name), value in values.items():
        inner = made
        for each in outer:
            held = inner.setdefault(each, {})
            inner = held if isinstance(held, dict) else {}
        inner[name] = value
    return made


def _callable(node: Node, evaluation: Evaluation) -> Any:
    assert isinstance(node, KnowledgeModel | ServiceNode)
    return node.function(evaluation)


def _columns(table: DecisionTable, noted: Evaluated) -> dict[str, Any]:
    """Each output's values: one where the table gives one result, else a list."""
    rows = noted.tables[-1].rows
    found: dict[str, Any] = {}
    for output in table.outputs:
        column = [row[output.name] for row in rows]
        found[output.name] = (column[0] if column else None) if table.gives_one else column
    return found
