"""Something that is waited for has come: which token goes on, and what no longer waits.

A wait belongs to one of four: a node where its token stands, a boundary event on that node, an
event behind the event-based gateway where it stands, or the start of an event subprocess in the
scope that it holds open. What interrupts, and what is waited for at a node, comes once; the first
definition of a multiple event is enough, of a parallel multiple event all must come.
"""

from __future__ import annotations

from collections.abc import Mapping

from bpmn.graph import Node
from bpmn.values import Value
from engine.machine.eventgates import choose
from engine.machine.facts import AnyFact, TimerArmed, TimerClosed, Unsubscribed
from engine.machine.run import Run
from engine.machine.scopes import interrupt, new_token
from engine.machine.shape import needs_all
from engine.machine.state import Wait
from engine.machine.subprocesses import begin_event_subprocess, begins_event_subprocess
from engine.machine.time import next_due
from engine.machine.variables import set_variables, take_results
from engine.machine.waits import cancel_some, close_wait, open_wait

_NOTHING: Mapping[str, Value] = {}
_UNTYPED: Mapping[str, str] = {}


def happened(
    run: Run,
    local: int,
    values: Mapping[str, Value] = _NOTHING,
    wire: Mapping[str, str] = _UNTYPED,
) -> None:
    """What the wait `local` is for has come, with these variables."""
    wait = run.state.waits[local]
    node = run.graph.nodes[wait.node]
    together = needs_all(node.event)
    _close(run, local, wait, comes_again=not node.interrupting and not together)
    if values and wait.token and _stands_at(run, wait, node):
        take_results(run, wait.token, values, wire)
    elif values:
        set_variables(run, _outside(run, wait, node), values, wire)
    if together and _others(run, wait):
        return
    if node.attached_to is not None:
        catch_at_boundary(run, wait.token, node)
    elif begins_event_subprocess(run, node):
        begin_event_subprocess(run, wait.token, node)
    elif run.state.tokens[wait.token].node == node.id:
        cancel_some(run, wait.token, lambda other: other.node == node.id)
        run.ready.append((wait.token, "complete"))
    else:
        choose(run, wait.token, node)


def _stands_at(run: Run, wait: Wait, node: Node) -> bool:
    return node.attached_to is None and run.state.tokens[wait.token].node == node.id


def _outside(run: Run, wait: Wait, node: Node) -> int:
    """Where variables that come with it go: what stands around an activity for its boundary."""
    if node.attached_to is not None:
        return run.state.tokens[wait.token].scope
    return run.state.scope_of(wait.token)


def _others(run: Run, wait: Wait) -> bool:
    """Whether another definition of the same event is still waited for."""
    waits = run.state.waits
    return any(waits[local].node == wait.node for local in run.state.waits_of(wait.token))


def _close(run: Run, local: int, wait: Wait, *, comes_again: bool) -> None:
    """A timer is over when it fired; what can come again stays open, or is armed anew."""
    if wait.kind == "timer":
        close_wait(run, local, TimerClosed(local, "fired"))
        following = next_due(wait.cycle) if comes_again and wait.cycle is not None else None
        if following is not None:
            again = Wait(
                "timer", wait.node, wait.token, cycle=following.cycle, definition=wait.definition
            )
            timer = open_wait(run, wait.token, again)
            run.facts.append(TimerArmed(timer, wait.node, wait.token, following.at))
    elif comes_again:
        wait.met = wait.kind == "condition"
    else:
        arrived: AnyFact = Unsubscribed(local, "arrived")
        close_wait(run, local, None if wait.kind == "condition" else arrived)


def catch_at_boundary(run: Run, host: int, node: Node) -> None:
    """A boundary event was triggered: instead of its activity, or beside it."""
    if node.interrupting:
        interrupt(run, host, node.id)
    else:
        run.ready.append((new_token(run, run.state.tokens[host].scope, node.id), "arrive"))
