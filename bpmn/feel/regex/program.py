"""A pattern's tree as instructions for the matcher.

Counted repetitions are written out, so a program has no counters; its length is bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from bpmn.feel.regex import syntax
from bpmn.feel.regex.syntax import NotAPattern

CHARACTER, SPLIT, JUMP, SAVE, ANCHOR, REFERENCE, MATCH = range(7)
Instruction = tuple[int, Any, Any]
"""What to do, and up to two arguments. SPLIT tries its first target, then its second."""

MAX_PROGRAM = 5_000


class Assembler:
    """Writes the instructions of one tree."""

    def __init__(self) -> None:
        self.program: list[Instruction] = []

    def whole(self, tree: syntax.Node) -> list[Instruction]:
        self.write(tree)
        self.add(MATCH)
        return self.program

    def add(self, operation: int, first: Any = None, second: Any = None) -> int:
        if len(self.program) >= MAX_PROGRAM:
            self._too_long()
        self.program.append((operation, first, second))
        return len(self.program) - 1

    def _too_long(self) -> NoReturn:
        raise NotAPattern("the pattern repeats too much")

    def write(self, node: syntax.Node) -> None:
        _WRITERS[type(node)](self, node)

    def split(self, at: int, body: int, beyond: int, *, greedy: bool) -> None:
        """Fill in a SPLIT: a greedy one tries the body first."""
        targets = (body, beyond) if greedy else (beyond, body)
        self.program[at] = (SPLIT, *targets)


def _one(assembler: Assembler, node: Any) -> None:
    assembler.add(CHARACTER, node.accept)


def _anchor(assembler: Assembler, node: Any) -> None:
    assembler.add(ANCHOR, node.at)


def _reference(assembler: Assembler, node: Any) -> None:
    assembler.add(REFERENCE, node.group)


def _sequence(assembler: Assembler, node: Any) -> None:
    for part in node.parts:
        assembler.write(part)


def _choice(assembler: Assembler, node: Any) -> None:
    ends = []
    for option in node.options[:-1]:
        at = assembler.add(SPLIT)
        assembler.write(option)
        ends.append(assembler.add(JUMP))
        assembler.split(at, at + 1, len(assembler.program), greedy=True)
    assembler.write(node.options[-1])
    for end in ends:
        assembler.program[end] = (JUMP, len(assembler.program), None)


def _group(assembler: Assembler, node: Any) -> None:
    assembler.add(SAVE, 2 * node.number)
    assembler.write(node.inner)
    assembler.add(SAVE, 2 * node.number + 1)


def _repeat(assembler: Assembler, node: Any) -> None:
    for _ in range(node.least):
        assembler.write(node.inner)
    if node.most is None:
        at = assembler.add(SPLIT)
        assembler.write(node.inner)
        assembler.add(JUMP, at)
        assembler.split(at, at + 1, len(assembler.program), greedy=node.greedy)
        return
    splits = []
    for _ in range(node.most - node.least):
        splits.append(assembler.add(SPLIT))
        assembler.write(node.inner)
    for at in splits:
        assembler.split(at, at + 1, len(assembler.program), greedy=node.greedy)


_WRITERS: dict[type, Callable[[Assembler, Any], None]] = {
    syntax.One: _one,
    syntax.Anchor: _anchor,
    syntax.Reference: _reference,
    syntax.Sequence: _sequence,
    syntax.Choice: _choice,
    syntax.Group: _group,
    syntax.Repeat: _repeat,
}
