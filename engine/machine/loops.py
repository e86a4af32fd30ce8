"""Activities that run more than once: standard loops and multi-instance (BPMN 2.0 §13.3.6, 13.3.7).

The token that came is the host: it stays, its boundary events listen once, and it holds open the
scope in which a token for each instance stands at the same node. Invariants: `progress[host]`
exists from stage `loop` until the host completes or is withdrawn; instances begin one by one, so
the stack of ready tokens never holds them all and ten thousand cost ten times a thousand.
"""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from bisect import bisect
from decimal import Decimal
from typing import cast

from bpmn.graph import (
    ErrorEvent,
    EscalationEvent,
    Expression,
    MessageEvent,
    MultiInstance,
    Node,
    SignalEvent,
    SimpleEvent,
    StandardLoop,
)
from bpmn.values import Value, Variables
from engine.machine.catching import catch_at_boundary
from engine.machine.errors import Stopped
from engine.machine.facts import Entered, Left, VariableSet
from engine.machine.run import Run
from engine.machine.scopes import clear_scope, new_token, withdraw
from engine.machine.shape import definitions, needs_all
from engine.machine.state import ITEMS, Progress, Stage, Token
from engine.machine.variables import drop_scope, holds, keep, kept, set_variable
from engine.machine.waits import cancel_waits, put_off, run_out

LARGEST = 100_000
"""Instances that one activity may have at a time."""

RESULTS, ORDER = "$results", "$order"
"""What is kept for the host beside the items: what the instances gave, and whose stands where."""


def begin(run: Run, host_id: int, host: Token, node: Node) -> Stage:
    """Stage `loop`: how many instances there will be, and of what."""
    progress = Progress(None)
    if isinstance(node.loop, MultiInstance):
        loop = node.loop
        total, items = _planned(run, host_id, node, loop)
        active = 0 if loop.sequential else total
        progress = Progress(total, active=active, first=loop.first_counter)
        if items is not None:
            keep(run, host_id, ITEMS, items)
            progress.element = loop.element
        if loop.results is not None:
            keep(run, host_id, RESULTS, [None] * total if loop.gaps else [])
            keep(run, host_id, ORDER, [])
    run.state.progress[host_id] = progress
    run.state.scopes[host_id] = 0
    return "round"


def _planned(
    run: Run, host_id: int, node: Node, loop: MultiInstance
) -> tuple[int, list[Value] | None]:
    seen = run.state.visible(run.state.scope_of(host_id))
    total = None if loop.cardinality is None else _cardinality(run, node, loop.cardinality, seen)
    items = None
    if loop.collection is not None:
        items = _items(run, node, loop.collection, seen)
        if total is not None and total > len(items):
            raise Stopped(
                "collection_invalid", f"{node.id} wants {total} instances of {len(items)} items"
            )
        total = len(items) if total is None else total
    if total is None:
        raise Stopped("cardinality_invalid", f"{node.id} does not say how often it runs")
    if total > LARGEST:
        raise Stopped(
            "too_many_instances", f"{node.id} would have {total} instances, {LARGEST} may be"
        )
    return total, items


def _items(run: Run, node: Node, collection: Expression, seen: Variables) -> list[Value]:
    items = collection.evaluate(seen, run.now)
    if not isinstance(items, list):
        what = "null" if items is None else type(items).__name__
        raise Stopped("collection_invalid", f"the collection of {node.id} is {what}, no list")
    return items


def _cardinality(run: Run, node: Node, expression: Expression, seen: Variables) -> int:
    """A whole number, or its text as Camunda 7 takes it."""
    value = expression.evaluate(seen, run.now)
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        value = int(value)
    whole = isinstance(value, int) or (isinstance(value, Decimal) and value % 1 == 0)
    if isinstance(value, bool) or not whole or cast("int", value) < 0:
        shown = "null" if value is None else str(value)[:40]
        raise Stopped(
            "cardinality_invalid", f"the cardinality of {node.id} is {shown}, no whole number ≥ 0"
        )
    return int(cast("int", value))


# --- the host ---


def next_round(run: Run, host_id: int, host: Token, node: Node) -> Stage | None:
    """Stage `round`: the next instance begins; a parallel host comes back for the one after it."""
    progress = run.state.progress.get(host_id)
    if progress is None:
        return None  # Withdrawn by what an instance did.
    loop = node.loop
    if run.entries_left == 0:
        run_out(run, host_id, node, "round")
        return None
    if isinstance(loop, StandardLoop):
        if not _goes_on(run, host_id, loop, progress):
            return _finish(run, host_id, host, node)
        _begin_instance(run, host_id, node, progress, async_before=False)
        return None
    assert isinstance(loop, MultiInstance)
    assert progress.total is not None
    if progress.begun == progress.total:
        return None if progress.total else _finish(run, host_id, host, node)
    if loop.sequential:
        progress.active = 1
    elif progress.begun + 1 < progress.total:
        run.ready.append((host_id, "round"))
    _begin_instance(run, host_id, node, progress, async_before=loop.async_before)
    return None


def _goes_on(run: Run, host_id: int, loop: StandardLoop, progress: Progress) -> bool:
    """Asked before a round; `loopCounter` is then the number of rounds so far."""
    if loop.maximum is not None and progress.completed >= loop.maximum:
        return False
    if not loop.test_before:
        return True
    seen = run.state.visible(run.state.scope_of(host_id))
    return holds(run, loop.condition, {**seen, "loopCounter": progress.completed})


def _begin_instance(
    run: Run, host_id: int, node: Node, progress: Progress, *, async_before: bool
) -> None:
    run.entries_left -= 1
    progress.begun += 1
    token_id = new_token(run, host_id, node.id)
    token = run.state.tokens[token_id]
    token.instance = progress.begun
    token.entered = True
    run.facts.append(Entered(node.id, token_id, host_id))
    for name, value in run.state.given(token_id).items():
        run.facts.append(VariableSet(token_id, name, value))
    if async_before:
        put_off(run, token_id, node, "start")
    else:
        run.ready.append((token_id, "start"))


def _finish(run: Run, host_id: int, host: Token, node: Node) -> Stage:
    """Whatever still runs is withdrawn; the results go to the scope around the activity."""
    if run.state.scopes[host_id]:
        clear_scope(run, host_id)
    del run.state.scopes[host_id]
    del run.state.progress[host_id]
    if isinstance(node.loop, MultiInstance) and node.loop.results is not None:
        set_variable(run, host.scope, node.loop.results, kept(run, host_id, RESULTS))
    drop_scope(run, -host_id)
    return "complete"


# --- an instance ---


def after_instance(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """An instance's outputs are mapped: it is counted at once, or after its own asyncAfter."""
    if isinstance(node.loop, MultiInstance) and node.loop.async_after:
        put_off(run, token_id, node, "count")
        return None
    return "count"


def count(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """Stage `count`: an instance is done, and what it gave is kept in order of the items."""
    host_id, loop = token.scope, node.loop
    progress = run.state.progress[host_id]
    if isinstance(loop, MultiInstance):
        if loop.results is not None and loop.result is not None:
            value = loop.result.evaluate(run.state.visible(token_id), run.now)
            _keep_result(run, host_id, token.instance, value, gaps=loop.gaps)
        progress.active -= 1
    progress.completed += 1
    return "settle"


def _keep_result(run: Run, host_id: int, instance: int, value: Value, *, gaps: bool) -> None:
    """In place, so that the ten-thousandth costs what the first did; the fact holds but its own."""
    results = cast("list[Value]", kept(run, host_id, RESULTS))
    order = cast("list[int]", kept(run, host_id, ORDER))
    if gaps:
        results[instance - 1] = value
    else:
        place = bisect(order, instance)
        order.insert(place, instance)
        results.insert(place, value)
    run.facts.append(VariableSet(-host_id, f"$result.{instance}", value))


def settle(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Stage `settle`: whether the activity goes on after this instance, and what it throws."""
    host_id, loop = token.scope, node.loop
    done, thrown = False, list[SimpleEvent]()
    if isinstance(loop, StandardLoop):
        if not loop.test_before:
            done = not holds(run, loop.condition, run.state.visible(token_id))
    elif loop is not None and (loop.completion is not None or loop.events):
        seen = run.state.visible(token_id)
        if loop.results is not None:
            seen = {**seen, loop.results: kept(run, host_id, RESULTS)}
        done = loop.completion is not None and holds(run, loop.completion, seen)
        thrown = _implied(run, loop, run.state.progress[host_id], seen)
    cancel_waits(run, token)
    run.facts.append(Left(node.id, token_id))
    _drop_instance(run, token_id, token)
    for event in thrown:
        _throw(run, host_id, node, event)
    _go_on(run, host_id, node, done=done)
    return None


def _drop_instance(run: Run, token_id: int, token: Token) -> None:
    drop_scope(run, token_id)
    del run.state.tokens[token_id]
    run.state.scopes[token.scope] -= 1


def _go_on(run: Run, host_id: int, node: Node, *, done: bool) -> None:
    progress = run.state.progress.get(host_id)
    if progress is None:
        return
    idle = run.state.scopes[host_id] == 0
    one_by_one = not isinstance(node.loop, MultiInstance) or node.loop.sequential
    if done or (idle and progress.begun == progress.total):
        run.ready.append((host_id, _finish(run, host_id, run.state.tokens[host_id], node)))
    elif idle and one_by_one:
        run.ready.append((host_id, "round"))


def withdraw_instance(run: Run, token_id: int) -> None:
    """Take one instance out; the others go on, and the last one completes the activity."""
    token = run.state.tokens[token_id]
    node, host_id = run.graph.nodes[token.node], token.scope
    withdraw(run, token_id, token)
    _drop_instance(run, token_id, token)
    progress = run.state.progress[host_id]
    progress.terminated += 1
    progress.active = max(0, progress.active - 1)
    _go_on(run, host_id, node, done=False)


# --- events that instances throw as they complete (BPMN 2.0 Table 10.31) ---


def _implied(
    run: Run, loop: MultiInstance, progress: Progress, seen: Variables
) -> list[SimpleEvent]:
    if loop.behavior == "all" or (loop.behavior == "one" and progress.completed > 1):
        return []
    return [event for condition, event in loop.events if holds(run, condition, seen)]


def _throw(run: Run, host_id: int, node: Node, event: SimpleEvent) -> None:
    """Caught on the activity's own boundary, by an event of the same definition."""
    if host_id not in run.state.progress:
        return
    for boundary in (run.graph.nodes[each] for each in node.boundary):
        caught = () if needs_all(boundary.event) else definitions(boundary.event)
        if any(_is_same(each, event) for each in caught):
            catch_at_boundary(run, host_id, boundary)
            return


def _is_same(caught: SimpleEvent, thrown: SimpleEvent) -> bool:
    """By code, or by the name as it is written; an error or escalation may be caught by any."""
    if isinstance(caught, ErrorEvent | EscalationEvent) and type(caught) is type(thrown):
        return caught.code in (None, cast("ErrorEvent", thrown).code)
    if isinstance(caught, MessageEvent | SignalEvent) and type(caught) is type(thrown):
        return caught.name.text == cast("SignalEvent", thrown).name.text
    return caught == thrown
