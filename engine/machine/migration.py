"""Migration: an instance goes on in another version of its process.

The plan has been checked against both graphs (`migration_plans`); here it is checked against the
state, all of it before the first change. Tokens, and what they wait for, move to the elements that
the plan names: timers keep their due times and subscriptions their names, unless the plan says that
their triggers are made anew. What stands around an activity or in a scope and is not mapped is no
longer waited for; what is new there begins to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bpmn.errors import ModelError
from bpmn.graph import Graph, Node
from engine.machine.errors import MigrationRefused, Stopped
from engine.machine.eventgates import awaited
from engine.machine.facts import Moved, WaitMoved
from engine.machine.listening import Prepared, listen, prepare
from engine.machine.run import Run
from engine.machine.scopes import content
from engine.machine.shape import flows_of
from engine.machine.state import NO_FLOW, Compensable, State, Token, Wait
from engine.machine.triggers import Migrate, Move
from engine.machine.waits import CANCELLED, close_wait

Failure = tuple[str, str]
"""The element that the instance stands at, and why it cannot go on."""


def migrate(run: Run, trigger: Migrate) -> None:
    """Let the instance go on in `run.graph`. Raises MigrationRefused with every failure."""
    plan = _Plan(trigger.source, run.graph, {move.source: move for move in trigger.moves})
    failures = list(_failures(plan, run.state))
    if failures:
        raise MigrationRefused(failures)
    try:
        _carry_out(run, plan)
    except (Stopped, ModelError) as error:
        raise MigrationRefused([(run.graph.process_id, str(error))]) from error


@dataclass(frozen=True, slots=True)
class _Plan:
    source: Graph
    target: Graph
    moves: dict[str, Move]

    def to(self, node: str) -> Node | None:
        move = self.moves.get(node)
        return None if move is None else self.target.nodes[move.target]

    def flow(self, flow: str | None, target: Node) -> str | None:
        """The flow by which a token has come, as the target knows it: of the same id, or the only
        one that comes from the same place."""
        if flow in (None, NO_FLOW) or flow in target.incoming:
            return flow
        origin = next(
            node.id
            for node in self.source.nodes.values()
            if any(each.id == flow for each in flows_of(node))
        )
        before = self.to(origin) or self.target.nodes.get(origin)
        if before is None:
            return None
        found = [each.id for each in flows_of(before) if each.target == target.id]
        return found[0] if len(found) == 1 else None

    def stands_around(self, node: str) -> bool:
        """A boundary event, or the start of an event subprocess: not where a token rests."""
        at = self.source.nodes[node]
        return at.attached_to is not None or at.kind == "startEvent"


# --- what can be told beforehand ---


def _failures(plan: _Plan, state: State) -> Iterator[Failure]:
    for token in state.tokens.values():
        target = plan.to(token.node)
        if target is None:
            yield token.node, "There is no migration instruction for this instance's activity"
        elif token.flow is not None and plan.flow(token.flow, target) is None:
            yield token.node, f"Its token has come by flow '{token.flow}', which is not there"
    for wait in state.waits.values():
        if plan.to(wait.node) is None and not _leaves(plan, state, wait):
            yield wait.node, "What is waited for here has no migration instruction"
    for scope in state.resets.values():
        for gateway, flows in scope.items():
            target = plan.to(gateway)
            if target is None or None in [plan.flow(flow, target) for flow in flows]:
                yield gateway, "It waits for its reset, and its flows are not there"
    for record in _records(state):
        if plan.to(record.node) is None:
            yield record.node, "It has completed and can be compensated, but is not mapped"


def _leaves(plan: _Plan, state: State, wait: Wait) -> bool:
    """What is not mapped may be left behind where it only stands around; where its own token
    rests there the token has failed already."""
    own = wait.token and state.tokens[wait.token].node == wait.node
    return bool(own) or plan.stands_around(wait.node)


def _records(state: State) -> Iterator[Compensable]:
    walk = [record for records in state.compensables.values() for record in records]
    while walk:
        record = walk.pop()
        yield record
        walk += record.inner


# --- what is done ---


def _carry_out(run: Run, plan: _Plan) -> None:
    state, new = run.state, {move.source: move.target for move in plan.moves.values()}
    state.joins = {scope: _joined(plan, of) for scope, of in state.joins.items()}
    state.resets = {scope: _reset(plan, of) for scope, of in state.resets.items()}
    state.performers = {new.get(node, node): who for node, who in state.performers.items()}
    for number, token in state.tokens.items():
        target = plan.target.nodes[new[token.node]]
        token.flow = plan.flow(token.flow, target)
        if target.id != token.node:
            token.node = target.id
            run.facts.append(Moved(number, token.node))
    for record in _records(state):
        record.node = new[record.node]
    fresh = _move_waits(run, plan)
    fresh += _new_boundaries(run, plan)
    fresh += _new_event_subprocesses(run, plan)
    for token_id, prepared in fresh:
        listen(run, token_id, prepared)


def _joined(plan: _Plan, joins: dict[str, dict[str, list[int]]]) -> dict[str, Any]:
    """Gateways and flows that tokens wait at, under their new names."""
    found: dict[str, Any] = {}
    for node, flows in joins.items():
        target = plan.target.nodes[plan.moves[node].target]
        found[target.id] = {plan.flow(flow, target): waiting for flow, waiting in flows.items()}
    return found


def _reset(plan: _Plan, resets: dict[str, list[str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node, flows in resets.items():
        target = plan.target.nodes[plan.moves[node].target]
        found[target.id] = [plan.flow(flow, target) for flow in flows]
    return found


Fresh = list[tuple[int, list[Prepared]]]
"""Token → what it begins to wait for."""


def _move_waits(run: Run, plan: _Plan) -> Fresh:
    fresh: Fresh = []
    gone: list[tuple[int, Wait]] = []
    for local, wait in run.state.waits.items():
        move = plan.moves.get(wait.node)
        if move is None:
            gone.append((local, wait))
        elif move.update and wait.kind in ("timer", "subscription", "condition"):
            gone.append((local, wait))
            fresh.append((wait.token, _prepared(run, wait, plan.target.nodes[move.target])))
        elif move.target != wait.node:
            wait.node = move.target
            run.facts.append(WaitMoved(local, wait.kind, wait.node))
    for local, wait in gone:
        closed = CANCELLED.get(wait.kind)
        close_wait(run, local, closed(local) if closed else None)
    return fresh


def _prepared(run: Run, wait: Wait, node: Node) -> list[Prepared]:
    """The one definition of the node that the wait was for, evaluated anew."""
    scope = run.state.scope_of(wait.token)
    every = prepare(run, scope, node.id, awaited(node))
    return [one for one in every if one[1] == wait.definition]


def _new_boundaries(run: Run, plan: _Plan) -> Fresh:
    mapped = {move.target for move in plan.moves.values()}
    fresh: Fresh = []
    for token_id, token in run.state.tokens.items():
        node = run.graph.nodes[token.node]
        added = [each for each in node.boundary if each not in mapped]
        if added and not token.instance and _is_armed(run, token):
            scope = run.state.scope_of(token_id)
            for each in added:
                prepared = prepare(run, scope, each, run.graph.nodes[each].event)
                fresh.append((token_id, prepared))
    return fresh


_BEFORE = frozenset({"open", "arrive", "start", "arm", "take", "pass"})


def _is_armed(run: Run, token: Token) -> bool:
    """Whether the activity has begun so far that its boundary events listen."""
    stages = [run.state.waits[local].stage for local in token.waits]
    return token.entered and not any(stage in _BEFORE for stage in stages)


def _new_event_subprocesses(run: Run, plan: _Plan) -> Fresh:
    mapped = {move.target for move in plan.moves.values()}
    fresh: Fresh = []
    for scope in run.state.scopes:
        inside = content(run, scope)
        if inside is None or scope in run.state.interrupted:
            continue
        for each in inside.event_subprocesses:
            start = run.shape.event_starts[each]
            if start.id not in mapped:
                seen_from = run.state.scope_of(scope)
                fresh.append((scope, prepare(run, seen_from, start.id, start.event)))
    return fresh
