"""FEEL, the expression language of DMN 1.5 (chapter 10): text in, a compiled expression out.

How a text becomes a value, one module a step:

    lexer     words                     compiler   closures for operators and literals
    names     names with spaces         functions, loops, selections, unary, shortcuts
    cursor    tokens, types, limits                closures for the rest
    parser    the grammar               scope      names while it runs
    syntax    the tree                  limits     what it may cost
    operators, paths, types, temporal, values, invocation, builtins/   what it means
    trace     why it gives null         compiled   what a decision model is given

Two ways in. Process models compile with `compile_feel`: whatever can only give null is refused
when deployed, and a result is a value that a variable can hold. Decision models compile with
`compile_expression` and `compile_unary`: what the standard says is null is null, and ranges and
functions are values. `docs/feel.md` says what there is, how values map, and where we deviate.

Invariant: no text reaches a Python object, and every evaluation ends within the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from bpmn.errors import ExpressionFailed
from bpmn.feel import builtins
from bpmn.feel.compiled import (
    TOO_DEEP,
    Compiled,
    CompiledTests,
    compile_expression,
    compile_unary,
    function_of,
)
from bpmn.feel.invocation import invoke
from bpmn.feel.limits import Run
from bpmn.feel.names import Vocabulary
from bpmn.feel.parser import parse_type
from bpmn.feel.scope import Scope
from bpmn.feel.syntax import Type
from bpmn.feel.trace import Reason
from bpmn.feel.types import coerced, conforms, print_type, type_of
from bpmn.feel.values import Function, Range, exported, kind
from bpmn.graph import Evaluate
from bpmn.values import Value

__all__ = [
    "Compiled",
    "CompiledTests",
    "Function",
    "Range",
    "Reason",
    "Run",
    "Test",
    "Type",
    "Vocabulary",
    "coerced",
    "compile_expression",
    "compile_feel",
    "compile_unary",
    "compile_unary_tests",
    "conforms",
    "constants_in_tests",
    "evaluate_feel",
    "exported",
    "function_of",
    "invoke",
    "kind",
    "parse_type",
    "print_type",
    "type_of",
    "vocabulary_of",
]

Test = Callable[[Value, Mapping[str, Value], datetime], bool]
"""A compiled cell of a decision table: input value, variables and clock in, a verdict out."""

assert builtins.REGISTERED

_PLAIN = frozenset({bool, int, str, Decimal, type(None)})
"""Types of results that need no look inside."""


def compile_feel(text: str, names: Iterable[str] | Vocabulary = ()) -> Evaluate:
    """Compile an expression of a process model. `names` are variables that are known to be there:
    only those can have spaces or signs in their names, or hold functions."""
    code = compile_expression(text, names, strict=True).code

    def evaluate(variables: Mapping[str, Value], now: datetime) -> Value:
        try:
            value: Value = code(Scope(variables, Run(now)))
            return value if type(value) in _PLAIN else exported(value)
        except RecursionError:
            raise ExpressionFailed(TOO_DEEP) from None

    return evaluate


def evaluate_feel(text: str, context: Mapping[str, Value], now: datetime) -> Value:
    """Compile and evaluate once."""
    return compile_feel(text, vocabulary_of(context))(context, now)


def compile_unary_tests(text: str, names: Iterable[str] | Vocabulary = ()) -> Test:
    """Compile what an input entry of a decision table says of its input."""
    tests = compile_unary(text, names, strict=True)
    return lambda value, variables, now: tests.verdict(value, variables, Run(now)) is True


def constants_in_tests(text: str) -> tuple[Value, ...]:
    """The values that tests list, in order; empty where one is no plain value."""
    return compile_unary(text).constants


def vocabulary_of(
    context: Mapping[str, object], types: Mapping[str, Type] | None = None
) -> Vocabulary:
    """What the values of a context tell: its names, and those of all entries inside it."""
    fields: set[str] = set()
    pending: list[object] = list(context.values())
    for _ in range(_LOOKED_AT):
        if not pending:
            break
        value = pending.pop()
        if isinstance(value, Mapping):
            fields.update(map(str, value))
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return Vocabulary(context, fields, types)


_LOOKED_AT = 100_000
