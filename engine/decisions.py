"""Evaluating decisions, for business rule tasks and on their own, so that each can be explained.

Invariant: what is evaluated is recorded: which rules matched in the lasting part of the ledger,
what they saw and gave in the erasable one. A null that means an error is an error here: a process
or caller that went on with it could not tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert

from bpmn.errors import ExpressionFailed
from bpmn.feel import Function, Range
from bpmn.feel.builtins.conversion import print_value
from bpmn.graph import Decision
from bpmn.values import Value, Variables, encode
from engine import record
from engine.commands import EvaluateDecision
from engine.errors import NotFound, TooLarge
from engine.ids import new_id
from engine.limits import LARGEST_ENTRY, check_names, check_values
from engine.machine import facts
from engine.machine.run import Decide, Decided
from engine.results import DecisionEvaluated, Definition
from engine.tables import evaluation, evaluation_stream
from identity.access import require
from storage.chain import GENESIS
from storage.ledger import INSERT_ENTRY, seal

if TYPE_CHECKING:
    from bpmn.dmn import Outcome
    from engine.instance import Instance
    from engine.unit import Unit

RECORD_EVALUATION = insert(evaluation).values({c.name: bindparam(c.name) for c in evaluation.c})
_BEGIN_STREAM = insert(evaluation_stream).values(
    {column.name: bindparam(column.name) for column in evaluation_stream.c}
)
LARGEST_VALUE = 4096
"""Bytes of a value inside an explanation; of a larger one stand its size and its hash."""
_ROWS = 64 * 1024
LARGEST_EXPLANATION = 1024 * 1024
"""Bytes of all values of an explanation."""


def decider(unit: Unit, instance: Instance) -> Decide:
    """Evaluates the decision that a business rule task names, in the version it is bound to."""

    def decide(action: Decision, seen: Mapping[str, Value], now: datetime) -> Decided:
        found = unit.engine.models.bound(
            unit.tx,
            "decision",
            action.reference,
            action.binding,
            action.version,
            instance.definition.deployment_id,
        )
        if found is None:
            raise ExpressionFailed(f"decision {action.reference!r} is not deployed")
        return _decided(unit, found, seen, now)

    return decide


def evaluate(unit: Unit, command: EvaluateDecision) -> DecisionEvaluated:
    """A stream of its own holds the evaluation, so that no two of them wait for each other."""
    require(unit.principal, "instance.start")
    check_names(key=command.key)
    check_values(command.variables)
    found = _definition(unit, command)
    answer = _decided(unit, found, command.variables, unit.tx.now)
    _record(unit, found, answer, evaluation_id := new_id(unit.tx.now))
    return DecisionEvaluated(
        evaluation_id, found.id, answer.value, tuple(answer.outputs), answer.matched
    )


def _definition(unit: Unit, command: EvaluateDecision) -> Definition:
    models = unit.engine.models
    if command.definition_id is not None:
        found = models.definition(unit.tx, command.definition_id)
        if found.kind != "decision":
            raise NotFound("decision", command.definition_id)
        return found
    newest = models.newest(unit.tx, "decision", command.key or "")
    if newest is None:
        raise NotFound("decision", command.key or "")
    return newest


def _decided(
    unit: Unit, found: Definition, variables: Mapping[str, Value], now: datetime
) -> Decided:
    decisions = unit.engine.models.decisions(unit.tx, found)
    return decided(decisions[found.key].evaluate(variables, now), found.version, found.id)


def decided(outcome: Outcome, version: int, definition_id: str | None = None) -> Decided:
    """The outcome with what explains it, its values kept as far as they are small."""
    keeper = _Keeper()
    evaluated = [
        [
            noted.decision,
            [[u.table, u.hit_policy, list(u.matched), list(u.rules)] for u in noted.tables],
        ]
        for noted in outcome.trace
    ]
    values: list[Value] = [
        {
            "required": keeper.each(noted.required),
            "tables": [
                {"inputs": keeper.each(use.inputs), "outputs": keeper.kept(list(use.rows), _ROWS)}
                for use in noted.tables
            ],
            "result": keeper.kept(noted.result),
        }
        for noted in outcome.trace
    ]
    return Decided(
        outcome.outputs,
        outcome.matched,
        keeper.each(outcome.inputs),
        version,
        outcome.value,
        definition_id,
        evaluated,
        values,
    )


class _Keeper:
    """Values as the ledger keeps them: what it cannot hold is printed, and of what is large, or
    comes after too much, stand the size and the hash."""

    def __init__(self) -> None:
        self._left = LARGEST_EXPLANATION

    def each(self, values: Mapping[str, Any]) -> Variables:
        return {name: self.kept(value) for name, value in values.items()}

    def kept(self, value: Any, most: int = LARGEST_VALUE) -> Value:
        plain = _printed(value)
        encoded = encode(plain)
        if len(encoded) <= min(most, self._left):
            self._left -= len(encoded)
            return plain
        return {"bytes": len(encoded), "sha256": sha256(encoded).hexdigest()}


def _printed(value: Any) -> Value:
    if isinstance(value, Range | Function):
        return print_value(value)
    if isinstance(value, list):
        return [_printed(item) for item in value]
    if isinstance(value, dict):
        return {key: _printed(item) for key, item in value.items()}
    known: Value = value
    return known


def _record(unit: Unit, found: Definition, answer: Decided, evaluation_id: str) -> None:
    tx, by = unit.tx, unit.principal
    rows: list[Value] = list(answer.outputs)
    fact = facts.Decided(
        "",
        found.key,
        found.version,
        answer.matched,
        answer.inputs,
        rows,
        found.id,
        answer.evaluated,
        answer.values,
    )
    lasting, values = record.encode([fact])
    size = len(lasting) + len(values or b"")
    if size > LARGEST_ENTRY:
        raise TooLarge("what this evaluation records", size, LARGEST_ENTRY)
    sealed = seal(
        evaluation_id,
        1,
        GENESIS,
        tx.now,
        by.id,
        by.on_behalf_of,
        "decision.evaluated",
        lasting,
        values,
        tenant=tx.tenant,
    )
    stream = {"tenant": tx.tenant, "id": evaluation_id, "seq": 1, "head": sealed.head}
    unit.add(_BEGIN_STREAM, stream)
    unit.add(RECORD_EVALUATION, evaluation_row(unit, fact, evaluation_id, None))
    unit.add(INSERT_ENTRY, sealed.row)


def evaluation_row(
    unit: Unit, fact: facts.Decided, evaluation_id: str, instance: Instance | None
) -> dict[str, Any]:
    """What people ask for evaluations by; that of an instance stands in the instance's stream."""
    of = None if instance is None else instance.definition
    return {
        "tenant": unit.tx.tenant,
        "id": evaluation_id,
        "definition_id": fact.definition_id,
        "key": fact.decision,
        "version": fact.version,
        "instance_id": instance.id if instance else None,
        "process_definition_id": of.id if of else None,
        "process_id": of.key if of else None,
        "node": fact.node or None,
        "evaluated_at": unit.tx.now,
        "evaluated_by": unit.principal.id,
    }
