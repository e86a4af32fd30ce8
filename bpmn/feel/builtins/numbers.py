"""Functions on numbers (DMN 1.5 §10.3.4.5)."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)
from typing import Any

from bpmn.feel.builtins.registry import builtin
from bpmn.feel.limits import Run
from bpmn.feel.operators import computed, less, negative, whole
from bpmn.values import ARITHMETIC, Number

_SCALES = range(-6111, 6177)


def rounded(number: Number, scale: Number, how: str) -> Number | None:
    """The number with `scale` decimal places."""
    if scale != int(scale) or int(scale) not in _SCALES:
        return None
    value, places = Decimal(number), int(scale)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if how != ROUND_HALF_EVEN and -exponent <= places:
        return number
    unit = Decimal(1).scaleb(-places)
    result = computed(lambda given: given.quantize(unit, how, ARITHMETIC), value)
    if result is None:
        return number if -exponent <= places else None
    return whole(result) if places <= 0 else result


def _declare_rounding(name: str, how: str, *scale: str) -> None:
    @builtin(name, "n: number", *scale)
    def function(_run: Run, number: Number, places: Number = 0) -> Number | None:
        return rounded(number, places, how)


for _name, _how in (
    ("round up", ROUND_UP),
    ("round down", ROUND_DOWN),
    ("round half up", ROUND_HALF_UP),
    ("round half down", ROUND_HALF_DOWN),
):
    _declare_rounding(_name, _how, "scale: number")
_declare_rounding("decimal", ROUND_HALF_EVEN, "scale: number")
for _name, _how in (("floor", ROUND_FLOOR), ("ceiling", ROUND_CEILING)):
    _declare_rounding(_name, _how)
    _declare_rounding(_name, _how, "scale: number")


@builtin("abs", "n: number")
@builtin("abs", "n: duration")
def absolute(_run: Run, value: Any) -> Any:
    opposite = negative(value)
    return opposite if less(value, opposite) else value


@builtin("modulo", "dividend: number", "divisor: number")
def modulo(_run: Run, dividend: Number, divisor: Number) -> Number | None:
    """The remainder with the divisor's sign."""
    if not divisor:
        return None
    if type(dividend) is int and type(divisor) is int:
        return dividend % divisor
    rest = computed(ARITHMETIC.remainder, dividend, divisor)
    if rest and (rest < 0) != (divisor < 0):
        rest = computed(ARITHMETIC.add, rest, divisor)
    return rest


@builtin("sqrt", "number: number")
def square_root(_run: Run, number: Number) -> Number | None:
    result = computed(ARITHMETIC.sqrt, number) if number >= 0 else None
    return None if result is None else whole(result)


@builtin("log", "number: number")
def logarithm(_run: Run, number: Number) -> Number | None:
    result = computed(ARITHMETIC.ln, number) if number > 0 else None
    return None if result is None else whole(result)


@builtin("exp", "number: number")
def exponential(_run: Run, number: Number) -> Number | None:
    result = computed(ARITHMETIC.exp, number)
    return None if result is None else whole(result)


@builtin("odd", "number: number")
def odd(_run: Run, number: Number) -> bool | None:
    return int(number) % 2 == 1 if number == int(number) else None


@builtin("even", "number: number")
def even(_run: Run, number: Number) -> bool | None:
    return int(number) % 2 == 0 if number == int(number) else None
