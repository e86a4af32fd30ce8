"""`/history/process-instance` and `/history/activity-instance`, decoded from the ledger."""

from __future__ import annotations

from typing import Literal

from engine import queries
from engine.http.call import Answer, Call
from engine.http.dialect import BadRequest, JsonObject, format_date
from engine.views import Activity, InstanceView

_STATES = {
    None: "ACTIVE",
    "completed": "COMPLETED",
    "terminated": "COMPLETED",
    "error": "COMPLETED",
    "cancelled": "EXTERNALLY_TERMINATED",
}


def _query(call: Call) -> queries.InstanceQuery:
    finished, unfinished = call.flag("finished"), call.flag("unfinished")
    state: Literal["running", "ended", "any"] = "any"
    if finished or unfinished:
        state = "ended" if finished else "running"
    return queries.InstanceQuery(
        ids=tuple(each for each in [call.query.get("processInstanceId")] if each),
        process_id=call.query.get("processDefinitionKey"),
        definition_id=call.query.get("processDefinitionId"),
        business_key=call.query.get("processInstanceBusinessKey"),
        started_by=call.query.get("startedBy"),
        state=state,
        offset=call.number("firstResult", 0) or 0,
        limit=call.page_size(),
    )


def instances(call: Call) -> Answer:
    with call.reading() as tx:
        found = queries.instance_list(tx, call.principal, _query(call))
    return [_instance(each) for each in found]


def instance_count(call: Call) -> Answer:
    with call.reading() as tx:
        return {"count": queries.instance_count(tx, call.principal, _query(call))}


def instance_one(call: Call) -> Answer:
    with call.reading() as tx:
        return _instance(queries.instance(tx, call.principal, call.path["id"]))


def _instance(view: InstanceView) -> JsonObject:
    ended = view.ended_at
    lasted = None if ended is None else int((ended - view.started_at).total_seconds() * 1000)
    return {
        "id": view.id,
        "businessKey": view.business_key,
        "processDefinitionId": view.definition_id,
        "processDefinitionKey": view.process_id,
        "startTime": format_date(view.started_at),
        "endTime": format_date(ended),
        "durationInMillis": lasted,
        "startUserId": view.started_by,
        "endActivityId": view.end_node,
        "deleteReason": None,
        "superProcessInstanceId": None,
        "rootProcessInstanceId": view.id,
        "tenantId": None,
        "state": _STATES[view.how],
    }


def activities(call: Call) -> Answer:
    """One instance's; a list across all instances would have to decode every stream."""
    instance = call.query.get("processInstanceId")
    if not instance:
        raise BadRequest("processInstanceId is required here")
    with call.reading() as tx:
        view = queries.instance(tx, call.principal, instance)
        found = queries.activities(tx, call.principal, instance)
    return [_activity(view, number, each) for number, each in enumerate(found)]


def _activity(view: InstanceView, number: int, each: Activity) -> JsonObject:
    return {
        "id": f"{each.node}:{view.id}-{number}",
        "parentActivityInstanceId": view.id,
        "activityId": each.node,
        "activityName": each.node,
        "processDefinitionKey": view.process_id,
        "processDefinitionId": view.definition_id,
        "processInstanceId": view.id,
        "executionId": f"{view.id}-{each.token}",
        "taskId": each.task_id,
        "assignee": each.performer,
        "startTime": format_date(each.started_at),
        "endTime": format_date(each.ended_at),
        "canceled": each.cancelled,
        "completeScope": False,
        "rootProcessInstanceId": view.id,
        "tenantId": None,
    }
