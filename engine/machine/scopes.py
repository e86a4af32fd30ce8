"""Scopes and the tokens in them: a scope is open as long as a token is left in it.

Invariant: `state.scopes[s]` is the number of tokens whose scope is s.
"""

from __future__ import annotations

from bpmn.graph import Scope
from engine.machine.facts import Cancelled, Ended, Left, VariablesDropped
from engine.machine.run import Run, is_host
from engine.machine.state import NO_FLOW, Compensable, Token, Wait
from engine.machine.variables import drop_scope
from engine.machine.waits import cancel_some, cancel_waits


def new_token(run: Run, scope: int, node: str, flow: str | None = None) -> int:
    """Put a token before a node."""
    token_id = run.state.next_id()
    run.state.tokens[token_id] = Token(node, scope, flow)
    run.state.scopes[scope] = run.state.scopes.get(scope, 0) + 1
    return token_id


def begin(run: Run, scope: int, starts: tuple[str, ...]) -> None:
    """Put a token before each of the nodes; they move in document order."""
    if len(starts) == 1:
        run.ready.append((new_token(run, scope, starts[0]), "arrive"))
        return
    tokens = [new_token(run, scope, start) for start in starts]
    run.ready.extend((token, "arrive") for token in reversed(tokens))


def content(run: Run, scope: int) -> Scope | None:
    """What the scope's tokens move in: of the process, or of a subprocess that runs.

    None for the host of a loop's instances, and for what is open again to be compensated only.
    """
    if scope == 0:
        return run.graph.scopes[run.graph.process_id]
    token = run.state.tokens[scope]
    node = run.graph.nodes[token.node]
    if is_host(token, node) or is_reopened(token):
        return None
    return run.graph.scopes.get(node.id)


def is_reopened(token: Token) -> bool:
    """Whether the token holds a completed subprocess open while its content is compensated."""
    return token.serves != 0 and token.flow == NO_FLOW


# --- tokens go ---


def consume(run: Run, token_id: int) -> None:
    """Take a token out of the world; the last one completes its scope.

    A complex gateway that waits for its reset keeps the scope open until it was asked.
    """
    state = run.state
    token = state.tokens.pop(token_id)
    scope = token.scope
    if token_id in state.variables:
        drop_scope(run, token_id)
    left = state.scopes[scope] = state.scopes[scope] - 1
    if left == 0 and scope not in state.resets:
        complete_scope(run, scope)
    if token.serves:
        run.ready.append((token.serves, "act"))


def complete_scope(run: Run, scope: int) -> None:
    """No token is left: the subprocess completes, or the instance ends."""
    state = run.state
    del state.scopes[scope]
    if scope in state.progress:
        run.ready.append((scope, "idle"))  # An ad-hoc subprocess may still go on.
        return
    if run.shape.event_starts:
        stop_listening(run, scope)
    if scope:
        run.ready.append((scope, "complete"))
    elif state.ended is None:
        if state.compensables:
            forget_completed(run, 0)
        state.ended = "completed"
        run.facts.append(Ended("completed", run.reached))


def stop_listening(run: Run, scope: int) -> None:
    """The event subprocesses of the scope can no longer begin, nor what somebody would select."""
    if scope in run.state.interrupted:
        run.state.interrupted.remove(scope)
    nodes = run.graph.nodes

    def begins_something(wait: Wait) -> bool:
        begins = wait.token == 0 or nodes[wait.node].kind == "startEvent"
        return begins or wait.kind == "selection"

    cancel_some(run, scope, begins_something)


def end(run: Run, how: str, node: str | None = None) -> None:
    """End the instance at once with all tokens in it."""
    clear_scope(run, 0)
    stop_listening(run, 0)
    forget_completed(run, 0)
    run.state.scopes.clear()
    run.ready.clear()
    run.state.ended = how
    run.facts.append(Ended(how, node))  # type: ignore[arg-type]


def terminate(run: Run, scope: int, node: str) -> None:
    """The scope ends at once with all tokens in it (BPMN 2.0 §13.5.6)."""
    if scope == 0:
        end(run, "terminated", node)
        return
    clear_scope(run, scope)
    complete_scope(run, scope)


def clear_scope(run: Run, scope: int, *, but: int | None = None) -> None:
    """Withdraw every token of a scope, inner scopes first; the scope itself stays.

    What completed in it can still be compensated.
    """
    state = run.state
    for token_id in run.tokens_in(scope):
        if token_id != but:
            withdraw(run, token_id, state.tokens[token_id])
            del state.tokens[token_id]
    state.scopes[scope] = 0 if but is None else 1
    state.joins.pop(scope, None)
    state.resets.pop(scope, None)


def withdraw(run: Run, token_id: int, token: Token) -> None:
    """Undo the token's stay at its node: content, waits and own variables go."""
    state = run.state
    if token_id in state.scopes:
        clear_scope(run, token_id)
        del state.scopes[token_id]
    if token_id in state.interrupted:
        state.interrupted.remove(token_id)
    forget_completed(run, token_id)
    cancel_waits(run, token)
    if not token.entered and token_id in state.variables:
        run.facts.append(VariablesDropped(token_id))
    drop_scope(run, token_id)
    drop_scope(run, -token_id)
    state.progress.pop(token_id, None)
    token.heard = 0
    if token.entered:
        token.entered = False
        gone = Left if token_id == run.throwing else Cancelled
        run.facts.append(gone(token.node, token_id))


def interrupt(run: Run, token_id: int, boundary: str) -> int:
    """Withdraw the token from its activity; another goes on at the boundary event.

    Its number is new, so that nothing which was ready for the old one reaches it.
    """
    token = run.state.tokens[token_id]
    following = new_token(run, token.scope, boundary)
    run.state.tokens[following].serves = token.serves
    discard(run, token_id)
    run.ready.append((following, "arrive"))
    return following


def discard(run: Run, token_id: int) -> None:
    """Withdraw a token and take it out of the world, where another keeps its scope open."""
    token = run.state.tokens[token_id]
    withdraw(run, token_id, token)
    del run.state.tokens[token_id]
    run.state.scopes[token.scope] -= 1


# --- what completed and could be compensated ---


def forget_completed(run: Run, scope: int) -> None:
    """What completed in the scope can no longer be compensated."""
    if run.state.compensables:
        forget(run, run.state.compensables.pop(scope, []))


def forget(run: Run, records: list[Compensable]) -> None:
    """Drop the variables that were kept for the compensation of these."""
    for record in records:
        drop_scope(run, record.token)
        forget(run, record.inner)
