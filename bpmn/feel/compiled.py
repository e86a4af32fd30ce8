"""A compiled expression and compiled tests, with their whole FEEL values.

`value` gives what DMN needs of one expression for another: ranges and functions too, and null for
whatever the standard says is null. Only a limit that is passed is an error.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.feel import syntax
from bpmn.feel.compiler import Compiler
from bpmn.feel.limits import Run
from bpmn.feel.names import Vocabulary
from bpmn.feel.parser import parse, parse_unary_tests
from bpmn.feel.scope import Scope
from bpmn.feel.trace import Reason, Trace
from bpmn.feel.unary import compile_tests
from bpmn.feel.values import Function

Code = Callable[[Scope], Any]
TOO_DEEP = "the expression is nested too deeply"


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression. `faults` are the places that can only give null: unknown functions, wrong
    numbers of arguments, dates that are none."""

    text: str
    faults: tuple[ExpressionRefused, ...]
    tree: syntax.Node = field(repr=False)
    code: Code = field(repr=False)
    known: frozenset[str] = field(repr=False, default=frozenset())

    def value(self, variables: Mapping[str, Any], run: Run) -> Any:
        """Evaluate. Raises `ExpressionFailed` where a limit is passed."""
        try:
            return self.code(Scope(variables, run))
        except RecursionError:
            raise ExpressionFailed(TOO_DEEP) from None

    def reasons(self, variables: Mapping[str, Any], now: datetime) -> tuple[Reason, ...]:
        """Why parts of the value are null, found by evaluating again."""
        trace = Trace()
        with suppress(ExpressionFailed, RecursionError):
            Compiler(self.known, [], trace).compile(self.tree)(Scope(variables, Run(now)))
        return _explained(trace, self.faults)


@dataclass(frozen=True, slots=True)
class CompiledTests:
    """The tests of a decision table's cell, or of a type's allowed values."""

    text: str
    faults: tuple[ExpressionRefused, ...]
    tree: syntax.UnaryTests = field(repr=False)
    code: Code = field(repr=False)
    known: frozenset[str] = field(repr=False, default=frozenset())

    def verdict(self, value: Any, variables: Mapping[str, Any], run: Run) -> bool | None:
        """Whether the value passes. Raises `ExpressionFailed` where a limit is passed."""
        try:
            verdict: bool | None = self.code(Scope({"?": value}, run, Scope(variables, run)))
        except RecursionError:
            raise ExpressionFailed(TOO_DEEP) from None
        return verdict

    def reasons(
        self, value: Any, variables: Mapping[str, Any], now: datetime
    ) -> tuple[Reason, ...]:
        """Why parts of the tests are null, found by evaluating again."""
        trace, run = Trace(), Run(now)
        with suppress(ExpressionFailed, RecursionError):
            code = compile_tests(Compiler(self.known, [], trace), self.tree)
            code(Scope({"?": value}, run, Scope(variables, run)))
        return _explained(trace, self.faults)

    @property
    def constants(self) -> tuple[Any, ...]:
        """The values that are listed, in order; empty where one test is no plain value."""
        tests = self.tree.tests
        if self.tree.negated or not all(isinstance(test, syntax.Constant) for test in tests):
            return ()
        return tuple(test.value for test in tests if isinstance(test, syntax.Constant))


def _explained(trace: Trace, faults: tuple[ExpressionRefused, ...]) -> tuple[Reason, ...]:
    """The reasons, in the words of the compiler where it knew the fault already."""
    known = {fault.position: str(fault) for fault in faults}
    return tuple(
        Reason(known.get(each.position, each.text), each.position) for each in trace.reasons
    )


def compile_expression(
    text: str, names: Iterable[str] | Vocabulary = (), *, strict: bool = False
) -> Compiled:
    """Compile one expression. Raises `ExpressionRefused` for a syntax error; where `strict`, for
    everything that can only give null too."""
    vocabulary = Vocabulary.of(names)
    faults: list[ExpressionRefused] | None = None if strict else []
    try:
        tree = parse(text, vocabulary, faults)
        code = Compiler(vocabulary.names, faults).compile(tree)
    except RecursionError:
        raise ExpressionRefused(TOO_DEEP) from None
    return Compiled(text, tuple(faults or ()), tree, code, vocabulary.names)


def compile_unary(
    text: str, names: Iterable[str] | Vocabulary = (), *, strict: bool = False
) -> CompiledTests:
    """Compile unary tests, as `compile_expression` does expressions."""
    vocabulary = Vocabulary.of(names)
    faults: list[ExpressionRefused] | None = None if strict else []
    try:
        tree = parse_unary_tests(text, vocabulary, faults)
        code: Code = compile_tests(Compiler(vocabulary.names, faults), tree)
    except RecursionError:
        raise ExpressionRefused(TOO_DEEP) from None
    return CompiledTests(text, tuple(faults or ()), tree, code, vocabulary.names)


def function_of(
    parameters: Iterable[str],
    body: Compiled,
    variables: Mapping[str, Any],
    types: Iterable[syntax.Type | None] = (),
) -> Function:
    """A function whose body is an expression, as a business knowledge model's is."""
    names = tuple(parameters)
    levels = syntax.depth(body.tree)

    def call(run: Run, arguments: list[Any]) -> Any:
        own = dict(zip(names, arguments, strict=True))
        scope = Scope(ChainMap(own, cast("dict[str, Any]", variables)), run)
        run.enter(levels)
        value = body.code(scope)
        run.leave(levels)
        return value

    return Function(names, call, tuple(types))
