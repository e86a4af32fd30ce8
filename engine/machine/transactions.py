"""Transactions that are cancelled (BPMN 2.0 §10.2.5, §13.3.4).

A cancel end event withdraws what still runs in its transaction and compensates what completed in
it; then the transaction is left by its cancel boundary event. The end event's token waits for that.
"""

from __future__ import annotations

from bpmn.graph import CancelEvent, Node, Subprocess
from engine.machine import compensation
from engine.machine.facts import Entered
from engine.machine.run import Run
from engine.machine.scopes import (
    clear_scope,
    consume,
    interrupt,
    new_token,
    stop_listening,
    withdraw,
)
from engine.machine.shape import definitions
from engine.machine.state import Token


def cancel(run: Run, token_id: int, token: Token) -> bool:
    """Cancel the transaction around the token; whether the token has to wait for handlers."""
    state = run.state
    transaction = _transaction(run, token)
    waiting = token_id
    if token.scope != transaction:
        # The subprocess that the end event lies in is withdrawn too: another token waits for it.
        waiting = new_token(run, transaction, token.node)
        state.tokens[waiting].entered = True
        run.facts.append(Entered(token.node, waiting, transaction))
    clear_scope(run, transaction, but=waiting)
    stop_listening(run, transaction)
    state.interrupted.append(transaction)
    records = state.compensables.pop(transaction, [])
    if records:
        compensation.undo(run, waiting, records)
        return True
    if waiting != token_id:
        run.ready.append((waiting, "complete"))
    return waiting != token_id


def leave(run: Run, token: Token) -> None:
    """All is compensated: out by the cancel boundary event; without one the path ends here."""
    state = run.state
    host = _transaction(run, token)
    if state.tokens[host].instance:
        host = state.tokens[host].scope
    for boundary in run.graph.nodes[state.tokens[host].node].boundary:
        events = definitions(run.graph.nodes[boundary].event)
        if any(isinstance(event, CancelEvent) for event in events):
            interrupt(run, host, boundary)
            return
    withdraw(run, host, state.tokens[host])
    consume(run, host)


def _transaction(run: Run, token: Token) -> int:
    """The nearest transaction around the token."""
    at = token.scope
    while not _is_transaction(run.graph.nodes[run.state.tokens[at].node]):
        at = run.state.tokens[at].scope
    return at


def _is_transaction(node: Node) -> bool:
    return isinstance(node.action, Subprocess) and node.action.transaction
