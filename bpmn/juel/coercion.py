"""How JUEL turns one kind of value into another (Expression Language 2.2 §1.18 and §1.7 to 1.14).

Numbers stay exact: where Java computes with doubles, here 34 digits are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any

from bpmn.errors import ExpressionFailed
from bpmn.feel import operators
from bpmn.feel.builtins.conversion import print_value
from bpmn.juel import spin
from bpmn.values import ARITHMETIC, Number

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_NUMBERS = (int, Decimal)


def to_number(value: Any) -> Number:
    """Null and the empty text are 0; other texts must be numbers."""
    if type(value) in _NUMBERS:
        number: Number = value
        return number
    if value is None or value == "":
        return 0
    if type(value) is str and len(value) < 100 and _NUMBER.fullmatch(value):
        return int(value) if value.lstrip("+-").isdigit() else Decimal(value)
    raise ExpressionFailed(f"{_shown(value)} is no number")


def to_boolean(value: Any) -> bool:
    """Null and the empty text are false; of other texts only `true` is true."""
    if type(value) is bool:
        return value
    if value is None:
        return False
    if type(value) is str:
        return value.lower() == "true"
    raise ExpressionFailed(f"{_shown(value)} is neither true nor false")


def to_text(value: Any) -> str:
    """Null is the empty text."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, spin.Node):
        return spin.written(value)
    if type(value) in (list, dict):
        raise ExpressionFailed("a list or context cannot become a text")
    return print_value(value)


def _shown(value: Any) -> str:
    return repr(value)[:60] if type(value) is str else f"a {type(value).__name__}"


def equal(left: Any, right: Any) -> bool:
    """`left == right` (§1.8.2)."""
    if left is None or right is None:
        return left is right
    kinds = (type(left), type(right))
    if any(kind in _NUMBERS for kind in kinds):
        return bool(to_number(left) == to_number(right))
    if bool in kinds:
        return to_boolean(left) == to_boolean(right)
    if str in kinds:
        return to_text(left) == to_text(right)
    return operators.equal(left, right) is True


def same(left: Any, right: Any) -> bool:
    """`left.equals(right)`: nothing is converted."""
    return operators.equal(left, right) is True


def ordered(compare: Callable[[Any, Any], bool], *, if_equal: bool) -> Callable[[Any, Any], bool]:
    """The comparison on coerced operands; a null is neither less nor greater (§1.8.1)."""

    def comparison(left: Any, right: Any) -> bool:
        if left is None or right is None:
            return if_equal and left is right
        kinds = (type(left), type(right))
        if any(kind in _NUMBERS for kind in kinds):
            return compare(to_number(left), to_number(right))
        if str in kinds:
            return compare(to_text(left), to_text(right))
        keys = operators.order_keys(left, right)
        if keys is not None:
            return compare(*keys)
        raise ExpressionFailed("these two kinds of value have no order")

    return comparison


def _computed(result: Any) -> Any:
    if result is None:
        raise ExpressionFailed("the number is too large, or there is none")
    return result


def arithmetic(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: _computed(operation(to_number(left), to_number(right)))


def remainder(left: Any, right: Any) -> Number:
    """The rest of the division, with the dividend's sign as in Java."""
    dividend, divisor = to_number(left), to_number(right)
    if not divisor:
        raise ExpressionFailed("division by zero")
    try:
        rest = ARITHMETIC.remainder(dividend, divisor)
    except DecimalException:
        raise ExpressionFailed("the number is too large") from None
    return operators.whole(rest)


def divided(left: Any, right: Any) -> Any:
    dividend, divisor = to_number(left), to_number(right)
    if not divisor:
        raise ExpressionFailed("division by zero")
    return _computed(operators.quotient(dividend, divisor))


def is_empty(value: Any) -> bool:
    """Null, and texts, lists and contexts with nothing in them (§1.10)."""
    return value is None or (type(value) in (str, list, dict) and not value)
