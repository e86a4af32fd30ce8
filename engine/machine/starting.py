"""How an instance begins: its event subprocesses listen, then tokens stand before the first nodes.

It begins at none start events, at a start event whose trigger came, at an instantiating receive
task, or at an event behind an instantiating event-based gateway (BPMN 2.0 §13.2).
"""

from __future__ import annotations

from bpmn.errors import ModelError
from bpmn.graph import Node, Receive
from engine.machine.errors import Stopped
from engine.machine.eventgates import instantiate
from engine.machine.listening import listen
from engine.machine.run import Run
from engine.machine.scopes import begin
from engine.machine.subprocesses import prepare_event_subprocesses
from engine.machine.variables import set_data
from engine.machine.waits import open_incident


def begins_process(run: Run, node: Node) -> bool:
    """Whether an instance can begin at this node."""
    if node.scope != run.graph.process_id:
        return False
    if node.kind == "startEvent":
        return True
    gate = run.shape.gates.get(node.id)
    return gate.instantiate if gate else node.instantiate and isinstance(node.action, Receive)


def enter_process(run: Run, node: str | None) -> None:
    """Begin at the node, or without a trigger. What cannot be evaluated stops the beginning."""
    graph = run.graph
    process = graph.scopes[graph.process_id]
    special = process.data or process.event_subprocesses
    if not special and (node is None or graph.nodes[node].kind == "startEvent"):
        begin(run, 0, process.starts if node is None else (node,))
        return
    try:
        set_data(run, 0, process.data)
        prepared = prepare_event_subprocesses(run, 0)
        if node is None:
            begin(run, 0, process.starts)
        elif graph.nodes[node].kind == "startEvent":
            begin(run, 0, (node,))
        else:
            instantiate(run, graph.nodes[node])
    except (Stopped, ModelError) as error:
        at = node or graph.process_id
        kind = error.kind if isinstance(error, Stopped) else error.code
        open_incident(run, 0, at, "start", kind=kind, message=str(error))
        return
    listen(run, 0, prepared)
