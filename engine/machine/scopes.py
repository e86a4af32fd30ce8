"""Scopes and the tokens in them: a scope is open as long as a token is left in it.

Invariant: `state.scopes[s]` is the number of tokens whose scope is s.
"""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from bpmn.graph import Node
from engine.machine.facts import Cancelled, Ended, Entered, Left
from engine.machine.run import Run
from engine.machine.state import Stage, Token
from engine.machine.variables import drop_scope, set_data
from engine.machine.waits import cancel_waits


def new_token(run: Run, scope: int, node: str, flow: str | None = None) -> int:
    """Put a token before a node."""
    token_id = run.state.next_id()
    run.state.tokens[token_id] = Token(node, scope, flow)
    run.state.scopes[scope] = run.state.scopes.get(scope, 0) + 1
    return token_id


def enter_subprocess(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """The token stays as the scope's host while another begins inside."""
    scope = run.graph.scopes[node.id]
    if scope.data:
        set_data(run, token_id, scope.data)
    begin(run, token_id, scope.starts)
    return None


def begin_process(run: Run, starts: tuple[str, ...]) -> None:
    """The process's data come first, where it has any: by a token, which a failure can stop."""
    process = run.graph.scopes[run.graph.process_id]
    if process.data or run.graph.nodes[starts[0]].instantiate:
        run.ready.append((new_token(run, 0, starts[0]), "open"))
    else:
        begin(run, 0, starts)


def open_process(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """Stage `open`: the process's data, then all its starts.

    A receive task that begins the instance has its message already (BPMN 2.0 §10.3.3).
    """
    process = run.graph.scopes[run.graph.process_id]
    set_data(run, 0, process.data)
    if node.instantiate:
        token.entered = True
        run.facts.append(Entered(node.id, token_id))
        return "complete"
    if node.id in process.starts:
        begin(run, 0, process.starts[1:])
    return "arrive"


def begin(run: Run, scope: int, starts: tuple[str, ...]) -> None:
    """Put a token before each of the nodes; they move in document order."""
    tokens = [new_token(run, scope, start) for start in starts]
    run.ready.extend((token, "arrive") for token in reversed(tokens))


def consume(run: Run, token_id: int) -> None:
    """Take a token out of the world; the last one completes its scope."""
    scope = run.state.tokens.pop(token_id).scope
    drop_scope(run, token_id)
    run.state.scopes[scope] -= 1
    if run.state.scopes[scope] == 0:
        complete_scope(run, scope)


def complete_scope(run: Run, scope: int) -> None:
    del run.state.scopes[scope]
    if scope:
        run.ready.append((scope, "idle" if scope in run.state.progress else "complete"))
    elif run.state.ended is None:
        run.state.ended = "completed"
        run.facts.append(Ended("completed", run.reached))


def end(run: Run, how: str, node: str | None = None) -> None:
    """End the instance at once with all tokens in it."""
    clear_scope(run, 0)
    run.state.scopes.clear()
    run.ready.clear()
    run.state.ended = how
    run.facts.append(Ended(how, node))  # type: ignore[arg-type]


def terminate(run: Run, token_id: int, token: Token, node: Node) -> None:
    """A terminate end event: its scope ends with all tokens in it (BPMN 2.0 §13.5.6)."""
    run.facts.append(Left(node.id, token_id))
    token.entered = False
    if token.scope == 0:
        end(run, "terminated", node.id)
        return
    clear_scope(run, token.scope)
    complete_scope(run, token.scope)


def clear_scope(run: Run, scope: int) -> None:
    """Withdraw every token of a scope, inner scopes first; the scope itself stays, empty."""
    tokens = run.state.tokens
    for token_id in run.tokens_in(scope):
        withdraw(run, token_id, tokens[token_id])
        del tokens[token_id]
    run.state.scopes[scope] = 0
    run.state.joins.pop(scope, None)


def withdraw(run: Run, token_id: int, token: Token) -> None:
    """Undo the token's stay at its node: content, waits and own variables go."""
    if token_id in run.state.scopes:
        clear_scope(run, token_id)
        del run.state.scopes[token_id]
    cancel_waits(run, token)
    drop_scope(run, token_id)
    drop_scope(run, -token_id)
    run.state.progress.pop(token_id, None)
    token.heard = 0
    if token.entered:
        token.entered = False
        run.facts.append(Cancelled(token.node, token_id))


def interrupt(run: Run, token_id: int, token: Token, boundary: str) -> None:
    """Withdraw the token from its activity and let it go on at the boundary event."""
    withdraw(run, token_id, token)
    token.node = boundary
    run.ready.append((token_id, "arrive"))
