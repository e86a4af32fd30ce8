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
from engine.commands import CancelInstance, SetVariables
from engine.errors import NotFound
from engine.http.call import NO_CONTENT, Answer, Call, Filters
from engine.http.dialect import (
    BadRequest,
    JsonObject,
    decode,
    read_variable,
    read_variables,
    write_variable,
)
from engine.views import InstanceView, Variable

FILTERS = (
    "processInstanceIds",
    "processDefinitionKey",
    "processDefinitionId",
    "businessKey",
    "processInstanceBusinessKey",
    "superProcessInstance",
    "subProcessInstance",
    "rootProcessInstances",
    "withIncident",
    "active",
    "suspended",
    "withoutTenantId",  # all belongs to the default tenant
)


def instance_query(_: Call, filters: Filters, *, limit: int | None = None) -> queries.InstanceQuery:
    """Running instances that the filters let through."""
    order: Literal["newest", "oldest"] = filters.order(
        {("instanceId", "asc"): "oldest", ("instanceId", "desc"): "newest"}, "newest"
    )
    suspended = filters.flag("suspended") or None
    return queries.InstanceQuery(
        ids=filters.texts("processInstanceIds"),
        process_id=filters.text("processDefinitionKey"),
        definition_id=filters.text("processDefinitionId"),
        business_key=filters.text("businessKey", "processInstanceBusinessKey"),
        with_incident=filters.flag("withIncident"),
        suspended=False if filters.flag("active") else suspended,
        parent_id=filters.text("superProcessInstance"),
        called_id=filters.text("subProcessInstance"),
        roots=filters.flag("rootProcessInstances") or False,
        state="running",
        order=order,
        offset=filters.offset,
        limit=filters.limit if limit is None else limit,
    )


def _query(call: Call) -> queries.InstanceQuery:
    return instance_query(call, call.filters(*FILTERS))


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


# --- what Camunda calls things ---

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
