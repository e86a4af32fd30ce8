"""Conditional events: asked when they are armed, and after each step that changed a variable which
they can see; they happen when the answer turns from false to true (BPMN 2.0 Table 10.84).

Only graphs that have such events pay for them: `machine.move` asks after each step of those.
"""

from __future__ import annotations

from collections import defaultdict

from bpmn.errors import ModelError
from bpmn.graph import ConditionalEvent
from engine.machine.catching import happened
from engine.machine.errors import Stopped
from engine.machine.listening import Condition, listen, see
from engine.machine.run import Change, Run
from engine.machine.shape import definitions
from engine.machine.state import Wait
from engine.machine.variables import holds
from engine.machine.waits import close_wait, open_incident


def ask(run: Run) -> None:
    """Let happen what was true when it was armed, and what the changes have made true."""
    before = len(run.ready)
    while run.risen or run.changes:
        risen, changes = run.risen, run.changes
        run.risen, run.changes = [], []
        for local in risen:
            if local in run.state.waits:
                happened(run, local)
        for local, seen in _concerned(run, changes):
            if local in run.state.waits:
                _look(run, local, seen)
    run.ready[before:] = reversed(run.ready[before:])


def _concerned(run: Run, changes: list[Change]) -> list[tuple[int, list[Change]]]:
    """The waits that see one of the changes, in the order in which they began."""
    if run.conditions is None:
        run.conditions = {}
        for local, wait in run.state.waits.items():
            if wait.kind == "condition":
                see(run, local, wait.token)
    seen: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        for local in run.conditions.get(change[0], ()):
            seen[local].append(change)
    return sorted(seen.items())


def _definition(run: Run, wait: Wait) -> ConditionalEvent:
    event = definitions(run.graph.nodes[wait.node].event)[wait.definition]
    assert isinstance(event, ConditionalEvent)
    return event


def _look(run: Run, local: int, changes: list[Change]) -> None:
    wait = run.state.waits[local]
    event = _definition(run, wait)
    if event.variable is not None and not any(
        name == event.variable and kind in event.changes for _, name, kind in changes
    ):
        return
    met = _answer(run, wait, event)
    if met is None:
        close_wait(run, local, None)
    elif met and not wait.met:
        happened(run, local)
    else:
        wait.met = met


def ask_again(run: Run, wait: Wait) -> None:
    """Retry a condition that failed: it is armed anew, or fails again."""
    met = _answer(run, wait, _definition(run, wait))
    if met is not None:
        listen(run, wait.token, [(wait.node, wait.definition, Condition(met))])


def _answer(run: Run, wait: Wait, event: ConditionalEvent) -> bool | None:
    """None: it failed, and an incident stands for it until it is retried."""
    try:
        return holds(run, event.condition, run.state.visible(run.state.scope_of(wait.token)))
    except (Stopped, ModelError) as error:
        kind = error.kind if isinstance(error, Stopped) else error.code
        local = open_incident(
            run, wait.token, wait.node, "condition", kind=kind, message=str(error)
        )
        run.state.waits[local].definition = wait.definition
        return None
