r"""Regular expressions of forms, matched in time linear in the text.

A subset of JavaScript's (a form's `validate.pattern`): literals, `.`, classes, `\d \w \s`, groups,
alternatives, counted and open repetition, `^` and `$`. There is no backtracking, so no text can
make a pattern slow; what is beyond the subset is refused. FEEL has XPath's: `bpmn.feel.regex`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NoReturn

from bpmn.errors import ExpressionRefused

Accept = Callable[[str], bool]

MAX_PATTERN = 500
MAX_STATES = 1_000
_MAX_DEPTH = 30
_ASCII_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_LINE_ENDS = "\n\r\u2028\u2029"
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(slots=True)
class _State:
    """`accept` consumes a character; `at` holds only at the text's start or end."""

    accept: Accept | None = None
    at: Literal["start", "end"] | None = None
    next: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern."""

    text: str
    _states: list[_State]
    _first: int
    _last: int

    def found_in(self, text: str) -> bool:
        """Whether some part of the text matches."""
        current: set[int] = set()
        for position in range(len(text) + 1):
            self._enter(self._first, position, len(text), current)
            if self._last in current:
                return True
            if position < len(text):
                current = self._step(current, text[position], position + 1, len(text))
        return False

    def _step(self, current: set[int], character: str, position: int, length: int) -> set[int]:
        following: set[int] = set()
        for number in current:
            state = self._states[number]
            if state.accept and state.accept(character):
                for target in state.next:
                    self._enter(target, position, length, following)
        return following

    def _enter(self, first: int, position: int, length: int, into: set[int]) -> None:
        """Add the state and all that follow it without a character."""
        pending = [first]
        while pending:
            number = pending.pop()
            if number in into:
                continue
            state = self._states[number]
            if (state.at == "start" and position) or (state.at == "end" and position < length):
                continue
            into.add(number)
            if state.accept is None:
                pending.extend(state.next)


def compile_pattern(text: str) -> Pattern:
    """Compile the pattern. Raises `ExpressionRefused` with the position of what is not run."""
    if len(text) > MAX_PATTERN:
        raise ExpressionRefused(f"a pattern has at most {MAX_PATTERN} characters", MAX_PATTERN)
    return _Compiler(text).whole()


class _Compiler:
    """Thompson's construction, straight from the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.states: list[_State] = []

    def whole(self) -> Pattern:
        first, last = self._alternatives()
        if self.at < len(self.text):
            self._refuse("this closing bracket has no opening one")
        return Pattern(self.text, self.states, first, last)

    def _new(self, accept: Accept | None = None, at: Literal["start", "end"] | None = None) -> int:
        if len(self.states) >= MAX_STATES:
            self._refuse("the pattern repeats too much")
        self.states.append(_State(accept, at))
        return len(self.states) - 1

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _refuse(self, why: str) -> NoReturn:
        raise ExpressionRefused(why, self.at)

    def _alternatives(self) -> tuple[int, int]:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            self._refuse("the pattern is nested too deeply")
        first, last = self._new(), self._new()
        while True:
            begin, end = self._sequence()
            self.states[first].next.append(begin)
            self.states[end].next.append(last)
            if self._peek() != "|":
                break
            self.at += 1
        self.depth -= 1
        return first, last

    def _sequence(self) -> tuple[int, int]:
        first = last = self._new()
        while self._peek() not in ("", "|", ")"):
            begin, end = self._repeated()
            self.states[last].next.append(begin)
            last = end
        return first, last

    def _repeated(self) -> tuple[int, int]:
        start = self.at
        copies = [self._atom()]
        bounds = self._bounds()
        if bounds is None:
            return copies[0]
        least, most = bounds
        after = self.at
        for _ in range(1, max(least, 1) if most is None else most):
            self.at = start
            copies.append(self._atom())
        self.at = after
        return self._chained(copies[:most], least, endless=most is None)

    def _chained(
        self, copies: list[tuple[int, int]], least: int, *, endless: bool
    ) -> tuple[int, int]:
        """The copies one after another; those past `least` may be left out, an endless last one
        may come again."""
        first = last = self._new()
        closing = self._new()
        for number, (begin, end) in enumerate(copies):
            if number >= least:
                self.states[last].next.append(closing)
            self.states[last].next.append(begin)
            last = end
        self.states[last].next.append(closing)
        if endless:
            self.states[last].next.append(copies[-1][0])
        return first, closing

    def _bounds(self) -> tuple[int, int | None] | None:
        mark = self._peek()
        known: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}
        if mark in known:
            self.at += 1
            bounds = known[mark]
        elif mark == "{":
            bounds = self._counted()
        else:
            return None
        if self._peek() == "?":
            self.at += 1  # reluctance changes what is captured, not whether anything matches
        elif self._peek() in ("*", "+", "{"):
            self._refuse("a repetition cannot be repeated")
        return bounds

    def _counted(self) -> tuple[int, int | None]:
        closing = self.text.find("}", self.at)
        low, comma, high = self.text[self.at + 1 : max(closing, self.at + 1)].partition(",")
        valid = closing > 0 and low.isdecimal() and (not high or high.isdecimal())
        if not valid or max(len(low), len(high)) > 4:
            self._refuse("a counted repetition is {n}, {n,} or {n,m}")
        self.at = closing + 1
        most = int(high) if high else (None if comma else int(low))
        if most is not None and most < int(low):
            self._refuse("the repetition ends before it begins")
        return int(low), most

    def _atom(self) -> tuple[int, int]:
        character = self._peek()
        self.at += 1
        if character == "(":
            return self._group()
        if character in ("^", "$"):
            only = self._new(at="start" if character == "^" else "end")
            return only, only
        if character in ("*", "+", "?", "{", "}", "]"):
            self.at -= 1
            self._refuse(f"{character} has nothing before it")
        if character == "[":
            accept = self._class()
        elif character == ".":
            accept = _none_of(_LINE_ENDS)
        elif character == "\\":
            accept = self._escape()
        else:
            accept = _one(character)
        begin, end = self._new(accept), self._new()
        self.states[begin].next.append(end)
        return begin, end

    def _group(self) -> tuple[int, int]:
        if self._peek() == "?":
            if self.text[self.at : self.at + 2] != "?:":
                self._refuse("groups with (? are not run, save (?:")
            self.at += 2
        inner = self._alternatives()
        if self._peek() != ")":
            self._refuse("the group is not closed")
        self.at += 1
        return inner

    def _escape(self) -> Accept:
        character = self._peek()
        self.at += 1
        if character and character in "dDwWsS":
            return _shorthand(character)
        if character in _ESCAPED:
            return _one(_ESCAPED[character])
        if not character or character.isalnum():
            self.at -= 1
            self._refuse(f"the escape \\{character} is not run")
        return _one(character)

    def _class(self) -> Accept:
        negated = self._peek() == "^"
        self.at += negated
        tests: list[Accept] = []
        while self._peek() != "]":
            if not self._peek():
                self._refuse("the class is not closed")
            if self._peek() == "[" or self.text[self.at : self.at + 2] == "-[":
                self._refuse("a class inside a class is not run")
            tests.append(self._class_part())
        self.at += 1
        return lambda found: any(test(found) for test in tests) is not negated

    def _class_part(self) -> Accept:
        first, accept = self._class_character()
        follows = self.text[self.at : self.at + 2]
        if first is None or len(follows) < 2 or follows[0] != "-" or follows[1] == "]":
            return accept
        self.at += 1
        last, _ = self._class_character()
        if last is None or last < first:
            self._refuse("the range of characters is not one")
        low, high = first, last
        return lambda found: low <= found <= high

    def _class_character(self) -> tuple[str | None, Accept]:
        character = self._peek()
        self.at += 1
        if character != "\\":
            return character, _one(character)
        escaped = self._peek()
        accept = self._escape()
        if escaped in "dDwWsS":
            return None, accept
        return _ESCAPED.get(escaped, escaped), accept


def _none_of(characters: str) -> Accept:
    return lambda found: found not in characters


def _one(character: str) -> Accept:
    return lambda found: found == character


def _shorthand(letter: str) -> Accept:
    positive = _SHORTHANDS[letter.lower()]
    if letter.islower():
        return positive
    return lambda found: not positive(found)


_SHORTHANDS: dict[str, Accept] = {
    "d": lambda found: "0" <= found <= "9",
    "w": lambda found: found in _ASCII_WORD,
    "s": lambda found: found.isspace() or found == "\ufeff",
}
