"""Ad-hoc subprocesses: activities in any order, until a condition says enough (BPMN 2.0 §13.3.5).

Invariant: `progress[host]` exists as long as the subprocess is open; its tokens come back to
stage `ask` after every inner node, and the host to stage `idle` whenever nothing is left in it.
"""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from typing import cast

from bpmn.graph import AdHoc, Graph, Node, Subprocess
from engine.machine.errors import AdHocNotOpen, SelectionRefused, Stopped
from engine.machine.listening import listen
from engine.machine.run import Run, is_host
from engine.machine.scopes import (
    begin,
    clear_scope,
    complete_scope,
    consume,
    discard,
    stop_listening,
)
from engine.machine.state import Progress, Stage, State, Token, Wait
from engine.machine.subprocesses import prepare_event_subprocesses
from engine.machine.triggers import Selected
from engine.machine.variables import holds, set_data
from engine.machine.waits import close_wait, open_wait, put_off


def enter(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Execute each activity that no flow leads to (or those chosen) once."""
    action = node.action
    assert isinstance(action, AdHoc)
    scope = run.graph.scopes[node.id]
    chosen = scope.starts if action.chosen is None else _chosen(run, token_id, node, action)
    set_data(run, token_id, scope.data)
    prepared = prepare_event_subprocesses(run, token_id)
    run.state.progress[token_id] = Progress(None)
    listen(run, token_id, prepared)
    begin(run, token_id, chosen)
    return None if chosen else "idle"


def _chosen(run: Run, token_id: int, node: Node, action: AdHoc) -> tuple[str, ...]:
    assert action.chosen is not None
    seen = run.state.visible(run.state.scope_of(token_id))
    value = action.chosen.evaluate(seen, run.now)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Stopped("chosen_invalid", f"what {node.id} shall begin with is no list of ids")
    chosen = tuple(cast("list[str]", value))
    unknown = [each for each in chosen if each not in run.graph.scopes[node.id].starts]
    if unknown:
        raise Stopped("chosen_invalid", f"{node.id} has no activity {unknown[0][:80]!r} to begin")
    return chosen


def idle(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Stage `idle`: nothing runs inside. It is done, or somebody selects.

    Without a completion condition it is done now; with one it waits until that is true. An event
    subprocess that interrupted it was the last to run.
    """
    progress = run.state.progress.get(token_id)
    if progress is None:
        return None
    action = node.action
    assert isinstance(action, AdHoc)
    over = progress.closing or token_id in run.state.interrupted
    if over or action.completion is None:
        del run.state.progress[token_id]
        stop_listening(run, token_id)
        return "complete"
    if not _selection(run, token):
        open_wait(run, token_id, Wait("selection", node.id, token_id))
    return None


def _selection(run: Run, host: Token) -> list[int]:
    return [local for local in host.waits if run.state.waits[local].kind == "selection"]


def ask(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Stage `ask`: a node inside has completed. After an activity the condition is asked."""
    host_id = token.scope
    progress, host = run.state.progress[host_id], run.state.tokens[host_id]
    action = run.graph.nodes[host.node].action
    assert isinstance(action, AdHoc)
    if not progress.closing and action.completion is not None and is_activity(node):
        progress.closing = holds(run, action.completion, run.state.visible(host_id))
        if progress.closing and action.parallel and action.cancel_remaining:
            clear_scope(run, host_id)
            complete_scope(run, host_id)
            return None
    waiting = [] if action.parallel else _waiting(run, host_id, but=token_id)
    if progress.closing:
        for other in waiting:
            discard(run, other)
        consume(run, token_id)
        return None
    run.ready.extend((other, "arrive") for other in reversed(waiting))
    if node.async_after:
        put_off(run, token_id, node, "take")
        return None
    return "take"


def is_activity(node: Node) -> bool:
    return not node.kind.endswith(("Event", "Gateway"))


# --- one after another ---


def must_wait(run: Run, token_id: int, token: Token, node: Node) -> bool:
    """Whether another activity of a sequential one runs: then the token waits before this one.

    It is called again whenever a node inside has completed.
    """
    nodes, tokens = run.graph.nodes, run.state.tokens
    action = nodes[tokens[token.scope].node].action
    if not isinstance(action, AdHoc) or action.parallel or not _takes_turns(node):
        return False
    others = (tokens[other] for other in run.tokens_in(token.scope) if other != token_id)
    return any(other.entered and _takes_turns(nodes[other.node]) for other in others)


def _takes_turns(node: Node) -> bool:
    on_event = isinstance(node.action, Subprocess) and node.action.on_event
    return is_activity(node) and not on_event and not node.for_compensation


def _waiting(run: Run, host_id: int, *, but: int) -> list[int]:
    """The tokens that wait for their turn: all that rest before a node and for nothing else."""
    ready = {but, *(token_id for token_id, _ in run.ready)}
    gathering = {
        token_id
        for flows in run.state.joins.get(host_id, {}).values()
        for tokens in flows.values()
        for token_id in tokens
    }
    return [
        token_id
        for token_id in run.tokens_in(host_id)
        if token_id not in ready and token_id not in gathering and _rests(run, token_id)
    ]


def _rests(run: Run, token_id: int) -> bool:
    token = run.state.tokens[token_id]
    return not token.entered and not token.waits and not token.serves


def selected(run: Run, trigger: Selected) -> None:
    """Somebody wants an inner activity executed (once more)."""
    host_id, host = trigger.token, run.state.tokens.get(trigger.token)
    progress = run.state.progress.get(host_id)
    over = host_id in run.state.interrupted
    if host is None or progress is None or progress.closing or over:
        raise AdHocNotOpen(host_id)
    action = run.graph.nodes[host.node].action
    if not isinstance(action, AdHoc) or is_host(host, run.graph.nodes[host.node]):
        raise AdHocNotOpen(host_id)
    if trigger.node not in run.graph.scopes[host.node].starts:
        raise SelectionRefused(trigger.node, f"it is none of those that {host.node} begins with")
    for local in _selection(run, host):
        close_wait(run, local, None)
    begin(run, host_id, (trigger.node,))


def host_of(graph: Graph, state: State, activity: str) -> int:
    """The token that holds the ad-hoc subprocess around the activity open, if just one does."""
    node = graph.nodes.get(activity)
    found = [
        token_id
        for token_id, token in state.tokens.items()
        if node is not None
        and token.node == node.scope
        and token_id in state.progress
        and not is_host(token, graph.nodes[token.node])
    ]
    if len(found) != 1:
        how = "none is open" if not found else "several are open: say which"
        raise SelectionRefused(activity, f"of the ad-hoc subprocesses around it {how}")
    return found[0]
