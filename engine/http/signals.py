"""`POST /signal` and `POST /condition`: what reaches many instances, and what begins new ones."""

from __future__ import annotations

from engine.commands import BroadcastSignal, StartOnConditions
from engine.http.call import NO_CONTENT, Answer, Call
from engine.http.dialect import BadRequest, JsonObject, read_variables
from engine.http.instances import split_execution


def throw(call: Call) -> Answer:
    """To all who listen, or to the one execution that is named."""
    body = call.json()
    name, execution = body.get("name"), body.get("executionId")
    if not isinstance(name, str) or not name:
        raise BadRequest("No signal name given")
    if body.get("tenantId") is not None and execution is not None:
        raise BadRequest("Cannot specify a tenant-id when deliver a signal to a single execution.")
    _own_tenant(call, body)
    variables, wires = read_variables(body.get("variables"))
    instance, token = (None, None) if execution is None else split_execution(str(execution))
    command = BroadcastSignal(name, variables, wires, instance_id=instance, token=token)
    call.engine.execute(command, call.principal)
    return NO_CONTENT


def evaluate(call: Call) -> Answer:
    """Ask the conditional start events; answers with the instances that have begun."""
    body = call.json()
    _own_tenant(call, body)
    key, definition = body.get("businessKey"), body.get("processDefinitionId")
    if not body.get("variables"):
        raise BadRequest("Variables must be set for evaluation of conditional start events")
    for text in (key, definition):
        if text is not None and not isinstance(text, str):
            raise BadRequest("businessKey and processDefinitionId are text")
    variables, wires = read_variables(body["variables"])
    command = StartOnConditions(variables, wires, business_key=key, definition_id=definition)
    return [
        {
            "links": [],
            "id": each.id,
            "definitionId": each.definition_id,
            "definitionKey": each.process_id,
            "businessKey": each.business_key,
            "caseInstanceId": None,
            "ended": each.ended,
            "suspended": False,
            "tenantId": None,
        }
        for each in call.engine.execute(command, call.principal)
    ]


def _own_tenant(call: Call, body: JsonObject) -> None:
    if body.get("tenantId") not in (None, call.principal.tenant):
        raise BadRequest("tenantId is not the tenant that you belong to")
