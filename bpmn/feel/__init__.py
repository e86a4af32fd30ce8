"""FEEL, the expression language of DMN 1.5 (chapter 10): text in, `Evaluate` out.

How a text becomes a value, one module a step:

    lexer     words                     compiler   closures for operators and literals
    names     names with spaces         functions, loops, selections, unary, shortcuts
    cursor    tokens, types, limits                closures for the rest
    parser    the grammar               scope      names while it runs
    syntax    the tree                  limits     what it may cost
    operators, paths, types, temporal, values, builtins/   what it means

Invariant: what is not done exactly as the standard says is refused when compiled, with its
position, or fails when it shows only then; it is never approximated. Not done: names with
operators in them (`a-b`), external functions, ranges that leave out one value, patterns in
`replace` and `split` (plain texts only), look-around and categories in `matches`, times in a named
zone, years beyond 9999, fractions of microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.feel import builtins, syntax
from bpmn.feel.compiler import Compiler
from bpmn.feel.limits import Run
from bpmn.feel.parser import parse, parse_unary_tests
from bpmn.feel.scope import Scope
from bpmn.feel.unary import compile_tests
from bpmn.feel.values import exported
from bpmn.graph import Evaluate
from bpmn.values import Value

__all__ = ["Test", "compile_feel", "compile_unary_tests", "constants_in_tests", "evaluate_feel"]

Test = Callable[[Value, Mapping[str, Value], datetime], bool]
"""A compiled cell of a decision table: input value, variables and clock in, a verdict out."""

assert builtins.REGISTERED

_PLAIN = frozenset({bool, int, str, Decimal, type(None)})
"""Types of results that need no look inside."""

_STOPPED = "the expression is nested too deeply"


def compile_feel(text: str, names: Iterable[str] = ()) -> Evaluate:
    """Compile an expression; `names` are known variables whose names have spaces."""
    code = _compiled(parse(text, names))

    def evaluate(variables: Mapping[str, Value], now: datetime) -> Value:
        try:
            value: Value = code(Scope(variables, Run(now)))
            return value if type(value) in _PLAIN else exported(value)
        except RecursionError:
            raise ExpressionFailed(_STOPPED) from None

    return evaluate


def evaluate_feel(text: str, context: Mapping[str, Value], now: datetime) -> Value:
    """Compile and evaluate once."""
    return compile_feel(text, context.keys())(context, now)


def compile_unary_tests(text: str, names: Iterable[str] = ()) -> Test:
    """Compile what an input entry of a decision table says of its input."""
    tests = parse_unary_tests(text, names)
    if not tests.tests:
        return lambda _value, _variables, _now: True
    try:
        code = compile_tests(Compiler(), tests)
    except RecursionError:
        raise ExpressionRefused(_STOPPED) from None

    def test(value: Value, variables: Mapping[str, Value], now: datetime) -> bool:
        try:
            run = Run(now)
            return code(Scope({"?": value}, run, Scope(variables, run))) is True
        except RecursionError:
            raise ExpressionFailed(_STOPPED) from None

    return test


def _compiled(tree: syntax.Node) -> Callable[[Scope], Any]:
    try:
        return Compiler().compile(tree)
    except RecursionError:
        raise ExpressionRefused(_STOPPED) from None


def constants_in_tests(text: str) -> tuple[Value, ...]:
    """The values that tests list, in order; empty where one is no plain value."""
    tests = parse_unary_tests(text)
    if tests.negated or not all(isinstance(node, syntax.Constant) for node in tests.tests):
        return ()
    return tuple(node.value for node in tests.tests if isinstance(node, syntax.Constant))
