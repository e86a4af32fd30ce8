"""`/task`: the people's tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from starlette.responses import Response

from engine import queries
from engine.commands import (
    AssignTask,
    ClaimTask,
    CompleteTask,
    ThrowTaskError,
    UnclaimTask,
)
from engine.http.call import NO_CONTENT, Answer, Call
from engine.http.dialect import (
    BadRequest,
    JsonObject,
    format_date,
    parse_date,
    read_variables,
    write_variables,
)
from engine.views import Task

_Order = Literal["newest", "oldest", "due", "priority"]
_ORDERS: dict[tuple[str, str], _Order] = {
    ("created", "desc"): "newest",
    ("created", "asc"): "oldest",
    ("dueDate", "asc"): "due",
    ("priority", "desc"): "priority",
}
_KNOWN = {
    "assignee",
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
    "sortBy",
    "sortOrder",
    "firstResult",
    "maxResults",
    "active",
    "sorting",
    "deserializeValues",
}


def _query(call: Call) -> queries.TaskQuery:
    """A filter we do not know is refused: ignoring it would show too much."""
    body = call.json() if call.body else {}
    given = {**dict(call.query), **{k: v for k, v in body.items() if v is not None}}
    if unknown := sorted(set(given) - _KNOWN):
        raise BadRequest(f"Unknown or unsupported task filters: {', '.join(unknown)}")
    groups = given.get("candidateGroups") or given.get("candidateGroup") or ()
    if isinstance(groups, str):
        groups = tuple(group.strip() for group in groups.split(",") if group.strip())
    return queries.TaskQuery(
        assignee=given.get("assignee"),
        unassigned=_true(given.get("unassigned")),
        candidate_groups=tuple(groups),
        candidate_user=given.get("candidateUser"),
        include_assigned=_true(given.get("includeAssignedTasks")),
        instance_id=given.get("processInstanceId"),
        definition_id=given.get("processDefinitionId"),
        process_id=given.get("processDefinitionKey"),
        business_key=given.get("processInstanceBusinessKey"),
        node=given.get("taskDefinitionKey"),
        name=given.get("name"),
        due_before=_instant(given, "dueBefore"),
        due_after=_instant(given, "dueAfter"),
        order=_order(given),
        offset=call.number("firstResult", 0) or 0,
        limit=call.page_size(),
    )


def _true(value: object) -> bool:
    return value is True or str(value).lower() == "true"


def _instant(given: JsonObject, name: str) -> datetime | None:
    return parse_date(given[name]) if given.get(name) else None


def _order(given: JsonObject) -> _Order:
    sorting = given.get("sorting") or []
    first = sorting[0] if sorting else given
    by, direction = first.get("sortBy"), first.get("sortOrder", "asc")
    if by is None:
        return "newest"
    if (by, direction) not in _ORDERS:
        raise BadRequest(f"Tasks cannot be sorted by {by} {direction}")
    return _ORDERS[by, direction]


def shown(task: Task) -> JsonObject:
    return {
        "id": task.id,
        "name": task.name,
        "assignee": task.assignee,
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
        "suspended": False,
        "formKey": task.form if task.form_id is None else None,
        "camundaFormRef": None
        if task.form_id is None
        else {"key": task.form, "binding": "deployment", "version": None},
        "tenantId": None,
        "taskState": "Created",
    }


def listed(call: Call) -> Answer:
    query = _query(call)
    with call.reading() as tx:
        return [shown(each) for each in queries.tasks(tx, call.principal, query)]


def count(call: Call) -> Answer:
    query = _query(call)
    with call.reading() as tx:
        return {"count": queries.task_count(tx, call.principal, query)}


def _task(call: Call) -> Task:
    with call.reading() as tx:
        return queries.task(tx, call.principal, call.path["id"])


def one(call: Call) -> Answer:
    return shown(_task(call))


def claim(call: Call) -> Answer:
    user = call.json().get("userId")
    own = user in (None, call.principal.id, call.principal.name)
    call.engine.execute(ClaimTask(call.path["id"], None if own else user), call.principal)
    return NO_CONTENT


def unclaim(call: Call) -> Answer:
    call.engine.execute(UnclaimTask(call.path["id"]), call.principal)
    return NO_CONTENT


def assign(call: Call) -> Answer:
    call.engine.execute(AssignTask(call.path["id"], call.json().get("userId")), call.principal)
    return NO_CONTENT


def complete(call: Call) -> Answer:
    """`/complete` and `/submit-form`."""
    body = call.json()
    variables, wires = read_variables(body.get("variables"))
    if not body.get("withVariablesInReturn"):
        call.engine.execute(CompleteTask(call.path["id"], variables, wires), call.principal)
        return NO_CONTENT
    instance = _task(call).instance_id
    call.engine.execute(CompleteTask(call.path["id"], variables, wires), call.principal)
    return _variables(call, instance)


def bpmn_error(call: Call) -> Answer:
    body = call.json()
    code = body.get("errorCode")
    if not isinstance(code, str) or not code:
        raise BadRequest("errorCode is required")
    variables, _ = read_variables(body.get("variables"))
    command = ThrowTaskError(call.path["id"], code, body.get("errorMessage"), variables)
    call.engine.execute(command, call.principal)
    return NO_CONTENT


def variables(call: Call) -> Answer:
    return _variables(call, _task(call).instance_id)


def _variables(call: Call, instance: str) -> JsonObject:
    with call.reading() as tx:
        found = queries.variables(tx, call.principal, instance)
    return write_variables(
        {name: each.value for name, each in found.items()},
        {name: each.wire for name, each in found.items() if each.wire},
    )


def identity_links(call: Call) -> Answer:
    task = _task(call)
    links: list[tuple[str, str | None, str | None]] = []
    if task.assignee:
        links.append(("assignee", task.assignee, None))
    links += [("candidate", user, None) for user in task.candidate_users]
    links += [("candidate", None, group) for group in task.candidate_groups]
    return [{"type": kind, "userId": user, "groupId": group} for kind, user, group in links]


def form(call: Call) -> Answer:
    task = _task(call)
    return {
        "key": task.form if task.form_id is None else None,
        "camundaFormRef": shown(task)["camundaFormRef"],
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
