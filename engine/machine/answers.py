"""What each trigger does to the state before tokens move on."""

# ruff: noqa: ARG001  (all steps have one signature)

from __future__ import annotations

from bpmn.graph import Node, UserTask
from bpmn.values import Value
from engine.machine import errors
from engine.machine.activities import excluded
from engine.machine.events import throw_error
from engine.machine.facts import IncidentClosed, JobClosed, TaskClosed, TimerClosed, Unsubscribed
from engine.machine.run import Run
from engine.machine.scopes import begin_process, end, interrupt, new_token
from engine.machine.state import Wait
from engine.machine.time import next_due
from engine.machine.triggers import (
    Cancel,
    Continue,
    JobDone,
    JobThrew,
    MessageArrived,
    Retried,
    Start,
    TaskCompleted,
    TaskThrew,
    TimerDue,
    VariablesSet,
)
from engine.machine.variables import remove_local, set_local, set_variables
from engine.machine.waits import arm_timer, close_wait, find_wait, open_incident


def start(run: Run, trigger: Start) -> None:
    starts = _starts(run, trigger.node)
    run.state.business_key = trigger.business_key
    if run.graph.initiator and trigger.initiator is not None:
        set_local(run, 0, run.graph.initiator, trigger.initiator)
    set_variables(run, 0, trigger.variables, trigger.wire)
    begin_process(run, starts)


def _starts(run: Run, node: str | None) -> tuple[str, ...]:
    """Where the instance begins: as the model says, or at this start event or receive task."""
    process = run.graph.scopes[run.graph.process_id]
    if node is None and process.starts:
        return process.starts
    if node is not None and node in process.nodes:
        kind = run.graph.nodes[node].kind
        if kind == "startEvent" or (kind == "receiveTask" and node in process.message_starts):
            return (node,)
    raise errors.StartUnknown(f"{process.id} has no start event {node or 'without a trigger'}")


def task_completed(run: Run, trigger: TaskCompleted) -> None:
    wait = find_wait(run.state, "task", trigger.task)
    node = run.graph.nodes[wait.node]
    ruled = isinstance(node.action, UserTask) and node.action.other_person_than
    if (ruled or node.id in run.graph.remembered) and trigger.performer is None:
        raise errors.PerformerMissing(node.id)
    _check_four_eyes(run, node, trigger)
    _remember(run, node, trigger)
    close_wait(run, trigger.task, TaskClosed(trigger.task, "completed"))
    set_variables(run, run.state.scope_of(wait.token), trigger.variables, trigger.wire)
    run.ready.append((wait.token, "complete"))


def _check_four_eyes(run: Run, node: Node, trigger: TaskCompleted | TaskThrew) -> None:
    """The engine checks at claim; here it is checked again, against what happened since."""
    if isinstance(node.action, UserTask) and node.action.other_person_than:
        barred = excluded(run.state, node.action)
        for person in (trigger.performer, trigger.on_behalf_of):
            if person in barred:
                raise errors.PerformerExcluded(node.id, str(person))


def _remember(run: Run, node: Node, trigger: TaskCompleted | TaskThrew) -> None:
    if node.id in run.graph.remembered and trigger.performer is not None:
        pairs = run.state.performers.setdefault(node.id, [])
        pair = (trigger.performer, trigger.on_behalf_of)
        if pair not in pairs:
            pairs.append(pair)


def task_threw(run: Run, trigger: TaskThrew) -> None:
    """Who ends a task with an error has acted in it, as who completes it has."""
    wait = find_wait(run.state, "task", trigger.task)
    node = run.graph.nodes[wait.node]
    _check_four_eyes(run, node, trigger)
    _remember(run, node, trigger)
    close_wait(run, trigger.task, TaskClosed(trigger.task, "error"))
    _throw(run, wait, trigger)


def job_done(run: Run, trigger: JobDone) -> None:
    wait = find_wait(run.state, "job", trigger.job)
    close_wait(run, trigger.job, JobClosed(trigger.job, "done"))
    for name, value in trigger.local.items():
        set_local(run, wait.token, name, value, trigger.wire.get(name))
    set_variables(run, run.state.scope_of(wait.token), trigger.variables, trigger.wire)
    if wait.stage is not None:
        run.state.tokens[wait.token].heard += 1  # A listener's job.
    run.ready.append((wait.token, wait.stage or "complete"))


def job_threw(run: Run, trigger: JobThrew) -> None:
    wait = find_wait(run.state, "job", trigger.job)
    close_wait(run, trigger.job, JobClosed(trigger.job, "error"))
    _throw(run, wait, trigger)


def _throw(run: Run, wait: Wait, trigger: TaskThrew | JobThrew) -> None:
    """Nobody catches it: Camunda 7 ends the execution, here an incident keeps it."""
    set_variables(run, run.state.scope_of(wait.token), trigger.variables, trigger.wire)
    if not throw_error(run, wait.token, wait.node, trigger.code, trigger.message):
        message = trigger.message or f"nobody catches error {trigger.code!r}"
        stage = wait.stage or "act"
        open_incident(run, wait.token, wait.node, stage, kind="uncaught_error", message=message)


def timer_due(run: Run, trigger: TimerDue) -> None:
    wait = find_wait(run.state, "timer", trigger.timer)
    close_wait(run, trigger.timer, TimerClosed(trigger.timer, "fired"))
    node = run.graph.nodes[wait.node]
    if node.attached_to is not None and not node.interrupting and wait.cycle is not None:
        following = next_due(wait.cycle)
        if following is not None:
            arm_timer(run, wait.token, wait.node, following)
    _go_on(run, wait, {}, {})


def message_arrived(run: Run, trigger: MessageArrived) -> None:
    """A boundary event that does not interrupt keeps its subscription for the next message."""
    wait = find_wait(run.state, "subscription", trigger.subscription)
    node = run.graph.nodes[wait.node]
    if node.attached_to is None or node.interrupting:
        fact = Unsubscribed(trigger.subscription, "arrived")
        close_wait(run, trigger.subscription, fact)
    _go_on(run, wait, trigger.variables, trigger.wire)


def _go_on(run: Run, wait: Wait, values: dict[str, Value], wire: dict[str, str]) -> None:
    """What was waited for came: on from the catching node, or from the boundary event."""
    node = run.graph.nodes[wait.node]
    token = run.state.tokens[wait.token]
    if node.attached_to is None:
        set_variables(run, run.state.scope_of(wait.token), values, wire)
        run.ready.append((wait.token, "complete"))
        return
    if node.interrupting:
        interrupt(run, wait.token, token, node.id)
    else:
        run.ready.append((new_token(run, token.scope, node.id), "arrive"))
    set_variables(run, token.scope, values, wire)


def resume(run: Run, trigger: Continue) -> None:
    wait = find_wait(run.state, "continuation", trigger.job)
    close_wait(run, trigger.job, JobClosed(trigger.job, "done"))
    assert wait.stage is not None
    run.ready.append((wait.token, wait.stage))


def retried(run: Run, trigger: Retried) -> None:
    wait = find_wait(run.state, "incident", trigger.incident)
    close_wait(run, trigger.incident, IncidentClosed(trigger.incident))
    assert wait.stage is not None
    run.ready.append((wait.token, wait.stage))


def variables_set(run: Run, trigger: VariablesSet) -> None:
    host = run.state.tokens.get(trigger.scope)
    if trigger.scope and (host is None or not host.entered):
        raise errors.ScopeNotOpen(trigger.scope)
    for name, value in trigger.variables.items():
        set_local(run, trigger.scope, name, value, trigger.wire.get(name))
    for name in trigger.removed:
        remove_local(run, trigger.scope, name)


def cancel(run: Run, trigger: Cancel) -> None:
    end(run, "cancelled")
