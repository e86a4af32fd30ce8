"""FEEL's grammar (DMN 1.5 §10.3.1.2) by operator precedence; a text becomes a syntax tree.

Whatever is not understood is refused with its position. A tree is never deeper than the limit, so
nothing that walks it can overflow the stack.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bpmn.errors import ExpressionRefused
from bpmn.feel import syntax, temporal
from bpmn.feel.cursor import Cursor
from bpmn.feel.lexer import KEYWORDS, Token
from bpmn.feel.limits import DEPTH, TEXT
from bpmn.feel.names import Vocabulary

COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_COMPARING, _ADDING, _NEGATING = 3, 4, 7
_BINDING: dict[str, int] = {
    "or": 1,
    "and": 2,
    "between": _COMPARING,
    "in": _COMPARING,
    **dict.fromkeys(COMPARISONS, _COMPARING),
    "+": _ADDING,
    "-": _ADDING,
    "*": 5,
    "/": 5,
    "**": 6,
    "instance": 8,
}
_CONSTANTS = {"true": True, "false": False, "null": None}
_CONTINUES = frozenset("+-*/.[") | {"**"}


Faults = list[ExpressionRefused]


def parse(
    text: str, names: Iterable[str] | Vocabulary = (), faults: Faults | None = None
) -> syntax.Node:
    """The tree of one expression."""
    parser = Parser(text, names, faults)
    return parser.finished(parser.guarded(parser.expression))


def parse_type(
    text: str, names: Iterable[str] | Vocabulary = (), faults: Faults | None = None
) -> syntax.Type | None:
    """A type as it stands after `instance of`; None only where `faults` collects a fault."""
    parser = Parser(text, names, faults)
    found: syntax.Type | None = parser.guarded(parser.type)
    parser.finished(syntax.Constant(0, None))
    return found


def parse_unary_tests(
    text: str, names: Iterable[str] | Vocabulary = (), faults: Faults | None = None
) -> syntax.UnaryTests:
    """The tree of a cell of a decision table; `-` and nothing mean any value."""
    parser = Parser(text, names, faults)
    tests: syntax.UnaryTests = parser.guarded(parser.unary_tests)
    parser.finished(tests)
    return tests


class Parser(Cursor):
    """The grammar: one method a rule or group of rules."""

    # --- operators ---

    def expression(self, binding: int = 0) -> syntax.Node:
        """An expression of operators that bind more tightly than `binding`."""
        self._depth += 1
        if self._depth > DEPTH:
            raise self._too_deep()
        left = self._operand()
        for _ in range(TEXT):
            strength = _BINDING.get(self.token.text, 0) if self.token.kind != "string" else 0
            if strength <= binding or (strength == 8 and self._peek(1) != "of"):
                break
            left = self._operation(left, strength)
        self._depth -= 1
        return left

    def _peek(self, ahead: int) -> str:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)].text

    def _operation(self, left: syntax.Node, strength: int) -> syntax.Node:
        operator: Any = self._advance().text
        position = left.position
        if operator in ("and", "or"):
            operands = [left, self.expression(strength)]
            while self._take(operator):
                operands.append(self.expression(strength))
            return syntax.Logic(position, operator, tuple(operands))
        if operator in COMPARISONS:
            return syntax.Comparison(position, operator, left, self.expression(strength))
        if operator == "between":
            low = self.expression(_COMPARING)
            self._expect("and")
            return syntax.Between(position, left, low, self.expression(_COMPARING))
        if operator == "in":
            return syntax.In(position, left, self._tests_after_in())
        if operator == "instance":
            self._expect("of")
            return syntax.InstanceOf(position, left, self.type())
        return syntax.Arithmetic(position, operator, left, self.expression(strength))

    def _operand(self) -> syntax.Node:
        token = self.token
        if self._take("-"):
            return syntax.Negation(token.position, self.expression(_NEGATING))
        if token.kind == "word" and token.text in ("for", "some", "every", "if", "function"):
            return self._statement()
        return self._postfix(self._primary())

    def _statement(self) -> syntax.Node:
        token = self._advance()
        if token.text == "if":
            condition = self.expression()
            self._expect("then")
            then = self.expression()
            self._expect("else")
            return syntax.If(token.position, condition, then, self.expression())
        if token.text == "function":
            return self._function(token.position)
        self._names.open()
        iterators = [self._iterator()]
        while self._take(","):
            iterators.append(self._iterator())
        self._expect("return" if token.text == "for" else "satisfies")
        body = self.expression()
        self._names.close()
        if token.text == "for":
            return syntax.For(token.position, tuple(iterators), body)
        quantifier: Any = token.text
        return syntax.Quantified(token.position, quantifier, tuple(iterators), body)

    def _iterator(self) -> syntax.Iterator:
        """`name in list`, `name in low..high`; the name is known from here on."""
        name = self._spelled(self._name_length("in"))
        self._expect("in")
        low = self.expression()
        high = self.expression() if self._take("..") else None
        self._names.add(name)
        return syntax.Iterator(name, low, high)

    def _function(self, position: int) -> syntax.Node:
        self._expect("(")
        self._names.open()
        names: list[str] = []
        types: list[syntax.Type | None] = []
        while not self._is(")"):
            names.append(self._new_name(",", ")", ":"))
            types.append(self.type() if self._take(":") else None)
            if not self._take(","):
                break
        self._expect(")")
        at = self.token.position
        external = self._take("external")
        body = self.expression()
        self._names.close()
        if external:
            return self.fault("external functions are not run", at)
        if len(set(names)) != len(names):
            return self.fault("two parameters have the same name", position)
        return syntax.FunctionOf(position, tuple(names), tuple(types), body)

    # --- paths, filters, calls ---

    def _postfix(self, node: syntax.Node) -> syntax.Node:
        while True:
            if self._take("."):
                node = syntax.Path(node.position, node, self._field_name())
            elif self._is("[") and not self._before_closing:
                self._advance()
                self._names.open(of_items=True)
                condition = self._nested()
                self._names.close()
                self._expect("]")
                node = syntax.Filter(node.position, node, condition)
            elif self._take("("):
                node = self._call(node)
            else:
                return node

    def _nested(self) -> syntax.Node:
        """An expression between brackets, where `[` begins a filter again."""
        before, self._before_closing = self._before_closing, False
        node = self.expression()
        self._before_closing = before
        return node

    def _call(self, function: syntax.Node) -> syntax.Node:
        arguments: list[syntax.Node] = []
        names: list[str] = []
        while not self._is(")"):
            position = self.token.position
            length = self._name_length(":")
            if length and self._peek(length) == ":":
                names.append(self._spelled(length))
                self._advance()
            arguments.append(self._nested())
            if len(names) not in (0, len(arguments)):
                raise ExpressionRefused("either all arguments are named or none", position)
            if not self._take(","):
                break
        self._expect(")")
        if len(set(names)) != len(names):
            return self.fault("an argument is named twice", function.position)
        return syntax.Call(function.position, function, tuple(arguments), tuple(names))

    # --- operands ---

    def _primary(self) -> syntax.Node:
        token = self.token
        if token.kind in ("number", "string"):
            self._advance()
            return syntax.Constant(token.position, token.value)
        if token.kind == "at":
            return self._temporal(self._advance())
        if token.kind in ("word", "quoted"):
            return self._word()
        return self._bracketed(token)

    def _bracketed(self, token: Token) -> syntax.Node:
        if token.text == "(":
            return self._parenthesis()
        if token.text == "[":
            return self._list()
        if token.text == "{":
            return self._context()
        if token.text != "]":
            self._refuse("an expression")
        self._advance()
        return self._interval(token.position, self._nested(), low_included=False)

    def _temporal(self, token: Token) -> syntax.Node:
        value = temporal.read_literal(str(token.value))
        if value is None:
            return self.fault(f"{token.value} is no date, time or duration", token.position)
        return syntax.Constant(token.position, value)

    def _word(self) -> syntax.Node:
        token = self.token
        if token.text in _CONSTANTS:
            self._advance()
            return syntax.Constant(token.position, _CONSTANTS[token.text])
        if token.text in KEYWORDS:
            self._refuse("an expression")
        return syntax.Name(token.position, self._variable_name())

    def _parenthesis(self) -> syntax.Node:
        position = self._advance().position
        if self._is(*COMPARISONS):
            interval = self._one_ended(position)
            self._expect(")")
            return interval
        node = self._nested()
        if self._is(".."):
            return self._interval(position, node, low_included=False)
        self._expect(")")
        return node

    def _one_ended(self, position: int) -> syntax.Node:
        operator = self._advance().text
        end = self.expression(_COMPARING)
        if operator == "!=":
            return syntax.Interval(position, end, None, False, False, outside=True)
        low = end if operator in (">", ">=", "=") else None
        high = end if operator in ("<", "<=", "=") else None
        return syntax.Interval(
            position, low, high, operator in (">=", "="), operator in ("<=", "=")
        )

    def _list(self) -> syntax.Node:
        position = self._advance().position
        items: list[syntax.Node] = []
        while not self._is("]"):
            items.append(self._nested())
            if len(items) == 1 and self._is(".."):
                return self._interval(position, items[0], low_included=True)
            if not self._take(","):
                break
        self._expect("]")
        return syntax.ListOf(position, tuple(items))

    def _interval(self, position: int, low: syntax.Node, *, low_included: bool) -> syntax.Node:
        self._expect("..")
        before, self._before_closing = self._before_closing, True
        high = self.expression()
        self._before_closing = before
        if not self._is("]", ")", "["):
            self._refuse("the end of the range")
        return syntax.Interval(position, low, high, low_included, self._advance().text == "]")

    def _context(self) -> syntax.Node:
        position = self._advance().position
        entries: list[tuple[str, syntax.Node]] = []
        twice: syntax.Node | None = None
        self._names.open()
        while not self._is("}"):
            key = self._key()
            if key in (name for name, _ in entries):
                twice = self.fault(f"the key {key} stands twice", self.token.position)
            self._expect(":")
            entries.append((key, self._nested()))
            self._names.add(key)
            if not self._take(","):
                break
        self._names.close()
        self._expect("}")
        return twice or syntax.ContextOf(position, tuple(entries))

    def _key(self) -> str:
        """A key is known after its own value, save to a function, which may call itself."""
        if self.token.kind == "string":
            key = str(self._advance().value)
        else:
            key = self._spelled(self._name_length(":"))
        if self._peek(1) == "function":
            self._names.add(key)
        return key

    # --- tests ---

    def unary_tests(self) -> syntax.UnaryTests:
        """Rule 15 ff.: `-`, tests separated by commas, or `not(…)` round them."""
        position = self.token.position
        if self.token.kind == "end" or (self._is("-") and self._tokens[self._at + 1].kind == "end"):
            self._advance()
            return syntax.UnaryTests(position, (), negated=False)
        if self._is("not") and self._peek(1) == "(":
            start = self._at
            self._at += 2
            tests: tuple[syntax.Node, ...] | None = self._attempt(self._tests)
            if tests and self._take(")") and self._at_end():
                return syntax.UnaryTests(position, tests, negated=True)
            self._at = start
        return syntax.UnaryTests(position, self._tests(), negated=False)

    def _tests(self) -> tuple[syntax.Node, ...]:
        tests = [self._test()]
        while self._take(","):
            tests.append(self._test())
        return tuple(tests)

    def _test(self) -> syntax.Node:
        position = self.token.position
        if self._is(*COMPARISONS):
            operator: Any = self._advance().text
            subject = syntax.Name(position, "?")
            return syntax.Comparison(position, operator, subject, self.expression(_COMPARING))
        return self._nested()

    def _tests_after_in(self) -> tuple[syntax.Node, ...]:
        if self._is(*COMPARISONS):
            return (self._test(),)
        if self._is("("):
            start = self._at
            self._advance()
            tests: tuple[syntax.Node, ...] | None = self._attempt(self._tests)
            if tests and self._take(")") and not self._is(*_CONTINUES):
                return tests
            self._at = start
        return (self.expression(_COMPARING),)
