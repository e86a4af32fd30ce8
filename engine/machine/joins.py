"""Tokens that wait for each other before a gateway: one book for all kinds of joins.

Invariant: what stands in `state.joins` has entered its gateway, and keeps the flow that it came on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bpmn.graph import Node
from engine.machine.facts import Left
from engine.machine.run import Run
from engine.machine.scopes import consume, is_reopened
from engine.machine.state import Token

Arrived = dict[str, list[int]]
"""Incoming flow → the tokens that wait on it, in order of arrival."""


def gather(run: Run, token_id: int, token: Token, node: Node) -> Arrived:
    """Let the token wait; a second one on the same flow waits for the next round."""
    assert token.flow is not None, "a token reaches a join on a flow"
    arrived = run.state.joins.setdefault(token.scope, {}).setdefault(node.id, {})
    arrived.setdefault(token.flow, []).append(token_id)
    return arrived


def release(run: Run, scope: int, gateway: str, flows: list[str]) -> list[int]:
    """Take the first token of each of these flows out of the join."""
    arrived = run.state.joins[scope][gateway]
    tokens = []
    for flow in flows:
        waiting = arrived[flow]
        tokens.append(waiting.pop(0))
        if not waiting:
            del arrived[flow]
    if not arrived:
        _close(run, scope, gateway)
    return tokens


def take_out(run: Run, scope: int, gateway: str, flow: str, token_id: int) -> None:
    """Take this token out of the join."""
    arrived = run.state.joins[scope][gateway]
    arrived[flow].remove(token_id)
    if not arrived[flow]:
        del arrived[flow]
        if not arrived:
            _close(run, scope, gateway)


def _close(run: Run, scope: int, gateway: str) -> None:
    gateways = run.state.joins[scope]
    del gateways[gateway]
    if not gateways:
        del run.state.joins[scope]


def merge(run: Run, gateway: str, tokens: list[int], into: int) -> None:
    """The other tokens end here; `into` goes on for all."""
    for other in tokens:
        if other != into:
            run.facts.append(Left(gateway, other))
            consume(run, other)


# --- what may still come ---

Places = dict[int, list[tuple[int, Token]]]


def tokens_by_scope(run: Run) -> Places:
    places: Places = defaultdict(list)
    for token_id, token in run.state.tokens.items():
        places[token.scope].append((token_id, token))
    return places


def more_may_come(
    run: Run, places: Places, scope: int, node: Node, had_before: Iterable[str] = ()
) -> bool:
    """BPMN 2.0 Table 13.3: whether the gateway still has to wait, `had_before` being flows that
    have had their token in this round.

    It waits for a token that can come to another of its flows without visiting it, unless that
    can come to one that has a token as well.
    """
    reach = run.shape.reach(node.id)
    arrived = run.state.joins.get(scope, {}).get(node.id, {})
    had = sum(reach.bits[flow] for flow in {*arrived, *had_before})
    waiting = {token for tokens in arrived.values() for token in tokens}
    for token_id, token in places.get(scope, ()):
        if token_id in waiting:
            continue
        leaving = _is_leaving(run, token)
        if token.node == node.id and not leaving:
            return True  # About to arrive: put off, or stopped by an incident.
        can_reach = (
            0
            if is_reopened(token)
            else (reach.beyond if leaving else reach.nodes).get(token.node, 0)
        )
        if can_reach & ~had and not can_reach & had:
            return True
    return False


def _is_leaving(run: Run, token: Token) -> bool:
    """Done with its node and not yet on a flow: its boundary events are no more."""
    if token.entered or token.flow is not None:
        return False
    return any(run.state.waits[local].stage == "take" for local in token.waits)
