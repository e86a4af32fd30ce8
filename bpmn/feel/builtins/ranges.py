"""Ranges: read from a text, and how points and ranges lie to each other (DMN 1.5 §10.3.4.9).

The relations are table 78's formulas in FEEL's own logic: ends that have no order, or are open,
make a comparison null, and the answer where it depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bpmn.errors import ExpressionRefused
from bpmn.feel import operators, syntax, temporal
from bpmn.feel.builtins.registry import builtin
from bpmn.feel.limits import Run
from bpmn.feel.operators import conjunction, disjunction, greater, less
from bpmn.feel.parser import parse
from bpmn.feel.values import Range

Truth = bool | None
Relation = Callable[[Range, Range], Truth]


# --- relations ---


def _same(left: Any, right: Any) -> Truth:
    """Whether two ends are equal; null where one is open."""
    return None if left is None or right is None else operators.equal(left, right)


def _all(*verdicts: Truth) -> Truth:
    return conjunction(verdicts)


def _any(*verdicts: Truth) -> Truth:
    return disjunction(verdicts)


def _before(left: Range, right: Range) -> Truth:
    apart = not (left.high_included and right.low_included)
    return _any(less(left.high, right.low), _all(_same(left.high, right.low), apart))


def _meets(left: Range, right: Range) -> Truth:
    return _all(left.high_included and right.low_included, _same(left.high, right.low))


def _reaches(left: Range, right: Range) -> Truth:
    """Whether the left ends where the right has begun."""
    both = left.high_included and right.low_included
    return _any(greater(left.high, right.low), _all(_same(left.high, right.low), both))


def _overlaps(left: Range, right: Range) -> Truth:
    return _all(_reaches(left, right), _reaches(right, left))


def _overlaps_before(left: Range, right: Range) -> Truth:
    first = left.low_included and not right.low_included
    return _all(
        _any(less(left.low, right.low), _all(_same(left.low, right.low), first)),
        _reaches(left, right),
        _ends_within(left, right),
    )


def _starts_within(left: Range, right: Range) -> Truth:
    """Whether the left begins no earlier than the right."""
    later = right.low_included or not left.low_included
    return _any(greater(left.low, right.low), _all(_same(left.low, right.low), later))


def _ends_within(left: Range, right: Range) -> Truth:
    """Whether the left ends no later than the right."""
    earlier = right.high_included or not left.high_included
    return _any(less(left.high, right.high), _all(_same(left.high, right.high), earlier))


def _same_start(left: Range, right: Range) -> Truth:
    return _all(left.low_included == right.low_included, _same(left.low, right.low))


def _same_end(left: Range, right: Range) -> Truth:
    return _all(left.high_included == right.high_included, _same(left.high, right.high))


def _finishes(left: Range, right: Range) -> Truth:
    return _all(_same_end(left, right), _starts_within(left, right))


def _includes(left: Range, right: Range) -> Truth:
    return _all(_starts_within(right, left), _ends_within(right, left))


def _starts(left: Range, right: Range) -> Truth:
    return _all(_same_start(left, right), _ends_within(left, right))


def _coincides(left: Range, right: Range) -> Truth:
    return _all(_same_start(left, right), _same_end(left, right))


def _finishes_at(point: Range, right: Range) -> Truth:
    return _all(right.high_included, _same(right.high, point.high))


def _starts_at(point: Range, right: Range) -> Truth:
    return _all(right.low_included, _same(right.low, point.low))


def _point(value: Any) -> Range:
    """A point is the range that holds it alone."""
    return Range(value, value, low_included=True, high_included=True)


# --- their names ---


def _declare(name: str, relation: Relation, *shapes: str) -> None:
    """Declares `name` for each shape, like `point range`: the kinds of its two arguments."""
    for shape in shapes:
        left, right = shape.split()
        names = (f"{left}1", f"{right}2") if left == right else (left, right)
        _declare_shape(name, relation, names)


def _declare_shape(name: str, relation: Relation, names: tuple[str, ...]) -> None:
    ranged = tuple(one.startswith("range") for one in names)
    parameters = [f"{one}: {'range' if one.startswith('range') else 'any'}" for one in names]

    @builtin(name, *parameters)
    def function(_run: Run, left: Any, right: Any) -> Truth:
        ends = [
            value if is_range else _point(value)
            for value, is_range in zip((left, right), ranged, strict=True)
        ]
        proper = all(type(end.low) is not Range and not end.outside for end in ends)
        return relation(*ends) if proper else None


def _inverse(relation: Relation) -> Relation:
    return lambda left, right: relation(right, left)


_EVERY = ("range range", "range point", "point range", "point point")
_declare("before", _before, *_EVERY)
_declare("after", _inverse(_before), *_EVERY)
_declare("meets", _meets, "range range")
_declare("met by", _inverse(_meets), "range range")
_declare("overlaps", _overlaps, "range range")
_declare("overlaps before", _overlaps_before, "range range")
_declare("overlaps after", _inverse(_overlaps_before), "range range")
_declare("finishes", _finishes, "range range")
_declare("finishes", _finishes_at, "point range")
_declare("finished by", _inverse(_finishes), "range range")
_declare("finished by", _inverse(_finishes_at), "range point")
_declare("includes", _includes, "range range", "range point")
_declare("during", _inverse(_includes), "range range", "point range")
_declare("starts", _starts, "range range")
_declare("starts", _starts_at, "point range")
_declare("started by", _inverse(_starts), "range range")
_declare("started by", _inverse(_starts_at), "range point")
_declare("coincides", _coincides, "range range", "point point")


# --- from a text ---

_OPEN_LOW = re.compile(r"\s*[(\]]\s*\.\.")
_OPEN_HIGH = re.compile(r"\.\.\s*[)\[]\s*$")


@builtin("range", "from: string")
def range_from_text(run: Run, text: str) -> Range | None:
    """`[1..5)`, `(..5]`, `[5..)`, with literals for ends (rules 66 to 68). An open end is never
    included; one end at least is there."""
    run.spend(len(text))
    low_open, high_open = _OPEN_LOW.match(text), _OPEN_HIGH.search(text)
    if low_open and high_open:
        return None
    if low_open:
        text = f"[0..{text[low_open.end() :]}"
    if high_open:
        text = f"{text[: high_open.start()]}..0]"
    interval = _interval(text)
    if interval is None:
        return None
    low = None if low_open else _literal(interval.low)
    high = None if high_open else _literal(interval.high)
    if (low is None and not low_open) or (high is None and not high_open):
        return None
    if not low_open and not high_open and not operators.less_or_equal(low, high):
        return None
    return Range(
        low,
        high,
        interval.low_included and not low_open,
        interval.high_included and not high_open,
    )


def _interval(text: str) -> syntax.Interval | None:
    try:
        tree = parse(text)
    except ExpressionRefused:
        return None
    both = isinstance(tree, syntax.Interval) and tree.low is not None and tree.high is not None
    return tree if both and isinstance(tree, syntax.Interval) else None


_READERS: dict[str, Callable[[str], Any]] = {
    "date": temporal.read_date,
    "time": temporal.read_time,
    "date and time": temporal.read_datetime,
    "duration": temporal.read_duration,
}


def _literal(node: syntax.Node | None) -> Any:
    """A number, string or temporal value that is written out."""
    if isinstance(node, syntax.Negation) and isinstance(node.operand, syntax.Constant):
        return operators.negative(node.operand.value)
    if isinstance(node, syntax.Call) and isinstance(node.function, syntax.Name):
        read = _READERS.get(node.function.name)
        text = _literal(node.arguments[0]) if len(node.arguments) == 1 else None
        return read(text) if read and type(text) is str else None
    value = node.value if isinstance(node, syntax.Constant) else None
    return None if type(value) is bool else value
