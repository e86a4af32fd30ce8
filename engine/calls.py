"""Called processes: begun in the caller's transaction, reported to it when they end.

A call activity's fact `Called` begins the child; what the child comes to goes to the caller as a
row in its inbox, and a call that the caller gives up goes to the child in the same way. Who is
held by the same unit is moved at once: a child that waits for nothing ends where it began.
Invariant: a call has at most one running child; what comes for a call that is closed is dropped.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, insert, select

from bpmn.values import Value, Variables, encode
from engine.acts import CallBegun, CancelRequested
from engine.instance import Caller, Instance
from engine.machine import facts
from engine.machine.errors import fits
from engine.machine.facts import Fact
from engine.machine.triggers import (
    AnyTrigger,
    CallEnded,
    CallEscalated,
    CallFailed,
    CallThrew,
    Cancel,
)
from engine.outbound import put, report
from engine.results import Definition
from engine.tables import ancestor
from engine.tables import instance as instances
from engine.unit import Unit

DEEPEST_CALL = 100
"""Callers above an instance; who goes on calling gets an incident instead."""
MOST_BEGUN = 1_000
"""Children begun by one command; more calls are made in transactions of their own."""

_ANCESTORS = (
    select(ancestor.c.ancestor_id)
    .where(
        ancestor.c.tenant == bindparam("tenant"),
        ancestor.c.instance_id == bindparam("instance_id"),
    )
    .order_by(ancestor.c.distance)
)
_NOTE_ANCESTOR = insert(ancestor).values({c.name: bindparam(c.name) for c in ancestor.c})
_CHILD = select(instances.c.id).where(
    instances.c.tenant == bindparam("tenant"),
    instances.c.parent_id == bindparam("parent_id"),
    instances.c.parent_call == bindparam("call"),
    instances.c.ended_at.is_(None),
)


# --- the caller's side ---


def call(unit: Unit, parent: Instance, called: facts.Called) -> None:
    """Begin what a call activity names, or put the call off to a transaction of its own."""
    if called.call not in parent.state.waits:
        return  # Given up in the same step.
    if unit.begun >= MOST_BEGUN:
        order: Value = {
            "node": called.node,
            "token": called.token,
            "binding": called.binding,
            "version": called.version,
            "business_key": called.business_key,
            "variables": called.variables,
        }
        put(unit, parent.id, "call", called.call, called.process, encode(order))
        return
    definition = _definition(unit, parent, called)
    above = _ancestors(unit, parent)
    if isinstance(definition, str):
        _fail(unit, parent, called, "call_impossible", definition)
    elif len(above) > DEEPEST_CALL:
        text = f"{called.process!r} is called {DEEPEST_CALL} calls deep: it calls itself for ever"
        _fail(unit, parent, called, "call_too_deep", text)
    else:
        _begin(unit, parent, called, definition, above)


def _fail(unit: Unit, parent: Instance, called: facts.Called, kind: str, text: str) -> None:
    trigger = CallFailed(call=called.call, kind=kind, message=text)
    unit.advance(parent, trigger, "call.failed")


def _definition(unit: Unit, parent: Instance, called: facts.Called) -> Definition | str:
    """The version that the call is bound to, or why there is none to call."""
    models = unit.engine.models
    if not fits(called.business_key):
        return "the business key is too long or has a NUL in it"
    found = models.bound(
        unit.tx,
        "process",
        called.process,
        called.binding,
        called.version,
        parent.definition.deployment_id,
        strictly=True,
    )
    if found is None:
        which = "" if called.version is None else f" {called.version}"
        return f"process {called.process!r} ({called.binding}{which}) is not deployed"
    if not unit.active(found):
        return f"process {called.process!r} is suspended"
    graph = models.graph(unit.tx, found)
    if not graph.scopes[graph.process_id].starts:
        return f"process {called.process!r} has no start event without a trigger"
    return found


def _ancestors(unit: Unit, parent: Instance) -> list[str]:
    """All callers of a child of `parent`, the nearest first."""
    if parent.caller is None:
        return [parent.id]
    if parent.above is None:
        keys = {"tenant": unit.tx.tenant, "instance_id": parent.id}
        parent.above = [row.ancestor_id for row in unit.tx.all(_ANCESTORS, keys)]
    return [parent.id, *parent.above]


def _begin(
    unit: Unit, parent: Instance, called: facts.Called, definition: Definition, above: list[str]
) -> None:
    unit.begun += 1
    child = unit.begin(
        definition,
        called.variables,
        business_key=called.business_key,
        caller=Caller(parent.id, called.call, above[-1]),
        above=above,
    )
    unit.note(parent, "", CallBegun(called.call, called.node, child.id, definition.id))
    for distance, ancestor_id in enumerate(above, 1):
        row: dict[str, Any] = {"tenant": unit.tx.tenant, "instance_id": child.id}
        unit.add(_NOTE_ANCESTOR, {**row, "ancestor_id": ancestor_id, "distance": distance})


def give_up(unit: Unit, parent: Instance, closed: facts.CallClosed) -> None:
    """The caller no longer waits: what it called is cancelled with all that it called itself."""
    if closed.how != "cancelled":
        return
    reason = f"called by {parent.id}, which does not wait for it any more"
    for held in unit.held():
        if held.caller is not None and held.caller[:2] == (parent.id, closed.call):
            if held.state.ended is None:
                cancel(unit, held, reason)
            return
    keys = {"tenant": unit.tx.tenant, "parent_id": parent.id, "call": closed.call}
    for row in unit.tx.all(_CHILD, keys):
        report(unit, parent, row.id, "cancel", 0, "", {"reason": reason})


def cancel(unit: Unit, instance: Instance, reason: str) -> None:
    """End an instance from outside, with the reason in its history."""
    unit.note(instance, "instance.cancelled", CancelRequested(reason))
    unit.advance(instance, Cancel(reason=reason), "instance.cancelled")


# --- the child's side ---


def escalate(unit: Unit, child: Instance, thrown: facts.EscalationThrown) -> None:
    """What the child did not catch goes to its caller, while it goes on itself."""
    if thrown.caught_by is None and child.caller is not None:
        content: Variables = dict(child.state.variables.get(0, {}))
        _tell(unit, child, "escalated", thrown.code, {"variables": content})


def end(unit: Unit, child: Instance, ended: facts.Ended) -> None:
    """Tell the caller how its call has ended."""
    if child.caller is None:
        return
    content: dict[str, Value] = {"variables": dict(child.state.variables.get(0, {}))}
    if ended.how == "error":
        thrown = _uncaught(child.facts)
        content["message"] = thrown.message if thrown else None
        _tell(unit, child, "threw", thrown.code if thrown else "", content)
    elif ended.how == "cancelled":
        _tell(unit, child, "lost", "", content)
    else:
        _tell(unit, child, "ended", "", content)


def _uncaught(happened: list[Fact]) -> facts.ErrorThrown | None:
    """The error that ended the instance: the last that nobody caught."""
    for fact in reversed(happened):
        if isinstance(fact, facts.ErrorThrown) and fact.caught_by is None:
            return fact
    return None


def _tell(unit: Unit, child: Instance, kind: str, name: str, content: dict[str, Value]) -> None:
    caller = child.caller
    assert caller is not None
    parent = unit.holds(caller.instance_id)
    if parent is None or parent.suspended:
        report(unit, child, caller.instance_id, kind, caller.call, name, content)
    else:
        take(unit, parent, kind, caller.call, name, content)


def take(  # noqa: PLR0917 the columns of an inbox
    unit: Unit, parent: Instance, kind: str, number: int, name: str, content: dict[str, Any]
) -> None:
    """What became of a call. Dropped if the caller does not wait for it any more."""
    wait = parent.state.waits.get(number)
    if parent.state.ended is not None or wait is None or wait.kind != "call":
        return
    variables: Variables = content["variables"]
    trigger: AnyTrigger
    if kind == "ended":
        trigger = CallEnded(call=number, variables=variables)
    elif kind == "threw":
        message = content["message"]
        trigger = CallThrew(call=number, code=name, message=message, variables=variables)
    elif kind == "escalated":
        trigger = CallEscalated(call=number, code=name, variables=variables)
    else:
        text = "the called instance was cancelled"
        trigger = CallFailed(call=number, kind="called_instance_cancelled", message=text)
    unit.advance(parent, trigger, f"call.{kind}")


def call_later(
    unit: Unit, parent: Instance, number: int, process: str, content: dict[str, Any]
) -> None:
    """Make a call that its command had put off."""
    wait = parent.state.waits.get(number)
    if parent.state.ended is not None or wait is None or wait.kind != "call":
        return
    unit.note(parent, "call.begun")
    call(unit, parent, facts.Called(call=number, process=process, **content))
