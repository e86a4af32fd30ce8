"""A program run over a text: the leftmost match, its alternatives in the order they are written.

Where a choice was tried at a place and failed, it fails there again. So it is not tried twice, and
the search is linear. What a reference back gives depends on the groups; with one in the pattern,
a choice is the same only when the groups are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bpmn.feel.regex import syntax
from bpmn.feel.regex.characters import variants
from bpmn.feel.regex.program import (
    ANCHOR,
    CHARACTER,
    JUMP,
    MATCH,
    REFERENCE,
    SAVE,
    SPLIT,
    Assembler,
    Instruction,
)

Spend = Callable[[int], None]
_BATCH = 1_024
_VISITS_PER_STEP = 4

Groups = list[int]
"""Begin and end of the match, then of each group; -1 where a group took no part."""


@dataclass(frozen=True, slots=True)
class Regex:
    """A compiled pattern; `literal` if it can only match this text."""

    groups: int
    literal: str | None
    _program: list[Instruction] = field(repr=False)
    _ignore_case: bool
    _refers: bool

    @property
    def size(self) -> int:
        """What it costs to compile the pattern."""
        return len(self._program)

    def matches(self, text: str, spend: Spend) -> bool:
        """Whether some part of the text matches. `spend` is told what it costs, in steps."""
        if self.literal is not None:
            return self.literal in text
        return self.search(text, 0, spend) is not None

    def all(self, text: str, spend: Spend) -> Iterator[Groups]:
        """The matches from left to right; none is empty."""
        at = 0
        while at <= len(text):
            found = self.search(text, at, spend)
            if found is None or found[1] == found[0]:
                return
            yield found
            at = found[1]

    def search(self, text: str, start: int, spend: Spend) -> Groups | None:
        """The leftmost match from `start` on."""
        if self.literal is not None:
            at = text.find(self.literal, start)
            return None if at < 0 else [at, at + len(self.literal)]
        search = _Search(self, text, spend)
        for at in range(start, len(text) + 1):
            found = search.match_at(at)
            if found is not None:
                return found
        return None


class _Search:
    """One search in one text."""

    def __init__(self, regex: Regex, text: str, spend: Spend) -> None:
        self._regex = regex
        self._program = regex._program
        self._text = text
        self._spend = spend
        self._failed: set[Hashable] = set()
        self._visits = 0

    def match_at(self, start: int) -> Groups | None:
        groups = [-1] * (2 * self._regex.groups + 2)
        groups[0] = start
        pending = [(0, start)]
        while pending:
            at, position = pending.pop()
            if at < 0:
                groups[~at] = position  # a group as it was before this way failed
                continue
            end = self._follow(at, position, groups, pending)
            if end is not None:
                groups[1] = end
                return groups
        return None

    def _follow(
        self, at: int, position: int, groups: Groups, pending: list[tuple[int, int]]
    ) -> int | None:
        """Go on until a match, whose end is returned, or a failure."""
        text, program = self._text, self._program
        while True:
            self._count()
            operation, first, second = program[at]
            at += 1
            if operation == CHARACTER:
                if position >= len(text) or not first(text[position]):
                    return None
                position += 1
            elif operation == SPLIT:
                if not self._is_new(at, position, groups):
                    return None
                pending.append((second, position))
                at = first
            elif operation == JUMP:
                at = first
            elif operation == SAVE:
                pending.append((~first, groups[first]))
                groups[first] = position
            elif operation == MATCH:
                return position
            else:
                length = self._length(operation, first, position, groups)
                if length is None:
                    return None
                position += length

    def _length(self, operation: int, what: Any, position: int, groups: Groups) -> int | None:
        """How much an anchor or a reference back takes here; None if it does not hold."""
        if operation == ANCHOR:
            return 0 if _holds(what, self._text, position) else None
        return self._again(groups[2 * what], groups[2 * what + 1], position)

    def _count(self) -> None:
        self._visits += 1
        if self._visits == _BATCH:
            self._visits = 0
            self._spend(_BATCH // _VISITS_PER_STEP)

    def _is_new(self, at: int, position: int, groups: Groups) -> bool:
        place: Hashable = position * len(self._program) + at
        if self._regex._refers:
            place = (place, *groups)
        if place in self._failed:
            return False
        self._failed.add(place)
        return True

    def _again(self, begin: int, end: int, position: int) -> int | None:
        """The length of the group's match where it stands here again."""
        if begin < 0 or end < 0:
            return 0
        self._spend((end - begin) >> 4)
        earlier, here = self._text[begin:end], self._text[position : position + end - begin]
        if earlier == here:
            return end - begin
        if not self._regex._ignore_case or len(earlier) != len(here):
            return None
        same = (not variants(a).isdisjoint(variants(b)) for a, b in zip(earlier, here, strict=True))
        return end - begin if all(same) else None


def _holds(anchor: str, text: str, position: int) -> bool:
    if anchor == "start":
        return position == 0
    if anchor == "end":
        return position == len(text)
    if anchor == "line end":
        return position == len(text) or text[position] == "\n"
    return position == 0 or (position < len(text) and text[position - 1] == "\n")


@lru_cache(maxsize=500)
def compile_regex(pattern: str, flags: str = "") -> Regex:
    """Compile the pattern. Raises `NotAPattern`."""
    reader = syntax.Reader(pattern, flags)
    tree = reader.whole()
    program = Assembler().whole(tree)
    refers = any(operation == REFERENCE for operation, _, _ in program)
    return Regex(reader.groups, _literal(tree), program, reader.ignore_case, refers)


def _literal(tree: syntax.Node) -> str | None:
    parts = tree.parts if isinstance(tree, syntax.Sequence) else (tree,)
    characters = [part.literal for part in parts if isinstance(part, syntax.One)]
    if len(characters) < len(parts):
        return None
    known = [character for character in characters if character is not None]
    return "".join(known) if len(known) == len(parts) else None
