"""Events that a token comes to: what throws, what catches, what merely starts or is passed."""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpmn.graph import (
    CancelEvent,
    CompensateEvent,
    ErrorEvent,
    EscalationEvent,
    LinkEvent,
    MessageEvent,
    Node,
    SignalEvent,
    SimpleEvent,
    TerminateEvent,
)
from bpmn.values import Variables
from engine.machine import compensation, transactions
from engine.machine.facts import Left, MessageThrown, SignalThrown
from engine.machine.listening import listen, message, prepare, signal
from engine.machine.propagation import throw_error, throw_escalation
from engine.machine.run import Run
from engine.machine.scopes import consume, end, terminate
from engine.machine.shape import definitions
from engine.machine.signals import deliver
from engine.machine.state import Stage, Token
from engine.machine.subprocesses import collect_again
from engine.machine.variables import evaluate_all


def pass_through(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """Nothing to do: none events, activities without a performer, gateways that only choose."""
    return "complete"


def catch(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """An intermediate catch event: the token waits, unless what it waits for came before it."""
    if token.flow is not None:
        return "complete"
    prepared = prepare(run, run.state.scope_of(token_id), node.id, node.event)
    if not prepared:
        return "complete"  # The target of a link.
    listen(run, token_id, prepared)
    return None


def arm_boundaries(run: Run, token_id: int, node: Node) -> None:
    """Let all boundary events of the activity listen, or none if one fails."""
    scope, nodes = run.state.scope_of(token_id), run.graph.nodes
    prepared = [each for on in node.boundary for each in prepare(run, scope, on, nodes[on].event)]
    listen(run, token_id, prepared)


def boundary_reached(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """A boundary event goes on. One that needs several triggers collects them anew."""
    if not node.interrupting:
        state = run.state
        for host, other in list(state.tokens.items()):
            armed = any(state.waits[local].node == node.id for local in other.waits)
            at_activity = other.node == node.attached_to and other.scope == token.scope
            if at_activity and other.entered and not armed:
                collect_again(run, host, node)
    return "complete"


# --- throwing ---

Throw = Callable[[], bool]
"""Throws what was evaluated before. True: the token stays at its event, or is gone."""


def throw(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """A throwing or end event: all of its definitions, in the order of `THROWS`.

    All are evaluated before the first is thrown. Somebody who catches may withdraw the thrower,
    whose event has completed by then.
    """
    if token.waits and compensation.is_waiting(run, token):
        return compensation.resume(run, token_id, token)
    throws: list[tuple[int, Throw]] = []
    for event in definitions(node.event):
        place = ORDER.get(type(event))
        if place is not None:
            throws.append((place, THROWS[type(event)](run, token_id, token, node, event)))
    throws.sort(key=lambda each: each[0])
    for _, thrown in throws:
        if thrown() or token_id not in run.state.tokens:
            return None
    return "complete"


def _message(run: Run, token_id: int, token: Token, node: Node, event: MessageEvent) -> Throw:
    """A message with the variables of the element's input mapping."""
    scope = run.state.scope_of(token_id)
    named = message(run, run.state.visible(scope), event)
    sent = dict(run.state.variables.get(token_id, {}))

    def thrown() -> bool:
        run.facts.append(MessageThrown(node.id, named.name, named.key, sent))
        return False

    return thrown


def _signal(run: Run, token_id: int, token: Token, node: Node, event: SignalEvent) -> Throw:
    """A signal with its own inputs beside those of the element."""
    seen = run.state.visible(run.state.scope_of(token_id))
    named = signal(run, seen, event)
    sent: Variables = dict(run.state.variables.get(token_id, {}))
    if event.inputs is None:
        sent = dict(seen)
    else:
        sent |= dict(evaluate_all(run, seen, event.inputs))

    def thrown() -> bool:
        run.throwing = token_id
        deliver(run, named.name, sent)
        run.throwing = 0
        run.facts.append(SignalThrown(node.id, named.name, sent))
        return False

    return thrown


def _escalation(run: Run, token_id: int, token: Token, node: Node, event: EscalationEvent) -> Throw:
    def thrown() -> bool:
        run.throwing = token_id
        throw_escalation(run, token_id, node.id, event.code or "")
        run.throwing = 0
        return False

    return thrown


def _compensate(run: Run, token_id: int, token: Token, node: Node, event: CompensateEvent) -> Throw:
    return lambda: compensation.throw(run, token_id, token, event)


def _cancel(run: Run, token_id: int, token: Token, node: Node, event: CancelEvent) -> Throw:
    return lambda: transactions.cancel(run, token_id, token)


def _error(run: Run, token_id: int, token: Token, node: Node, event: ErrorEvent) -> Throw:
    """Nobody catches it: the instance ends."""
    seen = run.state.visible(run.state.scope_of(token_id))
    said = None if event.message is None else event.message.evaluate(seen, run.now)
    message = None if said is None else str(said)

    def thrown() -> bool:
        run.facts.append(Left(node.id, token_id))
        token.entered = False
        if not throw_error(run, token_id, node.id, event.code or "", message):
            end(run, "error", node.id)
        return True

    return thrown


def _terminate(run: Run, token_id: int, token: Token, node: Node, event: TerminateEvent) -> Throw:
    def thrown() -> bool:
        run.facts.append(Left(node.id, token_id))
        token.entered = False
        terminate(run, token.scope, node.id)
        return True

    return thrown


THROWS: dict[type[SimpleEvent], Callable[[Run, int, Token, Node, Any], Throw]] = {
    MessageEvent: _message,
    SignalEvent: _signal,
    EscalationEvent: _escalation,
    CompensateEvent: _compensate,
    CancelEvent: _cancel,
    ErrorEvent: _error,
    TerminateEvent: _terminate,
}
ORDER = {event: place for place, event in enumerate(THROWS)}
"""A multiple event throws what lets its token go on before what does not."""


def end_of_path(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """No flow leaves the node: a link jumps, a cancelled transaction is left, a path ends."""
    if isinstance(node.event, LinkEvent) and node.event.target is not None:
        token.node = node.event.target
        return "arrive"
    if any(isinstance(event, CancelEvent) for event in definitions(node.event)):
        transactions.leave(run, token)
        return None
    consume(run, token_id)
    return None
