"""`/deployment`: what Modeler's Deploy button calls."""

from __future__ import annotations

from engine import queries
from engine.commands import DeleteDeployment, Deploy
from engine.http.call import NO_CONTENT, Answer, Call
from engine.http.dialect import BadRequest, JsonObject, format_date
from engine.results import Definition, Deployed

_FIELDS = {
    "deployment-name",
    "deployment-source",
    "enable-duplicate-filtering",
    "deploy-changed-only",
    "tenant-id",
    "deployment-activation-time",
}


def create(call: Call) -> Answer:
    fields: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []
    for name, file_name, content in call.parts:
        if name in _FIELDS and file_name is None:
            fields[name] = content.decode("utf-8", "replace")
        else:
            files.append((file_name or name, content))
    if not files:
        raise BadRequest("No deployment resources contained in the form upload.")
    if fields.get("deployment-activation-time"):
        raise BadRequest("deployment-activation-time is not supported")
    command = Deploy(
        name=fields.get("deployment-name", ""),
        files=files,
        source=fields.get("deployment-source"),
        filter_duplicates=fields.get("enable-duplicate-filtering") == "true"
        or fields.get("deploy-changed-only") == "true",
    )
    return _deployed(call.engine.execute(command, call.principal))


def _deployed(result: Deployed) -> JsonObject:
    return {
        **_head(result.id, result.name, result.source, format_date(result.at)),
        "deployedProcessDefinitions": _by_id(result, "process"),
        "deployedDecisionDefinitions": _by_id(result, "decision"),
        "deployedCaseDefinitions": None,
        "deployedDecisionRequirementsDefinitions": None,
    }


def _by_id(result: Deployed, kind: str) -> JsonObject | None:
    return {d.id: definition(d) for d in result.definitions if d.kind == kind} or None


def _head(identity: str, name: str | None, source: str | None, at: str | None) -> JsonObject:
    return {
        "links": [],
        "id": identity,
        "name": name,
        "source": source,
        "deploymentTime": at,
        "tenantId": None,
    }


def definition(each: Definition) -> JsonObject:
    """A process (or decision) definition as Camunda shows it."""
    return {
        "id": each.id,
        "key": each.key,
        "category": None,
        "description": None,
        "name": each.name,
        "version": each.version,
        "resource": each.resource,
        "deploymentId": each.deployment_id,
        "diagram": None,
        "suspended": False,
        "tenantId": None,
        "versionTag": each.version_tag,
        "historyTimeToLive": each.history_ttl,
        "startableInTasklist": True,
    }


def listed(call: Call) -> Answer:
    with call.reading() as tx:
        rows = queries.deployments(
            tx,
            call.principal,
            name=call.query.get("name"),
            id=call.query.get("id"),
            offset=call.number("firstResult", 0) or 0,
            limit=call.number("maxResults"),
        )
    return [_head(row.id, row.name, row.source, format_date(row.deployed_at)) for row in rows]


def count(call: Call) -> Answer:
    with call.reading() as tx:
        return {"count": queries.deployment_count(tx, call.principal, name=call.query.get("name"))}


def one(call: Call) -> Answer:
    with call.reading() as tx:
        row = queries.deployment(tx, call.principal, call.path["id"])
    return _head(row.id, row.name, row.source, format_date(row.deployed_at))


def delete(call: Call) -> Answer:
    call.engine.execute(
        DeleteDeployment(call.path["id"], call.flag("cascade") or False), call.principal
    )
    return NO_CONTENT
