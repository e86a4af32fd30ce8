"""`/process-instance`, `/execution` and `/variable-instance`: what runs, and its variables."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.responses import Response

from engine import queries
from engine.commands import CancelInstance, SetVariables
from engine.errors import NotFound
from engine.http.call import NO_CONTENT, Answer, Call
from engine.http.dialect import (
    BadRequest,
    JsonObject,
    decode,
    read_variable,
    read_variables,
    write_variable,
    write_variables,
)
from engine.views import InstanceView, Variable


@dataclass(slots=True)
class _Filter:
    """GET's parameters and POST's body say the same thing."""

    call: Call
    body: JsonObject = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        value = self.body.get(name, self.call.query.get(name))
        return None if value is None else str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.body.get(name)
        if isinstance(value, list):
            return tuple(str(each) for each in value)
        return tuple(each for each in (self.text(name) or "").split(",") if each)


def _query(call: Call) -> queries.InstanceQuery:
    body = call.json() if call.body else {}
    given = _Filter(call, body)
    if given.text("variables"):
        raise BadRequest("Only variables that a process package declares can be searched")
    incident = given.text("withIncident")
    return queries.InstanceQuery(
        ids=given.texts("processInstanceIds"),
        process_id=given.text("processDefinitionKey"),
        definition_id=given.text("processDefinitionId"),
        business_key=given.text("businessKey"),
        with_incident=None if incident is None else incident.lower() == "true",
        state="running",
        offset=call.number("firstResult", 0) or 0,
        limit=call.page_size(),
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
        "suspended": False,
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


def _split(execution: str) -> tuple[str, int | None]:
    """An execution is a token: `<instance>-<n>`; the instance itself is one, too."""
    instance, _, token = execution.partition("-")
    return instance, int(token) if token.isdigit() else None


def _seen(call: Call) -> dict[str, Variable]:
    instance, token = _split(call.path["id"])
    with call.reading() as tx:
        return queries.variables(tx, call.principal, instance, token)


def _one_seen(call: Call) -> Variable:
    name = call.path["name"]
    found = _seen(call).get(name)
    if found is None:
        raise NotFound("variable", name)
    return found


def variables(call: Call) -> Answer:
    found = _seen(call)
    return write_variables(
        {name: each.value for name, each in found.items()},
        {name: each.wire for name, each in found.items() if each.wire},
    )


def variable(call: Call) -> Answer:
    found = _one_seen(call)
    return write_variable(found.value, found.wire)


def variable_data(call: Call) -> Answer:
    """The raw value; no files are kept in variables, so it is the value's text or JSON."""
    found = _one_seen(call)
    shown = write_variable(found.value, found.wire)["value"]
    return Response(str(shown), media_type="text/plain")


def _set(call: Call, given: dict[str, object], removed: tuple[str, ...] = ()) -> Answer:
    instance, token = _split(call.path["id"])
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
    children = [
        {
            "id": f"{token.node}:{instance}-{token.id}",
            "parentActivityInstanceId": instance,
            "activityId": token.node,
            "activityType": "activity",
            "processInstanceId": instance,
            "processDefinitionId": view.definition_id,
            "childActivityInstances": [],
            "childTransitionInstances": [],
            "executionIds": [f"{instance}-{token.id}"],
            "activityName": token.node,
            "incidentIds": [],
            "incidents": [],
        }
        for token in tokens
    ]
    return {
        "id": instance,
        "parentActivityInstanceId": None,
        "activityId": view.definition_id,
        "activityType": "processDefinition",
        "processInstanceId": instance,
        "processDefinitionId": view.definition_id,
        "childActivityInstances": children,
        "childTransitionInstances": [],
        "executionIds": [instance],
        "activityName": view.process_id,
        "incidentIds": [],
        "incidents": [],
    }
