"""Unary tests: the cells of decision tables (DMN 1.5 §7.3.3 and §10.3.1.2 rules 7 to 17).

A test that mentions the input `?` decides by itself. Any other gives a value that the input is
compared with: equal to it, in the list, in the range; `true` decides too, save for a boolean
input, which is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpmn.feel import operators, syntax
from bpmn.feel.compiler import Compiler
from bpmn.feel.scope import Scope

Code = Callable[[Scope], Any]


def compile_tests(compiler: Compiler, tests: syntax.UnaryTests) -> Code:
    """The verdict of all tests on `?`, which the scope's own names hold."""
    codes = [_test(compiler, node) for node in tests.tests]
    if not codes:
        return lambda _scope: True
    if tests.negated:
        return lambda scope: operators.negated(_any(codes, scope))
    return codes[0] if len(codes) == 1 else lambda scope: _any(codes, scope)


def _any(codes: list[Code], scope: Scope) -> bool | None:
    return operators.disjunction(code(scope) for code in codes)


def _test(compiler: Compiler, node: syntax.Node) -> Code:
    code = compiler.inside({"?"}, node)
    decides = syntax.uses(node, "?")

    def test(scope: Scope) -> Any:
        value = code(scope)
        subject = scope.names["?"]
        if decides and value is None:
            return None
        if type(value) is bool and (decides or type(subject) is not bool):
            return value
        return operators.member(subject, value, scope.run)

    return test
