"""Functions on strings (DMN 1.5 §10.3.4.3). Characters are Unicode code points."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.feel.builtins.registry import builtin
from bpmn.feel.limits import Run, checked_length, checked_text
from bpmn.patterns import Pattern, compile_pattern
from bpmn.values import Number

_SPECIAL = re.compile(r"[\\.^$|?*+(){}\[\]]")


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


# --- patterns: what is beyond the subset of `bpmn.patterns` fails, it is never approximated ---


@builtin("matches", "input: string", "pattern: string")
def matches(run: Run, text: str, pattern: str) -> bool:
    compiled = _pattern(pattern)
    run.spend(len(text) * (1 + compiled.size // 20))
    return compiled.found_in(text)


@lru_cache(maxsize=200)
def _pattern(pattern: str) -> Pattern:
    try:
        return compile_pattern(pattern, "xpath")
    except ExpressionRefused as refused:
        raise ExpressionFailed(f"the pattern {pattern[:80]}: {refused}") from refused


def _literal(pattern: str) -> str:
    """The pattern, if it is a text that means itself."""
    if not pattern or _SPECIAL.search(pattern):
        raise ExpressionFailed(
            f"{pattern[:80]}: only plain texts are replaced or split at, not patterns"
        )
    return pattern


@builtin("replace", "input: string", "pattern: string", "replacement: string")
def replace(_run: Run, text: str, pattern: str, replacement: str) -> str:
    if "$" in replacement or "\\" in replacement:
        raise ExpressionFailed("a replacement with $ or \\ is not run")
    plain = _literal(pattern)
    checked_length(len(text) + text.count(plain) * (len(replacement) - len(plain)))
    return text.replace(plain, replacement)


@builtin("split", "string: string", "delimiter: string")
def split(run: Run, text: str, delimiter: str) -> list[str]:
    plain = _literal(delimiter)
    run.spend(text.count(plain))
    return text.split(plain)
