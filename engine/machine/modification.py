"""Modification: tokens are put and withdrawn from outside, as Camunda 7's operation of this name.

All instructions are checked against the state before the first takes effect, and a scope that the
last of them leaves empty is withdrawn with its host. Nothing is evaluated here: what a token meets
when it moves may fail there, and is an incident like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpmn.errors import ModelError
from bpmn.graph import AdHoc, Flow, Node
from engine.machine import adhoc
from engine.machine.errors import ModificationRefused, Stopped
from engine.machine.facts import Entered
from engine.machine.listening import listen
from engine.machine.loops import withdraw_instance
from engine.machine.run import Run, is_host
from engine.machine.scopes import content, end, new_token, stop_listening, withdraw
from engine.machine.shape import flows_of
from engine.machine.subprocesses import prepare_event_subprocesses
from engine.machine.triggers import (
    CancelActivity,
    Instruction,
    Modify,
    StartAfter,
    StartBefore,
    StartTransition,
)
from engine.machine.variables import set_data, set_variables


def modify(run: Run, trigger: Modify) -> None:
    """Carry out the instructions in their order; tokens move when all have been."""
    for instruction in trigger.instructions:
        CHECKS[type(instruction)](run, instruction)
    for instruction in trigger.instructions:
        ACTS[type(instruction)](run, instruction)
    _withdraw_empty(run)


def begin_with(run: Run, instructions: tuple[Instruction, ...]) -> None:
    """Begin an instance where the instructions put tokens, instead of at a start event."""
    for instruction in instructions:
        if isinstance(instruction, CancelActivity):
            raise ModificationRefused(instruction.node, "nothing runs before the instance begins")
        CHECKS[type(instruction)](run, instruction)
    run.state.scopes[0] = 0
    try:
        set_data(run, 0, run.graph.scopes[run.graph.process_id].data)
        listen(run, 0, prepare_event_subprocesses(run, 0))
    except (Stopped, ModelError) as error:
        raise ModificationRefused(run.graph.process_id, str(error)) from error
    for instruction in instructions:
        ACTS[type(instruction)](run, instruction)


# --- what can be told beforehand ---


def _node(run: Run, node_id: str) -> Node:
    node = run.graph.nodes.get(node_id)
    if node is None:
        raise ModificationRefused(node_id, "there is no such element")
    return node


def _check_start(run: Run, instruction: StartBefore | StartAfter) -> None:
    node = _node(run, instruction.node)
    if node.attached_to is not None and isinstance(instruction, StartBefore):
        raise ModificationRefused(node.id, "a boundary event begins when its trigger comes")
    _check_scopes(run, node)


def _check_transition(run: Run, instruction: StartTransition) -> None:
    flow = _flow(run, instruction.flow)
    _check_scopes(run, run.graph.nodes[flow.target])


def _flow(run: Run, flow_id: str) -> Flow:
    for node in run.graph.nodes.values():
        for flow in flows_of(node):
            if flow.id == flow_id:
                return flow
    raise ModificationRefused(flow_id, "there is no such sequence flow")


def _check_scopes(run: Run, node: Node) -> None:
    """Each scope around the node is open once, or can be opened."""
    for scope in _scopes_around(run, node):
        around = run.graph.nodes[scope]
        if len(_hosts(run, scope)) > 1:
            raise ModificationRefused(node.id, f"{scope} runs more than once: which is meant?")
        if not _hosts(run, scope) and (around.loop is not None or isinstance(around.action, AdHoc)):
            raise ModificationRefused(node.id, f"{scope} does not run and cannot be begun midway")


def _check_cancel(run: Run, instruction: CancelActivity) -> None:
    node = _node(run, instruction.node)
    if not _tokens_at(run, instruction):
        raise ModificationRefused(node.id, "nothing runs there")


CHECKS: dict[type[Instruction], Callable[[Run, Any], None]] = {
    StartBefore: _check_start,
    StartAfter: _check_start,
    StartTransition: _check_transition,
    CancelActivity: _check_cancel,
}


# --- what is done ---


def _start_before(run: Run, instruction: StartBefore) -> None:
    node = run.graph.nodes[instruction.node]
    _put(run, node, instruction, "arrive")


def _start_after(run: Run, instruction: StartAfter) -> None:
    node = run.graph.nodes[instruction.node]
    _put(run, node, instruction, "take")


def _start_transition(run: Run, instruction: StartTransition) -> None:
    flow = _flow(run, instruction.flow)
    _put(run, run.graph.nodes[flow.target], instruction, "arrive", flow.id)


def _put(
    run: Run,
    node: Node,
    instruction: StartBefore | StartAfter | StartTransition,
    stage: Any,
    flow: str | None = None,
) -> None:
    scope = _open(run, node)
    set_variables(run, scope, instruction.variables)
    run.ready.insert(0, (new_token(run, scope, node.id, flow), stage))


def _cancel(run: Run, instruction: CancelActivity) -> None:
    for token_id in _tokens_at(run, instruction):
        token = run.state.tokens.get(token_id)
        if token is None:
            continue  # Withdrawn with one around it.
        if token.instance:
            withdraw_instance(run, token_id)
            continue
        withdraw(run, token_id, token)
        _leave_joins(run, token_id, token.scope)
        del run.state.tokens[token_id]
        run.state.scopes[token.scope] -= 1


def _tokens_at(run: Run, instruction: CancelActivity) -> list[int]:
    """The tokens that stand at the element: of a loop the host, or the one that is named."""
    nodes, tokens = run.graph.nodes, run.state.tokens
    if instruction.token is not None:
        token = tokens.get(instruction.token)
        return [instruction.token] if token and token.node == instruction.node else []
    return [
        token_id
        for token_id, token in tokens.items()
        if token.node == instruction.node
        and (nodes[token.node].loop is None or is_host(token, nodes[token.node]))
    ]


def _leave_joins(run: Run, token_id: int, scope: int) -> None:
    """A token that waited at a join is awaited there no longer."""
    gateways = run.state.joins.get(scope, {})
    for gateway, arrived in list(gateways.items()):
        for flow, waiting in list(arrived.items()):
            if token_id in waiting:
                waiting.remove(token_id)
            if not waiting:
                del arrived[flow]
        if not arrived:
            del gateways[gateway]
    if not gateways:
        run.state.joins.pop(scope, None)


ACTS: dict[type[Instruction], Callable[[Run, Any], None]] = {
    StartBefore: _start_before,
    StartAfter: _start_after,
    StartTransition: _start_transition,
    CancelActivity: _cancel,
}


# --- scopes ---


def _scopes_around(run: Run, node: Node) -> list[str]:
    """The subprocesses around the node, the outermost first."""
    found: list[str] = []
    scope = node.scope
    while scope != run.graph.process_id:
        found.insert(0, scope)
        scope = run.graph.nodes[scope].scope
    return found


def _hosts(run: Run, scope: str) -> list[int]:
    """The tokens that hold this subprocess open with its own content in it."""
    inside = run.graph.scopes[scope]
    return [
        token_id
        for token_id, token in run.state.tokens.items()
        if token.node == scope and token_id in run.state.scopes
        if content(run, token_id) is inside
    ]


def _open(run: Run, node: Node) -> int:
    """The scope that the node lies in; subprocesses around it that do not run are begun."""
    at = 0
    for scope in _scopes_around(run, node):
        hosts = _hosts(run, scope)
        at = hosts[0] if hosts else _begin(run, at, scope)
    return at


def _begin(run: Run, scope: int, subprocess: str) -> int:
    """Hold a subprocess open without beginning anything in it."""
    host = new_token(run, scope, subprocess)
    run.state.tokens[host].entered = True
    run.state.scopes[host] = 0
    run.facts.append(Entered(subprocess, host, scope))
    set_data(run, host, run.graph.scopes[subprocess].data)
    listen(run, host, prepare_event_subprocesses(run, host))
    return host


def _withdraw_empty(run: Run) -> None:
    """Scopes in which nothing is left end with their hosts, and with the last one the instance."""
    scopes, tokens = run.state.scopes, run.state.tokens
    empty = [scope for scope, count in scopes.items() if not count and scope in tokens]
    while empty:
        host = empty.pop()
        token = tokens[host]
        node = run.graph.nodes[token.node]
        if isinstance(node.action, AdHoc) or is_host(token, node):
            continue  # It goes on by itself, or below.
        if token.instance:
            withdraw_instance(run, host)
            continue
        stop_listening(run, host)
        withdraw(run, host, token)
        del tokens[host]
        scopes[token.scope] -= 1
        if token.scope and not scopes[token.scope]:
            empty.append(token.scope)
    adhoc.go_on(run)
    if not tokens:
        end(run, "cancelled")
