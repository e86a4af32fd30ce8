"""Event-based gateways: the token rests at the gateway, which waits for its events together.

Exclusive: the first event takes the token along and the others are no longer waited for. Of type
Parallel, which only an instantiating gateway may be: every event must come, each lets a token of
its own go on, and the gateway's token leaves with the last (BPMN 2.0 §10.6.6, §13.4.4).
"""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from bpmn.graph import EventDefinition, Node, Receive
from engine.machine.facts import Entered, Left
from engine.machine.listening import Prepared, listen, prepare
from engine.machine.run import Run
from engine.machine.scopes import new_token
from engine.machine.state import NO_FLOW, Stage, Token
from engine.machine.waits import cancel_waits, put_off


def wait_for_events(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Listen to all events behind the gateway, in document order."""
    listen(run, token_id, prepare_gate(run, run.state.scope_of(token_id), node))
    return None


def prepare_gate(run: Run, scope: int, gate: Node, but: str | None = None) -> list[Prepared]:
    """What the events behind the gateway wait for; `but` has come already."""
    events = [run.graph.nodes[flow.target] for flow in gate.outgoing if flow.target != but]
    return [one for node in events for one in prepare(run, scope, node.id, awaited(node))]


def awaited(node: Node) -> EventDefinition | None:
    """What a catching event or a receive task waits for."""
    return node.action.message if isinstance(node.action, Receive) else node.event


def choose(run: Run, token_id: int, node: Node) -> None:
    """The event has come to the gateway where the token rests."""
    token = run.state.tokens[token_id]
    gate = run.graph.nodes[token.node]
    if gate.all_events and token.waits:
        token_id = new_token(run, token.scope, node.id)
        token = run.state.tokens[token_id]
    else:
        cancel_waits(run, token)
        run.facts.append(Left(gate.id, token_id))
    enter_caught(run, token_id, node, _flow_to(gate, node))


def enter_caught(run: Run, token_id: int, node: Node, flow: str) -> None:
    """The token enters a node whose event has come already: its `flow` says so."""
    token = run.state.tokens[token_id]
    token.node = node.id
    token.flow = flow
    token.entered = True
    run.facts.append(Entered(node.id, token_id, token.scope))
    if node.async_before:
        put_off(run, token_id, node, "start")
    else:
        run.ready.append((token_id, "complete" if node.plain else "start"))


def begin_caught(run: Run, token_id: int, node: Node) -> None:
    """The instance begins at an event that has come: a receive task, or behind a gateway."""
    gate = run.shape.gates.get(node.id)
    if gate is None:
        enter_caught(run, token_id, node, NO_FLOW)
        return
    others = prepare_gate(run, 0, gate, but=node.id) if gate.all_events else []
    waiting = new_token(run, 0, gate.id) if others else token_id
    run.state.tokens[waiting].entered = True
    run.facts.append(Entered(gate.id, waiting, 0))
    if others:
        listen(run, waiting, others)
    else:
        run.facts.append(Left(gate.id, token_id))
    enter_caught(run, token_id, node, _flow_to(gate, node))


def _flow_to(gate: Node, node: Node) -> str:
    return next(flow.id for flow in gate.outgoing if flow.target == node.id)
