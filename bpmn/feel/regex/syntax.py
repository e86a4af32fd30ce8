r"""A pattern's tree, and the text read into it (XML Schema part 2, appendix F; F&O §7.6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn

from bpmn.feel.regex import characters
from bpmn.feel.regex.characters import Accept

FLAGS = frozenset("smixq")
MAX_DEPTH = 50
MAX_LENGTH = 2_000
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", **{sign: sign for sign in "\\|.?*+(){}-[]^$"}}
_SPECIAL = frozenset(".\\?*+{}()|[]")
_SPACE = " \t\n\r"


class NotAPattern(Exception):
    """The text is no regular expression, or has no such flags."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, slots=True)
class One:
    """One character that is accepted; `literal` if it can only be this one."""

    accept: Accept
    literal: str | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    at: Literal["start", "end", "line start", "line end"]


@dataclass(frozen=True, slots=True)
class Reference:
    """What the group matched, again."""

    group: int


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Group:
    inner: Node
    number: int


@dataclass(frozen=True, slots=True)
class Repeat:
    inner: Node
    least: int
    most: int | None
    greedy: bool


Node = One | Anchor | Reference | Sequence | Choice | Group | Repeat


class Reader:
    """Reads one pattern."""

    def __init__(self, text: str, flags: str) -> None:
        if not set(flags) <= FLAGS:
            raise NotAPattern(f"{flags}: the flags are s, m, i, x and q")
        if len(text) > MAX_LENGTH:
            raise NotAPattern(f"a pattern has at most {MAX_LENGTH} characters")
        self.text = text
        self.ignore_case = "i" in flags
        self.groups = 0
        self._flags = flags
        self._at = 0
        self._depth = 0
        self._closed: set[int] = set()

    def whole(self) -> Node:
        if "q" in self._flags:
            return Sequence(tuple(self._literal(character) for character in self.text))
        tree = self._choice()
        if self._at < len(self.text):
            self._refuse("this closing bracket has no opening one")
        return tree

    def _refuse(self, why: str) -> NoReturn:
        raise NotAPattern(why, self._at)

    def _peek(self) -> str:
        if "x" in self._flags:
            while self.text[self._at : self._at + 1] in _SPACE and self._at < len(self.text):
                self._at += 1
        return self.text[self._at : self._at + 1]

    def _take(self) -> str:
        taken = self._peek()
        self._at += 1
        return taken

    def _literal(self, character: str) -> One:
        accept = characters.one(character, ignore_case=self.ignore_case)
        return One(accept, None if self.ignore_case else character)

    # --- structure ---

    def _choice(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse("the pattern is nested too deeply")
        options = [self._sequence()]
        while self._peek() == "|":
            self._take()
            options.append(self._sequence())
        self._depth -= 1
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self) -> Node:
        atom = self._atom()
        bounds = self._bounds()
        if bounds is None:
            return atom
        greedy = self._peek() != "?"
        if not greedy:
            self._take()
        if self._peek() and self._peek() in "?*+{":
            self._refuse("a repetition cannot be repeated")
        return Repeat(atom, *bounds, greedy)

    def _bounds(self) -> tuple[int, int | None] | None:
        known: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}
        mark = self._peek()
        if mark in known:
            self._take()
            return known[mark]
        return self._counted() if mark == "{" else None

    def _counted(self) -> tuple[int, int | None]:
        self._take()
        low = self._digits()
        most: int | None = low
        if self._peek() == ",":
            self._take()
            most = None if self._peek() == "}" else self._digits()
        if self._take() != "}" or (most is not None and most < low):
            self._refuse("a counted repetition is {n}, {n,} or {n,m}")
        return low, most

    def _digits(self) -> int:
        found = ""
        while self._peek() and self._peek() in "0123456789":
            found += self._take()
        if not found or len(found) > 6:
            self._refuse("a number of repetitions is missing or too large")
        return int(found)

    def _atom(self) -> Node:
        character = self._take()
        if character == "(":
            return self._group()
        if character == "[":
            return One(self._class())
        if character == "\\":
            return self._escape()
        if character == ".":
            every = "s" in self._flags
            return One(characters.anything if every else characters.no_newline)
        if character in ("^", "$"):
            lines = "m" in self._flags
            if character == "^":
                return Anchor("line start" if lines else "start")
            return Anchor("line end" if lines else "end")
        if character in _SPECIAL:
            self._at -= 1
            self._refuse(f"{character} has nothing before it")
        return self._literal(character)

    def _group(self) -> Node:
        if self.text[self._at : self._at + 2] == "?:":
            self._at += 2
            inner, number = self._choice(), 0
        else:
            self.groups += 1
            number = self.groups
            inner = self._choice()
            self._closed.add(number)
        if self._take() != ")":
            self._refuse("the group is not closed")
        return Group(inner, number) if number else inner

    # --- escapes and classes ---

    def _escape(self) -> Node:
        if self._next() in "123456789" and self._next():
            return self._reference()
        accept, literal = self._escaped()
        return self._literal(literal) if literal else One(accept)

    def _next(self) -> str:
        return self.text[self._at : self._at + 1]

    def _reference(self) -> Node:
        """The longest number of a group that has begun; the group must be closed before."""
        number = int(self._take())
        while self._next() and self._next() in "0123456789":
            longer = number * 10 + int(self._next())
            if longer > self.groups:
                break
            number = longer
            self._take()
        if number not in self._closed:
            self._refuse(f"there is no group {number} before this")
        return Reference(number)

    def _escaped(self) -> tuple[Accept, str | None]:
        """What follows a backslash: what it accepts, and the character if it is a single one."""
        letter = self._next()
        self._at += 1
        if letter in ("p", "P"):
            return self._category(negated=letter == "P"), None
        if letter.lower() in characters.ESCAPES:
            accept = characters.ESCAPES[letter.lower()]
            return (accept if letter.islower() else characters.none_of(accept)), None
        if letter not in _PLAIN_ESCAPES or not letter:
            self._refuse(f"there is no escape \\{letter}")
        character = _PLAIN_ESCAPES[letter]
        return characters.one(character, ignore_case=self.ignore_case), character

    def _category(self, *, negated: bool) -> Accept:
        closing = self.text.find("}", self._at)
        if self._next() != "{" or closing < 0:
            self._refuse("a category stands in {…}")
        name = self.text[self._at + 1 : closing]
        accept = characters.category(name)
        if accept is None:
            self._refuse(f"there is no category {name}")
        self._at = closing + 1
        return characters.none_of(accept) if negated else accept

    def _class(self) -> Accept:
        """`[…]`, its opening bracket read, with `-[…]` taken away."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse("the pattern is nested too deeply")
        negated = self._next() == "^"
        self._at += negated
        tests: list[Accept] = []
        taken: Accept | None = None
        while self._next() != "]":
            if not self._next():
                self._refuse("the class is not closed")
            if self.text[self._at : self._at + 2] == "-[" and tests:
                self._at += 2
                taken = self._class()
                break
            tests.append(self._class_part(first=not tests))
        if self._next() != "]" or not tests:
            self._refuse("the class is empty or does not end here")
        self._at += 1
        self._depth -= 1
        accept = characters.any_of(tests)
        if negated:
            accept = characters.none_of(accept)
        return characters.without(accept, taken) if taken else accept

    def _class_part(self, *, first: bool) -> Accept:
        if self._next() == "-" and not first and self.text[self._at + 1 : self._at + 2] != "]":
            self._refuse("a - stands first or last in a class, or as \\-")
        accept, low = self._class_character()
        follows = self.text[self._at : self._at + 2]
        if low is None or follows[:1] != "-" or follows[1:] in ("]", "[", ""):
            return accept
        self._at += 1
        _, high = self._class_character()
        if high is None or high < low:
            self._refuse("the range of characters is not one")
        return characters.between(low, high, ignore_case=self.ignore_case)

    def _class_character(self) -> tuple[Accept, str | None]:
        character = self._next()
        self._at += 1
        if character == "\\":
            return self._escaped()
        if character in "[]":
            self._at -= 1
            self._refuse(f"{character} stands in a class as \\{character}")
        return characters.one(character, ignore_case=self.ignore_case), character
