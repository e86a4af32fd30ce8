"""`POST /message`: correlate now or answer 400; nothing is buffered (as in Camunda 7)."""

from __future__ import annotations

from engine import queries
from engine.commands import CorrelateMessage
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


_EVENTS = {"message": "message", "signal": "signal", "conditional": "condition"}
"""Camunda's event types and ours. What waits for compensation or a condition inside a running
instance has no row of its own and is not listed."""


def _query(call: Call) -> queries.SubscriptionQuery | None:
    """None: of a type that nothing here has."""
    filters = call.filters(
        "eventSubscriptionId",
        "eventType",
        "eventName",
        "processInstanceId",
        "activityId",
        "withoutTenantId",
        "includeEventSubscriptionsWithoutTenantId",
    )
    filters.order({("created", "asc"): None}, None)
    kind = filters.text("eventType")
    if kind is not None and kind not in _EVENTS:
        return None
    return queries.SubscriptionQuery(
        ids=filters.texts("eventSubscriptionId"),
        event=None if kind is None else _EVENTS[kind],
        message=filters.text("eventName"),
        instance_id=filters.text("processInstanceId"),
        node=filters.text("activityId"),
        offset=filters.offset,
        limit=filters.limit,
    )


def subscriptions(call: Call) -> Answer:
    """`/event-subscription`: what instances and start events wait for."""
    query = _query(call)
    if query is None:
        return []
    with call.reading() as tx:
        found = queries.subscriptions(tx, call.principal, query)
    return [_subscription(each) for each in found]


def subscription_count(call: Call) -> Answer:
    query = _query(call)
    if query is None:
        return {"count": 0}
    with call.reading() as tx:
        return {"count": queries.subscription_count(tx, call.principal, query)}


def _subscription(view: SubscriptionView) -> JsonObject:
    waits = view.instance_id is not None
    execution = view.instance_id if not view.token else f"{view.instance_id}-{view.token}"
    return {
        "id": view.id,
        "eventType": "conditional" if view.event == "condition" else view.event,
        "eventName": view.message or None,
        "executionId": execution if waits else None,
        "processInstanceId": view.instance_id,
        "activityId": view.node,
        "createdDate": format_date(view.created_at),
        "tenantId": None,
    }


def _result(each: Correlated) -> JsonObject:
    if each.started:
        instance: JsonObject = {
            "id": each.instance_id,
            "definitionId": each.definition_id,
            "businessKey": each.business_key,
            "ended": False,
            "suspended": False,
            "tenantId": None,
            "links": [],
        }
        return {"resultType": "ProcessDefinition", "execution": None, "processInstance": instance}
    execution = {
        "id": each.instance_id,
        "processInstanceId": each.instance_id,
        "ended": False,
        "tenantId": None,
    }
    return {"resultType": "Execution", "execution": execution, "processInstance": None}
