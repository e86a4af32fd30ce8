"""`/task`: the people's tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from starlette.responses import Response

from engine import queries
from engine.commands import (
    AssignTask,
    ClaimTask,
    CompleteTask,
    EscalateTask,
    ThrowTaskError,
    UnclaimTask,
    UpdateTask,
)
from engine.errors import NotFound
from engine.http import people
from engine.http.call import NO_CONTENT, Answer, Call, Filters
from engine.http.dialect import (
    BadRequest,
    JsonObject,
    format_date,
    parse_date,
    read_variables,
    write_variable,
)
from engine.http.instances import shown_variables
from engine.views import Task, Variable

_Order = Literal["newest", "oldest", "due", "priority"]
_ORDERS: dict[tuple[str, str], _Order] = {
    ("created", "desc"): "newest",
    ("created", "asc"): "oldest",
    ("dueDate", "asc"): "due",
    ("priority", "desc"): "priority",
}
_FILTERS = (
    "assignee",
    "assigneeIn",
    "unassigned",
    "candidateGroup",
    "candidateGroups",
    "candidateUser",
    "includeAssignedTasks",
    "processInstanceId",
    "processDefinitionId",
    "processDefinitionKey",
    "processInstanceBusinessKey",
    "taskDefinitionKey",
    "name",
    "dueBefore",
    "dueAfter",
    "active",  # no task of ours is suspended, and all belong to the default tenant
    "withoutTenantId",
)


def _query(call: Call) -> queries.TaskQuery:
    filters = call.filters(*_FILTERS)
    groups = filters.texts("candidateGroups", "candidateGroup")
    user = filters.text("candidateUser")
    if user is not None:
        groups = tuple(sorted({*groups, *people.groups_of_user(call, user)}))
    return queries.TaskQuery(
        assignees=_assignees(call, filters),
        unassigned=filters.flag("unassigned") or False,
        candidate_groups=groups,
        candidate_user=user,
        include_assigned=filters.flag("includeAssignedTasks") or False,
        instance_id=filters.text("processInstanceId"),
        definition_id=filters.text("processDefinitionId"),
        process_id=filters.text("processDefinitionKey"),
        business_key=filters.text("processInstanceBusinessKey"),
        node=filters.text("taskDefinitionKey"),
        name=filters.text("name"),
        due_before=filters.instant("dueBefore"),
        due_after=filters.instant("dueAfter"),
        order=filters.order(_ORDERS, "newest"),
        offset=filters.offset,
        limit=filters.limit,
    )


def _assignees(call: Call, filters: Filters) -> tuple[str, ...]:
    """A model may have named the login where a claim has put the id."""
    found: set[str] = set()
    for user in filters.texts("assignee", "assigneeIn"):
        found |= {user, people.person_id(call, user)}
    return tuple(sorted(found))


def shown(task: Task, logins: Mapping[str | None, str]) -> JsonObject:
    return {
        "id": task.id,
        "name": task.name,
        "assignee": logins.get(task.assignee, task.assignee),
        "created": format_date(task.opened_at),
        "due": format_date(task.due),
        "followUp": format_date(task.follow_up),
        "lastUpdated": None,
        "delegationState": None,
        "description": None,
        "executionId": f"{task.instance_id}-{task.token}",
        "owner": None,
        "parentTaskId": None,
        "priority": task.priority,
        "processDefinitionId": task.definition_id,
        "processInstanceId": task.instance_id,
        "taskDefinitionKey": task.node,
        "caseExecutionId": None,
        "caseInstanceId": None,
        "caseDefinitionId": None,
        "suspended": task.suspended,
        "formKey": task.form if task.form_id is None else None,
        "camundaFormRef": None
        if task.form_id is None
        else {"key": task.form, "binding": "deployment", "version": None},
        "tenantId": None,
        "taskState": "Created" if task.closed_at is None else "Completed",
    }


def listed(call: Call) -> Answer:
    query = _query(call)
    with call.reading() as tx:
        found = queries.tasks(tx, call.principal, query)
        names = people.logins(tx, {each.assignee for each in found})
    return [shown(each, names) for each in found]


def count(call: Call) -> Answer:
    query = _query(call)
    with call.reading() as tx:
        return {"count": queries.task_count(tx, call.principal, query)}


def _task(call: Call) -> Task:
    """An open task; Camunda's runtime does not know the others."""
    with call.reading() as tx:
        task = queries.task(tx, call.principal, call.path["id"])
    if task.closed_at is not None:
        raise NotFound("task", task.id)
    return task


def one(call: Call) -> Answer:
    task = _task(call)
    with call.reading() as tx:
        return shown(task, people.logins(tx, {task.assignee}))


def _user(call: Call) -> str | None:
    user = call.json().get("userId")
    if user is not None and not isinstance(user, str):
        raise BadRequest("userId must be text")
    return None if user is None else people.person_id(call, user)


def claim(call: Call) -> Answer:
    call.engine.execute(ClaimTask(call.path["id"], _user(call)), call.principal)
    return NO_CONTENT


def unclaim(call: Call) -> Answer:
    call.engine.execute(UnclaimTask(call.path["id"]), call.principal)
    return NO_CONTENT


def assign(call: Call) -> Answer:
    call.engine.execute(AssignTask(call.path["id"], _user(call)), call.principal)
    return NO_CONTENT


def update(call: Call) -> Answer:
    """`PUT /task/{id}`: what the inbox sorts and warns by; the rest is the model's."""
    body = call.json()
    due, follow_up = body.get("due"), body.get("followUp")
    priority = body.get("priority")
    if priority is not None and (isinstance(priority, bool) or not isinstance(priority, int)):
        raise BadRequest("priority must be a number")
    command = UpdateTask(
        call.path["id"],
        None if due is None else parse_date(due),
        None if follow_up is None else parse_date(follow_up),
        priority,
    )
    call.engine.execute(command, call.principal)
    return NO_CONTENT


def complete(call: Call) -> Answer:
    """`/complete` and `/submit-form`."""
    body = call.json()
    values, wires = read_variables(body.get("variables"))
    if not body.get("withVariablesInReturn"):
        call.engine.execute(CompleteTask(call.path["id"], values, wires), call.principal)
        return NO_CONTENT
    instance = _task(call).instance_id
    call.engine.execute(CompleteTask(call.path["id"], values, wires), call.principal)
    with call.reading() as tx:
        return shown_variables(queries.variables(tx, call.principal, instance))


def bpmn_error(call: Call) -> Answer:
    body = call.json()
    code = body.get("errorCode")
    if not isinstance(code, str) or not code:
        raise BadRequest("errorCode is required")
    values, _ = read_variables(body.get("variables"))
    command = ThrowTaskError(call.path["id"], code, body.get("errorMessage"), values)
    call.engine.execute(command, call.principal)
    return NO_CONTENT


def bpmn_escalation(call: Call) -> Answer:
    body = call.json()
    code = body.get("escalationCode")
    if not isinstance(code, str) or not code:
        raise BadRequest("escalationCode is required")
    values, wires = read_variables(body.get("variables"))
    call.engine.execute(EscalateTask(call.path["id"], code, values, wires), call.principal)
    return NO_CONTENT


def _seen(call: Call, *, local: bool) -> dict[str, Variable]:
    task = _task(call)
    with call.reading() as tx:
        return queries.variables(tx, call.principal, task.instance_id, task.token, local=local)


def _one_seen(call: Call, *, local: bool) -> Variable:
    found = _seen(call, local=local).get(call.path["name"])
    if found is None:
        raise NotFound("variable", call.path["name"])
    return found


def variables(call: Call) -> Answer:
    return shown_variables(_seen(call, local=False))


def local_variables(call: Call) -> Answer:
    return shown_variables(_seen(call, local=True))


def form_variables(call: Call) -> Answer:
    """`?variableNames=` narrows them."""
    wanted = call.filters("variableNames", "deserializeValues").texts("variableNames")
    found = _seen(call, local=False)
    return shown_variables({k: v for k, v in found.items() if not wanted or k in wanted})


def variable(call: Call) -> Answer:
    found = _one_seen(call, local=False)
    return write_variable(found.value, found.wire)


def local_variable(call: Call) -> Answer:
    found = _one_seen(call, local=True)
    return write_variable(found.value, found.wire)


def identity_links(call: Call) -> Answer:
    task = _task(call)
    links: list[tuple[str, str | None, str | None]] = []
    with call.reading() as tx:
        names = people.logins(tx, {task.assignee})
    if task.assignee:
        links.append(("assignee", names.get(task.assignee, task.assignee), None))
    links += [("candidate", user, None) for user in task.candidate_users]
    links += [("candidate", None, group) for group in task.candidate_groups]
    return [{"type": kind, "userId": user, "groupId": group} for kind, user, group in links]


def form(call: Call) -> Answer:
    task = _task(call)
    return {
        "key": task.form if task.form_id is None else None,
        "camundaFormRef": shown(task, {})["camundaFormRef"],
        "contextPath": None,
    }


def deployed_form(call: Call) -> Answer:
    """The `.form` the task was opened with, as it was deployed."""
    task = _task(call)
    if task.form_id is None:
        raise BadRequest("The task has no deployed form", 404)
    with call.reading() as tx:
        definition = call.engine.models.definition(tx, task.form_id)
        content = call.engine.models.content(tx, definition)
    return Response(content, media_type="application/json")
