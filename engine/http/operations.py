"""What operators do to running instances, one or many: as Camunda 7's `/process-instance`,
`/modification`, `/process-definition` and `/job` have it.

What is asked for one instance, or for a stated few at once, is done before the answer, all of it or
nothing. What is asked "async" becomes a batch that the clock works off.
"""

from __future__ import annotations

from typing import Any

from engine import batches, queries
from engine.batches import written
from engine.commands import (
    Command,
    HoldNode,
    ModifyInstance,
    RestartInstance,
    StartBatch,
    SuspendDefinition,
    SuspendInstance,
    SuspendJob,
    Together,
)
from engine.http import history, instances
from engine.http.batches import batch_dto
from engine.http.call import NO_CONTENT, Answer, Call, narrowed
from engine.http.dialect import BadRequest, JsonObject, read_variables
from engine.http.history import history_query
from engine.http.instances import instance_query, split_execution
from engine.machine.triggers import (
    CancelActivity,
    Instruction,
    StartAfter,
    StartBefore,
    StartTransition,
)

AT_ONCE = 200
"""Instances that one call may change before its answer; more take the asynchronous way."""
MOST = 100_000
_UNSUPPORTED = ("skipCustomListeners", "skipIoMappings", "executionDate", "skipSubprocesses")


def stated(call: Call) -> JsonObject:
    """The body; what would change the meaning and is not there is refused by name."""
    body = call.json()
    for name in _UNSUPPORTED:
        if body.get(name):
            raise BadRequest(f"{name} is not supported")
    return body


def flag(body: JsonObject, name: str = "suspended") -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        raise BadRequest(f"{name} is true or false")
    return value


def subjects(call: Call, body: JsonObject, ids: str = "processInstanceIds") -> list[str]:
    """The instances that are listed, and those that a query finds."""
    listed = body.get(ids) or []
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise BadRequest(f"{ids} is a list of ids")
    found = list(listed)
    for name, read, known in (
        ("processInstanceQuery", instance_query, instances.FILTERS),
        ("historicProcessInstanceQuery", history_query, history.FILTERS),
    ):
        given = body.get(name)
        if given is not None:
            if not isinstance(given, dict):
                raise BadRequest(f"{name} is an object")
            query = read(call, narrowed(given, known), limit=MOST)
            with call.reading() as tx:
                found += [each.id for each in queries.instance_list(tx, call.principal, query)]
    if not found:
        raise BadRequest(f"{ids} is empty")
    return sorted(set(found))


def reason_of(body: JsonObject) -> str:
    """Camunda's `annotation`, which every operation of ours takes, for the history."""
    return str(body.get("annotation") or "")


def at_once(call: Call, commands: list[Command[Any]]) -> Answer:
    if len(commands) > AT_ONCE:
        raise BadRequest(f"More than {AT_ONCE} at once: use the asynchronous call")
    call.engine.execute(Together(commands), call.principal)
    return NO_CONTENT


def later(call: Call, kind: str, ids: list[str], order: JsonObject) -> Answer:
    """A batch, as Camunda answers it."""
    batch_id = call.engine.execute(StartBatch(kind, ids, order), call.principal)
    with call.reading() as tx:
        return batch_dto(queries.batch(tx, call.principal, batch_id))


# --- suspension ---


def suspend(call: Call) -> Answer:
    """`PUT /process-instance/{id}/suspended`."""
    body = stated(call)
    command = SuspendInstance(call.path["id"], flag(body), reason_of(body))
    call.engine.execute(command, call.principal)
    return NO_CONTENT


def suspend_some(call: Call) -> Answer:
    """`PUT /process-instance/suspended`: of ids, of a query, or of a definition."""
    body = stated(call)
    suspended, reason = flag(body), reason_of(body)
    definition, key = body.get("processDefinitionId"), body.get("processDefinitionKey")
    if definition is None and key is None:
        ids = subjects(call, body)
    else:
        narrowed = {"processDefinitionId": definition, "processDefinitionKey": key}
        ids = subjects(call, {"processInstanceQuery": narrowed})
    return at_once(call, [SuspendInstance(each, suspended, reason) for each in ids])


def suspend_async(call: Call) -> Answer:
    body = stated(call)
    order = {"suspended": flag(body), "reason": reason_of(body)}
    return later(call, "suspend", subjects(call, body), order)


def suspend_definition(call: Call) -> Answer:
    """`PUT /process-definition/…/suspended`, by id, by key in the path, or by either in the body.

    A key means all versions. Instances are suspended before the answer, each in a transaction.
    """
    body = stated(call)
    suspended, whole = flag(body), bool(body.get("includeProcessInstances"))
    key = call.path.get("key") or body.get("processDefinitionKey")
    definition = call.path.get("id") or body.get("processDefinitionId")
    if key is not None and definition is None:
        query = queries.DefinitionQuery(kind="process", key=str(key), limit=MOST)
        with call.reading() as tx:
            ids = [each.id for each in queries.definitions(tx, call.principal, query)]
        if not ids:
            raise BadRequest(f"there is no process definition with key {key!r}")
    elif isinstance(definition, str):
        ids = [definition]
    else:
        raise BadRequest("processDefinitionId or processDefinitionKey is needed")
    every = [SuspendDefinition(each, suspended, whole, reason_of(body)) for each in ids]
    for batch in call.engine.execute(Together(every), call.principal):
        if batch is not None:
            batches.work_off(call.engine, call.principal.tenant, batch)
    return NO_CONTENT


def suspend_job(call: Call) -> Answer:
    """`PUT /job/{id}/suspended`."""
    call.engine.execute(SuspendJob(call.path["id"], flag(stated(call))), call.principal)
    return NO_CONTENT


def suspend_jobs(call: Call) -> Answer:
    """`PUT /job/suspended`: all jobs of an instance, a definition or a job definition."""
    body = stated(call)
    suspended = flag(body)
    narrow: JsonObject = {
        "instance_id": body.get("processInstanceId"),
        "definition_id": body.get("processDefinitionId"),
        "process_id": body.get("processDefinitionKey"),
    }
    if body.get("jobDefinitionId") is not None:
        narrow["definition_id"], narrow["node"] = split_job_definition(str(body["jobDefinitionId"]))
    if not any(narrow.values()):
        raise BadRequest("Job, process instance or process definition must be stated")
    with call.reading() as tx:
        timers = queries.timers(tx, call.principal, queries.TimerQuery(**narrow, limit=MOST))
        jobs = queries.jobs(
            tx, call.principal, queries.JobQuery(**narrow, kind="continuation", limit=MOST)
        )
    found = [each.id for each in timers if each.instance_id] + [each.id for each in jobs]
    return at_once(call, [SuspendJob(each, suspended) for each in sorted(found)])


def hold(call: Call) -> Answer:
    """`PUT /job-definition/{id}/suspended`."""
    body = stated(call)
    definition, node = split_job_definition(call.path["id"])
    with_jobs = bool(body.get("includeJobs", True))
    call.engine.execute(HoldNode(definition, node, flag(body), with_jobs), call.principal)
    return NO_CONTENT


def split_job_definition(identity: str) -> tuple[str, str]:
    """A job definition is an element of a definition: `<definition>:<element>`."""
    definition, colon, node = identity.partition(":")
    if not colon:
        raise BadRequest(f"{identity!r} is no job definition")
    return definition, node


# --- modification and restart ---


def modify(call: Call) -> Answer:
    """`POST /process-instance/{id}/modification`: all instructions or none, in their order."""
    body = stated(call)
    reason = reason_of(body)
    command = ModifyInstance(call.path["id"], instructions(body), reason)
    call.engine.execute(command, call.principal)
    return NO_CONTENT


def modify_async(call: Call) -> Answer:
    body = stated(call)
    return later(call, "modify", [call.path["id"]], _modification(body))


def _modification(body: JsonObject) -> JsonObject:
    order: JsonObject = {"instructions": written(instructions(body))}
    return {**order, "reason": reason_of(body)}


def modify_some(call: Call) -> Answer:
    """`POST /modification/execute`."""
    body = stated(call)
    reason, given = reason_of(body), instructions(body)
    return at_once(call, [ModifyInstance(each, given, reason) for each in subjects(call, body)])


def modify_some_async(call: Call) -> Answer:
    body = stated(call)
    return later(call, "modify", subjects(call, body), _modification(body))


def restart(call: Call) -> Answer:
    """`POST /process-definition/{id}/restart`."""
    body = stated(call)
    order: JsonObject = {**_restart(call, body), "instructions": instructions(body)}
    return at_once(call, [RestartInstance(each, **order) for each in subjects(call, body)])


def restart_async(call: Call) -> Answer:
    body = stated(call)
    order: JsonObject = {**_restart(call, body), "instructions": written(instructions(body))}
    return later(call, "restart", subjects(call, body), order)


def _restart(call: Call, body: JsonObject) -> JsonObject:
    return {
        "definition_id": call.path["id"],
        "initial_variables": bool(body.get("initialVariables")),
        "with_business_key": not body.get("withoutBusinessKey"),
        "reason": reason_of(body),
    }


def instructions(body: JsonObject, name: str = "instructions") -> list[Instruction]:
    given = body.get(name)
    if not isinstance(given, list) or not given:
        raise BadRequest(f"{name} is a list of at least one")
    return [_instruction(each) for each in given]


def _instruction(given: object) -> Instruction:
    if not isinstance(given, dict):
        raise BadRequest("an instruction is an object")
    if given.get("ancestorActivityInstanceId"):
        raise BadRequest("ancestorActivityInstanceId is not supported")
    activity, flow = given.get("activityId"), given.get("transitionId")
    variables, _ = read_variables(given.get("variables") or {})
    match given.get("type"):
        case "startBeforeActivity" if isinstance(activity, str):
            return StartBefore(node=activity, variables=variables)
        case "startAfterActivity" if isinstance(activity, str):
            return StartAfter(node=activity, variables=variables)
        case "startTransition" if isinstance(flow, str):
            return StartTransition(flow=flow, variables=variables)
        case "cancel":
            return _cancelled(activity, given.get("activityInstanceId"))
    raise BadRequest(
        "an instruction has the type startBeforeActivity or startAfterActivity with activityId, "
        "startTransition with transitionId, or cancel with activityId or activityInstanceId"
    )


def _cancelled(activity: object, activity_instance: object) -> CancelActivity:
    """All of an activity, or `<activity>:<instance>-<token>` as the tree names one."""
    if isinstance(activity_instance, str):
        node, _, execution = activity_instance.rpartition(":")
        _, token = split_execution(execution)
        if node and token is not None:
            return CancelActivity(node=node, token=token)
    elif isinstance(activity, str):
        return CancelActivity(node=activity)
    raise BadRequest("cancel names an activityId, or an activityInstanceId of the tree")


# --- what only batches do ---


def delete_some(call: Call) -> Answer:
    """`POST /process-instance/delete`."""
    body = stated(call)
    reason = str(body.get("deleteReason") or "deleted by API")
    return later(call, "delete", subjects(call, body), {"reason": reason})


def set_variables(call: Call) -> Answer:
    """`POST /process-instance/variables-async`."""
    body = stated(call)
    variables, wires = read_variables(body.get("variables"))
    if not variables:
        raise BadRequest("variables is empty")
    order: JsonObject = {"variables": variables, "wires": dict(wires)}
    return later(call, "variables", subjects(call, body), order)


def retries_of_instances(call: Call) -> Answer:
    """`POST /process-instance/job-retries`: of jobs that have failed."""
    body = stated(call)
    wanted = subjects(call, body, "processInstances")
    with call.reading() as tx:
        ids = [
            job.id
            for each in wanted
            for job in queries.jobs(
                tx, call.principal, queries.JobQuery(instance_id=each, state="failed", limit=MOST)
            )
        ]
    return _retries(call, body, ids)


def retries_of_jobs(call: Call) -> Answer:
    """`POST /job/retries`."""
    body = stated(call)
    ids = body.get("jobIds")
    if not isinstance(ids, list) or body.get("jobQuery"):
        raise BadRequest("jobIds is a list of ids; jobQuery is not supported")
    return _retries(call, body, [str(each) for each in ids])


def _retries(call: Call, body: JsonObject, ids: list[str]) -> Answer:
    retries = body.get("retries")
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise BadRequest("retries is a number from 0")
    if not ids:
        raise BadRequest("there are no such jobs")
    return later(call, "retries", ids, {"retries": retries})
