"""Listeners: what runs beside the model's elements before a token goes on (Camunda 7).

An expression is evaluated at once; a topic is a job, and the token rests until it is done.
Invariant: `token.heard` counts those that ran before the token's next step, so that a failure, a
retry or a job's answer goes on with the next one and repeats none.
"""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from collections.abc import Sequence

from bpmn.graph import Listener, Node, UserTask
from engine.machine.facts import JobRequested
from engine.machine.run import Run
from engine.machine.shape import flows_of
from engine.machine.state import Stage, Token, Wait
from engine.machine.variables import set_variable
from engine.machine.waits import open_wait, retry_waits


def before(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Between an activity's inputs and its action: start, then a task's create and assignment."""
    due = _named(node, "start") + _named(node, "create")
    assignments = _named(node, "assignment")
    if assignments and _is_born_assigned(run, token_id, node):
        due += assignments
    if not _heard(run, token_id, token, due, "hear"):
        return None
    token.heard = 0
    return "act"


def after(run: Run, token_id: int, token: Token, node: Node) -> bool:
    """Between an activity's action and its outputs: a task's complete, then end."""
    return _heard(run, token_id, token, _named(node, "complete") + _named(node, "end"), "complete")


def along(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """The listeners of the flow that the token is on; it stands before the flow's target."""
    flows = (flow for other in run.graph.nodes.values() for flow in flows_of(other))
    listeners = next((flow.listeners for flow in flows if flow.id == token.flow), ())
    if not _heard(run, token_id, token, listeners, "pass"):
        return None
    token.heard = 0
    return "arrive"


def _named(node: Node, event: str) -> list[Listener]:
    return [listener for listener in node.listeners if listener.event == event]


def _is_born_assigned(run: Run, token_id: int, node: Node) -> bool:
    task = node.action
    if not isinstance(task, UserTask) or task.assignee is None:
        return False
    seen = run.state.visible(run.state.scope_of(token_id))
    return task.assignee.evaluate(seen, run.now) not in (None, "")


def _heard(
    run: Run, token_id: int, token: Token, listeners: Sequence[Listener], stage: Stage
) -> bool:
    """Whether all have run; if not, the token waits for a job that brings it back to `stage`."""
    while token.heard < len(listeners):
        listener = listeners[token.heard]
        if listener.topic is not None:
            _request(run, token_id, listener.topic, stage)
            return False
        if listener.expression is not None:
            seen = run.state.visible(run.state.scope_of(token_id))
            value = listener.expression.evaluate(seen, run.now)
            if listener.variable is not None:
                set_variable(run, run.state.scope_of(token_id), listener.variable, value)
        token.heard += 1
    return True


def _request(run: Run, token_id: int, topic: str, stage: Stage) -> None:
    node = run.graph.nodes[run.state.tokens[token_id].node]
    job = open_wait(run, token_id, Wait("job", node.id, token_id, stage))
    run.facts.append(
        JobRequested(
            job,
            node.id,
            token_id,
            "handler",
            topic,
            attempts=node.retry.attempts if node.retry else None,
            waits=retry_waits(node),
            exclusive=node.exclusive,
        )
    )
