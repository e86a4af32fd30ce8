"""Scopes begin, and event subprocesses in them (BPMN 2.0 §10.2.5, §13.3.4, §13.5.4).

While a scope is open the start events of its event subprocesses listen, as waits of the token
that holds the scope open. A token at the event subprocess's own node stands for each that runs.
"""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from bpmn.graph import Node, Subprocess
from engine.machine.listening import Prepared, listen, prepare
from engine.machine.run import Run
from engine.machine.scopes import begin, clear_scope, content, new_token, stop_listening
from engine.machine.shape import needs_all
from engine.machine.state import Stage, Token
from engine.machine.variables import set_data


def enter_subprocess(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """The token stays as the scope's host while others begin inside."""
    assert isinstance(node.action, Subprocess)
    scope = run.graph.scopes[node.id]
    starts = (run.shape.event_starts[node.id].id,) if node.action.on_event else scope.starts
    if scope.data:
        set_data(run, token_id, scope.data)
    prepared = prepare_event_subprocesses(run, token_id)
    begin(run, token_id, starts)
    listen(run, token_id, prepared)
    return None


def prepare_event_subprocesses(run: Run, scope: int) -> list[Prepared]:
    """What the scope's event subprocesses wait for."""
    inside = content(run, scope)
    if inside is None or not inside.event_subprocesses:
        return []
    starts = [run.shape.event_starts[each] for each in inside.event_subprocesses]
    seen_from = run.state.scope_of(scope)
    return [one for start in starts for one in prepare(run, seen_from, start.id, start.event)]


def begins_event_subprocess(run: Run, node: Node) -> bool:
    """Whether the node is the start event of an event subprocess."""
    return node.kind == "startEvent" and node.scope in run.shape.event_starts


def begin_event_subprocess(run: Run, scope: int, start: Node) -> None:
    """Its start event was triggered; one that interrupts replaces all else in the scope."""
    if start.interrupting:
        stop_listening(run, scope)
        clear_scope(run, scope)
        run.state.interrupted.append(scope)
    run.ready.append((new_token(run, scope, start.scope), "arrive"))


def event_started(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """A start event was reached. One that needs several triggers collects them anew."""
    if not node.interrupting and begins_event_subprocess(run, node):
        collect_again(run, run.state.tokens[token.scope].scope, node)
    return "complete"


def collect_again(run: Run, host: int, node: Node) -> None:
    """A parallel multiple event that does not interrupt waits for all its triggers again."""
    if needs_all(node.event):
        listen(run, host, prepare(run, run.state.scope_of(host), node.id, node.event))
