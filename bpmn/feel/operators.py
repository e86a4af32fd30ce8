"""FEEL's operators on values: equality, order, arithmetic, three-valued logic (DMN 1.5 §10.3.2).

Operands of kinds that do not go together give None, FEEL's null, as the standard says.
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time
from decimal import Decimal, DecimalException
from typing import Any

from bpmn.feel import temporal
from bpmn.feel.limits import Run, checked_text, weight
from bpmn.feel.values import NUMBERS, Range, kind
from bpmn.values import ARITHMETIC, LARGEST_EXPONENT, Number, YearsMonths

LARGEST_INT = 10**34 - 1
_LEAST = Decimal("1e-6176")
"""The least number of decimal128; what is nearer to 0 is rounded to it or to 0."""
_TEMPORAL = temporal.MOMENTS + temporal.DATES + temporal.TIMES + temporal.LENGTHS
_LENGTHS = (*temporal.LENGTHS, YearsMonths)
_DAYS = (*temporal.MOMENTS, *temporal.DATES)


# --- equality and order ---


def equal(left: Any, right: Any, run: Run | None = None) -> bool | None:
    """`left = right`: None where the kinds differ (DMN 1.5 table 53). Lists and contexts are equal
    if all their parts are; comparing them spends a step of the run for each part."""
    if left is None or right is None:
        return left is right
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return bool(left == right)
    if type(left) in _TEMPORAL:
        found = temporal.keys(left, right)
        return None if found is None else bool(found[0] == found[1])
    if type(left) is not type(right):
        return None
    if type(left) in (list, dict, Range):
        return _equal_parts(left, right, run or Run(datetime.min))  # noqa: DTZ901  unused
    return None if kind(left) == "function" else bool(left == right)


def _equal_parts(left: Any, right: Any, run: Run) -> bool | None:
    run.spend(1)
    if type(left) is not type(right) or type(left) not in (list, dict, Range):
        return equal(left, right)
    pairs = _pairs(left, right)
    if pairs is None:
        return False
    return all(_equal_parts(one, other, run) is True for one, other in pairs)


def _pairs(left: Any, right: Any) -> Iterable[tuple[Any, Any]] | None:
    if type(left) is list:
        return zip(left, right, strict=True) if len(left) == len(right) else None
    if type(left) is dict:
        if left.keys() != right.keys():
            return None
        return ((value, right[key]) for key, value in left.items())
    if _shape(left) != _shape(right):
        return None
    return ((left.low, right.low), (left.high, right.high))


def _shape(value: Range) -> tuple[bool, ...]:
    """What must be the same of two ranges beside their ends."""
    return (
        value.low_included,
        value.high_included,
        value.outside,
        value.low is None,
        value.high is None,
    )


def comparable(left: Any, right: Any) -> bool:
    """Whether one of the two is less, equal or greater."""
    return order_keys(left, right) is not None


def order_keys(left: Any, right: Any) -> tuple[Any, Any] | None:
    """Two things that Python orders as FEEL orders the values; None if it does not."""
    if type(left) in NUMBERS:
        return (left, right) if type(right) in NUMBERS else None
    if type(left) is str:
        return (left, right) if type(right) is str else None
    return temporal.keys(left, right)


def order_key(value: Any) -> tuple[Any, Any] | None:
    """What the value has an order among, and its place there for Python; None if in none."""
    if type(value) in NUMBERS:
        return "number", value
    return ("string", value) if type(value) is str else temporal.key(value)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    def comparison(left: Any, right: Any) -> bool | None:
        found = order_keys(left, right) or temporal.order_keys(left, right)
        return None if found is None else compare(*found)

    return comparison


less = _ordered(python.lt)
less_or_equal = _ordered(python.le)
greater = _ordered(python.gt)
greater_or_equal = _ordered(python.ge)


def unequal(left: Any, right: Any, run: Run | None = None) -> bool | None:
    return negated(equal(left, right, run))


COMPARISONS: dict[str, Callable[[Any, Any], bool | None]] = {
    "=": equal,
    "!=": unequal,
    "<": less,
    "<=": less_or_equal,
    ">": greater,
    ">=": greater_or_equal,
}


# --- logic ---


def negated(value: Any) -> bool | None:
    return not value if type(value) is bool else None


def conjunction(values: Iterable[Any]) -> bool | None:
    """False if any is, else true if all are, else null (DMN 1.5 table 50)."""
    verdict: bool | None = True
    for value in values:
        if value is False:
            return False
        if value is not True:
            verdict = None
    return verdict


def disjunction(values: Iterable[Any]) -> bool | None:
    """True if any is, else false if all are, else null."""
    verdict: bool | None = False
    for value in values:
        if value is True:
            return True
        if value is not False:
            verdict = None
    return verdict


def within(value: Any, interval: Range) -> bool | None:
    """Whether the range holds the value."""
    if interval.outside:
        return unequal(value, interval.low)
    low: bool | None = True
    high: bool | None = True
    if interval.low is not None:
        compare = greater_or_equal if interval.low_included else greater
        low = compare(value, interval.low)
    if interval.high is not None:
        compare = less_or_equal if interval.high_included else less
        high = compare(value, interval.high)
    return conjunction((low, high))


def member(value: Any, test: Any, run: Run | None = None) -> bool | None:
    """`value in test` where the test is a value: equal to it, in the list, in the range."""
    if type(test) is Range and type(value) is not Range:
        return within(value, test)
    if type(test) is list and (type(value) is not list or equal(value, test, run) is not True):
        if run:
            run.spend(weight(test))
        return disjunction(
            within(value, item)
            if type(item) is Range and type(value) is not Range
            else equal(value, item, run) is True
            for item in test
        )
    return equal(value, test, run)


# --- numbers ---


def exact(value: Number) -> Number | None:
    """The number in FEEL's 34 digits; None past its largest exponent."""
    if type(value) is int and -LARGEST_INT <= value <= LARGEST_INT:
        return value
    return computed(ARITHMETIC.create_decimal, value)


def computed(operation: Callable[..., Decimal], *operands: Number) -> Decimal | None:
    """What the decimal operation gives; None where it has no (finite) result."""
    try:
        result = operation(*operands)
    except (DecimalException, OverflowError):
        return None
    if not result.is_finite() or result.adjusted() > LARGEST_EXPONENT:
        return None
    if result.adjusted() >= -LARGEST_EXPONENT:
        return result
    return result.quantize(_LEAST, context=ARITHMETIC) or Decimal(0)


def _is_number(value: Any) -> bool:
    return type(value) is int or type(value) is Decimal


def _both_numbers(left: Any, right: Any) -> bool:
    return _is_number(left) and _is_number(right)


def _number_sum(left: Number, right: Number) -> Number | None:
    if type(left) is int and type(right) is int:
        return exact(left + right)
    return computed(ARITHMETIC.add, left, right)


def _number_difference(left: Number, right: Number) -> Number | None:
    if type(left) is int and type(right) is int:
        return exact(left - right)
    return computed(ARITHMETIC.subtract, left, right)


def _number_product(left: Number, right: Number) -> Number | None:
    if type(left) is int and type(right) is int:
        return exact(left * right)
    return computed(ARITHMETIC.multiply, left, right)


def quotient(left: Number, right: Number) -> Number | None:
    """The quotient, an int where it is one; None for a division by zero."""
    if not right:
        return None
    if type(left) is int and type(right) is int and left % right == 0:
        return exact(left // right)
    return computed(ARITHMETIC.divide, left, right)


# --- arithmetic (DMN 1.5 tables 45 to 48) ---


def add(left: Any, right: Any) -> Any:
    if type(left) is int and type(right) is int:  # the commonest sum, before all questions
        return exact(left + right)
    if _both_numbers(left, right):
        return _number_sum(left, right)
    if type(left) is str and type(right) is str:
        return checked_text(left + right)
    if type(left) in _LENGTHS and type(right) not in _LENGTHS:
        left, right = right, left
    if type(right) in temporal.LENGTHS:
        return _add_length(left, right)
    if type(right) is YearsMonths:
        if type(left) is YearsMonths:
            return temporal.months(left.months + right.months)
        if type(left) in _DAYS:
            return temporal.add_months(left, right.months)
    return None


def _add_length(left: Any, length: temporal.Lengthlike) -> Any:
    if type(left) in temporal.LENGTHS:
        return temporal.lengthened(left, length)
    return temporal.add_length(left, length) if type(left) in _TEMPORAL else None


def subtract(left: Any, right: Any) -> Any:
    if _both_numbers(left, right):
        return _number_difference(left, right)
    if type(right) in _LENGTHS:
        fits = type(left) not in _LENGTHS or kind(left) == kind(right)
        return add(left, negative(right)) if fits else None
    if type(left) in _DAYS and type(right) in _DAYS and kind(left) != kind(right):
        left, right = as_datetime(left), as_datetime(right)
    return temporal.between(left, right)


def as_datetime(value: Any) -> Any:
    """A date becomes midnight in Greenwich (DMN 1.5 §10.3.2.9.4)."""
    return temporal.moment(value, time(tzinfo=UTC)) if type(value) in temporal.DATES else value


def multiply(left: Any, right: Any) -> Any:
    if _both_numbers(left, right):
        return _number_product(left, right)
    if _is_number(left):
        left, right = right, left
    if not _is_number(right):
        return None
    if type(left) in temporal.LENGTHS:
        return temporal.scaled(left, right)
    if type(left) is YearsMonths:
        return temporal.whole_months(ARITHMETIC.multiply(left.months, right))
    return None


def divide(left: Any, right: Any) -> Any:
    if _both_numbers(left, right):
        return quotient(left, right)
    if type(left) in temporal.LENGTHS:
        return _divided_length(left, right)
    if type(left) is not YearsMonths:
        return None
    if type(right) is YearsMonths:
        return quotient(left.months, right.months)
    if not _is_number(right) or not right:
        return None
    return temporal.whole_months(ARITHMETIC.divide(left.months, right))


def _divided_length(left: temporal.Lengthlike, right: Any) -> Any:
    if type(right) in temporal.LENGTHS:
        ends = (temporal.seconds_of(length) for length in (left, right))
        return quotient(*map(temporal.number_of, ends))
    return temporal.shortened(left, right) if _is_number(right) and right else None


def power(left: Any, right: Any) -> Any:
    if not _both_numbers(left, right):
        return None
    if not left and not right:
        return 1
    result = computed(ARITHMETIC.power, Decimal(left), Decimal(right))
    return None if result is None else whole(result)


def whole(value: Decimal) -> Number:
    """An integral decimal of few digits as the int it is."""
    if value == value.to_integral_value() and value.copy_abs() <= LARGEST_INT:
        return int(value)
    return value


def negative(value: Any) -> Any:
    if type(value) is Decimal:
        return value.copy_negate()
    if _is_number(value):
        return -value
    if type(value) in temporal.LENGTHS:
        return temporal.negative(value)
    return YearsMonths(-value.months) if type(value) is YearsMonths else None


ARITHMETIC_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "**": power,
}
