"""How points and ranges lie to each other (DMN 1.5 §10.3.4.9, table 78).

Ends that cannot be compared, or are open, make the answer null.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpmn.feel.builtins.registry import builtin
from bpmn.feel.limits import Run
from bpmn.feel.operators import order_key
from bpmn.feel.values import Range

Relation = Callable[[Range, Range], bool]


def _keyed(one: Range, other: Range) -> tuple[Range, Range] | None:
    """The ranges with ends that Python orders; None where two ends have no order."""
    if one.outside or other.outside:
        return None
    ends = [order_key(end) for end in (one.low, one.high, other.low, other.high)]
    found = [end[1] for end in ends if end is not None and ends[0] and end[0] == ends[0][0]]
    if len(found) < len(ends):
        return None
    return (
        Range(found[0], found[1], one.low_included, one.high_included),
        Range(found[2], found[3], other.low_included, other.high_included),
    )


def _point(value: Any) -> Range:
    """A point is the range that holds it alone."""
    return Range(value, value, low_included=True, high_included=True)


def _starts_first(left: Range, right: Range) -> bool:
    return bool(
        left.low < right.low
        or (left.low == right.low and left.low_included and not right.low_included)
    )


def _starts_with_or_before(left: Range, right: Range) -> bool:
    return not _starts_first(right, left)


def _ends_with_or_before(left: Range, right: Range) -> bool:
    return bool(
        left.high < right.high
        or (left.high == right.high and (right.high_included or not left.high_included))
    )


def _reaches(left: Range, right: Range) -> bool:
    """Whether the left ends where the right has begun."""
    return bool(
        left.high > right.low
        or (left.high == right.low and left.high_included and right.low_included)
    )


def _same_start(left: Range, right: Range) -> bool:
    return bool(left.low == right.low) and left.low_included == right.low_included


def _same_end(left: Range, right: Range) -> bool:
    return bool(left.high == right.high) and left.high_included == right.high_included


def _before(left: Range, right: Range) -> bool:
    return not _reaches(left, right)


def _meets(left: Range, right: Range) -> bool:
    return bool(left.high == right.low) and left.high_included and right.low_included


def _overlaps(left: Range, right: Range) -> bool:
    return _reaches(left, right) and _reaches(right, left)


def _overlaps_before(left: Range, right: Range) -> bool:
    return (
        _starts_first(left, right) and _reaches(left, right) and _ends_with_or_before(left, right)
    )


def _finishes(left: Range, right: Range) -> bool:
    return _same_end(left, right) and _starts_with_or_before(right, left)


def _includes(left: Range, right: Range) -> bool:
    return _starts_with_or_before(left, right) and _ends_with_or_before(right, left)


def _starts(left: Range, right: Range) -> bool:
    return _same_start(left, right) and _ends_with_or_before(left, right)


def _coincides(left: Range, right: Range) -> bool:
    return _same_start(left, right) and _same_end(left, right)


def _declare(name: str, inverse: str | None, relation: Relation, shapes: str) -> None:
    """Declares `name` and its inverse. `shapes` says which of point (p) and range (r) may stand on
    the left and right, as pairs: `rr pr`."""
    allowed = {(shape[0] == "r", shape[1] == "r") for shape in shapes.split()}

    def answer(left: Any, right: Any) -> bool | None:
        if (type(left) is Range, type(right) is Range) not in allowed:
            return None
        one = left if type(left) is Range else _point(left)
        other = right if type(right) is Range else _point(right)
        keyed = _keyed(one, other)
        return None if keyed is None else relation(*keyed)

    @builtin(name, "left: any", "right: any")
    def forward(_run: Run, left: Any, right: Any) -> bool | None:
        return answer(left, right)

    if inverse:

        @builtin(inverse, "left: any", "right: any")
        def backward(_run: Run, left: Any, right: Any) -> bool | None:
            return answer(right, left)


_declare("before", "after", _before, "pp pr rp rr")
_declare("meets", "met by", _meets, "rr")
_declare("overlaps", None, _overlaps, "rr")
_declare("overlaps before", "overlaps after", _overlaps_before, "rr")
_declare("finishes", "finished by", _finishes, "pr rr")
_declare("includes", "during", _includes, "rp rr")
_declare("starts", "started by", _starts, "pr rr")
_declare("coincides", None, _coincides, "pp rr")
