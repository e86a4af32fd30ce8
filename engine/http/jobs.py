"""`/job`, `/incident` and lists of `/external-task`: what waits to be done, and what cannot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from engine import queries
from engine.commands import FireTimer, RetryIncident, RunJob
from engine.errors import NotFound
from engine.http.call import NO_CONTENT, Answer, Call
from engine.http.dialect import JsonObject, format_date
from engine.views import IncidentView, JobView, TimerView
from storage.database import Transaction


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Camunda's jobs are our continuations and timers; which of them a list asks for."""

    timers: bool
    messages: bool
    due_before: datetime | None


def _wanted(call: Call, now: datetime) -> _Wanted:
    only_timers, only_messages = call.flag("timers"), call.flag("messages")
    executable = call.flag("executable")
    return _Wanted(not only_messages, not only_timers, now if executable else None)


def _lists(call: Call, tx: Transaction) -> list[JsonObject]:
    wanted = _wanted(call, tx.now)
    narrow = {
        "instance_id": call.query.get("processInstanceId"),
        "definition_id": call.query.get("processDefinitionId"),
        "process_id": call.query.get("processDefinitionKey"),
        "node": call.query.get("activityId"),
        "ids": tuple(each for each in [call.query.get("jobId")] if each),
        "limit": call.page_size(),
    }
    found: list[JsonObject] = []
    if wanted.timers:
        timers = queries.TimerQuery(**narrow, due_before=wanted.due_before)  # type: ignore[arg-type]
        found += [_timer(each) for each in queries.timers(tx, call.principal, timers)]
    if wanted.messages:
        jobs = queries.JobQuery(**narrow, kind="continuation", free_before=wanted.due_before)  # type: ignore[arg-type]
        found += [_job(each) for each in queries.jobs(tx, call.principal, jobs)]
    return found[: call.page_size()]


def listed(call: Call) -> Answer:
    with call.reading() as tx:
        return _lists(call, tx)


def count(call: Call) -> Answer:
    with call.reading() as tx:
        return {"count": len(_lists(call, tx))}


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
    with call.reading() as tx:
        kind, _ = _either(call, tx)
    if kind == "timer":
        fired = call.engine.execute(FireTimer(call.path["id"], early=True), call.principal)
        if not fired:
            raise NotFound("job", call.path["id"])
    else:
        call.engine.execute(RunJob(call.path["id"]), call.principal)
    return NO_CONTENT


def _head(view: JobView | TimerView) -> JsonObject:
    return {
        "id": view.id,
        "jobDefinitionId": None,
        "processInstanceId": view.instance_id,
        "processDefinitionId": view.definition_id,
        "processDefinitionKey": view.process_id,
        "executionId": f"{view.instance_id}-{view.token}" if view.instance_id else None,
        "failedActivityId": None,
        "suspended": False,
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


def _external_query(call: Call) -> queries.JobQuery:
    query = queries.JobQuery(
        kind="external",
        topic=call.query.get("topicName"),
        worker_id=call.query.get("workerId"),
        instance_id=call.query.get("processInstanceId"),
        definition_id=call.query.get("processDefinitionId"),
        process_id=call.query.get("processDefinitionKey"),
        node=call.query.get("activityId"),
        ids=tuple(each for each in [call.query.get("externalTaskId")] if each),
        offset=call.number("firstResult", 0) or 0,
        limit=call.page_size(),
    )
    if call.flag("locked"):
        return replace(query, state="leased")
    return replace(query, state="ready") if call.flag("notLocked") else query


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
        "suspended": False,
        "errorMessage": view.error,
        "createTime": format_date(view.created_at),
        "tenantId": None,
    }


def external_error_details(call: Call) -> Answer:
    with call.reading() as tx:
        view = queries.job_of(tx, call.principal, call.path["id"])
    return view.details or ""


# --- incidents ---


def _incident_query(call: Call) -> queries.IncidentQuery:
    return queries.IncidentQuery(
        instance_id=call.query.get("processInstanceId"),
        definition_id=call.query.get("processDefinitionId"),
        node=call.query.get("activityId"),
        ids=tuple(each for each in [call.query.get("incidentId")] if each),
        offset=call.number("firstResult", 0) or 0,
        limit=call.page_size(),
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
        "jobDefinitionId": None,
        "annotation": None,
    }
