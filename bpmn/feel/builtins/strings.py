"""Functions on strings (DMN 1.5 §10.3.4.3). Characters are Unicode code points."""

from __future__ import annotations

import re
from typing import Any

from bpmn.feel.builtins.registry import builtin
from bpmn.feel.limits import Run, checked_length, checked_text
from bpmn.feel.regex import NotAPattern, Regex, compile_regex
from bpmn.feel.regex.matching import Groups
from bpmn.values import Number


@builtin("substring", "string: string", "start position: number", "length: number?")
def substring(_run: Run, text: str, start: Number, length: Number | None = None) -> str | None:
    """Positions count from 1, negative ones from the end."""
    first = int(start)
    if first != start or (length is not None and length != int(length)):
        return None
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


# --- patterns: what is none gives null ---

_VARIABLE = re.compile(r"\\(.?)|\$(\d*)", re.ASCII | re.DOTALL)


_WRONG_PATTERN = 1_000
"""Steps that a text costs which is no pattern; it may have been nearly one."""


def _regex(run: Run, pattern: str, flags: str | None = None) -> Regex | None:
    try:
        regex = compile_regex(pattern, flags or "")
    except NotAPattern:
        run.spend(_WRONG_PATTERN)
        return None
    run.spend(regex.size >> 2)
    return regex


@builtin("matches", "input: string", "pattern: string", "flags: string?")
def matches(run: Run, text: str, pattern: str, flags: str | None = None) -> bool | None:
    regex = _regex(run, pattern, flags)
    return None if regex is None else regex.matches(text, run.spend)


@builtin("replace", "input: string", "pattern: string", "replacement: string", "flags: string?")
def replace(
    run: Run, text: str, pattern: str, replacement: str, flags: str | None = None
) -> str | None:
    """`$1` stands for what a group matched, `$0` for all; none for a pattern that can match
    nothing at all (F&O §7.6.3)."""
    regex = _regex(run, pattern, flags)
    if regex is None or regex.matches("", run.spend):
        return None
    plain = "q" in (flags or "")
    parts = [replacement] if plain else _replacement_parts(replacement, regex.groups)
    if parts is None:
        return None
    made: list[str] = []
    at = length = 0
    for groups in regex.all(text, run.spend):
        run.spend(1)
        made.append(text[at : groups[0]])
        made += (part if isinstance(part, str) else _group(text, groups, part) for part in parts)
        at = groups[1]
        length += sum(map(len, made[-1 - len(parts) :]))
        checked_length(length)
    return checked_text("".join(made) + text[at:])


def _group(text: str, groups: Groups, number: int) -> str:
    begin, end = groups[2 * number], groups[2 * number + 1]
    return text[begin:end] if begin >= 0 and end >= 0 else ""


def _replacement_parts(replacement: str, groups: int) -> list[str | int] | None:
    """Texts and numbers of groups; None if a `$` or backslash stands where it may not."""
    parts: list[str | int] = []
    at = 0
    for match in _VARIABLE.finditer(replacement):
        parts.append(replacement[at : match.start()])
        at = match.end()
        if match[2] is None:
            if match[1] not in ("\\", "$"):
                return None
            parts.append(match[1])
        elif not match[2]:
            return None
        else:
            parts += _numbered(match[2], groups)
    return [*parts, replacement[at:]]


def _numbered(digits: str, groups: int) -> list[str | int]:
    """The longest number of a group, and the digits behind it; of no group, the empty text."""
    used = len(digits)
    while used > 1 and int(digits[:used]) > groups:
        used -= 1
    number = int(digits[:used])
    return [number if number <= groups else "", digits[used:]]


@builtin("split", "string: string", "delimiter: string")
def split(run: Run, text: str, delimiter: str) -> list[str] | None:
    """The parts between the matches; none for a delimiter that can match nothing at all."""
    regex = _regex(run, delimiter)
    if regex is None or regex.matches("", run.spend):
        return None
    made: list[str] = []
    at = 0
    for groups in regex.all(text, run.spend):
        run.spend(1)
        made.append(text[at : groups[0]])
        at = groups[1]
    return [*made, text[at:]]
