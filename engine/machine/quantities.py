"""Tokens in numbers: an activity's startQuantity and completionQuantity (BPMN 2.0 §13.3.1).

Invariant: tokens that gather before an activity have not entered it; only the last one does, and
takes the others' place.
"""

from __future__ import annotations

from collections.abc import Sequence

from bpmn.graph import Flow, Node
from engine.machine.errors import Stopped
from engine.machine.run import Run
from engine.machine.scopes import consume
from engine.machine.state import Token

LARGEST = 10_000
"""Tokens that one activity may send out on a flow."""


def gathered(run: Run, token_id: int, token: Token, node: Node) -> bool:
    """Whether this token is the last that the activity needs to begin; then it is all of them."""
    waiting = run.state.joins.setdefault(token.scope, {}).setdefault(node.id, {})
    if sum(map(len, waiting.values())) + 1 < node.start_quantity:
        waiting.setdefault(token.flow or "", []).append(token_id)
        return False
    del run.state.joins[token.scope][node.id]
    if not run.state.joins[token.scope]:
        del run.state.joins[token.scope]
    for other in sorted(other for tokens in waiting.values() for other in tokens):
        consume(run, other)
    return True


def multiplied(flows: Sequence[Flow], node: Node) -> list[Flow]:
    """Each flow as often as the activity sends tokens along it."""
    if node.completion_quantity > LARGEST:
        raise Stopped(
            "too_many_tokens",
            f"{node.id} would send {node.completion_quantity} tokens, {LARGEST} may be",
        )
    return [flow for flow in flows for _ in range(node.completion_quantity)]
