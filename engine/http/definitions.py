"""`/process-definition`: list, read, start."""

from __future__ import annotations

from typing import Literal, TypeAlias

from engine import queries
from engine.commands import StartInstance
from engine.errors import NotFound
from engine.http.call import Answer, Call, Filters
from engine.http.deployments import definition as shown
from engine.http.dialect import BadRequest, JsonObject, read_variables
from engine.http.instances import shown_variables
from engine.http.operations import instructions
from engine.results import Definition
from storage.database import Transaction

Kind: TypeAlias = Literal["process", "decision"]
_FILTERS = (
    "key",
    "keysIn",
    "processDefinitionId",
    "processDefinitionIdIn",
    "version",
    "latestVersion",
    "deploymentId",
    "name",
    "resourceName",
    "versionTag",
    "active",
    "suspended",
    "withoutTenantId",
    "startableInTasklist",
)
_ORDERS = {"id": "id", "key": "key", "name": "name", "version": "version", "category": "category"}
_ORDERS |= {"deploymentId": "deploymentId", "versionTag": "versionTag"}
_ALL = 100_000


def filtered(call: Call, kind: Kind) -> tuple[Filters, list[JsonObject]]:
    """All definitions that the filters let through; there are few, so they are sorted here."""
    filters = call.filters(*_FILTERS)
    key, newest = filters.text("key"), filters.flag("latestVersion") or False
    query = queries.DefinitionQuery(
        kind=kind,
        key=key,
        version=filters.number("version") or None,
        newest=newest,
        deployment_id=filters.text("deploymentId"),
        name=filters.text("name"),
        limit=_ALL,
    )
    with call.reading() as tx:
        found = queries.definitions(tx, call.principal, query)
    ids = filters.texts("processDefinitionId", "processDefinitionIdIn")
    keys = filters.texts("keysIn")
    file, tag = filters.text("resourceName"), filters.text("versionTag")
    suspended = False if filters.flag("active") else filters.flag("suspended") or None
    return filters, [
        shown(each)
        for each in found
        if (not ids or each.id in ids)
        and (not keys or each.key in keys)
        and file in (None, each.resource)
        and tag in (None, each.version_tag)
        and suspended in (None, each.suspended)
    ]


def listed(call: Call) -> Answer:
    filters, found = filtered(call, "process")
    return filters.page(found, _ORDERS)


def count(call: Call) -> Answer:
    return {"count": len(filtered(call, "process")[1])}


def found_definition(call: Call, tx: Transaction, kind: Kind) -> Definition:
    """The definition that the path names by id, or the newest of its key."""
    tenant = call.path.get("tenant")
    if tenant is not None and tenant != call.principal.tenant:
        raise NotFound(kind, call.path["key"])
    if "key" in call.path:
        return queries.newest_definition(tx, call.principal, call.path["key"], kind)
    found = queries.definition(tx, call.principal, call.path["id"])
    if found.kind != kind:
        raise NotFound(kind, found.id)
    return found


def one(call: Call) -> Answer:
    with call.reading() as tx:
        return shown(found_definition(call, tx, "process"))


def xml(call: Call) -> Answer:
    with call.reading() as tx:
        found = found_definition(call, tx, "process")
        source = queries.source(tx, call.principal, found.id)
    return {"id": found.id, "bpmn20Xml": source.decode("utf-8", "replace")}


def statistics(call: Call) -> Answer:
    """`/process-definition/statistics`: how many instances run, and how many incidents stand."""
    filters = call.filters("failedJobs", "incidents", "rootIncidents", "incidentsForType")
    with call.reading() as tx:
        found = queries.definitions(
            tx, call.principal, queries.DefinitionQuery(kind="process", limit=_ALL)
        )
        running = queries.running_by_definition(tx, call.principal)
        stopped = queries.incidents_by_definition(tx, call.principal)
    items = [
        {
            "@class": "org.camunda.bpm.engine.rest.dto.repository."
            "ProcessDefinitionStatisticsResultDto",
            "id": each.id,
            "instances": running.get(each.id, 0),
            "failedJobs": stopped.get(each.id, 0),
            "incidents": [
                {"incidentType": "failedJob", "incidentCount": number}
                for number in [stopped.get(each.id, 0)]
                if number
            ],
            "definition": shown(each),
        }
        for each in found
    ]
    return filters.page(items, {})


def start_form(call: Call) -> Answer:
    """No start event of ours has a form: what starts a process says so in its variables."""
    with call.reading() as tx:
        found_definition(call, tx, "process")
    return {"key": None, "camundaFormRef": None, "contextPath": None}


_START_ONLY_PLAIN = ("skipCustomListeners", "skipIoMappings")


def start(call: Call) -> Answer:
    body = call.json()
    for name in _START_ONLY_PLAIN:
        if body.get(name):
            raise BadRequest(f"{name} is not supported")
    tenant = call.path.get("tenant")
    if tenant is not None and tenant != call.principal.tenant:
        raise NotFound("process", call.path["key"])
    key = body.get("businessKey")
    if key is not None and not isinstance(key, str):
        raise BadRequest("businessKey must be text")
    variables, wires = read_variables(body.get("variables"))
    started = call.engine.execute(
        StartInstance(
            process_id=call.path.get("key"),
            definition_id=call.path.get("id"),
            variables=variables,
            wires=wires,
            business_key=key,
            instructions=instructions(body, "startInstructions")
            if body.get("startInstructions")
            else (),
        ),
        call.principal,
    )
    answer: JsonObject = {
        "links": [],
        "id": started.id,
        "definitionId": started.definition_id,
        "definitionKey": started.process_id,
        "businessKey": started.business_key,
        "caseInstanceId": None,
        "ended": started.ended,
        "suspended": False,
        "tenantId": None,
    }
    if body.get("withVariablesInReturn"):
        with call.reading() as tx:
            found = queries.variables(tx, call.principal, started.id)
        answer["variables"] = shown_variables(found)
    return answer
