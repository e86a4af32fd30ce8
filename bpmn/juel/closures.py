"""What JUEL's operators, properties and methods do: `Code` takes variables and a clock."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bpmn.errors import ExpressionFailed, VariableMissing
from bpmn.feel import operators
from bpmn.feel.limits import checked_text
from bpmn.graph import Evaluate
from bpmn.juel import coercion, methods, spin
from bpmn.juel.execution import Code
from bpmn.values import Value

OPERATIONS: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "==": (3, coercion.equal),
    "!=": (3, lambda left, right: not coercion.equal(left, right)),
    "<": (4, coercion.ordered(operator.lt, if_equal=False)),
    ">": (4, coercion.ordered(operator.gt, if_equal=False)),
    "<=": (4, coercion.ordered(operator.le, if_equal=True)),
    ">=": (4, coercion.ordered(operator.ge, if_equal=True)),
    "+": (5, coercion.arithmetic(operators.add)),
    "-": (5, coercion.arithmetic(operators.subtract)),
    "*": (6, coercion.arithmetic(operators.multiply)),
    "/": (6, coercion.divided),
    "%": (6, coercion.remainder),
}
"""How tightly each binds, and what it does."""

LOGIC = {"||": 1, "&&": 2}


def guarded(code: Code) -> Code:
    """The code of a whole expression: its value is one that a variable can hold."""

    def evaluate(variables: Mapping[str, Value], now: datetime) -> Any:
        try:
            value = code(variables, now)
            return value if type(value) in _PLAIN else methods.with_offset(spin.plain(value))
        except RecursionError:
            raise ExpressionFailed(_TOO_DEEP) from None

    return evaluate


def template(parts: Sequence[str | Code]) -> Evaluate:
    """The code of a text with expressions in it."""

    def evaluate(variables: Mapping[str, Value], now: datetime) -> Value:
        try:
            texts = [
                part if isinstance(part, str) else coercion.to_text(part(variables, now))
                for part in parts
            ]
        except RecursionError:
            raise ExpressionFailed(_TOO_DEEP) from None
        return checked_text("".join(texts))

    return evaluate


_TOO_DEEP = "a value is nested too deeply"
_PLAIN = frozenset({bool, int, str, dict, type(None)})


def constant(value: Any) -> Code:
    return lambda _variables, _now: value


def choice(condition: Code, first: Code, second: Code) -> Code:
    return lambda variables, now: (
        first(variables, now)
        if coercion.to_boolean(condition(variables, now))
        else second(variables, now)
    )


def called(receiver: Code, name: str, arguments: list[Code]) -> Code:
    return lambda variables, now: methods.call(
        receiver(variables, now), name, [argument(variables, now) for argument in arguments]
    )


def node(argument: Code) -> Code:
    return lambda variables, now: spin.node_of(argument(variables, now))


def clock(_variables: Mapping[str, Value], now: datetime) -> Any:
    return methods.office_time(now)


def has_variable(name: Code) -> Code:
    return lambda variables, now: coercion.to_text(name(variables, now)) in variables


def get_variable(name: Code) -> Code:
    return lambda variables, now: variables.get(coercion.to_text(name(variables, now)))


def variable(name: str) -> Code:
    def code(variables: Mapping[str, Value], _now: datetime) -> Any:
        try:
            return variables[name]
        except KeyError:
            raise VariableMissing(f"there is no variable {name}") from None

    return code


def part(base: Code, key: Code) -> Code:
    """An entry of a context (null if it has none), an item of a list (null beside it); null of
    null (§1.6)."""

    def code(variables: Mapping[str, Value], now: datetime) -> Any:
        holder = base(variables, now)
        if holder is None:
            return None
        name = key(variables, now)
        if type(holder) is dict:
            return holder.get(coercion.to_text(name))
        if type(holder) is list:
            index = int(coercion.to_number(name))
            return holder[index] if 0 <= index < len(holder) else None
        raise ExpressionFailed(f"{coercion.to_text(name)} is looked for where nothing has parts")

    return code


def both(symbol: str, left: Code, right: Code) -> Code:
    operation = OPERATIONS[symbol][1]
    return lambda variables, now: operation(left(variables, now), right(variables, now))


def logic(symbol: str, left: Code, right: Code) -> Code:
    decisive = symbol == "||"

    def code(variables: Mapping[str, Value], now: datetime) -> bool:
        if coercion.to_boolean(left(variables, now)) is decisive:
            return decisive
        return coercion.to_boolean(right(variables, now))

    return code


def negated(operand: Code) -> Code:
    return lambda variables, now: not coercion.to_boolean(operand(variables, now))


def minus(operand: Code) -> Code:
    return lambda variables, now: operators.negative(coercion.to_number(operand(variables, now)))


def empty(operand: Code) -> Code:
    return lambda variables, now: coercion.is_empty(operand(variables, now))
