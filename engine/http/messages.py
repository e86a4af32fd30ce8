"""`/message`, `/signal` and `/condition`: what comes from outside to all who wait for it.

`POST /message` correlates now or answers 400; nothing is buffered (as in Camunda 7).
"""

from __future__ import annotations

from engine import queries
from engine.commands import BroadcastSignal, CorrelateMessage, StartOnConditions
from engine.http.call import NO_CONTENT, Answer, Call
from engine.http.dialect import BadRequest, JsonObject, format_date, read_variables
from engine.results import Correlated
from engine.views import SubscriptionView


def correlate(call: Call) -> Answer:
    body = call.json()
    name = body.get("messageName")
    if not isinstance(name, str) or not name:
        raise BadRequest("messageName is required")
    if body.get("localCorrelationKeys") or body.get("processVariablesLocal"):
        raise BadRequest("localCorrelationKeys and processVariablesLocal are not supported")
    if body.get("tenantId") not in (None, call.principal.tenant):
        raise BadRequest("tenantId is not the tenant that you belong to")
    keys, _ = read_variables(body.get("correlationKeys"))
    variables, wires = read_variables(body.get("processVariables"))
    command = CorrelateMessage(
        name=name,
        business_key=body.get("businessKey"),
        instance_id=body.get("processInstanceId"),
        correlation=keys,
        variables=variables,
        wires=wires,
        all_receivers=bool(body.get("all", False)),
    )
    results = call.engine.execute(command, call.principal)
    if not body.get("resultEnabled"):
        return NO_CONTENT
    return [_result(each) for each in results]


def broadcast(call: Call) -> Answer:
    """`POST /signal`: to all who listen, or to the one execution that is named."""
    body = call.json()
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise BadRequest("name is required")
    if body.get("tenantId") not in (None, call.principal.tenant):
        raise BadRequest("tenantId is not the tenant that you belong to")
    instance, token = None, None
    if body.get("executionId") is not None:
        instance, _, number = str(body["executionId"]).partition("-")
        token = int(number) if number.isdecimal() and len(number) < 10 else None
    variables, wires = read_variables(body.get("variables"))
    command = BroadcastSignal(name, variables, wires, instance, token)
    call.engine.execute(command, call.principal)
    return NO_CONTENT


def on_conditions(call: Call) -> Answer:
    """`POST /condition`: start what begins on a condition that these variables make true."""
    body = call.json()
    if body.get("tenantId") not in (None, call.principal.tenant):
        raise BadRequest("tenantId is not the tenant that you belong to")
    variables, wires = read_variables(body.get("variables"))
    command = StartOnConditions(
        variables, wires, body.get("businessKey"), body.get("processDefinitionId")
    )
    return [
        _begun(each.id, each.definition_id, each.business_key, ended=each.ended)
        for each in call.engine.execute(command, call.principal)
    ]


def _begun(instance: str, definition: str, business_key: str | None, *, ended: bool) -> JsonObject:
    return {
        "id": instance,
        "definitionId": definition,
        "businessKey": business_key,
        "ended": ended,
        "suspended": False,
        "tenantId": None,
        "links": [],
    }


def subscriptions(call: Call) -> Answer:
    """`/event-subscription`: the messages that instances and start events wait for."""
    filters = call.filters(
        "eventSubscriptionId",
        "eventType",
        "eventName",
        "processInstanceId",
        "activityId",
        "withoutTenantId",
    )
    if filters.text("eventType") not in (None, "message"):
        return []
    query = queries.SubscriptionQuery(
        ids=filters.texts("eventSubscriptionId"),
        message=filters.text("eventName"),
        instance_id=filters.text("processInstanceId"),
        node=filters.text("activityId"),
        offset=filters.offset,
        limit=filters.limit,
    )
    filters.order({("created", "asc"): None}, None)
    with call.reading() as tx:
        found = queries.subscriptions(tx, call.principal, query)
    return [_subscription(each) for each in found]


def _subscription(view: SubscriptionView) -> JsonObject:
    waits = view.instance_id is not None
    return {
        "id": view.id,
        "eventType": "message",
        "eventName": view.message,
        "executionId": f"{view.instance_id}-{view.token}" if waits else None,
        "processInstanceId": view.instance_id,
        "activityId": view.node,
        "createdDate": format_date(view.created_at),
        "tenantId": None,
    }


def _result(each: Correlated) -> JsonObject:
    if each.started:
        instance = _begun(each.instance_id, each.definition_id, each.business_key, ended=False)
        return {"resultType": "ProcessDefinition", "execution": None, "processInstance": instance}
    execution = {
        "id": each.instance_id,
        "processInstanceId": each.instance_id,
        "ended": False,
        "tenantId": None,
    }
    return {"resultType": "Execution", "execution": execution, "processInstance": None}
