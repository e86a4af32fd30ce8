"""Compiled decisions, and what an evaluation gives.

Invariant: an outcome holds what explains it: every decision that was evaluated, the rules that
matched and what they saw, and a warning for each error that gave null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from bpmn.dmn.evaluation import Evaluated, Evaluation, Flaw, TableUse
from bpmn.dmn.functions import Parameter, typed
from bpmn.dmn.inputs import Path, found, read
from bpmn.dmn.nodes import DecisionNode, InputData, KnowledgeModel, Node, ServiceNode, World
from bpmn.dmn.source import extension, plain_name
from bpmn.dmn.table import DecisionTable
from bpmn.errors import ExpressionFailed, Finding
from bpmn.feel import exported, invoke
from bpmn.feel.invocation import misfit
from bpmn.values import Value, Variables

TOO_DEEP = "the evaluation is nested too deeply"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`value` is the result as DMN has it; `outputs` are its rows as Camunda 7 counts them, one
    context each. `matched` numbers the rules of the decision's table from 1, as Modeler shows
    them; `inputs` is keyed by the text of each input's expression."""

    value: Any
    outputs: list[Variables]
    matched: tuple[int, ...] = ()
    inputs: Variables = field(default_factory=dict)
    warnings: tuple[Flaw, ...] = ()
    trace: tuple[Evaluated, ...] = ()

    def insist(self) -> Outcome:
        """Raises `ExpressionFailed` where the model or the data were at fault, and for a result
        that no variable can hold: a process must not go on with a null that means an error."""
        for warning in self.warnings:
            if warning.fault:
                raise ExpressionFailed(str(warning))
        for row in self.outputs:
            exported(row)
        return self


class Invocable:
    """A decision, service or knowledge model that can be asked from outside."""

    def __init__(self, node: Node, paths: Callable[[Node], list[Path]]) -> None:
        self._node = node
        self._paths = paths
        self.id = node.id
        self.name = node.name
        self.variable = node.variable
        self.line = node.line
        self.version_tag = extension(node.element, "versionTag")
        self.history_ttl = extension(node.element, "historyTimeToLive")

    @property
    def kind(self) -> str:
        """`decision`, `service` or `model`."""
        kinds = {ServiceNode: "service", KnowledgeModel: "model"}
        return kinds.get(type(self._node), "decision")

    def evaluate(self, variables: Mapping[str, Any], now: datetime) -> Outcome:
        """The outcome a process can go on with. Raises `ExpressionFailed`."""
        return self.consider(variables, now).insist()

    def consider(
        self, variables: Mapping[str, Any], now: datetime, *, explains: bool = False
    ) -> Outcome:
        """The outcome as the standard has it: errors give null and a warning. Raises
        `ExpressionFailed` where a limit is passed."""
        evaluation = Evaluation(now, explains=explains)
        evaluation.at = self.id
        try:
            value = self._value(evaluation, variables)
        except RecursionError:
            raise ExpressionFailed(TOO_DEEP) from None
        return self._outcome(evaluation, value)

    def _value(self, evaluation: Evaluation, variables: Mapping[str, Any]) -> Any:
        node = self._node
        if isinstance(node, KnowledgeModel):
            return _called(node, evaluation, variables)
        given = givens(node, evaluation, variables, self._paths)
        if isinstance(node, ServiceNode):
            return node.evaluate(World(evaluation, given))
        return World(evaluation, given, variables).value(node)

    def _outcome(self, evaluation: Evaluation, value: Any) -> Outcome:
        use = self._table(evaluation)
        rows = None if use is None else list(use.rows)
        if not isinstance(self._node, DecisionNode) or rows is None or not self._is_table:
            rows = [{self.variable: value}]
        return Outcome(
            value,
            cast("list[Variables]", rows),
            use.matched if use else (),
            cast("Variables", use.inputs if use else {}),
            tuple(evaluation.warnings),
            tuple(evaluation.trace),
        )

    @property
    def _is_table(self) -> bool:
        return isinstance(self._node, DecisionNode) and isinstance(self._node.logic, DecisionTable)

    def _table(self, evaluation: Evaluation) -> TableUse | None:
        """The use of the decision's own table, or of the only one that its logic used."""
        for noted in evaluation.trace:
            if noted.decision == self.id:
                used = noted.tables
                return used[-1] if used and (self._is_table or len(used) == 1) else None
        used = evaluation.tables
        return used[0] if len(used) == 1 and not evaluation.trace else None


class Decisions(Mapping[str, Invocable]):
    """The decisions of a file by id, and the notices of its reading. `invocables` has its services
    and knowledge models too."""

    def __init__(
        self,
        id: str,  # noqa: A002 the model's own
        name: str,
        *,
        nodes: list[Node],
        paths: Callable[[Node], list[Path]],
        findings: tuple[Finding, ...] = (),
        file: str = "",
        namespace: str = "",
        imports: tuple[str, ...] = (),
    ) -> None:
        self.id = id
        self.name = name
        self.file = file
        self.namespace = namespace
        self.findings = findings
        self.imports = imports
        """Namespaces of the models that this one imports."""
        self._paths = paths
        self.invocables = {
            node.id: Invocable(node, paths) for node in nodes if not isinstance(node, InputData)
        }
        self._decisions = {
            key: each for key, each in self.invocables.items() if each.kind == "decision"
        }
        self._nodes = [node for node in nodes if isinstance(node, DecisionNode)]

    def __getitem__(self, key: str) -> Invocable:
        return self._decisions[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._decisions)

    def __len__(self) -> int:
        return len(self._decisions)

    def called(self, name: str) -> Invocable | None:
        """What has this id or, failing that, this name: a decision before a service before a
        knowledge model."""
        if name in self.invocables:
            return self.invocables[name]
        name = plain_name(name)
        order = ("decision", "service", "model")
        named = [each for each in self.invocables.values() if name in (each.name, each.variable)]
        return min(named, key=lambda each: order.index(each.kind), default=None)

    def consider_all(
        self, variables: Mapping[str, Any], now: datetime, *, explains: bool = False
    ) -> Outcome:
        """Every decision's value by its name. One that passes a limit is null, with a warning."""
        evaluation = Evaluation(now, explains=explains)
        world = World(evaluation, {}, variables)
        for node in self._nodes:
            world.known |= givens(node, evaluation, variables, self._paths, world.known)
        made = {node.name: _tried(node, world) for node in self._nodes}
        rows = cast("list[Variables]", [made])
        return Outcome(made, rows, (), {}, tuple(evaluation.warnings), tuple(evaluation.trace))


def givens(
    node: Node,
    evaluation: Evaluation,
    variables: Mapping[str, Any],
    paths: Callable[[Node], list[Path]],
    known: Mapping[Node, Any] | None = None,
) -> dict[Node, Any]:
    """The values of all input data that a node needs, and of a service's input decisions."""
    given: dict[Node, Any] = {}
    wanted = list(node.inputs) if isinstance(node, ServiceNode) else []
    for each in (*wanted, *_needed(node, set(wanted))):
        if each not in given and not (known and each in known):
            value = read(found(variables, paths(each)), each.type)
            what = f"the input {each.name}"
            given[each] = typed(evaluation, value, each.type, each.id, what)
    return given


def _needed(node: Node, given: set[Node]) -> list[Node]:
    """The input data behind a node, without what lies behind the given ones."""
    seen: set[Node] = set(given)
    pending = [node]
    needed: list[Node] = []
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        if isinstance(current, InputData):
            needed.append(current)
        elif isinstance(current, DecisionNode | ServiceNode):
            pending += list(current.requires)
    return needed


def _tried(node: DecisionNode, world: World) -> Any:
    evaluation = world.evaluation
    try:
        return world.value(node)
    except (ExpressionFailed, RecursionError) as failed:
        evaluation.at, evaluation.calls = node.id, 0
        text = TOO_DEEP if isinstance(failed, RecursionError) else str(failed)
        evaluation.fault(node.id, text)
        world.known[node] = None
        return None


def _called(model: KnowledgeModel, evaluation: Evaluation, variables: Mapping[str, Any]) -> Any:
    """A knowledge model, the context's entries as its arguments by name."""
    function = model.function(evaluation)
    if function is None or model.definition is None:
        return None
    parameters: tuple[Parameter, ...] = model.definition.parameters
    arguments: list[Value] = [read(variables.get(each.name), each.type) for each in parameters]
    given = {each.name: value for each, value in zip(parameters, arguments, strict=True)}
    if wrong := misfit(function, evaluation, given):
        evaluation.fault(model.id, f"the argument {wrong} is not of its parameter's type")
        return None
    return invoke(function, evaluation, arguments)
