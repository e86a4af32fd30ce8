"""Which flows a token takes, and how parallel gateways fork and join (BPMN 2.0 §13.4)."""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from collections.abc import Sequence

from bpmn.graph import Flow, Node
from engine.machine.errors import Stopped
from engine.machine.facts import Left
from engine.machine.listeners import on_flow
from engine.machine.quantities import multiplied
from engine.machine.run import Run
from engine.machine.scopes import consume, new_token
from engine.machine.state import Stage, Token
from engine.machine.variables import holds


def exclusive(run: Run, token_id: int, token: Token, node: Node) -> list[Flow]:
    """The first flow in document order whose condition is true, else the default."""
    seen = run.state.visible(token.scope)
    for flow in node.outgoing:
        if not _is_default(flow, node) and holds(run, flow.condition, seen):
            return [flow]
    return _default(node)


def conditional(run: Run, token_id: int, token: Token, node: Node) -> list[Flow]:
    """An activity's or event's flows: all whose condition is true or absent, else the default."""
    seen = run.state.visible(token.scope)
    taken = [
        flow
        for flow in node.outgoing
        if not _is_default(flow, node) and holds(run, flow.condition, seen)
    ]
    return taken or _default(node)


def _is_default(flow: Flow, node: Node) -> bool:
    return node.default is not None and flow.id == node.default.id


def _default(node: Node) -> list[Flow]:
    if node.default is None:
        raise Stopped("no_flow", f"no condition of {node.id} is true and it has no default flow")
    return [node.default]


def take(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Send the token on; further flows get tokens of their own, taken in document order."""
    outgoing = node.outgoing
    if len(outgoing) == 1 and outgoing[0].condition is None:
        flows: Sequence[Flow] = outgoing
    elif not outgoing and node.default is None:
        consume(run, token_id)
        return None
    elif node.kind == "parallelGateway":
        flows = outgoing
    elif node.kind == "exclusiveGateway":
        flows = exclusive(run, token_id, token, node)
    else:
        flows = conditional(run, token_id, token, node)
    if node.completion_quantity > 1:
        flows = multiplied(flows, node)
    first = flows[0]
    token.node = first.target
    token.flow = first.id
    if len(flows) > 1:
        others = [
            (new_token(run, token.scope, flow.target, flow.id), on_flow(flow)) for flow in flows[1:]
        ]
        run.ready.extend(reversed(others))
    return on_flow(first)


def join(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Wait until a token is there for every incoming flow; then one of each goes on as one.

    A second token on the same flow waits for the next round.
    """
    if len(node.incoming) < 2:
        return "complete"
    flow = token.flow
    assert flow is not None, "a token reaches a join on a flow"
    gateways = run.state.joins.setdefault(token.scope, {})
    arrived = gateways.setdefault(node.id, {})
    arrived.setdefault(flow, []).append(token_id)
    if len(arrived) < len(node.incoming):
        return None
    for waiting in list(arrived):
        other = arrived[waiting].pop(0)
        if not arrived[waiting]:
            del arrived[waiting]
        if other != token_id:
            run.facts.append(Left(node.id, other))
            consume(run, other)
    if not arrived:
        del gateways[node.id]
    if not gateways:
        del run.state.joins[token.scope]
    return "complete"
