"""`/process-instance`, `/execution` and `/variable-instance`: what runs, and its variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from starlette.responses import Response

from bpmn.graph import (
    CancelEvent,
    CompensateEvent,
    ConditionalEvent,
    ErrorEvent,
    EscalationEvent,
    EventDefinition,
    LinkEvent,
    MessageEvent,
    MultipleEvent,
    Node,
    SignalEvent,
    TerminateEvent,
    TimerEvent,
)
from engine import queries
from engine.commands import CancelInstance, ModifyInstance, SetVariables, SuspendInstance
from engine.errors import NotFound
from engine.http.call import NO_CONTENT, Answer, Call
from engine.http.dialect import (
    BadRequest,
    JsonObject,
    decode,
    read_variable,
    read_variables,
    write_variable,
)
from engine.machine.triggers import (
    CancelActivity,
    Instruction,
    StartAfter,
    StartBefore,
    StartTransition,
)
from engine.views import InstanceView, Variable

_FILTERS = (
    "processInstanceIds",
    "processDefinitionKey",
    "processDefinitionId",
    "businessKey",
    "processInstanceBusinessKey",
    "withIncident",
    "active",  # nothing of ours is suspended, and all belongs to the default tenant
    "withoutTenantId",
)


def _query(call: Call) -> queries.InstanceQuery:
    filters = call.filters(*_FILTERS)
    order: Literal["newest", "oldest"] = filters.order(
        {("instanceId", "asc"): "oldest", ("instanceId", "desc"): "newest"}, "newest"
    )
    return queries.InstanceQuery(
        ids=filters.texts("processInstanceIds"),
        process_id=filters.text("processDefinitionKey"),
        definition_id=filters.text("processDefinitionId"),
        business_key=filters.text("businessKey", "processInstanceBusinessKey"),
        with_incident=filters.flag("withIncident"),
        state="running",
        order=order,
        offset=filters.offset,
        limit=filters.limit,
    )


def _shown(view: InstanceView) -> JsonObject:
    return {
        "links": [],
        "id": view.id,
        "definitionId": view.definition_id,
        "definitionKey": view.process_id,
        "businessKey": view.business_key,
        "caseInstanceId": None,
        "ended": view.ended_at is not None,
        "suspended": view.suspended,
        "tenantId": None,
    }


def listed(call: Call) -> Answer:
    query = _query(call)
    with call.reading() as tx:
        return [_shown(each) for each in queries.instance_list(tx, call.principal, query)]


def count(call: Call) -> Answer:
    query = _query(call)
    with call.reading() as tx:
        return {"count": queries.instance_count(tx, call.principal, query)}


def one(call: Call) -> Answer:
    with call.reading() as tx:
        view = queries.instance(tx, call.principal, call.path["id"])
    if view.ended_at is not None:
        raise NotFound("process instance", view.id)
    return _shown(view)


def delete(call: Call) -> Answer:
    reason = call.query.get("deleteReason") or "deleted by API"
    call.engine.execute(CancelInstance(call.path["id"], reason), call.principal)
    return NO_CONTENT


# --- operations ---


def suspend(call: Call) -> Answer:
    """`PUT /process-instance/{id}/suspended`."""
    suspended = call.json().get("suspended")
    if not isinstance(suspended, bool):
        raise BadRequest("suspended is true or false")
    call.engine.execute(SuspendInstance(call.path["id"], suspended), call.principal)
    return NO_CONTENT


def modify(call: Call) -> Answer:
    """`POST /process-instance/{id}/modification`: all instructions or none, in their order."""
    body = call.json()
    given = body.get("instructions")
    if not isinstance(given, list) or not given:
        raise BadRequest("instructions is a list of at least one")
    instructions = [_instruction(each) for each in given]
    reason = str(body.get("annotation") or "")
    call.engine.execute(ModifyInstance(call.path["id"], instructions, reason), call.principal)
    return NO_CONTENT


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


# --- variables ---


def split_execution(execution: str) -> tuple[str, int | None]:
    """An execution is a token: `<instance>-<n>`; the instance itself is one, too."""
    instance, _, token = execution.partition("-")
    return instance, int(token) if token.isdigit() else None


def _seen(call: Call) -> dict[str, Variable]:
    instance, token = split_execution(call.path["id"])
    with call.reading() as tx:
        return queries.variables(tx, call.principal, instance, token)


def _one_seen(call: Call) -> Variable:
    name = call.path["name"]
    found = _seen(call).get(name)
    if found is None:
        raise NotFound("variable", name)
    return found


def shown_variables(found: Mapping[str, Variable]) -> JsonObject:
    return {name: write_variable(each.value, each.wire) for name, each in found.items()}


def variables(call: Call) -> Answer:
    return shown_variables(_seen(call))


def variable(call: Call) -> Answer:
    found = _one_seen(call)
    return write_variable(found.value, found.wire)


def variable_data(call: Call) -> Answer:
    """The raw value; no files are kept in variables, so it is the value's text or JSON."""
    found = _one_seen(call)
    shown = write_variable(found.value, found.wire)["value"]
    return Response(str(shown), media_type="text/plain")


def _set(call: Call, given: dict[str, object], removed: tuple[str, ...] = ()) -> Answer:
    instance, token = split_execution(call.path["id"])
    values, wires = read_variables(given)
    command = SetVariables(instance, values, wires, removed, token or 0)
    call.engine.execute(command, call.principal)
    return NO_CONTENT


def change_variables(call: Call) -> Answer:
    body = call.json()
    removed = tuple(str(name) for name in body.get("deletions") or ())
    return _set(call, body.get("modifications") or {}, removed)


def put_variable(call: Call) -> Answer:
    given = decode(call.body)
    read_variable(call.path["name"], given)
    return _set(call, {call.path["name"]: given})


def delete_variable(call: Call) -> Answer:
    return _set(call, {}, (call.path["name"],))


def activity_tree(call: Call) -> Answer:
    """`/process-instance/{id}/activity-instances`: where the tokens are."""
    instance = call.path["id"]
    with call.reading() as tx:
        view = queries.instance(tx, call.principal, instance)
        tokens = queries.tokens(tx, call.principal, instance)
        graph = call.engine.graph(tx, view.definition_id)
    if view.ended_at is not None:
        raise NotFound("process instance", instance)
    name = graph.name or view.process_id
    top = _activity(view, instance, view.definition_id, "processDefinition", name)
    top["parentActivityInstanceId"] = None
    top["childActivityInstances"] = [
        _activity(
            view, f"{instance}-{token.id}", node.id, activity_type(node), node.name or node.id
        )
        for token in tokens
        for node in [graph.nodes[token.node]]
    ]
    return top


def _activity(view: InstanceView, execution: str, node: str, kind: str, name: str) -> JsonObject:
    return {
        "id": execution if execution == view.id else f"{node}:{execution}",
        "parentActivityInstanceId": view.id,
        "activityId": node,
        "activityName": name,
        "activityType": kind,
        "processInstanceId": view.id,
        "processDefinitionId": view.definition_id,
        "childActivityInstances": [],
        "childTransitionInstances": [],
        "executionIds": [execution],
        "incidentIds": [],
        "incidents": [],
    }


_EVENTS: dict[type[EventDefinition], str] = {
    TimerEvent: "Timer",
    MessageEvent: "Message",
    ErrorEvent: "Error",
    TerminateEvent: "Terminate",
    SignalEvent: "Signal",
    EscalationEvent: "Escalation",
    ConditionalEvent: "Conditional",
    CompensateEvent: "Compensation",
    CancelEvent: "Cancel",
    LinkEvent: "Link",
    MultipleEvent: "Multiple",
}
_NAMED_CATCH = frozenset({"Message", "Signal", "Link"})
"""What Camunda calls `intermediateMessageCatch`; a timer it calls `intermediateTimer`."""


def activity_type(node: Node) -> str:
    """Camunda names events by what they are and what they wait for: `intermediateTimer`."""
    event = "" if node.event is None else _EVENTS[type(node.event)]
    match node.kind:
        case "startEvent":
            return f"{event.lower()}StartEvent" if event else "startEvent"
        case "endEvent":
            return f"{event.lower() or 'none'}EndEvent"
        case "boundaryEvent":
            return f"boundary{event}"
        case "intermediateCatchEvent":
            return f"intermediate{event}" + ("Catch" if event in _NAMED_CATCH else "")
        case "intermediateThrowEvent":
            return f"intermediate{event or 'None'}Throw"
    return node.kind


# --- lists across tokens and variables ---


def executions(call: Call) -> Answer:
    """`/execution`: the instance itself and each of its tokens."""
    filters = call.filters("processInstanceId", "activityId", "active", "withoutTenantId")
    instance, node = filters.text("processInstanceId"), filters.text("activityId")
    if instance is None:
        raise BadRequest("processInstanceId is required here")
    with call.reading() as tx:
        tokens = queries.tokens(tx, call.principal, instance)
    found = [_execution(instance, instance)] if node is None and tokens else []
    found += [
        _execution(f"{instance}-{token.id}", instance)
        for token in tokens
        if node in (None, token.node)
    ]
    return filters.page(found, {})


def execution(call: Call) -> Answer:
    instance, token = split_execution(call.path["id"])
    with call.reading() as tx:
        tokens = queries.tokens(tx, call.principal, instance)
    if not tokens or token not in (None, *(each.id for each in tokens)):
        raise NotFound("execution", call.path["id"])
    return _execution(call.path["id"], instance)


def _execution(identity: str, instance: str) -> JsonObject:
    return {"id": identity, "processInstanceId": instance, "ended": False, "tenantId": None}


def variable_instances(call: Call) -> Answer:
    """`/variable-instance` of stated instances; values of others are nobody's to list."""
    filters = call.filters(
        "processInstanceIdIn", "variableName", "variableNameIn", "deserializeValues"
    )
    instances = filters.texts("processInstanceIdIn")
    if not instances:
        raise BadRequest("processInstanceIdIn is required here")
    wanted = filters.texts("variableName", "variableNameIn")
    found: list[JsonObject] = []
    with call.reading() as tx:
        for instance in instances:
            seen = queries.variables(tx, call.principal, instance)
            found += [
                variable_instance(instance, name, each)
                for name, each in seen.items()
                if not wanted or name in wanted
            ]
    return filters.page(found, {"variableName": "name"})


def variable_instance(instance: str, name: str, variable: Variable) -> JsonObject:
    return {
        "id": f"{instance}:{name}",
        "name": name,
        **write_variable(variable.value, variable.wire),
        "processInstanceId": instance,
        "executionId": instance,
        "activityInstanceId": instance,
        "taskId": None,
        "caseInstanceId": None,
        "caseExecutionId": None,
        "batchId": None,
        "errorMessage": None,
        "tenantId": None,
    }
