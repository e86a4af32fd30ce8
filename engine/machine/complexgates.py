"""Complex gateways (BPMN 2.0 §10.6.5, §13.4.5, Table 13.5).

Waiting for start, the gateway goes on as soon as its activation condition is true, with a token of
each flow that has one. Then it waits for reset: for the flows that had none, as an inclusive
gateway waits. Reset consumes those tokens and asks the outgoing conditions that name
`waitingForStart` once more; the others, and flows without one, belong to the start alone.
"""

from __future__ import annotations

from bpmn.errors import ModelError
from bpmn.graph import Flow, Node
from bpmn.values import Variables
from engine.machine.errors import Stopped
from engine.machine.facts import Entered, Left
from engine.machine.joins import Arrived, Places, gather, merge, more_may_come, release, take_out
from engine.machine.run import Run
from engine.machine.scopes import complete_scope, consume, new_token
from engine.machine.state import Stage, Token
from engine.machine.variables import holds
from engine.machine.waits import open_incident

PHASE = "waitingForStart"
"""What conditions on outgoing flows call the gateway's state."""


def join_complex(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """A token has come: does the gateway start?"""
    if token.flow is None:  # An incident of the reset, retried: it is asked again.
        run.facts.append(Left(node.id, token_id))
        token.entered = False
        consume(run, token_id)
        return None
    waiting = run.state.joins.get(token.scope, {}).get(node.id, {})
    starts = not _is_started(run, token.scope, node) and _activates(
        run, node, token.scope, 1 + sum(map(len, waiting.values()))
    )
    arrived = gather(run, token_id, token, node)
    if starts:
        _start(run, token.scope, node, arrived, into=token_id)
    return None


def _is_started(run: Run, scope: int, node: Node) -> bool:
    return node.id in run.state.resets.get(scope, {})


def _activates(run: Run, node: Node, scope: int, count: int) -> bool:
    seen = {**run.state.visible(scope), "activationCount": count}
    return holds(run, node.activation, seen)


def _start(run: Run, scope: int, node: Node, arrived: Arrived, into: int) -> None:
    flows = list(arrived)
    tokens = release(run, scope, node.id, flows)
    into = into if into in tokens else tokens[-1]
    merge(run, node.id, tokens, into)
    run.state.resets.setdefault(scope, {})[node.id] = flows
    run.ready.append((into, "complete"))


def conditions_at_start(seen: Variables) -> Variables:
    """What the outgoing conditions see when the gateway starts."""
    return {**seen, PHASE: True}


def activate(run: Run, places: Places, scope: int, node: Node) -> bool:
    """Nothing is ready: perhaps variables have made the activation condition true."""
    arrived = run.state.joins[scope][node.id]
    waiting = [token for tokens in arrived.values() for token in tokens]
    if _is_started(run, scope, node) or _at_gateway(places, scope, node, waiting):
        return False
    try:
        starts = _activates(run, node, scope, len(waiting))
    except (Stopped, ModelError) as error:
        last = max(waiting)
        take_out(run, scope, node.id, run.state.tokens[last].flow or "", last)
        _fail(run, last, node, error)
        return True
    if starts:
        _start(run, scope, node, arrived, into=waiting[-1])
    return starts


def _at_gateway(places: Places, scope: int, node: Node, waiting: list[int]) -> bool:
    """Whether an incident or a continuation keeps a token at the gateway itself."""
    return any(
        token.node == node.id and token.entered and token_id not in waiting
        for token_id, token in places.get(scope, ())
    )


def _fail(run: Run, token_id: int, node: Node, error: Stopped | ModelError) -> None:
    kind = error.kind if isinstance(error, Stopped) else error.code
    open_incident(run, token_id, node.id, "act", kind=kind, message=str(error))


# --- reset ---


def reset(run: Run, places: Places, scope: int, node: Node) -> bool:
    """Let the gateway wait for its start again, if no other token has to come."""
    state = run.state
    arrived = state.joins.get(scope, {}).get(node.id, {})
    waiting = [token for tokens in arrived.values() for token in tokens]
    if _at_gateway(places, scope, node, waiting):
        return False
    if more_may_come(run, places, scope, node, state.resets[scope][node.id]):
        return False
    try:
        taken = _taken_at_reset(run, scope, node)
    except (Stopped, ModelError) as error:
        token_id = new_token(run, scope, node.id)
        state.tokens[token_id].entered = True
        run.facts.append(Entered(node.id, token_id, scope))
        _fail(run, token_id, node, error)
        return True
    late = [flow for flow in arrived if flow not in state.resets[scope][node.id]]
    new = [new_token(run, scope, flow.target, flow.id) for flow in taken]
    run.ready.extend((each, "arrive") for each in reversed(new))
    if late:
        merge(run, node.id, release(run, scope, node.id, late), into=0)
    _forget(run, scope, node)
    return True


def _taken_at_reset(run: Run, scope: int, node: Node) -> list[Flow]:
    seen = {**run.state.visible(scope), PHASE: False}
    return [
        flow
        for flow in node.outgoing
        if flow.condition is not None
        and PHASE in flow.condition.text
        and holds(run, flow.condition, seen)
    ]


def _forget(run: Run, scope: int, node: Node) -> None:
    """The scope may have no token left: then it was open for this alone."""
    gateways = run.state.resets[scope]
    del gateways[node.id]
    if not gateways:
        del run.state.resets[scope]
        if run.state.scopes[scope] == 0:
            complete_scope(run, scope)
