"""Errors and escalations on their way from where they are thrown outwards (BPMN 2.0 §10.5.7).

On each level: the boundary events of the activity, then the event subprocesses of the scope that it
lies in, then the same around that scope, up to the process. On one level a handler of this code
comes before one that catches all. An event subprocess does not catch what is thrown in itself, and
none catches in a scope that another has interrupted.
"""

from __future__ import annotations

from collections.abc import Iterable

from bpmn.graph import ErrorEvent, EscalationEvent, Node
from bpmn.values import Value
from engine.machine.catching import catch_at_boundary
from engine.machine.facts import ErrorThrown, EscalationThrown
from engine.machine.run import Run
from engine.machine.scopes import content, is_reopened
from engine.machine.shape import definitions, needs_all
from engine.machine.subprocesses import begin_event_subprocess
from engine.machine.variables import set_variables

Coded = type[ErrorEvent] | type[EscalationEvent]
Caught = tuple[int, Node, ErrorEvent | EscalationEvent]
"""Host token or scope, the event that catches, and its definition that matches."""


def throw_error(
    run: Run, token_id: int, origin: str, code: str, message: str | None = None
) -> bool:
    """Throw from the token's node; whether anybody caught it. Who does interrupts."""
    found = _catcher(run, token_id, ErrorEvent, code)
    run.facts.append(ErrorThrown(code, origin, found and found[1].id, message))
    if found is None:
        return False
    at, node, event = found
    values: dict[str, Value] = {}
    if event.code_variable:
        values[event.code_variable] = code
    if isinstance(event, ErrorEvent) and event.message_variable:
        values[event.message_variable] = message
    _catch(run, at, node, values)
    return True


def throw_escalation(run: Run, token_id: int, origin: str, code: str) -> bool:
    """Throw from the token's node, which goes on unless who catches it interrupts."""
    found = _catcher(run, token_id, EscalationEvent, code)
    run.facts.append(EscalationThrown(code, origin, found and found[1].id))
    if found is None:
        return False
    at, node, event = found
    _catch(run, at, node, {event.code_variable: code} if event.code_variable else {})
    return True


def _catch(run: Run, at: int, node: Node, values: dict[str, Value]) -> None:
    if node.attached_to is not None:
        set_variables(run, run.state.tokens[at].scope, values)
        catch_at_boundary(run, at, node)
    else:
        set_variables(run, at, values)
        begin_event_subprocess(run, at, node)


def _catcher(run: Run, token_id: int, kind: Coded, code: str) -> Caught | None:
    state, nodes, starts = run.state, run.graph.nodes, run.shape.event_starts
    at = token_id
    while True:
        token = state.tokens[at]
        node = nodes[token.node]
        found = None
        if not token.instance and not is_reopened(token):
            # A boundary event listens on the host of a loop's instances, not on each.
            found = _best(at, (nodes[boundary] for boundary in node.boundary), kind, code)
        scope = token.scope
        if found is None and starts and scope not in state.interrupted:
            inside = content(run, scope)
            others = inside.event_subprocesses if inside is not None else ()
            found = _best(scope, (starts[each] for each in others if each != node.id), kind, code)
        if found is not None or not scope:
            return found
        at = scope


def _best(at: int, events: Iterable[Node], kind: Coded, code: str) -> Caught | None:
    catch_all = None
    for node in events:
        for event in () if needs_all(node.event) else definitions(node.event):
            if isinstance(event, kind) and event.code == code:
                return at, node, event
            if isinstance(event, kind) and event.code is None:
                catch_all = catch_all or (at, node, event)
    return catch_all
