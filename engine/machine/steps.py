"""A token's steps at a node: arrive, start, arm, (act,) complete. `act` is in `machine`."""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from bpmn.graph import Node
from engine.machine.errors import Stopped
from engine.machine.events import arm_boundaries
from engine.machine.facts import Entered, Left
from engine.machine.run import ENTRIES_WITHOUT_A_WAIT, Run
from engine.machine.state import Stage, Token
from engine.machine.variables import drop_scope, map_outputs
from engine.machine.waits import cancel_waits, put_off

JOINING = frozenset({"parallelGateway", "inclusiveGateway", "complexGateway"})
"""Gateways where a token keeps the flow that it came on."""

RESTING = frozenset({"eventBasedGateway"})
"""What a token waits at without an action or event of its own."""


def arrive(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """A token comes to a node, each on its own (implicit merge); at a join it keeps its flow."""
    if run.entries_left == 0:
        run_out(run, token_id, node)
        return None
    run.entries_left -= 1
    joins = node.kind in JOINING and (len(node.incoming) > 1 or node.kind == "complexGateway")
    if not joins:
        token.flow = None
    token.entered = True
    run.facts.append(Entered(node.id, token_id, token.scope))
    if node.async_before:
        put_off(run, token_id, node, "start")
        return None
    if node.inputs:
        return "start"
    if node.boundary:
        return "arm"
    if node.action is None and node.event is None and not joins and node.kind not in RESTING:
        return "complete"  # Nothing to do: splits and plain events save a stage.
    return "act"


def run_out(run: Run, token_id: int, node: Node) -> None:
    """This call has entered enough nodes: the rest waits, unless it seems to go on for ever."""
    entries = run.state.entries + run.entries_allowed
    if entries >= ENTRIES_WITHOUT_A_WAIT:
        raise Stopped("endless_loop", f"{entries} nodes were entered without a wait")
    put_off(run, token_id, node, "arrive")


def arm(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """Boundary events listen from here, so they see the activity's inputs."""
    if node.boundary:
        arm_boundaries(run, token_id, node)
    return "act"


def complete(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """The node's work is done: outputs, boundary events off, and on."""
    if node.outputs:
        map_outputs(run, token_id, token, node)
    if token.waits:
        cancel_waits(run, token)
    if token_id in run.state.variables:
        drop_scope(run, token_id)
    token.entered = False
    token.flow = None
    if node.kind == "endEvent" and token.scope == 0:
        run.reached = node.id
    run.facts.append(Left(node.id, token_id))
    if node.async_after:
        put_off(run, token_id, node, "take")
        return None
    outgoing = node.outgoing
    if len(outgoing) == 1 and outgoing[0].condition is None:
        # Nothing to choose, nothing that could fail: most nodes save a stage here.
        token.node = outgoing[0].target
        token.flow = outgoing[0].id
        return "arrive"
    return "take"
