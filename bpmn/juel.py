"""JUEL as Camunda 7's models use it: `${…}`, `#{…}`, and texts with such parts in them.

Only variables can be reached: beans, methods and functions are refused when compiled, save for
`execution.getVariable`, `execution.hasVariable` and `now()`. A variable that is not there is an
error, as in Camunda (Expression Language 2.2, JUEL 2.2).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from bpmn import coercion
from bpmn.errors import ExpressionFailed, ExpressionRefused, VariableMissing
from bpmn.feel import operators
from bpmn.feel.limits import DEPTH, TEXT, checked_text
from bpmn.feel.temporal import local_now
from bpmn.graph import Evaluate
from bpmn.values import Value

Code = Callable[[Mapping[str, Value], datetime], Any]

_BEANS = frozenset({"execution", "task", "externalTask", "caseExecution", "authenticatedUserId"})
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
_OPERATIONS: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "==": (3, coercion.equal),
    "!=": (3, lambda left, right: not coercion.equal(left, right)),
    "<": (4, coercion.ordered(operator.lt, if_equal=False)),
    ">": (4, coercion.ordered(operator.gt, if_equal=False)),
    "<=": (4, coercion.ordered(operator.le, if_equal=True)),
    ">=": (4, coercion.ordered(operator.ge, if_equal=True)),
    "+": (5, coercion.arithmetic(operators.add)),
    "-": (5, coercion.arithmetic(operators.subtract)),
    "*": (6, coercion.arithmetic(operators.multiply)),
    "/": (6, coercion.divided),
    "%": (6, coercion.remainder),
}
_LOGIC = {"||": 1, "&&": 2}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def compile_juel(text: str) -> Evaluate:
    """Compile a template. One `${…}` alone gives its value, anything else a text."""
    if len(text) > TEXT:
        raise ExpressionRefused(f"an expression has at most {TEXT} characters", TEXT)
    parts = _parts(text)
    if len(parts) == 1 and not isinstance(parts[0], str):
        return parts[0]
    if not any(callable(part) for part in parts):
        whole = "".join(str(part) for part in parts)
        return lambda _variables, _now: whole

    def template(variables: Mapping[str, Value], now: datetime) -> Value:
        return checked_text(
            "".join(
                part if isinstance(part, str) else coercion.to_text(part(variables, now))
                for part in parts
            )
        )

    return template


def _parts(text: str) -> list[str | Code]:
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
            parser = _Parser(text, at + 2)
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

    def __init__(self, text: str, start: int) -> None:
        self._text = text
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
        return _guarded(code)

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
        return lambda variables, now: (
            first(variables, now)
            if coercion.to_boolean(condition(variables, now))
            else second(variables, now)
        )

    def _binary(self, binding: int) -> Code:
        left = self._unary()
        for _ in range(DEPTH):
            symbol = self._token.text if self._token.kind == "symbol" else ""
            strength = _LOGIC.get(symbol) or _OPERATIONS.get(symbol, (0, None))[0]
            if strength <= binding:
                return left
            self._advance()
            right = self._binary(strength)
            left = _logic(symbol, left, right) if symbol in _LOGIC else _both(symbol, left, right)
        raise ExpressionRefused("too many operators in a row", self._token.position)

    def _unary(self) -> Code:
        prefixes = []
        while True:
            if self._token.kind == "word" and self._token.text == "empty":
                self._advance()
                prefixes.append(_empty)
            elif self._take("!"):
                prefixes.append(_not)
            elif self._take("-"):
                prefixes.append(_minus)
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
                if self._token.kind != "word":
                    self._refuse("a name")
                name = self._advance().text
                if self._token.text == "(":
                    raise ExpressionRefused(f"the method {name} cannot be called here", position)
                code = _property(code, _constant(name))
            elif self._take("["):
                code = _property(code, self._ternary())
                self._expect("]")
            else:
                return code
        raise ExpressionRefused("too many parts in a row", self._token.position)

    def _primary(self) -> Code:
        token = self._token
        if token.kind == "number":
            self._advance()
            return _constant(int(token.text) if token.text.isdigit() else Decimal(token.text))
        if token.kind == "text":
            self._advance()
            return _constant(re.sub(r"\\([\\'\"])", r"\1", token.text[1:-1]))
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
            return _constant(_CONSTANTS[token.text])
        if token.text == "instanceof":
            raise ExpressionRefused("instanceof is reserved", token.position)
        if self._take("("):
            return self._function(token)
        if self._token.text == ":":
            self._refuse_prefixed(token)
        if token.text == "execution" and self._take("."):
            return self._execution(token)
        if token.text in _BEANS:
            raise ExpressionRefused(
                f"the object {token.text} cannot be reached, only variables", token.position
            )
        return _variable(token.text)

    def _refuse_prefixed(self, token: _Token) -> None:
        """`prefix:name(` is a function; `a ? b : c` is not."""
        ahead = re.compile(r"\s*[A-Za-z_$][\w$]*\s*\(").match(self._text, self.end)
        if ahead and self._text[self._token.position - 1 : self._token.position] == token.text[-1]:
            raise ExpressionRefused(f"the function {token.text}:… is not known", token.position)

    def _function(self, token: _Token) -> Code:
        if token.text != "now":
            raise ExpressionRefused(
                f"the function {token.text} is not known, only now()", token.position
            )
        self._expect(")")
        return lambda _variables, now: local_now(now)

    def _execution(self, token: _Token) -> Code:
        method = self._advance()
        if method.text not in ("getVariable", "hasVariable") or not self._take("("):
            raise ExpressionRefused(
                f"execution.{method.text} cannot be reached, only variables", token.position
            )
        name = self._ternary()
        self._expect(")")
        if method.text == "hasVariable":
            return lambda variables, now: coercion.to_text(name(variables, now)) in variables
        return lambda variables, now: variables.get(coercion.to_text(name(variables, now)))


# --- closures ---


def _guarded(code: Code) -> Code:
    def evaluate(variables: Mapping[str, Value], now: datetime) -> Any:
        try:
            return code(variables, now)
        except RecursionError:
            raise ExpressionFailed("a value is nested too deeply") from None

    return evaluate


def _constant(value: Any) -> Code:
    return lambda _variables, _now: value


def _variable(name: str) -> Code:
    def code(variables: Mapping[str, Value], _now: datetime) -> Any:
        try:
            return variables[name]
        except KeyError:
            raise VariableMissing(f"there is no variable {name}") from None

    return code


def _property(base: Code, key: Code) -> Code:
    """An entry of a context (null if it has none), an item of a list (null beside it)."""

    def code(variables: Mapping[str, Value], now: datetime) -> Any:
        holder, name = base(variables, now), key(variables, now)
        if type(holder) is dict:
            return holder.get(coercion.to_text(name))
        if type(holder) is list:
            index = int(coercion.to_number(name))
            return holder[index] if 0 <= index < len(holder) else None
        raise ExpressionFailed(f"{coercion.to_text(name)} is looked for where nothing has parts")

    return code


def _both(symbol: str, left: Code, right: Code) -> Code:
    operation = _OPERATIONS[symbol][1]
    return lambda variables, now: operation(left(variables, now), right(variables, now))


def _logic(symbol: str, left: Code, right: Code) -> Code:
    decisive = symbol == "||"

    def code(variables: Mapping[str, Value], now: datetime) -> bool:
        if coercion.to_boolean(left(variables, now)) is decisive:
            return decisive
        return coercion.to_boolean(right(variables, now))

    return code


def _not(operand: Code) -> Code:
    return lambda variables, now: not coercion.to_boolean(operand(variables, now))


def _minus(operand: Code) -> Code:
    return lambda variables, now: operators.negative(coercion.to_number(operand(variables, now)))


def _empty(operand: Code) -> Code:
    return lambda variables, now: coercion.is_empty(operand(variables, now))
