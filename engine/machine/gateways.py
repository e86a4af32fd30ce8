"""Which flows a token takes, and how parallel gateways fork and join (BPMN 2.0 §13.4).

Inclusive and complex gateways wait for what may still come: they are asked in `settle`.
"""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from collections.abc import Callable, Sequence

from bpmn.graph import Flow, Node
from engine.machine import complexgates, inclusive
from engine.machine.complexgates import conditions_at_start, reset
from engine.machine.errors import Stopped
from engine.machine.events import end_of_path
from engine.machine.joins import Places, gather, merge, release, tokens_by_scope
from engine.machine.quantities import multiplied
from engine.machine.run import Run
from engine.machine.scopes import consume, new_token
from engine.machine.state import Stage, Token
from engine.machine.variables import holds


def exclusive(run: Run, token_id: int, token: Token, node: Node) -> list[Flow]:
    """The first flow in document order whose condition is true, else the default."""
    seen = run.state.visible(token.scope)
    for flow in node.outgoing:
        if holds(run, flow.condition, seen):
            return [flow]
    return _default(node)


def conditional(run: Run, token_id: int, token: Token, node: Node) -> list[Flow]:
    """An activity's or event's flows: all whose condition is true or absent, else the default."""
    seen = run.state.visible(token.scope)
    if node.kind == "complexGateway":
        seen = conditions_at_start(seen)
    taken = [flow for flow in node.outgoing if holds(run, flow.condition, seen)]
    return taken or _default(node)


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
        if node.event is None:
            consume(run, token_id)
            return None
        return end_of_path(run, token_id, token, node)
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
        others = [(new_token(run, token.scope, flow.target, flow.id), flow) for flow in flows[1:]]
        for other, flow in reversed(others):
            run.ready.append((other, "pass" if flow.listeners else "arrive"))
    return "pass" if first.listeners else "arrive"


def join(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Wait until a token is there for every incoming flow; then one of each goes on as one."""
    if len(node.incoming) < 2:
        return "complete"
    arrived = gather(run, token_id, token, node)
    if len(arrived) < len(node.incoming):
        return None
    merge(run, node.id, release(run, token.scope, node.id, list(arrived)), into=token_id)
    return "complete"


def settle(run: Run) -> bool:
    """Nothing is ready: let go on what waits for nothing else, one gateway of each scope.

    What a gateway lets go may change what another of its scope waits for, so that is asked later:
    True says that something has changed.
    """
    state, nodes, changed = run.state, run.graph.nodes, False
    places = tokens_by_scope(run)
    for scope in reversed(list(dict.fromkeys([*state.joins, *state.resets]))):
        for gateway in list(state.joins.get(scope, ())):
            activate = LATE_JOINS.get(nodes[gateway].kind)
            if activate is not None and activate(run, places, scope, nodes[gateway]):
                changed = True
                break
        else:
            for gateway in list(state.resets.get(scope, ())):
                if reset(run, places, scope, nodes[gateway]):
                    changed = True
                    break
    return changed


LATE_JOINS: dict[str, Callable[[Run, Places, int, Node], bool]] = {
    "inclusiveGateway": inclusive.activate,
    "complexGateway": complexgates.activate,
}
