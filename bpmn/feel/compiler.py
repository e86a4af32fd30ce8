"""A syntax tree becomes closures: `Code` takes a scope and gives a value.

Everything that can be known before the first evaluation is decided here, once: names are bound to
their scopes, unknown functions and wrong arguments refused, constants folded. A name is looked up
by a direct path unless a filter, whose items bring names of their own, stands between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bpmn.errors import ExpressionRefused
from bpmn.feel import operators, syntax
from bpmn.feel.functions import builtin_value, compile_call, compile_function
from bpmn.feel.limits import weight
from bpmn.feel.loops import compile_for, compile_quantified
from bpmn.feel.paths import part
from bpmn.feel.scope import Scope
from bpmn.feel.selections import compile_filter
from bpmn.feel.shortcuts import compare_constant
from bpmn.feel.types import conforms, unmapped
from bpmn.feel.values import Range

if TYPE_CHECKING:
    from bpmn.feel.trace import Trace

Code = Callable[[Scope], Any]


class Compiler:
    """Compiles one tree. `scopes` holds, innermost last, the names each open scope knows;
    None stands for the scope of a filter's item, whose names nobody knows before.

    `faults` collects what can only give null; where it is None, such a fault is a refusal.
    """

    def __init__(
        self,
        known: frozenset[str] = frozenset(),
        faults: list[ExpressionRefused] | None = None,
        trace: Trace | None = None,
    ) -> None:
        self.scopes: list[set[str] | None] = []
        self._known = known
        self._faults = faults
        self._trace = trace
        self._keys: set[str] = set()

    def compile(self, node: syntax.Node) -> Code:
        code = _RULES[type(node)](self, node)
        return code if self._trace is None else self._trace.watched(node, code)

    def fault(self, message: str, position: int) -> Code:
        """Code that gives null, or a refusal."""
        refused = ExpressionRefused(message, position)
        if self._faults is None:
            raise refused
        self._faults.append(refused)
        return lambda _scope: None

    @contextmanager
    def tolerant(self) -> Iterator[None]:
        """While it lasts, no fault counts."""
        before, self._faults = self._faults, []
        try:
            yield
        finally:
            self._faults = before

    def inside(self, names: set[str] | None, node: syntax.Node) -> Code:
        """The code of a node in a new scope."""
        self.scopes.append(names)
        try:
            return self.compile(node)
        finally:
            self.scopes.pop()

    def may_mean_value(self, name: str) -> bool:
        """Whether a scope of the expression, the caller, or an item in a filter has the name."""
        if any(scope is not None and name in scope for scope in self.scopes):
            return True
        return name in self._known or (None in self.scopes and name in self._keys)

    def note_keys(self, keys: Iterable[str]) -> None:
        """Names of entries that items of a list may have."""
        self._keys.update(keys)

    def name(self, node: Any) -> Code:
        hops: int | None = 0
        for scope in reversed(self.scopes):
            if scope is None:
                hops = None
                break
            if node.name in scope:
                return _bound(node.name, hops or 0)
            hops = (hops or 0) + 1
        return _variable(node.name, hops)


def _bound(name: str, hops: int) -> Code:
    if hops == 0:
        return lambda scope: scope.names[name]
    if hops == 1:
        return lambda scope: scope.outer.names[name]  # type: ignore[union-attr]

    def code(scope: Any) -> Any:
        for _ in range(hops):
            scope = scope.outer
        return scope.names[name]

    return code


def _variable(name: str, hops: int | None) -> Code:
    otherwise = builtin_value(name)
    if hops == 0 and otherwise is None:
        return lambda scope: scope.names.get(name)

    def code(scope: Scope) -> Any:
        found, value = scope.look_up(name)
        return value if found else otherwise

    return code


def _constant(_: Compiler, node: Any) -> Code:
    value = node.value
    return lambda _scope: value


def _list(compiler: Compiler, node: Any) -> Code:
    items = [compiler.compile(item) for item in node.items]
    return lambda scope: [item(scope) for item in items]


def _context(compiler: Compiler, node: Any) -> Code:
    known: set[str] = set()
    entries: list[tuple[str, Code]] = []
    compiler.note_keys(key for key, _ in node.entries)
    for key, value in node.entries:
        if isinstance(value, syntax.FunctionOf):
            known.add(key)
        entries.append((key, compiler.inside(known, value)))
        known.add(key)

    def code(scope: Scope) -> Any:
        made: dict[str, Any] = {}
        inner = scope.inner(made)
        for key, value in entries:
            made[key] = value(inner)
        return made

    return code


def _interval(compiler: Compiler, node: Any) -> Code:
    if node.outside:
        return _all_but(compiler.compile(node.low))
    low = compiler.compile(node.low) if node.low else None
    high = compiler.compile(node.high) if node.high else None

    def code(scope: Scope) -> Any:
        first = low(scope) if low else None
        last = high(scope) if high else None
        if low and high and not operators.comparable(first, last):
            return None
        if (low and first is None) or (high and last is None):
            return None
        return Range(first, last, node.low_included, node.high_included)

    if all(end is None or isinstance(end, syntax.Constant) for end in (node.low, node.high)):
        return _folded(code)
    return code


def _all_but(value: Code) -> Code:
    def code(scope: Scope) -> Any:
        left_out = value(scope)
        return Range(left_out, left_out, False, False, outside=True)

    return code


def _folded(code: Any) -> Code:
    value = code(None)
    return lambda _scope: value


def _negation(compiler: Compiler, node: Any) -> Code:
    operand = compiler.compile(node.operand)
    if isinstance(node.operand, syntax.Constant):
        return _folded(lambda scope: operators.negative(operand(scope)))
    return lambda scope: operators.negative(operand(scope))


def _arithmetic(compiler: Compiler, node: Any) -> Code:
    operation = operators.ARITHMETIC_OPERATORS[node.operator]
    left, right = compiler.compile(node.left), compiler.compile(node.right)
    if node.operator != "+":
        return lambda scope: operation(left(scope), right(scope))

    def code(scope: Scope) -> Any:
        value = operators.add(left(scope), right(scope))
        if type(value) is str:
            scope.run.spend(weight(value))
        return value

    return code


def _comparison(compiler: Compiler, node: Any) -> Code:
    left = compiler.compile(node.left)
    if isinstance(node.right, syntax.Constant):
        return compare_constant(left, node.operator, node.right.value)
    right = compiler.compile(node.right)
    if node.operator in ("=", "!="):
        same = operators.equal if node.operator == "=" else operators.unequal
        return lambda scope: same(left(scope), right(scope), scope.run)
    operation = operators.COMPARISONS[node.operator]
    return lambda scope: operation(left(scope), right(scope))


def _logic(compiler: Compiler, node: Any) -> Code:
    operands = [compiler.compile(operand) for operand in node.operands]
    decisive = node.operator == "or"
    if len(operands) == 2:
        return _logic_of_two(*operands, decisive=decisive)

    def code(scope: Scope) -> Any:
        verdict: bool | None = not decisive
        for operand in operands:
            value = operand(scope)
            if value is decisive:
                return decisive
            if value is not (not decisive):
                verdict = None
        return verdict

    return code


def _logic_of_two(left: Code, right: Code, *, decisive: bool) -> Code:
    neutral = not decisive

    def code(scope: Scope) -> Any:
        first = left(scope)
        if first is decisive:
            return decisive
        second = right(scope)
        if second is decisive:
            return decisive
        return neutral if first is neutral and second is neutral else None

    return code


def _between(compiler: Compiler, node: Any) -> Code:
    value, low, high = (compiler.compile(part) for part in (node.value, node.low, node.high))

    def code(scope: Scope) -> Any:
        subject = value(scope)
        return operators.conjunction(
            (
                operators.greater_or_equal(subject, low(scope)),
                operators.less_or_equal(subject, high(scope)),
            )
        )

    return code


def _in(compiler: Compiler, node: Any) -> Code:
    value = compiler.compile(node.value)
    tests = [compile_test(compiler, test) for test in node.tests]

    def code(scope: Scope) -> Any:
        inner = scope.inner({"?": value(scope)})
        return operators.disjunction(test(inner) for test in tests)

    return code


def compile_test(compiler: Compiler, node: syntax.Node) -> Code:
    """One positive unary test on `?`, the scope's only name (DMN 1.5 §10.3.2.12)."""
    code = compiler.inside({"?"}, node)
    if not syntax.uses(node, "?"):
        return lambda scope: operators.member(scope.names["?"], code(scope), scope.run)

    def test(scope: Scope) -> Any:
        value = code(scope)
        decided = value is None or type(value) is bool
        return value if decided else operators.member(scope.names["?"], value, scope.run)

    return test


def _instance_of(compiler: Compiler, node: Any) -> Code:
    value = compiler.compile(node.value)
    wanted = node.type
    if wanted is None:
        return lambda _scope: None
    if bare := unmapped(wanted):
        return compiler.fault(f"the type {bare} needs its parts, such as {bare}<…>", node.position)
    return lambda scope: conforms(value(scope), wanted, scope.run)


def _path(compiler: Compiler, node: Any) -> Code:
    base = compiler.compile(node.base)
    name = node.name
    return lambda scope: part(base(scope), name, scope.run)


def _if(compiler: Compiler, node: Any) -> Code:
    condition, then, otherwise = (
        compiler.compile(part) for part in (node.condition, node.then, node.otherwise)
    )
    return lambda scope: then(scope) if condition(scope) is True else otherwise(scope)


def _broken(_: Compiler, _node: Any) -> Code:
    return lambda _scope: None


_RULES: dict[type[syntax.Node], Callable[[Compiler, Any], Code]] = {
    syntax.Constant: _constant,
    syntax.Name: Compiler.name,
    syntax.ListOf: _list,
    syntax.ContextOf: _context,
    syntax.Interval: _interval,
    syntax.Negation: _negation,
    syntax.Arithmetic: _arithmetic,
    syntax.Comparison: _comparison,
    syntax.Logic: _logic,
    syntax.Between: _between,
    syntax.In: _in,
    syntax.InstanceOf: _instance_of,
    syntax.Path: _path,
    syntax.If: _if,
    syntax.Call: compile_call,
    syntax.Broken: _broken,
    syntax.Filter: compile_filter,
    syntax.FunctionOf: compile_function,
    syntax.For: compile_for,
    syntax.Quantified: compile_quantified,
}
