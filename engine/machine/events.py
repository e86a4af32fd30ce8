"""Events: what starts, ends, throws, catches, and listens on an activity's boundary."""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from bpmn.graph import ErrorEvent, MessageEvent, Node, TerminateEvent, TimerEvent
from bpmn.values import Value, encode
from engine.machine.errors import LONGEST_NAME, Stopped, fits
from engine.machine.facts import ErrorThrown, Left, MessageThrown, Subscribed
from engine.machine.run import Run
from engine.machine.scopes import end, interrupt, terminate
from engine.machine.state import Stage, Token, Wait
from engine.machine.time import Due, TimeInvalid, first_due
from engine.machine.variables import set_variables
from engine.machine.waits import arm_timer, open_wait


def pass_through(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """Nothing to do: none events, start and boundary events that were reached, gateways."""
    return "complete"


def reach_end(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """An end event consumes the token; an error or termination takes others with it."""
    event = node.event
    if isinstance(event, TerminateEvent):
        terminate(run, token_id, token, node)
        return None
    if isinstance(event, ErrorEvent):
        run.facts.append(Left(node.id, token_id))
        token.entered = False
        if not throw_error(run, token.scope, node.id, event.code or ""):
            end(run, "error", node.id)
        return None
    if isinstance(event, MessageEvent):
        throw_message(run, token_id, token, node)
    return "complete"


def throw_message(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """Send a message with the variables of the element's input mapping."""
    assert isinstance(node.event, MessageEvent)
    scope = run.state.scope_of(token_id)
    name, key = _name_and_key(run, scope, node.event)
    run.facts.append(MessageThrown(node.id, name, key, dict(run.state.variables.get(token_id, {}))))
    return "complete"


def throw(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """An intermediate throw event."""
    if isinstance(node.event, MessageEvent):
        return throw_message(run, token_id, token, node)
    return "complete"


def catch(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """An intermediate catch event: the token waits for a message or an instant."""
    assert isinstance(node.event, MessageEvent | TimerEvent)
    listen(run, token_id, node.id, _prepare(run, run.state.scope_of(token_id), node.event))
    return None


# --- listening ---

Listening = Due | tuple[str, Value]
"""What an event waits for, evaluated: an instant, or a message's name and key."""


def arm_boundaries(run: Run, token_id: int, node: Node) -> None:
    """Let all boundary events of the activity listen, or none if one fails."""
    scope = run.state.scope_of(token_id)
    ready = [
        (boundary, _prepare(run, scope, event))
        for boundary in node.boundary
        if isinstance(event := run.graph.nodes[boundary].event, MessageEvent | TimerEvent)
    ]
    for boundary, prepared in ready:
        listen(run, token_id, boundary, prepared)


def listen(run: Run, token_id: int, node: str, prepared: Listening) -> None:
    if isinstance(prepared, Due):
        arm_timer(run, token_id, node, prepared)
        return
    name, key = prepared
    local = open_wait(run, token_id, Wait("subscription", node, token_id))
    run.facts.append(Subscribed(local, node, token_id, name, key))


def subscription(run: Run, token_id: int, event: MessageEvent) -> Listening:
    """A message event's name and key as the token sees them."""
    return _name_and_key(run, run.state.scope_of(token_id), event)


def _prepare(run: Run, scope: int, event: MessageEvent | TimerEvent) -> Listening:
    if isinstance(event, MessageEvent):
        return _name_and_key(run, scope, event)
    value = event.expression.evaluate(run.state.visible(scope), run.now)
    try:
        return first_due(event.kind, value, run.now)
    except TimeInvalid as error:
        raise Stopped("timer_invalid", str(error)) from error


def _name_and_key(run: Run, scope: int, event: MessageEvent) -> tuple[str, Value]:
    seen = run.state.visible(scope)
    name = event.name.evaluate(seen, run.now)
    if not isinstance(name, str) or not name:
        raise Stopped("message_unnamed", f"{event.name.text!r} gave no message name")
    key = event.key.evaluate(seen, run.now) if event.key else None
    if not fits(name) or (isinstance(key, str | list | dict) and len(encode(key)) > LONGEST_NAME):
        raise Stopped("message_unnamed", "the message's name or key is too long or has a NUL in it")
    return name, key


# --- errors ---


def throw_error(run: Run, host: int, origin: str, code: str, message: str | None = None) -> bool:
    """Let the nearest boundary event catch it, from the token `host` outwards.

    On one activity an event with this code comes before one that catches all.
    """
    at = host
    while at:
        token = run.state.tokens[at]
        if token.instance:
            at = token.scope  # A loop's boundary events are its host's.
            continue
        catcher = _catcher(run, run.graph.nodes[token.node], code)
        if catcher is not None:
            run.facts.append(ErrorThrown(code, origin, catcher.id, message))
            interrupt(run, at, token, catcher.id)
            assert isinstance(catcher.event, ErrorEvent)
            caught: dict[str, Value] = {}
            if catcher.event.code_variable:
                caught[catcher.event.code_variable] = code
            if catcher.event.message_variable:
                caught[catcher.event.message_variable] = message
            set_variables(run, token.scope, caught)
            return True
        at = token.scope
    run.facts.append(ErrorThrown(code, origin, None, message))
    return False


def _catcher(run: Run, node: Node, code: str) -> Node | None:
    catch_all = None
    for boundary in node.boundary:
        candidate = run.graph.nodes[boundary]
        if isinstance(candidate.event, ErrorEvent):
            if candidate.event.code == code:
                return candidate
            if candidate.event.code is None:
                catch_all = catch_all or candidate
    return catch_all
