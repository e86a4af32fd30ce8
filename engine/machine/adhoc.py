"""Ad-hoc subprocesses: activities in any order, until a condition says enough (BPMN 2.0 §13.3.5).

Invariant: `progress[host]` exists as long as the subprocess is open; its tokens come back to
stage `ask` after every inner node, and the host to stage `idle` whenever nothing runs in it.
"""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from typing import cast

from bpmn.graph import AdHoc, Graph, Node
from engine.machine.errors import AdHocNotOpen, SelectionRefused, Stopped
from engine.machine.listening import listen
from engine.machine.run import Run, is_host
from engine.machine.scopes import begin, clear_scope, complete_scope, consume, stop_listening
from engine.machine.state import ITEMS, Progress, Stage, State, Token, Wait
from engine.machine.subprocesses import prepare_event_subprocesses
from engine.machine.triggers import Selected
from engine.machine.variables import drop_scope, holds, keep, kept, set_data
from engine.machine.waits import close_wait, open_wait, put_off


def enter(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Execute each activity that no flow leads to (or those chosen) once.

    A sequential one keeps them; `progress.begun` counts how far it is.
    """
    action = node.action
    assert isinstance(action, AdHoc)
    scope = run.graph.scopes[node.id]
    chosen = scope.starts if action.chosen is None else _chosen(run, token_id, node, action)
    set_data(run, token_id, scope.data)
    prepared = prepare_event_subprocesses(run, token_id)
    run.state.progress[token_id] = Progress(None)
    listen(run, token_id, prepared)
    if action.parallel and chosen:
        begin(run, token_id, chosen)
        return None
    if not action.parallel:
        keep(run, token_id, ITEMS, list(chosen))
    return "idle"


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
    """Stage `idle`: nothing runs inside. The next one begins, or it is done, or somebody selects.

    Without a completion condition it is done now; with one it waits until that is true. An event
    subprocess that interrupted it was the last to run.
    """
    progress = run.state.progress.get(token_id)
    if progress is None:
        return None
    action = node.action
    assert isinstance(action, AdHoc)
    progress.closing = progress.closing or token_id in run.state.interrupted
    if not progress.closing and not action.parallel:
        items = cast("list[str]", kept(run, token_id, ITEMS))
        if progress.begun < len(items):
            progress.begun += 1
            begin(run, token_id, (items[progress.begun - 1],))
            return None
    if progress.closing or action.completion is None:
        del run.state.progress[token_id]
        stop_listening(run, token_id)
        drop_scope(run, -token_id)
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
    if progress.closing:
        consume(run, token_id)
        return None
    if node.async_after:
        put_off(run, token_id, node, "take")
        return None
    return "take"


def is_activity(node: Node) -> bool:
    return not node.kind.endswith(("Event", "Gateway"))


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
    if not action.parallel and run.state.scopes.get(host_id):
        raise SelectionRefused(trigger.node, f"{host.node} executes one activity at a time")
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
