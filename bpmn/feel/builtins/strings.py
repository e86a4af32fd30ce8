"""Functions on strings (DMN 1.5 §10.3.4.3). Characters are Unicode code points."""

from __future__ import annotations

from typing import Any

from bpmn.feel.builtins.registry import builtin
from bpmn.feel.limits import Run, checked_length, checked_text
from bpmn.values import Number


@builtin("substring", "string: string", "start position: number", "length: number?")
def substring(_run: Run, text: str, start: Number, length: Number | None = None) -> str | None:
    """Positions count from 1, negative ones from the end."""
    first = int(start)
    if first == 0 or abs(first) > len(text) or (length is not None and length < 1):
        return None
    begin = first - 1 if first > 0 else len(text) + first
    return text[begin:] if length is None else text[begin : begin + int(length)]


@builtin("string length", "string: string")
def string_length(_run: Run, text: str) -> int:
    return len(text)


@builtin("upper case", "string: string")
def upper_case(_run: Run, text: str) -> str:
    return checked_text(text.upper())


@builtin("lower case", "string: string")
def lower_case(_run: Run, text: str) -> str:
    return checked_text(text.lower())


@builtin("substring before", "string: string", "match: string")
def substring_before(_run: Run, text: str, match: str) -> str:
    before, found, _ = text.partition(match) if match else ("", "", "")
    return before if found else ""


@builtin("substring after", "string: string", "match: string")
def substring_after(_run: Run, text: str, match: str) -> str:
    return text.partition(match)[2] if match else text


@builtin("contains", "string: string", "match: string")
def contains(_run: Run, text: str, match: str) -> bool:
    return match in text


@builtin("starts with", "string: string", "match: string")
def starts_with(_run: Run, text: str, match: str) -> bool:
    return text.startswith(match)


@builtin("ends with", "string: string", "match: string")
def ends_with(_run: Run, text: str, match: str) -> bool:
    return text.endswith(match)


@builtin("string join", "list: list", "delimiter: string?")
def string_join(_run: Run, items: list[Any], delimiter: str | None = None) -> str | None:
    """Null items are left out."""
    texts = [item for item in items if item is not None]
    if not all(type(text) is str for text in texts):
        return None
    between = delimiter or ""
    length = sum(map(len, texts)) + len(between) * max(len(texts) - 1, 0)
    checked_length(length)
    return between.join(texts)
