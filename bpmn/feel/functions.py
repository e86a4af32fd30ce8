"""Invocations and function definitions (DMN 1.5 §10.3.2.13).

What a built-in function cannot take is refused when the expression is compiled, where the number
or the names of its arguments tell; what it cannot take of values gives null.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bpmn.errors import ExpressionFailed, ExpressionRefused
from bpmn.feel import syntax
from bpmn.feel.builtins import registry
from bpmn.feel.builtins.registry import BUILTINS, Builtin
from bpmn.feel.limits import CALL_DEPTH, Run, weight
from bpmn.feel.scope import Scope
from bpmn.feel.types import conforms
from bpmn.feel.values import Function

if TYPE_CHECKING:
    from bpmn.feel.compiler import Compiler

Code = Callable[[Scope], Any]


def builtin_value(name: str) -> Function | None:
    """A built-in function as a value that can be passed on."""
    signatures = BUILTINS.get(name)
    if signatures is None:
        return None
    names = tuple(parameter.name for parameter in signatures[0].parameters)
    return Function(names, lambda run, arguments: registry.call(signatures, run, arguments))


def compile_call(compiler: Compiler, node: Any, signatures: list[Builtin] | None) -> Code:
    """A call of a built-in function, or (None) of a value."""
    arguments = [compiler.compile(argument) for argument in node.arguments]
    if signatures is None:
        return _dynamic(compiler.compile(node.function), arguments, node.names)
    if node.names:
        signatures, arguments = _by_name(node, signatures, arguments)
    fitting = [signature for signature in signatures if signature.accepts(len(arguments))]
    if not fitting:
        raise ExpressionRefused(
            f"{node.function.name} does not take {len(arguments)} arguments", node.position
        )

    def code(scope: Scope) -> Any:
        given = [argument(scope) for argument in arguments]
        scope.run.spend(1 + sum(map(weight, given)))
        return registry.call(fitting, scope.run, given)

    return code


def _by_name(
    node: Any, signatures: list[Builtin], arguments: list[Code]
) -> tuple[list[Builtin], list[Code]]:
    """The signature with these parameters, and the arguments in its order."""
    given = dict(zip(node.names, arguments, strict=True))
    for signature in signatures:
        wanted = [parameter.name for parameter in signature.parameters]
        needed = {item.name for item in signature.parameters if not item.optional}
        if needed <= given.keys() <= set(wanted):
            return [signature], [given.get(name, _null) for name in wanted]
    raise ExpressionRefused(
        f"{node.function.name} has no parameters {', '.join(node.names)}", node.position
    )


def _null(_scope: Scope) -> None:
    return None


def _dynamic(function: Code, arguments: list[Code], names: tuple[str, ...]) -> Code:
    def code(scope: Scope) -> Any:
        value = function(scope)
        given = [argument(scope) for argument in arguments]
        if type(value) is not Function:
            return None
        if names:
            by_name = dict(zip(names, given, strict=True))
            if by_name.keys() != set(value.parameters):
                return None
            given = [by_name[name] for name in value.parameters]
        return value.call(scope.run, given)

    return code


def compile_function(compiler: Compiler, node: Any) -> Code:
    body = compiler.inside(set(node.parameters), node.body)
    cost, levels = syntax.size(node.body), syntax.depth(node.body)
    parameters, types = node.parameters, node.types

    def make(scope: Scope) -> Function:
        def call(run: Run, arguments: list[Any]) -> Any:
            if len(arguments) != len(parameters) or not _typed(arguments, types, run):
                return None
            run.spend(cost)
            run.calls += levels
            if run.calls > CALL_DEPTH:
                raise ExpressionFailed("functions call each other too deeply")
            names = dict(zip(parameters, arguments, strict=True))
            result = body(Scope(names, run, scope))
            run.calls -= levels
            return result

        return Function(parameters, call)

    return make


def _typed(arguments: list[Any], types: tuple[syntax.Type | None, ...], run: Run) -> bool:
    return all(
        wanted is None or argument is None or conforms(argument, wanted, run)
        for argument, wanted in zip(arguments, types, strict=True)
    )
