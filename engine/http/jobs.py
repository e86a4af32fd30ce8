"""`/job`, `/incident` and lists of `/external-task`: what waits to be done, and what cannot."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from engine import queries
from engine.commands import FireTimer, RetryIncident, RunJob
from engine.errors import NotFound
from engine.http.call import NO_CONTENT, Answer, Call, Filters
from engine.http.dialect import BadRequest, JsonObject, format_date
from engine.http.operations import split_job_definition
from engine.views import IncidentView, JobView, TimerView
from storage.database import Transaction

_ALL = 100_000
_JOB_FILTERS = (
    "jobId",
    "jobIds",
    "processInstanceId",
    "processInstanceIds",
    "processDefinitionId",
    "processDefinitionKey",
    "activityId",
    "timers",
    "messages",
    "executable",
    "withException",
    "failedActivityId",
    "active",
    "suspended",
    "jobDefinitionId",
    "withoutTenantId",
)


def _lists(call: Call, tx: Transaction) -> tuple[Filters, list[JsonObject]]:
    """Camunda's jobs are our timers and continuations, in the order in which they are due."""
    filters = call.filters(*_JOB_FILTERS)
    due = call.engine.clock() if filters.flag("executable") else None
    # A stated order is not the query's own: then all are needed to sort them.
    upto = _ALL if "sortBy" in filters.given else filters.offset + filters.limit
    failed = filters.flag("withException") or filters.text("failedActivityId") is not None
    only_timers, only_messages = filters.flag("timers"), filters.flag("messages") or failed
    if only_timers and only_messages:
        raise BadRequest("Parameter timers cannot be used together with parameter messages.")
    suspended = False if filters.flag("active") else filters.flag("suspended") or None
    of, node = filters.text("processDefinitionId"), filters.text("activityId", "failedActivityId")
    if (one := filters.text("jobDefinitionId")) is not None:
        of, node = split_job_definition(one)
    found: list[JsonObject] = []
    for instance in filters.texts("processInstanceId", "processInstanceIds") or (None,):
        narrow = {
            "instance_id": instance,
            "definition_id": of,
            "process_id": filters.text("processDefinitionKey"),
            "node": node,
            "suspended": suspended,
            "ids": filters.texts("jobId", "jobIds"),
            "limit": upto,
        }
        if not only_messages:
            timers = queries.TimerQuery(**narrow, due_before=due)  # type: ignore[arg-type]
            found += [_timer(each) for each in queries.timers(tx, call.principal, timers)]
        if not only_timers:
            state = "failed" if failed else None
            jobs = queries.JobQuery(**narrow, kind="continuation", free_before=due, state=state)  # type: ignore[arg-type]
            found += [_job(each) for each in queries.jobs(tx, call.principal, jobs)]
    return filters, found


def listed(call: Call) -> Answer:
    with call.reading() as tx:
        filters, found = _lists(call, tx)
    return filters.page(found, {"jobDueDate": "dueDate", "jobId": "id"})


def count(call: Call) -> Answer:
    with call.reading() as tx:
        return {"count": len(_lists(call, tx)[1])}


def one(call: Call) -> Answer:
    with call.reading() as tx:
        kind, found = _either(call, tx)
    return _timer(found) if kind == "timer" else _job(found)  # type: ignore[arg-type]


def _either(call: Call, tx: Transaction) -> tuple[str, TimerView | JobView]:
    try:
        return "timer", queries.timer_of(tx, call.principal, call.path["id"])
    except NotFound:
        return "job", queries.job_of(tx, call.principal, call.path["id"])


def execute(call: Call) -> Answer:
    """Run it now. A timer is fired before its time, as Camunda does."""
    if not call.engine.execute(FireTimer(call.path["id"], early=True), call.principal):
        call.engine.execute(RunJob(call.path["id"]), call.principal)
    return NO_CONTENT


def stacktrace(call: Call) -> Answer:
    """What the operator reads of a failed job; empty if it has not failed."""
    with call.reading() as tx:
        _, found = _either(call, tx)
    text = found.details if isinstance(found, JobView) else None
    return Response(text or "", media_type="text/plain")


def _head(view: JobView | TimerView) -> JsonObject:
    return {
        "id": view.id,
        "jobDefinitionId": f"{view.definition_id}:{view.node}",
        "processInstanceId": view.instance_id,
        "processDefinitionId": view.definition_id,
        "processDefinitionKey": view.process_id,
        "executionId": f"{view.instance_id}-{view.token}" if view.instance_id else None,
        "failedActivityId": None,
        "suspended": view.suspended,
        "tenantId": None,
    }


def _timer(view: TimerView) -> JsonObject:
    return {
        **_head(view),
        "exceptionMessage": None,
        "retries": 1,
        "dueDate": format_date(view.due),
        "priority": 0,
        "createTime": None,
    }


def _job(view: JobView) -> JsonObject:
    return {
        **_head(view),
        "exceptionMessage": view.error,
        "failedActivityId": view.node if view.error else None,
        "retries": 0 if view.state == "failed" else 1,
        "dueDate": format_date(view.free_at),
        "priority": view.priority,
        "createTime": format_date(view.created_at),
    }


# --- external tasks as a list ---


_EXTERNAL_FILTERS = (
    "externalTaskId",
    "externalTaskIdIn",
    "topicName",
    "workerId",
    "locked",
    "notLocked",
    "processInstanceId",
    "processDefinitionId",
    "processDefinitionKey",
    "activityId",
    "active",
    "withoutTenantId",
)


def _external_query(call: Call) -> queries.JobQuery:
    filters = call.filters(*_EXTERNAL_FILTERS)
    filters.order({("createTime", "asc"): None}, None)
    query = queries.JobQuery(
        kind="external",
        topic=filters.text("topicName"),
        worker_id=filters.text("workerId"),
        instance_id=filters.text("processInstanceId"),
        definition_id=filters.text("processDefinitionId"),
        process_id=filters.text("processDefinitionKey"),
        node=filters.text("activityId"),
        ids=filters.texts("externalTaskId", "externalTaskIdIn"),
        offset=filters.offset,
        limit=filters.limit,
    )
    if filters.flag("locked"):
        return replace(query, state="leased")
    return replace(query, state="ready") if filters.flag("notLocked") else query


def external_listed(call: Call) -> Answer:
    with call.reading() as tx:
        return [_external(each) for each in queries.jobs(tx, call.principal, _external_query(call))]


def external_count(call: Call) -> Answer:
    with call.reading() as tx:
        return {"count": queries.job_count(tx, call.principal, _external_query(call))}


def external_one(call: Call) -> Answer:
    with call.reading() as tx:
        return _external(queries.job_of(tx, call.principal, call.path["id"]))


def _external(view: JobView) -> JsonObject:
    locked = view.state == "leased"
    return {
        "id": view.id,
        "topicName": view.topic,
        "workerId": view.worker_id if locked else None,
        "lockExpirationTime": format_date(view.free_at) if locked else None,
        "processInstanceId": view.instance_id,
        "processDefinitionId": view.definition_id,
        "processDefinitionKey": view.process_id,
        "processDefinitionVersionTag": None,
        "executionId": f"{view.instance_id}-{view.token}",
        "activityId": view.node,
        "activityInstanceId": f"{view.node}:{view.instance_id}-{view.token}",
        "businessKey": view.business_key,
        "retries": view.retries,
        "priority": view.priority,
        "suspended": view.suspended,
        "errorMessage": view.error,
        "createTime": format_date(view.created_at),
        "tenantId": None,
    }


def external_error_details(call: Call) -> Answer:
    with call.reading() as tx:
        view = queries.job_of(tx, call.principal, call.path["id"])
    return Response(view.details or "", media_type="text/plain")


def topic_names(call: Call) -> Answer:
    """`/external-task/topic-names`: the topics that have open tasks."""
    call.filters()
    query = queries.JobQuery(kind="external", limit=_ALL)
    with call.reading() as tx:
        return sorted({each.topic for each in queries.jobs(tx, call.principal, query)})


# --- incidents ---


_INCIDENT_FILTERS = (
    "incidentId",
    "processInstanceId",
    "processDefinitionId",
    "processDefinitionKeyIn",
    "activityId",
    "configuration",
    "withoutTenantId",
)


def _incident_query(call: Call) -> queries.IncidentQuery:
    filters = call.filters(*_INCIDENT_FILTERS)
    filters.order({("incidentTimestamp", "desc"): None}, None)
    keys = filters.texts("processDefinitionKeyIn")
    if len(keys) > 1:
        raise BadRequest("processDefinitionKeyIn takes one key here")
    return queries.IncidentQuery(
        instance_id=filters.text("processInstanceId"),
        definition_id=filters.text("processDefinitionId"),
        process_id=keys[0] if keys else None,
        node=filters.text("activityId"),
        job_id=filters.text("configuration"),
        ids=filters.texts("incidentId"),
        offset=filters.offset,
        limit=filters.limit,
    )


def incidents(call: Call) -> Answer:
    with call.reading() as tx:
        found = queries.incidents(tx, call.principal, _incident_query(call))
    return [_incident(each) for each in found]


def incident_count(call: Call) -> Answer:
    with call.reading() as tx:
        return {"count": queries.incident_count(tx, call.principal, _incident_query(call))}


def incident_one(call: Call) -> Answer:
    with call.reading() as tx:
        return _incident(queries.incident_of(tx, call.principal, call.path["id"]))


def resolve_incident(call: Call) -> Answer:
    call.engine.execute(RetryIncident(call.path["id"]), call.principal)
    return NO_CONTENT


def _incident(view: IncidentView) -> JsonObject:
    return {
        "id": view.id,
        "processDefinitionId": view.definition_id,
        "processInstanceId": view.instance_id,
        "executionId": f"{view.instance_id}-{view.token}",
        "incidentTimestamp": format_date(view.opened_at),
        "incidentType": "failedJob" if view.job_id else view.kind,
        "activityId": view.node,
        "failedActivityId": view.node,
        "causeIncidentId": view.id,
        "rootCauseIncidentId": view.id,
        "configuration": view.job_id,
        "incidentMessage": view.message,
        "tenantId": None,
        "jobDefinitionId": f"{view.definition_id}:{view.node}",
        "annotation": None,
    }
