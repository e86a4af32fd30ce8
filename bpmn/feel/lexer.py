"""FEEL's words (DMN 1.5 §10.3.1.2, rules 27 to 30 and 33 to 38).

Names with spaces are put together by the parser, which knows the names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bpmn.errors import ExpressionRefused
from bpmn.values import Number

Kind = Literal["number", "string", "at", "word", "symbol", "end"]

KEYWORDS = frozenset(
    {"for", "return", "if", "then", "else", "some", "every", "satisfies", "and", "or"}
    | {"between", "in", "function", "true", "false", "null"}
)

_DIGITS = 34
_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WORD = re.compile(r"[^\W\d]\w*|\?")
_STRING = re.compile(r'"((?:[^"\\\n\r]|\\.)*)"')
_SYMBOL = re.compile(r"\*\*|\.\.|->|<=|>=|!=|[-+*/=<>()\[\]{},:.@]")
_ESCAPE = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{6})|\\(.)",
    re.DOTALL,
)
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "'": "'"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    position: int
    value: Number | str | None = None


def tokens(text: str) -> list[Token]:
    """The words of the text, closed by one of kind `end`."""
    found: list[Token] = []
    position = 0
    while True:
        space = _SPACE.match(text, position)
        position = space.end() if space else position
        if position >= len(text):
            found.append(Token("end", "", len(text)))
            return found
        token, position = _token(text, position)
        found.append(token)


def _token(text: str, position: int) -> tuple[Token, int]:
    if match := _NUMBER.match(text, position):
        return Token("number", match[0], position, _number(match[0], position)), match.end()
    if match := _WORD.match(text, position):
        return Token("word", match[0], position), match.end()
    if match := _STRING.match(text, position):
        return Token("string", match[0], position, _unescaped(match[1], position)), match.end()
    if text[position] == "@" and (match := _STRING.match(text, position + 1)):
        return Token("at", match[0], position, _unescaped(match[1], position)), match.end()
    if match := _SYMBOL.match(text, position):
        return Token("symbol", match[0], position), match.end()
    if text[position] == '"':
        raise ExpressionRefused("the text that begins here is not closed", position)
    raise ExpressionRefused(f"the character {text[position]!r} has no place in FEEL", position)


def _number(text: str, position: int) -> Number:
    if text.isdigit() and len(text) <= _DIGITS:
        return int(text)
    digits = re.sub(r"[eE].*", "", text).replace(".", "").strip("0")
    exponent = re.search(r"[eE][+-]?0*(\d+)$", text)
    if len(digits) > _DIGITS or (exponent and len(exponent[1]) > 4):
        raise ExpressionRefused("a FEEL number has 34 digits and an exponent of four", position)
    return Decimal(text)


def _unescaped(text: str, position: int) -> str:
    if "\\" not in text:
        return text

    def replaced(match: re.Match[str]) -> str:
        high, low, short, long, plain = match.groups()
        if high:
            return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
        if plain:
            return _PLAIN_ESCAPES.get(plain, "\\" + plain)
        code = int(short or long, 16)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise ExpressionRefused(f"{match[0]} is no character", position)
        return chr(code)

    return _ESCAPE.sub(replaced, text)
