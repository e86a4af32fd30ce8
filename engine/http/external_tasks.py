"""`/external-task`: foreign workers fetch, complete, fail and throw.

Invariant: a waiting worker costs a read at each look, never a write and never a thread.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select

from engine.commands import (
    CompleteJob,
    ExtendLock,
    FailJob,
    LockExternalTasks,
    LockJob,
    SetJobRetries,
    ThrowJobError,
    Topic,
    UnlockJob,
)
from engine.http.call import NO_CONTENT, Answer, Call, Poll
from engine.http.dialect import (
    BadRequest,
    JsonObject,
    format_date,
    read_variables,
    write_variable,
)
from engine.results import LockedJob
from engine.tables import job

LONGEST_POLL = timedelta(minutes=30)


def _milliseconds(body: JsonObject, name: str, default: int | None = None) -> timedelta:
    value = body.get(name)
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadRequest(f"{name} must be a number of milliseconds")
    return timedelta(milliseconds=value)


def _text(body: JsonObject, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name} is required")
    return value


def _lock_command(body: JsonObject) -> LockExternalTasks:
    if any(
        each != {"sortBy": "createTime", "sortOrder": "asc"} for each in body.get("sorting") or ()
    ):
        raise BadRequest("External tasks are sorted by priority and createTime asc only")
    limit = body.get("maxTasks")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise BadRequest("maxTasks is required and must be a number")
    return LockExternalTasks(
        worker_id=_text(body, "workerId"),
        topics=[_topic(each) for each in body.get("topics") or []],
        limit=min(limit, 1000),
        by_priority=bool(body.get("usePriority", False)),
    )


_UNSUPPORTED_TOPIC_FILTERS = (
    "processVariables",
    "processDefinitionVersionTag",
    "localVariables",
    "tenantIdIn",
)


def _topic(stated: Any) -> Topic:
    if not isinstance(stated, dict):
        raise BadRequest("topics must be a list of objects")
    for name in _UNSUPPORTED_TOPIC_FILTERS:
        if stated.get(name):
            raise BadRequest(f"The topic filter {name} is not supported")
    wanted = stated.get("variables")
    keys = [*(stated.get("processDefinitionKeyIn") or []), stated.get("processDefinitionKey")]
    ids = [*(stated.get("processDefinitionIdIn") or []), stated.get("processDefinitionId")]
    return Topic(
        name=_text(stated, "topicName"),
        lock_for=_milliseconds(stated, "lockDuration"),
        variables=None if wanted is None else tuple(wanted),
        business_key=stated.get("businessKey"),
        process_ids=tuple(key for key in keys if key),
        definition_ids=tuple(each for each in ids if each),
    )


def _locked(held: LockedJob, with_properties: bool) -> JsonObject:
    return {
        "id": held.id,
        "topicName": held.topic,
        "workerId": held.worker_id,
        "lockExpirationTime": format_date(held.locked_until),
        "processInstanceId": held.instance_id,
        "processDefinitionId": held.definition_id,
        "processDefinitionKey": held.process_id,
        "processDefinitionVersionTag": held.version_tag,
        "executionId": f"{held.instance_id}-{held.token}",
        "activityId": held.node,
        "activityInstanceId": f"{held.node}:{held.instance_id}-{held.token}",
        "businessKey": held.business_key,
        "tenantId": None,
        "retries": held.retries,
        "priority": held.priority,
        "suspended": False,
        "errorMessage": held.error_message,
        "errorDetails": held.error_details,
        "createTime": format_date(held.created_at),
        "extensionProperties": dict(held.properties) if with_properties else None,
        "variables": {
            name: write_variable(value, held.wires.get(name))
            for name, value in held.variables.items()
        },
    }


_CLAIMABLE = (
    select(job.c.id)
    .where(
        job.c.tenant == bindparam("tenant"),
        job.c.kind == "external",
        job.c.topic.in_(bindparam("topics", expanding=True)),
        job.c.state != "failed",
        job.c.free_at <= bindparam("now"),
    )
    .limit(1)
)


def fetch_and_lock(call: Call) -> Answer:
    """`POST /external-task/fetchAndLock`, with Camunda's long polling."""
    body = call.json()
    command = _lock_command(body)
    wait = min(_milliseconds(body, "asyncResponseTimeout", 0), LONGEST_POLL)
    shown = {
        each["topicName"]
        for each in body.get("topics") or ()
        if each.get("includeExtensionProperties")
    }

    def take() -> list[JsonObject]:
        jobs = call.engine.execute(command, call.principal)
        return [_locked(each, each.topic in shown) for each in jobs]

    def look() -> list[JsonObject] | None:
        """A waiting worker only reads until there is something to lock."""
        keys = {"tenant": call.principal.tenant, "now": call.engine.clock()}
        with call.reading() as tx:
            if tx.first(_CLAIMABLE, {**keys, "topics": [t.name for t in command.topics]}) is None:
                return None
        return take() or None

    found = take()
    if found or not wait or not command.topics:
        return found
    return Poll(look, wait.total_seconds(), [])


def complete(call: Call) -> Answer:
    body = call.json()
    variables, wires = read_variables(body.get("variables"))
    local, local_wires = read_variables(body.get("localVariables"))
    call.engine.execute(
        CompleteJob(
            call.path["id"], _text(body, "workerId"), variables, local, {**wires, **local_wires}
        ),
        call.principal,
    )
    return NO_CONTENT


def failure(call: Call) -> Answer:
    body = call.json()
    retries = body.get("retries")
    if retries is not None and (isinstance(retries, bool) or not isinstance(retries, int)):
        raise BadRequest("retries must be a number")
    if body.get("variables") or body.get("localVariables"):
        raise BadRequest("A failure sets no variables: report them with complete or bpmnError")
    command = FailJob(
        call.path["id"],
        _text(body, "workerId"),
        body.get("errorMessage"),
        body.get("errorDetails"),
        retries or 0,
        _milliseconds(body, "retryTimeout", 0),
    )
    call.engine.execute(command, call.principal)
    return NO_CONTENT


def bpmn_error(call: Call) -> Answer:
    body = call.json()
    variables, _ = read_variables(body.get("variables"))
    command = ThrowJobError(
        call.path["id"],
        _text(body, "workerId"),
        _text(body, "errorCode"),
        body.get("errorMessage"),
        variables,
    )
    call.engine.execute(command, call.principal)
    return NO_CONTENT


def extend_lock(call: Call) -> Answer:
    body = call.json()
    lock_for = _milliseconds(body, "newDuration")
    call.engine.execute(
        ExtendLock(call.path["id"], _text(body, "workerId"), lock_for), call.principal
    )
    return NO_CONTENT


def lock(call: Call) -> Answer:
    body = call.json()
    lock_for = _milliseconds(body, "lockDuration")
    call.engine.execute(LockJob(call.path["id"], _text(body, "workerId"), lock_for), call.principal)
    return NO_CONTENT


def unlock(call: Call) -> Answer:
    call.engine.execute(UnlockJob(call.path["id"]), call.principal)
    return NO_CONTENT


def set_retries(call: Call) -> Answer:
    """`PUT /external-task/{id}/retries` and `PUT /job/{id}/retries`."""
    retries = call.json().get("retries")
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise BadRequest("retries must be a number from 0")
    call.engine.execute(SetJobRetries(call.path["id"], retries), call.principal)
    return NO_CONTENT
