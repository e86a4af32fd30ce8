"""FEEL's types: what conforms to one, and what is converted to it (DMN 1.5 §10.3.2.9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bpmn.feel.limits import Run
from bpmn.feel.operators import as_datetime
from bpmn.feel.syntax import Type
from bpmn.feel.values import Function, kind

ANY = Type("Any")


def conforms(value: Any, wanted: Type, run: Run | None = None) -> bool:
    """`value instance of wanted`. Null is an instance of Null only."""
    run = run or Run(datetime.min)  # noqa: DTZ901  its clock is not read
    run.spend(1)
    if value is None:
        return wanted.name == "Null"
    if wanted.name != "Any" and kind(value) != wanted.name:
        return False
    return _parts_conform(value, wanted, run) and (wanted.allows is None or wanted.allows(value))


def unmapped(type_: Type) -> str:
    """The name of a constructed type without parts, in the type or inside it: it is none of the
    lattice (§10.3.2.9), so that `instance of` is null (semantics of type-checking)."""
    if type_.name in _CONSTRUCTED and not type_.parts:
        return type_.name
    return next(filter(None, (unmapped(part) for _, part in type_.parts)), "")


_CONSTRUCTED = frozenset({"list", "context", "range", "function"})


def _parts_conform(value: Any, wanted: Type, run: Run) -> bool:
    parts = wanted.parts
    if wanted.name == "list":
        return all(_allowed(item, part, run) for _, part in parts for item in value)
    if wanted.name == "range":
        ends = (end for end in (value.low, value.high) if end is not None)
        return all(conforms(end, part, run) for end in ends for _, part in parts)
    if wanted.name == "context":
        return all(key in value and _allowed(value[key], part, run) for key, part in parts)
    return wanted.name != "function" or not parts or _function_conforms(value, wanted)


def _allowed(value: Any, wanted: Type, run: Run) -> bool:
    """Inside lists and contexts null belongs to every type."""
    return value is None or conforms(value, wanted, run)


def _function_conforms(value: Function, wanted: Type) -> bool:
    """Parameters are contravariant, the result covariant; a type that nobody stated fits."""
    parameters = [part for key, part in wanted.parts if key != "->"]
    if len(parameters) != len(value.parameters):
        return False
    takes = value.types or (None,) * len(parameters)
    if not all(
        own is None or narrower(given, own) for given, own in zip(parameters, takes, strict=True)
    ):
        return False
    results = [part for key, part in wanted.parts if key == "->"]
    return not results or value.result is None or narrower(value.result, results[0])


def narrower(type_: Type, wider: Type) -> bool:
    """Whether every value of the one type is one of the other (§10.3.2.9.2)."""
    if wider.name == "Any" or type_.name == "Null":
        return True
    if type_.name != wider.name:
        return False
    if type_.name == "context":
        own = dict(type_.parts)
        return all(key in own and narrower(own[key], part) for key, part in wider.parts)
    if type_.name == "function":
        return not wider.parts or _narrower_function(type_, wider)
    ours, wanted = (made.parts[0][1] if made.parts else ANY for made in (type_, wider))
    return narrower(ours, wanted)


def _narrower_function(type_: Type, wider: Type) -> bool:
    mine = [part for key, part in type_.parts if key != "->"]
    theirs = [part for key, part in wider.parts if key != "->"]
    if len(mine) != len(theirs) or not all(map(narrower, theirs, mine)):
        return False
    own, wanted = (dict(made.parts).get("->", ANY) for made in (type_, wider))
    return narrower(own, wanted)


def coerced(value: Any, wanted: Type, run: Run | None = None) -> Any:
    """The value in the type, after the conversions of §10.3.2.9.4; null where there is none."""
    if value is None or conforms(value, wanted, run):
        return value
    if wanted.name != "list" and type(value) is list and len(value) == 1:
        return coerced(value[0], wanted, run) if type(value[0]) is not list else None
    if wanted.name == "list" and type(value) is not list:
        listed = [_as_moment(value, wanted.parts[0][1]) if wanted.parts else value]
        return listed if conforms(listed, wanted, run) else None
    moment = _as_moment(value, wanted)
    return moment if moment is not value and conforms(moment, wanted, run) else None


def _as_moment(value: Any, wanted: Type) -> Any:
    """A date becomes midnight in Greenwich where a date and time is wanted."""
    moment = wanted.name == "date and time" and kind(value) == "date"
    return as_datetime(value) if moment else value


def print_type(type_: Type) -> str:
    """The type as it is written in FEEL."""
    inner = [(key, print_type(part)) for key, part in type_.parts if key != "->"]
    result = "".join(f"->{print_type(part)}" for key, part in type_.parts if key == "->")
    if not inner and type_.name != "function":
        return type_.name
    listed = ", ".join(f"{key}: {part}" if key else part for key, part in inner)
    return f"{type_.name}<{listed}>{result}" if inner or result else type_.name


def type_of(value: Any, run: Run | None = None) -> Type:
    """The narrowest type that is told of the value: a list's items count as one if all agree."""
    run = run or Run(datetime.min)  # noqa: DTZ901  its clock is not read
    run.spend(1)
    name = kind(value)
    if type(value) is list:
        found = {type_of(item, run) for item in value if item is not None}
        return Type("list", (("", found.pop() if len(found) == 1 else ANY),))
    if type(value) is dict:
        return Type("context", tuple((key, type_of(item, run)) for key, item in value.items()))
    if name == "range":
        ends = [end for end in (value.low, value.high) if end is not None]
        return Type("range", (("", type_of(ends[0]) if ends else ANY),))
    if name == "function":
        takes = value.types or (None,) * len(value.parameters)
        parts = [("", taken or ANY) for taken in takes]
        return Type("function", (*parts, ("->", value.result or ANY)))
    return Type(name)
