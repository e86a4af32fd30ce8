"""Compensation: completed activities are undone, the last one first (BPMN 2.0 §10.7, §13.5.5).

A completed activity is remembered with its scope if it has a handler: a boundary event's, an event
subprocess in it, or, of a subprocess without either, the handlers of what completed in it. Who
throws takes the records out, so each is compensated once. They are a stack of the throwing token
while it waits, or of a token that stands in for it if it does not wait. A handler's token `serves`
the thrower and calls it when it is through. A completed subprocess is opened again by a token that
serves the thrower alike, with its variables as they were when it completed.
"""

from __future__ import annotations

from bpmn.graph import CompensateEvent, Node
from engine.machine.facts import Left, VariablesDropped
from engine.machine.run import Run, Step
from engine.machine.scopes import consume, forget, forget_completed, is_reopened, new_token
from engine.machine.state import NO_FLOW, Compensable, Stage, Token, Wait
from engine.machine.variables import drop_scope, set_local
from engine.machine.waits import close_wait, open_wait

# --- what completed is remembered ---


def remembering(step: Step) -> Step:
    """A step of a graph with compensation: activities that complete in it are remembered."""

    def step_and_remember(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
        if is_reopened(token):
            undo_inner(run, token_id)
            return None
        if node.id not in run.shape.compensable:
            return step(run, token_id, token, node)
        before = len(run.facts)
        own, wire = run.state.local(token_id), run.state.wire.get(token_id)
        following = step(run, token_id, token, node)
        if Left(node.id, token_id) in run.facts[before:]:
            kept = _remember(run, token_id, token, node)
            if kept and own:
                run.state.variables[kept] = dict(own)
            if kept and wire:
                run.state.wire[kept] = dict(wire)
        return following

    return step_and_remember


def _remember(run: Run, token_id: int, token: Token, node: Node) -> int:
    """Note that the activity completed; the number under which its variables are kept, or 0.

    Each instance of a loop is remembered, and handed to the surrounding scope when the loop ends.
    """
    inner = run.state.compensables.pop(token_id, [])
    if token.scope and token.scope not in run.state.tokens:
        forget(run, inner)  # What the activity threw as it completed took its surroundings away.
        return 0
    records = run.state.compensables.setdefault(token.scope, [])
    if node.loop is not None and not token.instance:
        records += inner
        kept = 0
    elif node.for_compensation or not (
        inner or node.compensated_by or node.id in run.shape.undoing
    ):
        forget(run, inner)
        kept = 0
    else:
        if node.compensated_by:
            forget(run, inner)
            inner = []
        kept = run.state.next_id()
        records.append(Compensable(node.id, kept, inner))
    if not records:
        del run.state.compensables[token.scope]
    return kept


# --- throwing ---


def throw(run: Run, token_id: int, token: Token, event: CompensateEvent) -> bool:
    """Compensate what the token can reach; whether it has to wait for that."""
    records = _take(run, token.scope, event.activity)
    if not records:
        return False
    owner = token_id if event.wait else new_token(run, token.scope, token.node)
    undo(run, owner, records)
    return event.wait


def undo(run: Run, owner: int, records: list[Compensable]) -> None:
    """Let the token compensate these; it waits until all are through."""
    run.state.compensables[owner] = records
    open_wait(run, owner, Wait("compensation", run.state.tokens[owner].node, owner))
    undo_next(run, owner)


def throwing_scope(run: Run, scope: int) -> int:
    """From within an event subprocess compensation concerns the scope that it belongs to."""
    if scope and run.state.tokens[scope].node in run.shape.event_starts:
        return run.state.tokens[scope].scope
    return scope


def _take(run: Run, scope: int, activity: str | None) -> list[Compensable]:
    scope = throwing_scope(run, scope)
    if activity is not None:
        scope = _around(run, scope, activity)
    records = run.state.compensables.pop(scope, [])
    if activity is None:
        return records
    others = [record for record in records if record.node != activity]
    if others:
        run.state.compensables[scope] = others
    return [record for record in records if record.node == activity]


def _around(run: Run, scope: int, node: str) -> int:
    """The nearest scope, from here outwards, that the node lies in."""
    inside = run.graph.nodes[node].scope
    while scope and run.state.tokens[scope].node != inside:
        scope = run.state.tokens[scope].scope
    return scope


# --- undoing ---


def is_waiting(run: Run, token: Token) -> bool:
    """Whether the token has thrown compensation, and is called because a handler is through."""
    return any(run.state.waits[local].kind == "compensation" for local in token.waits)


def resume(run: Run, token_id: int, token: Token) -> Stage | None:
    """A handler is through: on with the next, or on from the throwing event."""
    if undo_next(run, token_id):
        return None
    for local in list(token.waits):
        close_wait(run, local, None)
    if token.entered:
        return "complete"
    consume(run, token_id)  # It stood in for a thrower that did not wait.
    return None


def undo_next(run: Run, owner: int) -> bool:
    """Begin to compensate the last of the records; whether there was one."""
    records = run.state.compensables.get(owner)
    if not records:
        run.state.compensables.pop(owner, None)
        return False
    record = records.pop()
    token = run.state.tokens[owner]
    if is_reopened(token):
        _begin(run, record, owner, 0)
    else:
        _begin(run, record, _around(run, token.scope, record.node), owner)
    return True


def _begin(run: Run, record: Compensable, scope: int, serves: int) -> None:
    node = run.graph.nodes[record.node]
    if node.compensated_by is None:
        _reopen(run, record, scope, serves)
        return
    handler = new_token(run, scope, node.compensated_by)
    run.state.tokens[handler].serves = serves
    _restore(run, record.token, handler)
    run.ready.append((handler, "arrive"))


def _restore(run: Run, kept: int, token_id: int) -> None:
    """The variables of the completed activity, as they were then, are the token's own."""
    wire = run.state.wire.get(kept, {})
    for name, value in run.state.variables.get(kept, {}).items():
        set_local(run, token_id, name, value, wire.get(name))
    drop_scope(run, kept)


def _reopen(run: Run, record: Compensable, scope: int, serves: int) -> None:
    """A completed subprocess holds its scope open again until its content is compensated."""
    host = new_token(run, scope, record.node, NO_FLOW)
    run.state.tokens[host].serves = serves or scope
    _restore(run, record.token, host)
    run.state.compensables[host] = record.inner
    if record.node in run.shape.undoing:
        run.ready.append((new_token(run, host, run.shape.undoing[record.node]), "arrive"))
    else:
        undo_next(run, host)


def undo_inner(run: Run, host: int) -> None:
    """No token is left in a subprocess that was opened again: on with its next, or close it."""
    token = run.state.tokens[host]
    if token.node not in run.shape.undoing and undo_next(run, host):
        return
    forget_completed(run, host)
    if token.serves == token.scope:
        token.serves = 0  # Its scope was opened again too, and completes when it is empty.
    if host in run.state.variables:
        run.facts.append(VariablesDropped(host))
    consume(run, host)
