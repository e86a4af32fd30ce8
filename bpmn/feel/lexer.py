"""FEEL's words (DMN 1.5 §10.3.1.2, rules 25 to 38 and 61 to 65).

Names with spaces and signs are put together by the parser, which knows the names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import DecimalException
from typing import Literal

from bpmn.errors import ExpressionRefused
from bpmn.values import ARITHMETIC, LARGEST_EXPONENT, Number

Kind = Literal["number", "string", "at", "word", "quoted", "symbol", "end"]
"""`quoted` is a name between backticks, as Camunda's models write names with signs."""

KEYWORDS = frozenset(
    {"for", "return", "if", "then", "else", "some", "every", "satisfies", "and", "or"}
    | {"between", "in", "function", "true", "false", "null"}
)

_DIGITS = 34
_START = (
    r"?A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D"
    r"\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
"""Rule 28: what a name begins with."""
_PART = _START + r"0-9\u00B7\u0300-\u036F\u203F-\u2040"
_SPACE = re.compile(r"(?:[\s\u180E\u200B\uFEFF]|//[^\n\r]*|/\*.*?\*/)+", re.DOTALL)
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WORD = re.compile(rf"[{_START}][{_PART}]*")
_QUOTED = re.compile(r"`([^`\n\r]+)`")
_STRING = re.compile(r'"((?:[^"\\\n\r]|\\.)*)"')
_SYMBOL = re.compile(r"\*\*|\.\.|->|<=|>=|!=|[-+*/=<>()\[\]{},:.@\']")
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
    if match := _QUOTED.match(text, position):
        return Token("quoted", match[0], position, match[1]), match.end()
    if match := _SYMBOL.match(text, position):
        return Token("symbol", match[0], position), match.end()
    if text[position] == '"':
        raise ExpressionRefused("the text that begins here is not closed", position)
    raise ExpressionRefused(f"the character {text[position]!r} has no place in FEEL", position)


def _number(text: str, position: int) -> Number:
    """The literal, rounded to the 34 digits that a FEEL number has."""
    if text.isdigit() and len(text) <= _DIGITS:
        return int(text)
    try:
        value = ARITHMETIC.create_decimal(text)
    except DecimalException:
        value = None
    if value is None or not value.is_finite() or abs(value.adjusted()) > LARGEST_EXPONENT:
        raise ExpressionRefused("a FEEL number has an exponent of at most 6144", position)
    return value


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
