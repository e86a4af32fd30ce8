"""JUEL's grammar (Expression Language 2.2 §1.19), compiled while it is read.

What cannot be reached is refused with its position: beans, and methods and functions that no table
lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from bpmn.errors import ExpressionRefused
from bpmn.feel.limits import DEPTH, TEXT
from bpmn.graph import Evaluate
from bpmn.juel import closures, hints, methods
from bpmn.juel.execution import BEANS, About, Code, asked
from bpmn.juel.hints import written_instead
from bpmn.values import Value

_BEANS = BEANS | {"externalTask", "caseExecution", "authenticatedUserId"}
_NOTHING: About = {}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<word>[A-Za-z_$][\w$]*)"
    r"|(?P<symbol>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]])|(?P<end>\Z))",
    re.DOTALL,
)
_WORDS = {
    "and": "&&",
    "or": "||",
    "not": "!",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "gt": ">",
    "le": "<=",
    "ge": ">=",
    "div": "/",
    "mod": "%",
}
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def compile_juel(text: str, about: About = _NOTHING) -> Evaluate:
    """Compile a template. One `${…}` alone gives its value, anything else a text. `about` says
    what is known of `execution` and `task` where the text stands."""
    if len(text) > TEXT:
        raise ExpressionRefused(f"an expression has at most {TEXT} characters", TEXT)
    parts = _parts(text, about)
    if len(parts) == 1 and not isinstance(parts[0], str):
        return closures.guarded(parts[0])
    if not any(callable(part) for part in parts):
        whole = "".join(str(part) for part in parts)
        return lambda _variables, _now: whole

    return closures.template(parts)


def _parts(text: str, about: About) -> list[str | Code]:
    """Literal texts and compiled expressions, in order."""
    parts: list[str | Code] = []
    literal: list[str] = []
    marks: set[str] = set()
    at = 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in ("$", "#", "\\"):
            literal.append(text[at + 1])
            at += 2
        elif text[at] in "$#" and text[at + 1 : at + 2] == "{":
            marks.add(text[at])
            if len(marks) > 1:
                raise ExpressionRefused("${…} and #{…} cannot stand in one text", at)
            if literal:
                parts.append("".join(literal))
                literal = []
            parser = _Parser(text, at + 2, about)
            parts.append(parser.whole())
            at = parser.end
        else:
            literal.append(text[at])
            at += 1
    if literal:
        parts.append("".join(literal))
    return parts


class _Parser:
    """Reads one expression up to its `}` and makes closures of it."""

    def __init__(self, text: str, start: int, about: About) -> None:
        self._text = text
        self._about = about
        self._depth = 0
        self._token = _Token("symbol", "", start)
        self.end = start
        self._advance()

    def whole(self) -> Code:
        try:
            code = self._ternary()
        except RecursionError:
            raise ExpressionRefused("nested too deeply", self._token.position) from None
        if self._token.kind != "close":
            self._refuse("an operator or “}”")
        return code

    # --- tokens ---

    def _advance(self) -> _Token:
        before = self._token
        match = _TOKEN.match(self._text, self.end)
        start = self.end
        while start < len(self._text) and self._text[start].isspace():
            start += 1
        if match is None or match.lastgroup == "end":
            if self._text[start : start + 1] != "}":
                found = self._text[start : start + 1] or "the end"
                raise ExpressionRefused(f"expected “}}”, found {found}", start)
            self._token, self.end = _Token("close", "}", start), start + 1
            return before
        kind = str(match.lastgroup)
        word = match[kind]
        if kind == "word" and word in _WORDS:
            kind, word = "symbol", _WORDS[word]
        self._token, self.end = _Token(kind, word, match.start(str(match.lastgroup))), match.end()
        return before

    def _take(self, symbol: str) -> bool:
        if self._token.kind == "symbol" and self._token.text == symbol:
            self._advance()
            return True
        return False

    def _expect(self, symbol: str) -> None:
        if not self._take(symbol):
            self._refuse(f"“{symbol}”")

    def _refuse(self, wanted: str) -> NoReturn:
        raise ExpressionRefused(
            f"expected {wanted}, found {self._token.text}", self._token.position
        )

    # --- grammar (§1.19) ---

    def _ternary(self) -> Code:
        self._depth += 1
        if self._depth > DEPTH:
            raise ExpressionRefused("nested too deeply", self._token.position)
        condition = self._binary(0)
        if self._take("?"):
            condition = self._choice(condition)
        self._depth -= 1
        return condition

    def _choice(self, condition: Code) -> Code:
        first = self._ternary()
        self._expect(":")
        second = self._ternary()
        return closures.choice(condition, first, second)

    def _binary(self, binding: int) -> Code:
        left = self._unary()
        for _ in range(DEPTH):
            symbol = self._token.text if self._token.kind == "symbol" else ""
            strength = closures.LOGIC.get(symbol) or closures.OPERATIONS.get(symbol, (0, None))[0]
            if strength <= binding:
                return left
            self._advance()
            right = self._binary(strength)
            join = closures.logic if symbol in closures.LOGIC else closures.both
            left = join(symbol, left, right)
        raise ExpressionRefused("too many operators in a row", self._token.position)

    def _unary(self) -> Code:
        prefixes = []
        while True:
            if self._token.kind == "word" and self._token.text == "empty":
                self._advance()
                prefixes.append(closures.empty)
            elif self._take("!"):
                prefixes.append(closures.negated)
            elif self._take("-"):
                prefixes.append(closures.minus)
            else:
                break
            if len(prefixes) > DEPTH:
                raise ExpressionRefused("nested too deeply", self._token.position)
        code = self._postfix(self._primary())
        for prefix in reversed(prefixes):
            code = prefix(code)
        return code

    def _postfix(self, code: Code) -> Code:
        for _ in range(DEPTH):
            position = self._token.position
            if self._take("."):
                code = self._member(code, position)
            elif self._take("["):
                code = closures.part(code, self._ternary())
                self._expect("]")
            else:
                return code
        raise ExpressionRefused("too many parts in a row", self._token.position)

    def _member(self, code: Code, position: int) -> Code:
        """A property, or a method that some kind of value has."""
        if self._token.kind != "word":
            self._refuse("a name")
        name = self._advance().text
        if not self._take("("):
            return closures.part(code, closures.constant(name))
        arguments = self._arguments()
        if not methods.fits(name, len(arguments)):
            known = "with so many arguments " if name in methods.NAMES else ""
            hint = written_instead(hints.METHODS.get(name))
            raise ExpressionRefused(
                f"the method {name} {known}cannot be called here{hint}", position
            )
        return closures.called(code, name, arguments)

    def _arguments(self) -> list[Code]:
        """What stands in the parentheses of a call, the opening one read."""
        found: list[Code] = []
        while not self._take(")"):
            if found:
                self._expect(",")
            found.append(self._ternary())
        return found

    def _primary(self) -> Code:
        token = self._token
        if token.kind == "number":
            self._advance()
            return closures.constant(
                int(token.text) if token.text.isdigit() else Decimal(token.text)
            )
        if token.kind == "text":
            self._advance()
            return closures.constant(re.sub(r"\\([\\'\"])", r"\1", token.text[1:-1]))
        if token.kind == "word":
            return self._name()
        if not self._take("("):
            self._refuse("an expression")
        code = self._ternary()
        self._expect(")")
        return code

    def _name(self) -> Code:
        token = self._advance()
        if token.text in _CONSTANTS:
            return closures.constant(_CONSTANTS[token.text])
        if token.text == "instanceof":
            raise ExpressionRefused("instanceof is reserved", token.position)
        if self._take("("):
            return self._function(token)
        if self._token.text == ":":
            self._refuse_prefixed(token)
        if token.text in BEANS and self._take("."):
            return self._bean(token)
        if token.text in _BEANS:
            raise ExpressionRefused(
                f"the object {token.text} cannot be reached, only variables", token.position
            )
        return closures.variable(token.text)

    def _refuse_prefixed(self, token: _Token) -> None:
        """`prefix:name(` is a function; `a ? b : c` is not."""
        ahead = re.compile(r"\s*([A-Za-z_$][\w$]*)\s*\(").match(self._text, self.end)
        if ahead and self._text[self._token.position - 1 : self._token.position] == token.text[-1]:
            name = f"{token.text}:{ahead[1]}"
            hint = written_instead(hints.FUNCTIONS.get(name))
            raise ExpressionRefused(f"the function {name} is not known{hint}", token.position)

    def _function(self, token: _Token) -> Code:
        name, arguments = token.text, self._arguments()
        if name in ("now", "dateTime") and not arguments:
            return closures.clock
        if name in ("S", "JSON") and len(arguments) == 1:
            return closures.node(arguments[0])
        hint = written_instead(hints.FUNCTIONS.get(name))
        raise ExpressionRefused(
            f"the function {name} with {len(arguments)} arguments is not known, only now(), "
            f"dateTime(), S(json) and JSON(json){hint}",
            token.position,
        )

    def _bean(self, token: _Token) -> Code:
        bean, name = token.text, self._advance().text
        call = self._take("(")
        arguments = self._arguments() if call else []
        if call and len(arguments) == 1 and bean == "execution" and name in _BY_NAME:
            return _BY_NAME[name](arguments[0])
        known = self._about.get(asked(bean, name, call=call))
        if known is not None and not arguments:
            return known
        hint = written_instead(hints.EXECUTION.get(name))
        others = sorted(each for each in self._about if each.startswith(f"{bean}."))
        can = f"only variables, {', '.join(others)}" if others else "only variables"
        raise ExpressionRefused(
            f"{bean}.{name} cannot be reached here, {can}{hint}", token.position
        )


_BY_NAME = {"getVariable": closures.get_variable, "hasVariable": closures.has_variable}
