"""Results as JSON shows them: numbers with all digits, temporal values as ISO 8601 text, ranges and
functions as they are written in FEEL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bpmn.dmn.decisions import Decisions, Outcome
from bpmn.dmn.evaluation import Evaluated
from bpmn.feel import Function, print_type
from bpmn.feel.builtins.conversion import print_value
from bpmn.feel.values import Portion

_PLAIN = (str, bool, int, Decimal, type(None))


def as_json(value: Any, portion: Portion | None = None) -> Any:
    """The value with all that JSON lacks printed. Raises `ExpressionFailed` where it is too large
    to be written out."""
    portion = portion or Portion()
    portion.take(value)
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, dict):
        return {str(key): as_json(item, portion) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item, portion) for item in value]
    return _signature(value) if isinstance(value, Function) else print_value(value)


def answer(outcome: Outcome, decisions: Decisions) -> dict[str, Any]:
    """The outcome as `amtsgang decide --json` prints it. `decisions` has the value of every
    decision that was evaluated, by its name; those of the model itself before imported ones."""
    values = {each.name: each for each in outcome.trace}
    values |= {each.name: each for each in outcome.trace if each.decision in decisions}
    return {
        "result": as_json(outcome.value),
        "decisions": {name: as_json(each.result) for name, each in values.items()},
        "matched": list(outcome.matched),
        "warnings": [_warning(each) for each in outcome.warnings],
        "inputs": as_json(outcome.inputs),
        "outputs": as_json(outcome.outputs),
        "explanation": [_explained(each) for each in outcome.trace],
    }


def _warning(flaw: Any) -> dict[str, Any]:
    return {
        "decision": flaw.decision or None,
        "element": flaw.element or None,
        "severity": "error" if flaw.fault else "warning",
        "message": flaw.message,
    }


def _explained(noted: Evaluated) -> dict[str, Any]:
    return {
        "decision": noted.decision,
        "name": noted.name,
        "required": as_json(noted.required),
        "tables": [
            {
                "table": use.table,
                "hit_policy": use.hit_policy,
                "inputs": as_json(use.inputs),
                "matched": list(use.matched),
                "rules": list(use.rules),
                "outputs": as_json(use.rows),
            }
            for use in noted.tables
        ],
        "result": as_json(noted.result),
    }


def _signature(function: Function) -> str:
    types = function.types or (None,) * len(function.parameters)
    parameters = (
        name if type_ is None else f"{name}: {print_type(type_)}"
        for name, type_ in zip(function.parameters, types, strict=True)
    )
    return f"function({', '.join(parameters)})"
