"""Inclusive gateways that join (BPMN 2.0 §13.4.3, Table 13.3); how they split is in `gateways`.

Whether one still has to wait depends on all other tokens of its scope, so it is asked when nothing
else is ready: then every token stands where it waits.
"""

from __future__ import annotations

from bpmn.graph import Node
from engine.machine.joins import Places, gather, merge, more_may_come, release
from engine.machine.run import Run
from engine.machine.state import Stage, Token


def join_inclusive(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Wait with the others; one flow alone needs no waiting."""
    if len(node.incoming) < 2:
        return "complete"
    gather(run, token_id, token, node)
    return None


def activate(run: Run, places: Places, scope: int, node: Node) -> bool:
    """Let the gateway go on with a token of each flow that has one, if no other has to come."""
    arrived = run.state.joins[scope][node.id]
    if more_may_come(run, places, scope, node):
        return False
    tokens = release(run, scope, node.id, list(arrived))
    merge(run, node.id, tokens, into=tokens[-1])
    run.ready.append((tokens[-1], "complete"))
    return True
