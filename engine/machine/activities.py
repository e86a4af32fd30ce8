"""What an activity does: tasks for people, work for jobs, and what is computed at once."""

# ruff: noqa: ARG001  (all steps have the signature of `run.Step`)

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bpmn.errors import ExpressionFailed
from bpmn.graph import Computation, Decision, Expression, Node, Receive, UserTask, Work
from bpmn.values import Value, Variables
from engine.machine import facts
from engine.machine.errors import Stopped, fits
from engine.machine.facts import JobRequested, TaskOpened
from engine.machine.listening import listen, prepare
from engine.machine.run import Decided, Run
from engine.machine.state import Stage, State, Token, Wait
from engine.machine.time import TimeInvalid, instant
from engine.machine.variables import evaluate_all, set_local, set_variable
from engine.machine.waits import open_wait, retry_waits

TASK_PRIORITY = 50
"""A user task's priority where the model states none, as in Camunda 7."""


def open_task(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Put a user task before people, without those whom a four-eyes rule keeps off."""
    action = node.action
    assert isinstance(action, UserTask)
    seen = run.state.visible(run.state.scope_of(token_id))
    assignee = _evaluate(run, action.assignee, seen)
    users = _names(node, _evaluate(run, action.candidate_users, seen))
    groups = _names(node, _evaluate(run, action.candidate_groups, seen))
    named = str(assignee) if assignee not in (None, "") else None
    if not all(fits(each) for each in (named, *users, *groups)):
        raise Stopped("candidates_invalid", f"{node.id}: a name is too long or has a NUL in it")
    due = _instant(run, action.due, seen)
    follow_up = _instant(run, action.follow_up, seen)
    priority = _whole(node, _evaluate(run, action.priority, seen), TASK_PRIORITY)
    task = open_wait(run, token_id, Wait("task", node.id, token_id))
    run.facts.append(
        TaskOpened(
            task,
            node.id,
            token_id,
            node.name or node.id,
            named,
            users,
            groups,
            due,
            follow_up,
            priority,
            action.form,
            excluded(run.state, action),
        )
    )
    return None


def excluded(state: State, action: UserTask) -> tuple[str, ...]:
    """All who acted or were represented in the tasks the rule names, in every round."""
    return tuple(
        sorted(
            {
                person
                for node in action.other_person_than
                for pair in state.performers.get(node, ())
                for person in pair
                if person is not None
            }
        )
    )


def request_work(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """Ask a handler here or a worker elsewhere for the work of a service or send task."""
    action = node.action
    assert isinstance(action, Work)
    seen = run.state.visible(run.state.scope_of(token_id))
    priority = _whole(node, _evaluate(run, action.priority, seen), 0)
    job = open_wait(run, token_id, Wait("job", node.id, token_id))
    run.facts.append(
        JobRequested(
            job,
            node.id,
            token_id,
            "external" if action.external else "handler",
            action.topic,
            priority,
            node.retry.attempts if node.retry else None,
            retry_waits(node),
            node.exclusive,
        )
    )
    return None


def error_in(
    work: Work, reported: Mapping[str, Value], now: datetime, *, lenient: bool = False
) -> str | None:
    """The code of the first error whose condition is true of what a worker reports. `lenient`: a
    condition that cannot be asked is not true, as Camunda 7 does at a failure."""
    for condition, code in work.errors:
        try:
            if condition.evaluate(reported, now) is True:
                return code
        except ExpressionFailed:
            if not lenient:
                raise
    return None


def compute(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """Evaluate a script or expression; all of its lines take effect, or none."""
    action = node.action
    assert isinstance(action, Computation)
    scope = run.state.scope_of(token_id)
    seen = run.state.visible(scope)
    assignments = action.assignments
    if len(assignments) == 1:
        name, expression = assignments[0]
        value = expression.evaluate(seen, run.now)
        if name is not None:
            set_variable(run, scope, name, value)
        return "complete"
    for name, value in evaluate_all(run, seen, assignments):
        if name is not None:
            set_variable(run, scope, name, value)
    return "complete"


def decide(run: Run, token_id: int, token: Token, node: Node) -> Stage:
    """Ask the decision and map its rows as Camunda 7's `mapDecisionResult` does.

    Without a result variable the rows are seen by the task's output mapping only, as
    `decisionResult`.
    """
    assert isinstance(node.action, Decision)
    return ask_decision(run, token_id, node, node.action)


def ask_decision(run: Run, token_id: int, node: Node, action: Decision) -> Stage:
    scope = run.state.scope_of(token_id)
    answer = run.decide(action, run.state.visible(scope), run.now)
    rows: Value = list(answer.outputs)
    result = rows if action.result_variable is None else _mapped(action, answer)
    run.facts.append(
        facts.Decided(
            node.id,
            action.reference,
            answer.version,
            answer.matched,
            answer.inputs,
            result,
            answer.definition_id,
            answer.evaluated,
            answer.values,
        )
    )
    if action.result_variable is not None:
        set_variable(run, scope, action.result_variable, result)
    elif node.outputs:
        set_local(run, token_id, "decisionResult", result)
    return "complete"


def _mapped(action: Decision, answer: Decided) -> Value:
    rows = answer.outputs
    if action.result == "value":
        return answer.value
    if action.result == "resultList":
        return list(rows)
    if action.result == "collectEntries":
        return [_single(action, row) for row in rows]
    if len(rows) > 1:
        raise Stopped("decision_result", f"{action.reference} gave {len(rows)} results, not one")
    if not rows:
        return None
    return rows[0] if action.result == "singleResult" else _single(action, rows[0])


def _single(action: Decision, row: Variables) -> Value:
    if len(row) > 1:
        raise Stopped("decision_result", f"{action.reference} has {len(row)} outputs, not one")
    return next(iter(row.values()), None)


def receive(run: Run, token_id: int, token: Token, node: Node) -> Stage | None:
    """A receive task waits for its message, unless that came before the token."""
    assert isinstance(node.action, Receive)
    if token.flow is not None:
        return "complete"
    scope = run.state.scope_of(token_id)
    listen(run, token_id, prepare(run, scope, node.id, node.action.message))
    return None


# --- what a task's attributes evaluate to ---


def _evaluate(run: Run, expression: Expression | None, seen: Variables) -> Value:
    return None if expression is None else expression.evaluate(seen, run.now)


def _names(node: Node, value: Value) -> tuple[str, ...]:
    """Users or groups: a list, or a text with commas."""
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(name for part in value.split(",") if (name := part.strip()))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(str(item) for item in value)
    raise Stopped("candidates_invalid", f"the candidates of {node.id} are no list of names")


def _instant(run: Run, expression: Expression | None, seen: Variables) -> datetime | None:
    value = _evaluate(run, expression, seen)
    if value in (None, ""):
        return None
    try:
        return instant(value, run.now)
    except TimeInvalid as error:
        raise Stopped("date_invalid", str(error)) from error


def _whole(node: Node, value: Value, absent: int) -> int:
    """A priority: a whole number, or its text."""
    if value in (None, ""):
        return absent
    try:
        number = int(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ArithmeticError) as error:
        raise Stopped("priority_invalid", f"the priority of {node.id} is no number") from error
    return number
