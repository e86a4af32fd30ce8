"""Comparisons with a constant, the gateways' and tables' daily bread, without detours.

Each gives exactly what the general operator gives.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bpmn.feel import operators
from bpmn.feel.scope import Scope
from bpmn.feel.values import NUMBERS

Code = Callable[[Scope], Any]

_PYTHON: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare_constant(left: Code, symbol: str, constant: Any) -> Code:
    """`left symbol constant`."""
    general = operators.COMPARISONS[symbol]
    plain = _PYTHON[symbol]
    if type(constant) in NUMBERS:

        def number(scope: Scope) -> Any:
            value = left(scope)
            kind = type(value)
            if kind is int or kind is Decimal:
                return plain(value, constant)
            return general(value, constant)

        return number
    if type(constant) is str:

        def text(scope: Scope) -> Any:
            value = left(scope)
            return plain(value, constant) if type(value) is str else general(value, constant)

        return text
    return lambda scope: general(left(scope), constant)
