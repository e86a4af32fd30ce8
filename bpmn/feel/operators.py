"""FEEL's operators on values: equality, order, arithmetic, three-valued logic (DMN 1.5 §10.3.2).

Operands of kinds that do not go together give None, FEEL's null, as the standard says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, DecimalException
from typing import Any

from bpmn.errors import ExpressionFailed
from bpmn.feel import temporal
from bpmn.feel.limits import Run, checked_text
from bpmn.feel.values import NUMBERS, Range, kind
from bpmn.values import ARITHMETIC, Number, YearsMonths

LARGEST_INT = 10**34 - 1
_ORDERED = (str, date, timedelta, YearsMonths)
_CLOCKS = (datetime, time)


# --- equality and order ---


def equal(left: Any, right: Any, run: Run | None = None) -> bool | None:
    """`left = right`: None where the kinds differ (DMN 1.5 table 51). Comparing lists and contexts
    spends a step of the run for each part."""
    if left is None or right is None:
        return left is right
    if type(left) is not type(right):
        if type(left) in NUMBERS and type(right) in NUMBERS:
            return bool(left == right)
        return None
    if type(left) in _CLOCKS:
        return bool(left == right) if _same_awareness(left, right) else None
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
    verdict: bool | None = True
    for one, other in pairs:
        same = _equal_parts(one, other, run)
        if same is False:
            return False
        verdict = None if same is None else verdict
    return verdict


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


def _same_awareness(left: datetime | time, right: datetime | time) -> bool:
    return (left.utcoffset() is None) == (right.utcoffset() is None)


def comparable(left: Any, right: Any) -> bool:
    """Whether one of the two is less, equal or greater."""
    if type(left) in NUMBERS:
        return type(right) in NUMBERS
    if type(left) is not type(right):
        return False
    if type(left) in _CLOCKS:
        return _same_awareness(left, right)
    return type(left) in _ORDERED


def less(left: Any, right: Any) -> bool | None:
    return bool(left < right) if comparable(left, right) else None


def less_or_equal(left: Any, right: Any) -> bool | None:
    return bool(left <= right) if comparable(left, right) else None


def greater(left: Any, right: Any) -> bool | None:
    return bool(left > right) if comparable(left, right) else None


def greater_or_equal(left: Any, right: Any) -> bool | None:
    return bool(left >= right) if comparable(left, right) else None


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
    return result if result.is_finite() and abs(result.adjusted()) <= 6144 else None


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
    if isinstance(left, timedelta | YearsMonths) and not isinstance(right, timedelta | YearsMonths):
        left, right = right, left
    if type(right) is timedelta:
        return _add_length(left, right)
    if type(right) is YearsMonths:
        if type(left) is YearsMonths:
            return temporal.months(left.months + right.months)
        if isinstance(left, date):
            return temporal.add_months(left, right.months)
    return None


def _add_length(left: Any, length: timedelta) -> Any:
    if type(left) is timedelta:
        try:
            return left + length
        except OverflowError:
            raise ExpressionFailed("the duration is too long") from None
    if isinstance(left, date):
        return temporal.add_length(left, length)
    return temporal.add_to_time(left, length) if type(left) is time else None


def subtract(left: Any, right: Any) -> Any:
    if _both_numbers(left, right):
        return _number_difference(left, right)
    if isinstance(right, timedelta | YearsMonths):
        is_duration = isinstance(left, timedelta | YearsMonths)
        fits = not is_duration or type(left) is type(right)
        return add(left, negative(right)) if fits else None
    if isinstance(left, date) and isinstance(right, date):
        return _between_dates(left, right)
    if type(left) is time and type(right) is time and _same_awareness(left, right):
        return temporal.time_length(left) - temporal.time_length(right)
    return None


def _between_dates(left: date, right: date) -> timedelta | None:
    if type(left) is date and type(right) is date:
        return left - right
    first, second = as_datetime(left), as_datetime(right)
    if not _same_awareness(first, second):
        return None
    if first.tzinfo is not None:
        return first.astimezone(UTC) - second.astimezone(UTC)
    return first - second


def as_datetime(value: date) -> datetime:
    """A date becomes midnight in Greenwich (DMN 1.5 §10.3.2.9.4)."""
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), UTC)


def multiply(left: Any, right: Any) -> Any:
    if _both_numbers(left, right):
        return _number_product(left, right)
    if _is_number(left):
        left, right = right, left
    if not _is_number(right):
        return None
    if type(left) is timedelta:
        return temporal.scaled_length(left, right)
    return _months(ARITHMETIC.multiply(left.months, right)) if type(left) is YearsMonths else None


def divide(left: Any, right: Any) -> Any:
    if _both_numbers(left, right):
        return quotient(left, right)
    if type(left) is timedelta and right:
        return _divided_length(left, right)
    if type(left) is YearsMonths:
        if type(right) is YearsMonths:
            return quotient(left.months, right.months)
        return (
            _months(ARITHMETIC.divide(left.months, right)) if _is_number(right) and right else None
        )
    return None


def _divided_length(left: timedelta, right: Any) -> Any:
    if type(right) is timedelta:
        return quotient(temporal.microseconds(left), temporal.microseconds(right))
    if not _is_number(right):
        return None
    return temporal.from_microseconds(ARITHMETIC.divide(temporal.microseconds(left), right))


def _months(total: Decimal) -> YearsMonths:
    if total != total.to_integral_value():
        raise ExpressionFailed("the duration is no whole number of months")
    return temporal.months(int(total))


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
    if _is_number(value) or type(value) is timedelta:
        return -value if type(value) is not Decimal else value.copy_negate()
    return YearsMonths(-value.months) if type(value) is YearsMonths else None


ARITHMETIC_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "**": power,
}
