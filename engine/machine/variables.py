"""Variables: where a value goes, and how an activity maps its own from and to the outside.

A value without a stated scope goes to the nearest scope that has the name, else to the process;
parallel branches share their scope; a local value shadows (as Camunda 7 does).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from bpmn.graph import Expression, MultiInstance, Node
from bpmn.values import Value, Variables
from engine.machine.errors import Stopped
from engine.machine.facts import VariableRemoved, VariableSet
from engine.machine.run import Run, is_host
from engine.machine.state import Stage, Token

_UNTYPED: Mapping[str, str] = {}
N = TypeVar("N", str, str | None)


def set_variables(
    run: Run, scope: int, values: Mapping[str, Value], wire: Mapping[str, str] = _UNTYPED
) -> None:
    """Set each value in the nearest scope, from `scope` outwards, that has its name."""
    for name, value in values.items():
        set_variable(run, scope, name, value, wire.get(name))


def take_results(
    run: Run, token_id: int, values: Mapping[str, Value], wire: Mapping[str, str] = _UNTYPED
) -> None:
    """Set what a task, job or message gives back: inside a node that keeps its results."""
    if run.graph.nodes[run.state.tokens[token_id].node].keeps_results:
        for name, value in values.items():
            set_local(run, token_id, name, value, wire.get(name))
    else:
        set_variables(run, run.state.scope_of(token_id), values, wire)


def set_variable(run: Run, scope: int, name: str, value: Value, wire: str | None = None) -> None:
    """Set a value in the nearest scope, from `scope` outwards, that has its name."""
    state = run.state
    while scope and name not in state.variables.get(scope, ()):
        token = state.tokens[scope]
        if token.instance and name in state.given(scope):
            break
        scope = token.scope
    set_local(run, scope, name, value, wire)


def set_local(run: Run, scope: int, name: str, value: Value, wire: str | None = None) -> None:
    """Set a value in this very scope."""
    state = run.state
    own = state.variables.get(scope)
    if own is None:
        own = state.variables[scope] = {}
    if run.watched:
        known = name in own or name in run.state.given(scope)
        run.changes.append((scope, name, "update" if known else "create"))
    own[name] = value
    if wire is not None:
        state.wire.setdefault(scope, {})[name] = wire
    elif state.wire:
        _forget_wire(run, scope, name)
    run.facts.append(VariableSet(scope, name, value, wire))


def remove_local(run: Run, scope: int, name: str) -> None:
    """Remove a variable of this very scope, if it is there. One that stood before what an instance
    of a loop is given leaves that: nobody takes an instance its number or its item."""
    own = run.state.variables.get(scope, {})
    if name not in own:
        return
    del own[name]
    _forget_wire(run, scope, name)
    given = run.state.given(scope)
    if run.watched:
        run.changes.append((scope, name, "update" if name in given else "delete"))
    if name in given:
        run.facts.append(VariableSet(scope, name, given[name]))
    else:
        run.facts.append(VariableRemoved(scope, name))


def _forget_wire(run: Run, scope: int, name: str) -> None:
    wires = run.state.wire.get(scope, {})
    wires.pop(name, None)
    if not wires:
        run.state.wire.pop(scope, None)


def keep(run: Run, token_id: int, name: str, value: Value) -> None:
    """Keep something for a token that nobody sees: no fact, and a scope that no token has."""
    run.state.variables.setdefault(-token_id, {})[name] = value


def kept(run: Run, token_id: int, name: str) -> Value:
    return run.state.variables[-token_id][name]


def drop_scope(run: Run, scope: int) -> None:
    """Forget the scope's variables. No fact: they end with the activity that held them."""
    run.state.variables.pop(scope, None)
    run.state.wire.pop(scope, None)


def map_inputs(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """Evaluate the input mapping into the activity's own scope; later inputs see earlier ones.

    Each instance of a loop has its own; the host has none.
    """
    if node.inputs and not is_host(token, node):
        mapped = evaluate_all(run, run.state.visible(run.state.scope_of(token_id)), node.inputs)
        run.state.variables.setdefault(token_id, {})
        for name, value in mapped:
            set_local(run, token_id, name, value)
    return "arm"


def map_outputs(run: Run, token_id: int, token: Token, node: Node) -> None:
    """Evaluate the output mapping inside the activity and write it to its surroundings.

    What an instance's result is read from stays in the instance.
    """
    seen = run.state.visible(run.state.scope_of(token_id))
    own = node.loop.own if isinstance(node.loop, MultiInstance) else None
    for name, value in evaluate_all(run, seen, node.outputs, run.state.local(token_id)):
        if name == own:
            set_local(run, token_id, name, value)
        else:
            set_variable(run, token.scope, name, value)


def set_data(run: Run, scope: int, data: Sequence[tuple[str, Expression | None]]) -> None:
    """Give a scope that begins its data objects and properties; what it was begun with stays."""
    own = run.state.local(scope)
    missing = [(name, expression) for name, expression in data if name not in own]
    seen = dict(run.state.visible(scope))
    for name, expression in missing:
        seen[name] = None if expression is None else expression.evaluate(seen, run.now)
    for name, _ in missing:
        set_local(run, scope, name, seen[name])


def holds(run: Run, condition: Expression | None, seen: Mapping[str, Value]) -> bool:
    """Null is not true (DMN 1.5 §10.3.2.2); anything else but a boolean is the model's fault."""
    if condition is None:
        return True
    value = condition.evaluate(seen, run.now)
    if value is not None and not isinstance(value, bool):
        raise Stopped("not_a_boolean", f"condition {condition.text!r} gave {type(value).__name__}")
    return value is True


def evaluate_all(
    run: Run,
    seen: Variables,
    expressions: Sequence[tuple[N, Expression]],
    shadowing: Mapping[str, Value] | None = None,
) -> list[tuple[N, Value]]:
    """Evaluate in order, each seeing the results before it unless a name in `shadowing` hides it.

    Nothing is set until all have succeeded.
    """
    results: list[tuple[N, Value]] = []
    context = dict(seen) if len(expressions) > 1 else seen
    for name, expression in expressions:
        value = expression.evaluate(context, run.now)
        results.append((name, value))
        if name is not None and len(expressions) > 1 and not (shadowing and name in shadowing):
            context[name] = value
    return results
