"""`/history/…`: instances and tasks from their rows, activities decoded from the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from bpmn.graph import Graph
from engine import queries
from engine.http import people
from engine.http.call import Answer, Call, Filters
from engine.http.dialect import BadRequest, JsonObject, format_date
from engine.http.instances import activity_type, variable_instance
from engine.views import Activity, InstanceView, Task

_STATES = {
    None: "ACTIVE",
    "completed": "COMPLETED",
    "terminated": "COMPLETED",
    "error": "COMPLETED",
    "cancelled": "EXTERNALLY_TERMINATED",
}


def _lasted(start: datetime, end: datetime | None) -> int | None:
    """Milliseconds."""
    return None if end is None else int((end - start).total_seconds() * 1000)


FILTERS = (
    "processInstanceId",
    "processInstanceIds",
    "processDefinitionKey",
    "processDefinitionId",
    "processInstanceBusinessKey",
    "superProcessInstanceId",
    "subProcessInstanceId",
    "rootProcessInstances",
    "startedBy",
    "finished",
    "unfinished",
    "withoutTenantId",
)


def history_query(
    call: Call, filters: Filters, *, limit: int | None = None
) -> queries.InstanceQuery:
    """Instances, running or ended, that the filters let through."""
    finished, unfinished = filters.flag("finished"), filters.flag("unfinished")
    if finished and unfinished:
        raise BadRequest("finished and unfinished exclude each other")
    state: Literal["running", "ended", "any"] = "any"
    if finished or unfinished:
        state = "ended" if finished else "running"
    order: Literal["newest", "oldest"] = filters.order(
        {("startTime", "asc"): "oldest", ("startTime", "desc"): "newest"}, "newest"
    )
    by = filters.text("startedBy")
    return queries.InstanceQuery(
        ids=filters.texts("processInstanceId", "processInstanceIds"),
        process_id=filters.text("processDefinitionKey"),
        definition_id=filters.text("processDefinitionId"),
        business_key=filters.text("processInstanceBusinessKey"),
        started_by=None if by is None else people.person_id(call, by),
        parent_id=filters.text("superProcessInstanceId"),
        called_id=filters.text("subProcessInstanceId"),
        roots=filters.flag("rootProcessInstances") or False,
        state=state,
        order=order,
        offset=filters.offset,
        limit=filters.limit if limit is None else limit,
    )


def _query(call: Call) -> queries.InstanceQuery:
    return history_query(call, call.filters(*FILTERS))


def instances(call: Call) -> Answer:
    query = _query(call)
    with call.reading() as tx:
        found = queries.instance_list(tx, call.principal, query)
        names = people.logins(tx, {each.started_by for each in found})
    return [_instance(each, names) for each in found]


def instance_count(call: Call) -> Answer:
    query = _query(call)
    with call.reading() as tx:
        return {"count": queries.instance_count(tx, call.principal, query)}


def instance_one(call: Call) -> Answer:
    with call.reading() as tx:
        view = queries.instance(tx, call.principal, call.path["id"])
        return _instance(view, people.logins(tx, {view.started_by}))


def _instance(view: InstanceView, logins: Mapping[str | None, str]) -> JsonObject:
    return {
        "id": view.id,
        "businessKey": view.business_key,
        "processDefinitionId": view.definition_id,
        "processDefinitionKey": view.process_id,
        "startTime": format_date(view.started_at),
        "endTime": format_date(view.ended_at),
        "durationInMillis": _lasted(view.started_at, view.ended_at),
        "startUserId": logins.get(view.started_by, view.started_by),
        "endActivityId": view.end_node,
        "deleteReason": None,
        "superProcessInstanceId": view.parent_id,
        "rootProcessInstanceId": view.root_id or view.id,
        "tenantId": None,
        "state": "SUSPENDED" if view.suspended and not view.how else _STATES[view.how],
    }


_OF_ACTIVITIES = ("processInstanceId", "activityId", "finished", "unfinished", "canceled")


def _activities(call: Call) -> tuple[Filters, list[JsonObject]]:
    """One instance's; a list across all instances would have to decode every stream."""
    filters = call.filters(*_OF_ACTIVITIES, "withoutTenantId")
    instance, node = filters.text("processInstanceId"), filters.text("activityId")
    if instance is None:
        raise BadRequest("processInstanceId is required here")
    with call.reading() as tx:
        view = queries.instance(tx, call.principal, instance)
        found = queries.activities(tx, call.principal, instance)
        names = people.logins(tx, {each.performer for each in found})
        graphs = {
            each: call.engine.graph(tx, each) for each in {one.definition_id for one in found}
        }
    return filters, [
        _activity(view, number, each, names, graphs[each.definition_id])
        for number, each in enumerate(found)
        if node in (None, each.node)
        and not (filters.flag("finished") and each.ended_at is None)
        and not (filters.flag("unfinished") and each.ended_at is not None)
        and not (filters.flag("canceled") and not each.cancelled)
    ]


def activities(call: Call) -> Answer:
    filters, found = _activities(call)
    orders = {"startTime": "startTime", "endTime": "endTime", "activityId": "activityId"}
    return filters.page(found, orders)


def activity_count(call: Call) -> Answer:
    return {"count": len(_activities(call)[1])}


def _activity(
    view: InstanceView,
    number: int,
    each: Activity,
    logins: Mapping[str | None, str],
    graph: Graph,
) -> JsonObject:
    node = graph.nodes[each.node]
    return {
        "id": f"{each.node}:{view.id}-{number}",
        "parentActivityInstanceId": view.id,
        "activityId": each.node,
        "activityName": node.name,
        "activityType": activity_type(node),
        "processDefinitionKey": view.process_id,
        "processDefinitionId": each.definition_id,
        "processInstanceId": view.id,
        "executionId": f"{view.id}-{each.token}",
        "taskId": each.task_id,
        "calledProcessInstanceId": each.called_id,
        "calledCaseInstanceId": None,
        "assignee": logins.get(each.performer, each.performer),
        "startTime": format_date(each.started_at),
        "endTime": format_date(each.ended_at),
        "durationInMillis": _lasted(each.started_at, each.ended_at),
        "canceled": each.cancelled,
        "completeScope": False,
        "rootProcessInstanceId": view.root_id or view.id,
        "tenantId": None,
    }


# --- tasks and variables ---

_OF_TASKS = (
    "processInstanceId",
    "processDefinitionKey",
    "processDefinitionId",
    "processInstanceBusinessKey",
    "taskDefinitionKey",
    "taskAssignee",
    "finished",
    "unfinished",
    "withoutTenantId",
)


def _task_query(call: Call) -> queries.TaskQuery:
    filters = call.filters(*_OF_TASKS)
    finished, unfinished = filters.flag("finished"), filters.flag("unfinished")
    state: Literal["open", "closed", "any"] = "any"
    if finished or unfinished:
        state = "closed" if finished else "open"
    user = filters.text("taskAssignee")
    order: Literal["newest", "oldest"] = filters.order(
        {("startTime", "asc"): "oldest", ("startTime", "desc"): "newest"}, "newest"
    )
    return queries.TaskQuery(
        instance_id=filters.text("processInstanceId"),
        process_id=filters.text("processDefinitionKey"),
        definition_id=filters.text("processDefinitionId"),
        business_key=filters.text("processInstanceBusinessKey"),
        node=filters.text("taskDefinitionKey"),
        assignees=() if user is None else (user, people.person_id(call, user)),
        state=state,
        order=order,
        offset=filters.offset,
        limit=filters.limit,
    )


def tasks(call: Call) -> Answer:
    query = _task_query(call)
    with call.reading() as tx:
        found = queries.tasks(tx, call.principal, query)
        names = people.logins(tx, {each.closed_by or each.assignee for each in found})
    return [_task(each, names) for each in found]


def task_count(call: Call) -> Answer:
    query = _task_query(call)
    with call.reading() as tx:
        return {"count": queries.task_count(tx, call.principal, query)}


def _task(each: Task, logins: Mapping[str | None, str]) -> JsonObject:
    """The assignee of a task that is done is who did it."""
    person = each.closed_by or each.assignee
    return {
        "id": each.id,
        "processDefinitionKey": each.process_id,
        "processDefinitionId": each.definition_id,
        "processInstanceId": each.instance_id,
        "rootProcessInstanceId": each.instance_id,
        "executionId": f"{each.instance_id}-{each.token}",
        "activityInstanceId": f"{each.node}:{each.instance_id}-{each.token}",
        "name": each.name,
        "description": None,
        "deleteReason": None if each.closed_at is None else each.how,
        "owner": None,
        "assignee": logins.get(person, person),
        "startTime": format_date(each.opened_at),
        "endTime": format_date(each.closed_at),
        "duration": _lasted(each.opened_at, each.closed_at),
        "taskDefinitionKey": each.node,
        "priority": each.priority,
        "due": format_date(each.due),
        "followUp": format_date(each.follow_up),
        "parentTaskId": None,
        "tenantId": None,
        "removalTime": None,
        "taskState": "Created" if each.closed_at is None else "Completed",
    }


def variables(call: Call) -> Answer:
    """`/history/variable-instance` of one instance: what its variables hold, or held at its end."""
    filters = call.filters(
        "processInstanceId", "variableName", "variableNameIn", "deserializeValues"
    )
    instance = filters.text("processInstanceId")
    if instance is None:
        raise BadRequest("processInstanceId is required here")
    wanted = filters.texts("variableName", "variableNameIn")
    with call.reading() as tx:
        view = queries.instance(tx, call.principal, instance)
        seen = queries.variables(tx, call.principal, instance)
    head: JsonObject = {
        "processDefinitionKey": view.process_id,
        "processDefinitionId": view.definition_id,
        "rootProcessInstanceId": view.root_id or view.id,
        "state": "CREATED",
        "createTime": None,
        "removalTime": None,
    }
    found = [
        {**variable_instance(instance, name, each), **head}
        for name, each in seen.items()
        if not wanted or name in wanted
    ]
    return filters.page(found, {"variableName": "name"})
