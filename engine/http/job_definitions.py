"""`/job-definition`: the elements of a process that jobs and timers come from."""

from __future__ import annotations

from bpmn.graph import Graph, Node, TimerEvent
from engine import queries
from engine.errors import NotFound
from engine.http.call import Answer, Call
from engine.http.dialect import BadRequest, JsonObject
from engine.http.operations import split_job_definition
from engine.results import Definition
from engine.starts import events
from storage.database import Transaction


def listed(call: Call) -> Answer:
    """Of one definition, or of the newest of a key; of all there would be too many."""
    filters = call.filters(
        "jobDefinitionId",
        "processDefinitionId",
        "processDefinitionKey",
        "activityIdIn",
        "jobType",
        "suspended",
        "active",
        "withoutTenantId",
    )
    identity, key = filters.text("processDefinitionId"), filters.text("processDefinitionKey")
    single = filters.text("jobDefinitionId")
    if single is not None:
        identity = split_job_definition(single)[0]
    if identity is None and key is None:
        raise BadRequest("processDefinitionId or processDefinitionKey is required here")
    with call.reading() as tx:
        definition = (
            queries.definition(tx, call.principal, identity)
            if identity is not None
            else queries.newest_definition(tx, call.principal, str(key))
        )
        found = _all(call, tx, definition)
    wanted, kind = filters.texts("activityIdIn"), filters.text("jobType")
    suspended = filters.flag("suspended")
    if filters.flag("active"):
        suspended = False
    chosen = [
        each
        for each in found
        if (not wanted or each["activityId"] in wanted)
        and kind in (None, each["jobType"])
        and suspended in (None, each["suspended"])
        and single in (None, each["id"])
    ]
    return filters.page(chosen, {"jobDefinitionId": "id", "activityId": "activityId"})


def count(call: Call) -> Answer:
    return {"count": len(listed(call))}


def one(call: Call) -> Answer:
    identity, _ = split_job_definition(call.path["id"])
    with call.reading() as tx:
        definition = queries.definition(tx, call.principal, identity)
        for each in _all(call, tx, definition):
            if each["id"] == call.path["id"]:
                return each
    raise NotFound("job definition", call.path["id"])


def _all(call: Call, tx: Transaction, definition: Definition) -> list[JsonObject]:
    if definition.kind != "process":
        raise NotFound("process", definition.id)
    graph: Graph = call.engine.models.graph(tx, definition)
    held = queries.held_nodes(tx, call.principal, definition.id)
    return [
        {
            "id": f"{definition.id}:{node.id}",
            "processDefinitionId": definition.id,
            "processDefinitionKey": definition.key,
            "activityId": node.id,
            "jobType": kind,
            "jobConfiguration": "",
            "overridingJobPriority": None,
            "suspended": node.id in held,
            "tenantId": None,
            "deploymentId": definition.deployment_id,
        }
        for node in graph.nodes.values()
        if (kind := _kind(graph, node)) is not None
    ]


def _kind(graph: Graph, node: Node) -> str | None:
    """Camunda's names of what makes the jobs."""
    if node.async_before or node.async_after:
        return "async-continuation"
    if any(events(node, TimerEvent)):
        if node.kind == "startEvent" and node.scope == graph.process_id:
            return "timer-start-event"
        return "timer-transition" if node.attached_to else "timer-intermediate-transition"
    return None
