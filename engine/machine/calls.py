"""Call activities: another process or a decision does the work (BPMN 2.0 §10.3.6, §13.3.4).

The called process is an instance of its own that the engine begins where the fact `Called` tells
it to, and whose end comes back as a trigger. What it gave back is kept for the token until the
output mapping has succeeded, so an incident there can be retried when the child is long gone.
"""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from typing import cast

from bpmn.graph import Call, Decision, Expression, Node, Passed
from bpmn.values import Value, Variables
from engine.machine.activities import ask_decision
from engine.machine.errors import Stopped, fits
from engine.machine.facts import CallClosed, Called
from engine.machine.propagation import throw_error, throw_escalation
from engine.machine.run import Run
from engine.machine.scopes import end
from engine.machine.state import Stage, Token, Wait
from engine.machine.triggers import CallEnded, CallEscalated, CallFailed, CallThrew
from engine.machine.variables import drop_scope, keep, set_local, set_variable
from engine.machine.waits import close_wait, find_wait, open_incident, open_wait

RETURNED, TYPES, ERROR = "$returned", "$types", "$error"
"""What is kept for the calling token: the child's variables, their wire types, its error."""


def call(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Ask for the called process, or evaluate the called decision at once."""
    action = node.action
    assert isinstance(action, Call)
    seen = run.state.visible(run.state.scope_of(token_id))
    reference = _text(run, node, "process or decision", action.reference, seen)
    if reference is None:
        raise Stopped("call_invalid", f"{node.id} calls nothing: {action.reference.text!r} is null")
    if action.kind == "decision":
        decision = Decision(
            reference, action.binding, action.version, action.result_variable, action.result
        )
        return ask_decision(run, token_id, node, decision)
    key = _text(run, node, "business key", action.business_key, seen)
    if action.same_business_key:
        key = run.state.business_key
    variables = _passed_in(run, action.inputs, seen, run.state.local(token_id))
    local = open_wait(run, token_id, Wait("call", node.id, token_id))
    run.facts.append(
        Called(local, node.id, token_id, reference, action.binding, action.version, key, variables)
    )
    return None


def _text(
    run: Run, node: Node, what: str, expression: Expression | None, seen: Variables
) -> str | None:
    value = None if expression is None else expression.evaluate(seen, run.now)
    if value is None or value == "":
        return None
    if isinstance(value, bool | list | dict) or not fits(str(value)):
        raise Stopped("call_invalid", f"the {what} of {node.id} is no text that can be kept")
    return str(value)


def _passed_in(run: Run, inputs: tuple[Passed, ...], seen: Variables, own: Variables) -> Variables:
    """What the child begins with. `local` sees the call activity's own variables only."""
    passed: Variables = {}
    for each in inputs:
        visible = own if each.local else seen
        if each.target is None:
            passed |= visible
        else:
            passed[each.target] = each.value.evaluate(visible, run.now) if each.value else None
    return passed


# --- what comes back ---


def call_ended(run: Run, trigger: CallEnded) -> None:
    wait = find_wait(run.state, "call", trigger.call)
    close_wait(run, trigger.call, CallClosed(trigger.call, "completed"))
    _returned(run, wait.token, trigger.variables, trigger.wire)


def call_threw(run: Run, trigger: CallThrew) -> None:
    wait = find_wait(run.state, "call", trigger.call)
    close_wait(run, trigger.call, CallClosed(trigger.call, "error"))
    keep(run, wait.token, ERROR, [trigger.code, trigger.message])
    _returned(run, wait.token, trigger.variables, trigger.wire)


def call_escalated(run: Run, trigger: CallEscalated) -> None:
    """The called instance goes on, unless who catches the escalation interrupts the call; what it
    gives back comes with its end."""
    wait = find_wait(run.state, "call", trigger.call)
    throw_escalation(run, wait.token, wait.node, trigger.code)


def call_failed(run: Run, trigger: CallFailed) -> None:
    """The incident's retry calls again."""
    wait = find_wait(run.state, "call", trigger.call)
    close_wait(run, trigger.call, CallClosed(trigger.call, "error"))
    open_incident(run, wait.token, wait.node, "act", kind=trigger.kind, message=trigger.message)


def _returned(run: Run, token_id: int, variables: Variables, wire: dict[str, str]) -> None:
    keep(run, token_id, RETURNED, variables)
    keep(run, token_id, TYPES, cast("Variables", wire))
    run.ready.append((token_id, "return"))


def take_back(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Stage `return`: the output mapping, after an error too (as Camunda 7 does), then the error.

    An error that nobody catches ends this instance as one of its own would, so it goes on to
    whoever called this one (BPMN 2.0 §10.5.1: errors propagate).
    """
    action = node.action
    assert isinstance(action, Call)
    back = run.state.variables[-token_id]
    returned = cast("Variables", back[RETURNED])
    values = [(each, _value(run, each, returned)) for each in action.outputs]
    wire = cast("dict[str, str]", back[TYPES])
    error = cast("list[str] | None", back.get(ERROR))
    drop_scope(run, -token_id)
    for each, value in values:
        if each.target is None:
            counters = run.state.counters(token.scope)
            for name, one in returned.items():
                if name in counters:
                    continue  # It saw them here, and has nothing to say about them.
                _give(run, token_id, name, one, wire.get(name), local=each.local)
        else:
            _give(run, token_id, each.target, value, None, local=each.local)
    if error is None:
        return "complete"
    code, message = error
    if not throw_error(run, token_id, node.id, code, message):
        end(run, "error", node.id)
    return None


def _value(run: Run, each: Passed, returned: Variables) -> Value:
    return None if each.value is None else each.value.evaluate(returned, run.now)


def _give(
    run: Run, token_id: int, name: str, value: Value, wire: str | None, *, local: bool
) -> None:
    if local:
        set_local(run, token_id, name, value, wire)
    else:
        set_variable(run, run.state.scope_of(token_id), name, value, wire)
