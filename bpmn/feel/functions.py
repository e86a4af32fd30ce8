"""Calls and function definitions (DMN 1.5 §10.3.2.13).

What a built-in function cannot take is known when the expression is compiled, where the number or
the names of its arguments tell; what it cannot take of values gives null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bpmn.feel import syntax
from bpmn.feel.builtins import registry
from bpmn.feel.builtins.registry import BUILTINS, Builtin
from bpmn.feel.invocation import invoke
from bpmn.feel.limits import Run, weight
from bpmn.feel.names import NOT_OF_DMN
from bpmn.feel.scope import Scope
from bpmn.feel.values import Function

if TYPE_CHECKING:
    from bpmn.feel.compiler import Compiler

Code = Callable[[Scope], Any]


def builtin_value(name: str) -> Function | None:
    """A built-in function as a value that can be passed on."""
    signatures = BUILTINS.get(name)
    if signatures is None:
        return None

    def by_position(run: Run, arguments: list[Any]) -> Any:
        return registry.call(signatures, run, arguments)

    def overloaded(run: Run, arguments: Sequence[Any], names: Sequence[str]) -> Any:
        if not names:
            return by_position(run, list(arguments))
        given = dict(zip(names, arguments, strict=True))
        return registry.call_by_name(signatures, run, given)

    names = tuple(parameter.name for parameter in signatures[0].parameters)
    return Function(names, by_position, overloaded=overloaded)


def compile_call(compiler: Compiler, node: Any) -> Code:
    """A call of a value or, where a name means none, of a built-in function."""
    function = node.function
    arguments = [compiler.compile(argument) for argument in node.arguments]
    if not isinstance(function, syntax.Name):
        return _of_value(compiler.compile(function), arguments, node.names, None)
    known = compiler.may_mean_value(function.name)
    if function.name not in BUILTINS:
        if not known:
            instead = NOT_OF_DMN.get(function.name)
            hint = f" in DMN; write {instead}" if instead else ""
            return compiler.fault(f"there is no function {function.name}{hint}", node.position)
        return _of_value(compiler.compile(function), arguments, node.names, None)
    if not known:
        return _of_builtin(compiler, node, arguments)
    with compiler.tolerant():
        builtin = _of_builtin(compiler, node, arguments)
    return _of_value(compiler.compile(function), arguments, node.names, builtin)


def _of_builtin(compiler: Compiler, node: Any, arguments: list[Code]) -> Code:
    name, names = node.function.name, node.names
    if names:
        named = [item for item in BUILTINS[name] if item.accepts_names(names)]
        if not named:
            return compiler.fault(f"{name} has no parameters {', '.join(names)}", node.position)
        return _of_builtin_by_name(named, names, arguments)
    fitting = [signature for signature in BUILTINS[name] if signature.accepts(len(arguments))]
    if not fitting:
        return compiler.fault(f"{name} does not take {len(arguments)} arguments", node.position)

    def code(scope: Scope) -> Any:
        given = [argument(scope) for argument in arguments]
        scope.run.spend(1 + sum(map(weight, given)))
        return registry.call(fitting, scope.run, given)

    return code


def _of_builtin_by_name(
    signatures: list[Builtin], names: tuple[str, ...], arguments: list[Code]
) -> Code:
    def code(scope: Scope) -> Any:
        given = {name: code(scope) for name, code in zip(names, arguments, strict=True)}
        scope.run.spend(1 + sum(map(weight, given.values())))
        return registry.call_by_name(signatures, scope.run, given)

    return code


def _of_value(
    function: Code, arguments: list[Code], names: tuple[str, ...], otherwise: Code | None
) -> Code:
    def code(scope: Scope) -> Any:
        value = function(scope)
        if type(value) is not Function and otherwise is not None:
            return otherwise(scope)
        given = [argument(scope) for argument in arguments]
        scope.run.spend(1 + sum(map(weight, given)))
        return invoke(value, scope.run, given, names)

    return code


def compile_function(compiler: Compiler, node: Any) -> Code:
    body = compiler.inside(set(node.parameters), node.body)
    cost, levels = syntax.size(node.body), syntax.depth(node.body)
    parameters, types = node.parameters, node.types

    def make(scope: Scope) -> Function:
        def call(run: Run, arguments: list[Any]) -> Any:
            run.spend(cost)
            run.enter(levels)
            names = dict(zip(parameters, arguments, strict=True))
            result = body(Scope(names, run, scope))
            run.leave(levels)
            return result

        return Function(parameters, call, types)

    return make
