"""`/external-task`: foreign workers fetch, complete, fail and throw.

Only `fetch_and_lock` is async: a long poll waits for the wake-up of a commit without holding a
thread (decisions.md, no. 20).
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

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
from engine.engine import Engine
from engine.http.call import FORESEEN, NO_CONTENT, Answer, Call, answer, error_response
from engine.http.dialect import (
    BadRequest,
    JsonObject,
    decode_object,
    format_date,
    read_variables,
    write_variables,
)
from engine.results import LockedJob
from identity.http import PrincipalOf

LONGEST_POLL = timedelta(minutes=30)
_LOOK_AGAIN = 0.5
"""Seconds after which a waiting poll looks again: another process may have made the job ready."""


def _milliseconds(body: JsonObject, name: str, default: int | None = None) -> timedelta:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadRequest(f"{name} must be a number of milliseconds")
    return timedelta(milliseconds=value)


def _text(body: JsonObject, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name} is required")
    return value


def _lock_command(body: JsonObject) -> LockExternalTasks:
    limit = body.get("maxTasks")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise BadRequest("maxTasks is required and must be a number")
    return LockExternalTasks(
        worker_id=_text(body, "workerId"),
        topics=[_topic(each) for each in body.get("topics") or []],
        limit=min(limit, 1000),
        by_priority=bool(body.get("usePriority", False)),
    )


_UNSUPPORTED_TOPIC_FILTERS = ("processVariables", "processDefinitionVersionTag")


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


def _locked(job: LockedJob, with_properties: bool) -> JsonObject:
    return {
        "id": job.id,
        "topicName": job.topic,
        "workerId": job.worker_id,
        "lockExpirationTime": format_date(job.locked_until),
        "processInstanceId": job.instance_id,
        "processDefinitionId": job.definition_id,
        "processDefinitionKey": job.process_id,
        "processDefinitionVersionTag": job.version_tag,
        "executionId": f"{job.instance_id}-{job.token}",
        "activityId": job.node,
        "activityInstanceId": f"{job.node}:{job.instance_id}-{job.token}",
        "businessKey": job.business_key,
        "tenantId": None,
        "retries": job.retries,
        "priority": job.priority,
        "suspended": False,
        "errorMessage": job.error_message,
        "errorDetails": job.error_details,
        "createTime": format_date(job.created_at),
        "extensionProperties": dict(job.properties) if with_properties else None,
        "variables": write_variables(job.variables, job.wires),
    }


def fetch_and_lock(path: str, engine: Engine, principal_of: PrincipalOf) -> Route:
    """`POST /external-task/fetchAndLock`, with Camunda's long polling."""

    async def endpoint(request: Request) -> Response:
        try:
            body = decode_object(await request.body())
            principal = await run_in_threadpool(principal_of, request)
            command = _lock_command(body)
            shown = {
                each["topicName"]
                for each in body.get("topics") or []
                if each.get("includeExtensionProperties")
            }
            wait = min(_milliseconds(body, "asyncResponseTimeout", 0), LONGEST_POLL)
            until = asyncio.get_running_loop().time() + wait.total_seconds()
            while True:
                jobs = await run_in_threadpool(engine.execute, command, principal)
                left = until - asyncio.get_running_loop().time()
                if jobs or left <= 0 or await request.is_disconnected():
                    return answer([_locked(job, job.topic in shown) for job in jobs])
                await asyncio.sleep(min(left, _LOOK_AGAIN))
        except FORESEEN as error:
            return error_response(error)

    return Route(path, endpoint, methods=["POST"])


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
    command = FailJob(
        call.path["id"],
        _text(body, "workerId"),
        body.get("errorMessage"),
        body.get("errorDetails"),
        retries if isinstance(retries, int) else 0,
        _milliseconds(body, "retryTimeout", 0) if body.get("retryTimeout") else timedelta(0),
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
