"""A token's steps at a node: arrive, start, arm, hear, (act,) complete. `act` is in `machine`.

A plain node (`Node.plain`) goes from arrive to act or complete at once. Any other goes through
all stages; the host of a loop turns off to `loops` after arm, and its instances begin at start.
"""

from __future__ import annotations

from bpmn.graph import JOINING, Node
from engine.machine import adhoc, listeners, loops
from engine.machine.events import arm_boundaries
from engine.machine.facts import Entered, Left
from engine.machine.quantities import gathered
from engine.machine.run import Run, is_host
from engine.machine.scopes import consume
from engine.machine.state import Stage, Token
from engine.machine.variables import drop_scope, map_outputs
from engine.machine.waits import cancel_waits, put_off, run_out


def arrive(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """A token comes to a node, each on its own (implicit merge); at a join it keeps its flow."""
    if run.entries_left == 0:
        run_out(run, token_id, node, "arrive")
        return None
    inside = token.scope and token.scope in run.state.progress
    if inside and adhoc.must_wait(run, token_id, token, node):
        return None
    run.entries_left -= 1
    if node.plain:
        token.flow = None
        token.entered = True
        run.facts.append(Entered(node.id, token_id, token.scope))
        return "complete" if node.action is None and node.event is None else "act"
    if node.start_quantity > 1 and not gathered(run, token_id, token, node):
        return None
    if node.kind not in JOINING:
        token.flow = None
    token.entered = True
    run.facts.append(Entered(node.id, token_id, token.scope))
    if node.async_before:
        put_off(run, token_id, node, "start")
        return None
    if node.kind in JOINING and not (node.inputs or node.listeners):
        return "act"
    return "start"


def arm(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """Boundary events listen from here, so they see the activity's inputs; a loop's listen once."""
    if node.boundary and not token.instance:
        arm_boundaries(run, token_id, node)
    if is_host(token, node):
        return "loop"
    return "hear" if node.listeners else "act"


def complete(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """The node's work is done: outputs, boundary events off, and on."""
    if not node.plain and not is_host(token, node):
        if not _wind_up(run, token_id, token, node):
            return None
        if token.instance:
            return loops.after_instance(run, token_id, token, node)
    if token.waits:
        cancel_waits(run, token)
    if token_id in run.state.variables:
        drop_scope(run, token_id)
    token.entered = False
    token.flow = None
    if not node.outgoing and token.scope == 0 and node.kind == "endEvent":
        run.reached = node.id
    run.facts.append(Left(node.id, token_id))
    if token.scope and token.scope in run.state.progress:
        return "ask"
    straight = node.straight
    if straight is not None:  # Nothing that could fail: most nodes save a stage here.
        token.node = straight.target
        token.flow = straight.id
        return "arrive"
    if node.plain and not node.outgoing and node.event is None and node.default is None:
        consume(run, token_id)
        return None
    if node.async_after:
        put_off(run, token_id, node, "take")
        return None
    return "take"


def _wind_up(run: Run, token_id: int, token: Token, node: Node) -> bool:
    """Listeners, then outputs; False: a listener's job has to be done first."""
    if node.listeners and not listeners.after(run, token_id, token, node):
        return False
    if node.outputs:
        map_outputs(run, token_id, token, node)
    token.heard = 0
    return True
