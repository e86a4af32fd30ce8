"""People's tasks: claim, give back, assign, complete.

Who may is decided by `engine.access` on the locked row, four eyes included; the machine checks
four eyes again at completion, against what happened since the task opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update

from bpmn.values import Value, Variables
from engine import access
from engine.acts import TaskAssigned, TaskUpdated
from engine.commands import (
    AssignTask,
    ClaimTask,
    CompleteTask,
    EscalateTask,
    ThrowTaskError,
    UnclaimTask,
    UpdateTask,
)
from engine.deployments import parse_form
from engine.errors import NotAllowed, NotFound, OtherPersonNeeded
from engine.handlers import TaskCompletion
from engine.ids import split_id
from engine.instance import Instance
from engine.instance_rows import lock_statement
from engine.limits import check_names
from engine.machine.errors import PerformerExcluded, TaskNotOpen
from engine.machine.triggers import TaskCompleted, TaskEscalated, TaskThrew
from engine.tables import task_candidate, user_task
from engine.unit import Unit
from storage.database import Row

_LOCK = lock_statement(user_task)
_MINE = (user_task.c.tenant == bindparam("of_tenant"), user_task.c.id == bindparam("of_id"))
_ASSIGN = (
    update(user_task)
    .where(*_MINE)
    .values(assignee=bindparam("assignee"), claimed_at=bindparam("claimed_at"))
)
_FREE = (
    update(task_candidate)
    .where(
        task_candidate.c.tenant == bindparam("of_tenant"),
        task_candidate.c.task_id == bindparam("of_id"),
    )
    .values(free=bindparam("free"))
)
_UPDATE = (
    update(user_task)
    .where(*_MINE)
    .values(due=bindparam("due"), follow_up=bindparam("follow_up"), priority=bindparam("priority"))
)


def _lock(unit: Unit, task_id: str) -> tuple[Row, Instance, int]:
    """The open task's row, its locked instance and its local id."""
    parts = split_id(task_id)
    row = unit.lock_row(_LOCK, task_id)
    if row is None or parts is None or not access.may_see_task(unit.principal, row):
        raise NotFound("task", task_id)
    if row.closed_at is not None:
        raise TaskNotOpen(parts[1])
    return row, unit.adopt(row), parts[1]


def claim(unit: Unit, command: ClaimTask) -> None:
    """Camunda 7 lets anybody claim for anybody; here that is a lead's act."""
    if command.person is not None and command.person not in access.names(unit.principal):
        _give(unit, command.task_id, command.person, "ClaimTask")
        return
    row, instance, number = _lock(unit, command.task_id)
    if unit.principal.kind == "system":
        raise NotAllowed("ClaimTask", command.task_id)
    access.check_worker(unit.principal, row, "ClaimTask")
    person = unit.principal.id
    if row.assignee != person:
        _hand(unit, row, person)
        unit.note(instance, "task.claimed", TaskAssigned(number, person))


def unclaim(unit: Unit, command: UnclaimTask) -> None:
    row, instance, number = _lock(unit, command.task_id)
    if row.assignee is None:
        return
    if row.assignee not in access.names(unit.principal):
        access.check_lead(unit.principal, row, "UnclaimTask")
    _hand(unit, row, None)
    unit.note(instance, "task.unclaimed", TaskAssigned(number, None))


def assign(unit: Unit, command: AssignTask) -> None:
    if command.person is None:
        unclaim(unit, UnclaimTask(command.task_id))
    else:
        _give(unit, command.task_id, command.person, "AssignTask")


def _give(unit: Unit, task_id: str, person: str, action: str) -> None:
    row, instance, number = _lock(unit, task_id)
    access.check_lead(unit.principal, row, action)
    access.check_four_eyes({person}, row)
    check_names(person=person)
    _hand(unit, row, person)
    unit.note(instance, "task.assigned", TaskAssigned(number, person))


def _hand(unit: Unit, row: Row, person: str | None) -> None:
    key = {"of_tenant": unit.tx.tenant, "of_id": row.id}
    claimed_at = unit.tx.now if person is not None else None
    unit.add(_ASSIGN, {**key, "assignee": person, "claimed_at": claimed_at})
    if row.people is not None:
        unit.add(_FREE, {**key, "free": person is None})


def complete(unit: Unit, command: CompleteTask) -> None:
    row, instance, number = _lock(unit, command.task_id)
    access.check_worker(unit.principal, row, "CompleteTask")
    case = instance.state.visible(instance.state.scope_of(row.token))
    variables, wires = _checked(unit, row, command, case)
    _tell(unit, row, instance, variables, case)
    person = unit.principal
    trigger = TaskCompleted(
        task=number,
        variables=variables,
        wire=wires,
        performer=person.id,
        on_behalf_of=person.on_behalf_of,
    )
    try:
        unit.advance(instance, trigger, "task.completed")
    except PerformerExcluded as error:
        raise OtherPersonNeeded(command.task_id) from error


def _checked(
    unit: Unit, row: Row, command: CompleteTask, case: Mapping[str, Value]
) -> tuple[Variables, dict[str, str]]:
    """What the form lets through: server-side validation against the version it opened with."""
    if row.form_id is None:
        return command.variables, dict(command.wires)
    definition = unit.engine.models.definition(unit.tx, row.form_id)
    form = unit.engine.models.parsed(unit.tx, definition, parse_form)
    variables: Variables = form.validate(command.variables, dict(case))
    same = {
        name: wire
        for name, wire in command.wires.items()
        if name in variables and variables[name] == command.variables.get(name)
    }
    return variables, same


def _tell(
    unit: Unit, row: Row, instance: Instance, variables: Variables, case: Mapping[str, Value]
) -> None:
    completion = TaskCompletion(
        task_id=row.id,
        node=row.node,
        name=row.name,
        instance_id=instance.id,
        process_id=row.process_id,
        definition_id=row.definition_id,
        business_key=instance.business_key,
        variables=variables,
        form=row.form,
        performer=unit.principal,
        at=unit.tx.now,
        case=dict(case),
    )
    unit.engine.participants.task_completed(unit.tx, completion)


def throw(unit: Unit, command: ThrowTaskError) -> None:
    row, instance, number = _lock(unit, command.task_id)
    access.check_worker(unit.principal, row, "ThrowTaskError")
    trigger = TaskThrew(
        task=number,
        code=command.error_code,
        message=command.message,
        variables=command.variables,
        performer=unit.principal.id,
        on_behalf_of=unit.principal.on_behalf_of,
    )
    try:
        unit.advance(instance, trigger, "task.threw")
    except PerformerExcluded as error:
        raise OtherPersonNeeded(command.task_id) from error


def escalate(unit: Unit, command: EscalateTask) -> None:
    row, instance, number = _lock(unit, command.task_id)
    access.check_worker(unit.principal, row, "EscalateTask")
    trigger = TaskEscalated(
        task=number,
        code=command.code,
        variables=command.variables,
        wire=dict(command.wires),
    )
    unit.advance(instance, trigger, "task.escalated")


def update_task(unit: Unit, command: UpdateTask) -> None:
    row, instance, number = _lock(unit, command.task_id)
    if row.assignee not in access.names(unit.principal):
        access.check_lead(unit.principal, row, "UpdateTask")
    change: dict[str, Any] = {
        "due": command.due or row.due,
        "follow_up": command.follow_up or row.follow_up,
        "priority": row.priority if command.priority is None else command.priority,
    }
    unit.add(_UPDATE, {"of_tenant": unit.tx.tenant, "of_id": row.id, **change})
    due: datetime | None = change["due"]
    fact = TaskUpdated(number, due, change["follow_up"], change["priority"])
    unit.note(instance, "task.updated", fact)
