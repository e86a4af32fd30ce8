"""How an instance begins: its event subprocesses listen, then tokens stand before the first nodes.

It begins at none start events, at a start event whose trigger came, at an instantiating receive
task, or at an event behind an instantiating event-based gateway (BPMN 2.0 §13.2).
"""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from bpmn.graph import Node, Receive
from engine.machine.eventgates import begin_caught
from engine.machine.listening import listen
from engine.machine.run import Run
from engine.machine.scopes import begin, new_token
from engine.machine.state import Stage, Token
from engine.machine.subprocesses import prepare_event_subprocesses
from engine.machine.variables import set_data


def begins_process(run: Run, node: Node) -> bool:
    """Whether an instance can begin at this node."""
    if node.scope != run.graph.process_id:
        return False
    if node.kind == "startEvent":
        return True
    gate = run.shape.gates.get(node.id)
    return gate.instantiate if gate else node.instantiate and isinstance(node.action, Receive)


def begin_process(run: Run, node: str | None) -> None:
    """Begin at the node, or without a trigger.

    What is evaluated before belongs to a token at the first node, which a failure can stop.
    """
    process = run.graph.scopes[run.graph.process_id]
    starts = process.starts if node is None else (node,)
    caught = node is not None and run.graph.nodes[node].kind != "startEvent"
    if process.data or process.event_subprocesses or caught:
        run.ready.append((new_token(run, 0, starts[0]), "open"))
    else:
        begin(run, 0, starts)


def open_process(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Stage `open`: the process's data, what its event subprocesses wait for, then its starts."""
    process = run.graph.scopes[run.graph.process_id]
    set_data(run, 0, process.data)
    prepared = prepare_event_subprocesses(run, 0)
    if node.kind != "startEvent" and node.id not in process.starts:
        begin_caught(run, token_id, node)
        listen(run, 0, prepared)
        return None
    listen(run, 0, prepared)
    if node.id in process.starts:
        begin(run, 0, process.starts[1:])
    return "arrive"
