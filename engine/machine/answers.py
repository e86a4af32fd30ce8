"""What each trigger does to the state before tokens move on."""

# ruff: noqa: ARG001  (all steps have one signature)

from __future__ import annotations

from bpmn.graph import Node, UserTask, Work
from engine.machine import errors
from engine.machine.activities import error_in, excluded
from engine.machine.catching import happened
from engine.machine.conditions import ask_again
from engine.machine.facts import IncidentClosed, JobClosed, TaskClosed
from engine.machine.modification import begin_with
from engine.machine.propagation import throw_error, throw_escalation
from engine.machine.run import Run
from engine.machine.scopes import end
from engine.machine.starting import begin_process, begins_process
from engine.machine.state import Wait
from engine.machine.triggers import (
    Cancel,
    Continue,
    JobDone,
    JobThrew,
    MessageArrived,
    Retried,
    Start,
    TaskCompleted,
    TaskEscalated,
    TaskThrew,
    TimerDue,
    VariablesSet,
)
from engine.machine.variables import remove_local, set_local, set_variables, take_results
from engine.machine.waits import close_wait, find_wait, open_incident


def start(run: Run, trigger: Start) -> None:
    node = trigger.node
    if trigger.instructions:
        known = True
    elif node is None:
        known = bool(run.graph.scopes[run.graph.process_id].starts)
    else:
        known = node in run.graph.nodes and begins_process(run, run.graph.nodes[node])
    if not known:
        named = node or "without a trigger"
        raise errors.StartUnknown(f"{run.graph.process_id} has no start event {named}")
    run.state.business_key = trigger.business_key
    run.state.called = trigger.called
    if run.graph.initiator and trigger.initiator is not None:
        set_local(run, 0, run.graph.initiator, trigger.initiator)
    set_variables(run, 0, trigger.variables, trigger.wire)
    if trigger.instructions:
        begin_with(run, trigger.instructions)
    else:
        begin_process(run, node)


def task_completed(run: Run, trigger: TaskCompleted) -> None:
    wait = find_wait(run.state, "task", trigger.task)
    node = run.graph.nodes[wait.node]
    ruled = isinstance(node.action, UserTask) and node.action.other_person_than
    if (ruled or node.id in run.graph.remembered) and trigger.performer is None:
        raise errors.PerformerMissing(node.id)
    _check_four_eyes(run, node, trigger)
    _remember(run, node, trigger)
    close_wait(run, trigger.task, TaskClosed(trigger.task, "completed"))
    take_results(run, wait.token, trigger.variables, trigger.wire)
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


def task_escalated(run: Run, trigger: TaskEscalated) -> None:
    """Nobody catching it is no fault: the task goes on."""
    wait = find_wait(run.state, "task", trigger.task)
    set_variables(run, run.state.scope_of(wait.token), trigger.variables, trigger.wire)
    throw_escalation(run, wait.token, wait.node, trigger.code)


def job_done(run: Run, trigger: JobDone) -> None:
    wait = find_wait(run.state, "job", trigger.job)
    code = _reported_error(run, wait, trigger)
    close_wait(run, trigger.job, JobClosed(trigger.job, "done" if code is None else "error"))
    for name, value in trigger.local.items():
        set_local(run, wait.token, name, value, trigger.wire.get(name))
    if code is not None:
        _throw(run, wait, JobThrew(job=trigger.job, code=code, variables=trigger.variables))
        return
    take_results(run, wait.token, trigger.variables, trigger.wire)
    if wait.stage is not None:
        run.state.tokens[wait.token].heard += 1  # A listener's job.
    run.ready.append((wait.token, wait.stage or "complete"))


def _reported_error(run: Run, wait: Wait, trigger: JobDone) -> str | None:
    """What a worker reports as done may be an error in the model's eyes."""
    action = run.graph.nodes[wait.node].action
    if wait.stage is not None or not isinstance(action, Work) or not action.errors:
        return None
    seen = run.state.visible(run.state.scope_of(wait.token))
    return error_in(action, {**seen, **trigger.variables, **trigger.local}, run.now)


def job_threw(run: Run, trigger: JobThrew) -> None:
    wait = find_wait(run.state, "job", trigger.job)
    close_wait(run, trigger.job, JobClosed(trigger.job, "error"))
    _throw(run, wait, trigger)


def _throw(run: Run, wait: Wait, trigger: TaskThrew | JobThrew) -> None:
    """Nobody catches it: Camunda 7 ends the execution, here an incident keeps it.

    A called instance ends with its error, for the caller may catch it.
    """
    set_variables(run, run.state.scope_of(wait.token), trigger.variables, trigger.wire)
    if throw_error(run, wait.token, wait.node, trigger.code, trigger.message):
        return
    if run.state.called:
        end(run, "error")
    else:
        message = trigger.message or f"nobody catches error {trigger.code!r}"
        stage = wait.stage or "act"
        open_incident(run, wait.token, wait.node, stage, kind="uncaught_error", message=message)


def timer_due(run: Run, trigger: TimerDue) -> None:
    find_wait(run.state, "timer", trigger.timer)
    happened(run, trigger.timer)


def message_arrived(run: Run, trigger: MessageArrived) -> None:
    find_wait(run.state, "subscription", trigger.subscription)
    happened(run, trigger.subscription, trigger.variables, trigger.wire)


def resume(run: Run, trigger: Continue) -> None:
    wait = find_wait(run.state, "continuation", trigger.job)
    close_wait(run, trigger.job, JobClosed(trigger.job, "done"))
    assert wait.stage is not None
    run.ready.append((wait.token, wait.stage))


def retried(run: Run, trigger: Retried) -> None:
    wait = find_wait(run.state, "incident", trigger.incident)
    close_wait(run, trigger.incident, IncidentClosed(trigger.incident))
    if wait.stage == "condition":
        ask_again(run, wait)
    else:
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
