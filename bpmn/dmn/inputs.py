"""What comes from outside: values in the types that the model declares (DMN 1.5 §10.3.2.9.4).

JSON has no dates, times or durations: where the declared type wants one, also inside lists and
contexts, a text is read as one. A component that is not stated is null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bpmn.feel import Type, temporal

Path = tuple[str, ...]


def read(value: Any, type_: Type) -> Any:
    """The value with the texts in it that stand for temporal values read as such."""
    if type(value) is str:
        return _text(value, type_)
    if type(value) is list:
        part = type_.parts[0][1] if type_.name == "list" and type_.parts else type_
        return [read(item, part) for item in value]
    if type_.name == "list" and type_.parts:
        return read(value, type_.parts[0][1])
    if type(value) is dict and type_.name == "context":
        return _context(value, dict(type_.parts))
    return value


def _text(text: str, type_: Type) -> Any:
    if type_.name == "list" and type_.parts:
        return _text(text, type_.parts[0][1])
    for reader in _READERS.get(type_.name, ()):
        found = reader(text)
        if found is not None:
            return found
    return text


def _context(value: dict[str, Any], parts: dict[str, Type]) -> dict[str, Any]:
    found = {key: read(item, parts[key]) if key in parts else item for key, item in value.items()}
    return found | {key: None for key in parts if key not in value}


_READERS: dict[str, tuple[Callable[[str], Any], ...]] = {
    "date": (temporal.read_date,),
    "time": (temporal.read_time,),
    "date and time": (temporal.read_datetime, temporal.read_date),
    "days and time duration": (temporal.read_duration,),
    "years and months duration": (temporal.read_duration,),
}


def found(variables: Mapping[str, Any], paths: list[Path]) -> Any:
    """The value under the first of the paths that the variables have, whether as contexts within
    each other or as one name with dots; None if there is none."""
    for path in paths:
        dotted = ".".join(path)
        if dotted in variables:
            return variables[dotted]
        held: Any = variables
        for name in path:
            if not isinstance(held, Mapping) or name not in held:
                break
            held = held[name]
        else:
            return held
    return None
