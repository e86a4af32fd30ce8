"""`/deployment`: what Modeler's Deploy button calls."""

from __future__ import annotations

import base64
from urllib.parse import quote

from starlette.responses import Response

from engine import queries
from engine.commands import DeleteDeployment, Deploy
from engine.errors import NotFound
from engine.http.call import NO_CONTENT, Answer, Call, Filters
from engine.http.dialect import BadRequest, JsonObject, format_date
from engine.results import Definition, Deployed
from engine.views import DeploymentView

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
    """By id what is new; null when nothing is."""
    if result.unchanged:
        return None
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
        "suspended": each.suspended,
        "tenantId": None,
        "versionTag": each.version_tag,
        "historyTimeToLive": each.history_ttl,
        "startableInTasklist": True,
    }


_ORDERS = {"id": "id", "name": "name", "deploymentTime": "deploymentTime"}


def _filtered(call: Call) -> tuple[Filters, list[JsonObject]]:
    filters = call.filters("id", "name", "source", "withoutTenantId")
    source = filters.text("source")
    with call.reading() as tx:
        rows = queries.deployments(
            tx, call.principal, name=filters.text("name"), id=filters.text("id")
        )
    return filters, [_shown(row) for row in rows if source in (None, row.source)]


def listed(call: Call) -> Answer:
    filters, found = _filtered(call)
    return filters.page(found, _ORDERS)


def count(call: Call) -> Answer:
    return {"count": len(_filtered(call)[1])}


def _shown(row: DeploymentView) -> JsonObject:
    return _head(row.id, row.name, row.source, format_date(row.deployed_at))


def one(call: Call) -> Answer:
    with call.reading() as tx:
        row = queries.deployment(tx, call.principal, call.path["id"])
    return _shown(row)


def resources(call: Call) -> Answer:
    with call.reading() as tx:
        names = queries.resources(tx, call.principal, call.path["id"])
    return [_resource(call.path["id"], name) for name in names]


def _resource(deployment: str, name: str) -> JsonObject:
    """A resource's id is its name in URL-safe Base64: names may hold anything, a slash too."""
    identity = base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")
    return {"id": identity, "name": name, "deploymentId": deployment}


def _name_of(call: Call) -> str:
    text = call.path["resource"]
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError as error:
        raise NotFound("resource", text) from error


def resource(call: Call) -> Answer:
    name = _name_of(call)
    with call.reading() as tx:
        if name not in queries.resources(tx, call.principal, call.path["id"]):
            raise NotFound("resource", name)
    return _resource(call.path["id"], name)


def resource_data(call: Call) -> Answer:
    """The file as it was sent; offered for saving, never shown as a page of ours."""
    name = _name_of(call)
    with call.reading() as tx:
        queries.deployment(tx, call.principal, call.path["id"])
        content = queries.resource_content(tx, call.principal, call.path["id"], name)
    shown_as = f"attachment; filename*=UTF-8''{quote(name)}"
    headers = {"content-disposition": shown_as}
    return Response(content, media_type="application/octet-stream", headers=headers)


def delete(call: Call) -> Answer:
    call.engine.execute(
        DeleteDeployment(call.path["id"], call.query.get("cascade") == "true"), call.principal
    )
    return NO_CONTENT
