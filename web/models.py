"""Prozesse: what is deployed, as a diagram that can be read, and the way to deploy more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from bpmn.diagram import diagram_svg
from bpmn.errors import Finding, ModelRefused
from engine.commands import Deploy
from engine.queries import (
    DefinitionQuery,
    IncidentQuery,
    InstanceQuery,
    definitions,
    incident_count,
    instance_count,
    instance_list,
    source,
)
from engine.results import Definition, Deployed
from storage.database import Transaction
from web.visit import PageNotFound, PageVisit, UploadVisit, Visit

router = APIRouter()

KINDS = {".bpmn": "Prozess", ".dmn": "Entscheidung", ".form": "Formular"}
_OTHERS: tuple[Literal["decision", "form"], ...] = ("decision", "form")
LARGEST = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Counted:
    """The newest version of a process, and how many instances of all its versions there are."""

    definition: Definition
    running: int
    ended: int
    incidents: int


@router.get("/prozesse")
def index(visit: PageVisit) -> Response:
    return _index(visit)


@router.post("/prozesse")
def deploy(visit: UploadVisit) -> Response:
    """Deploy what was chosen, all together or nothing."""
    visit.require("model.deploy")
    fault = _fault(visit)
    if fault is not None:
        return _index(visit, fault=fault, status=422)
    name = visit.field("name") or visit.files[0][0]
    try:
        done = visit.house.engine.execute(
            Deploy(name=name[:200], files=visit.files, source="web"), visit.principal
        )
    except ModelRefused as error:
        return _index(visit, findings=error.findings, status=422)
    return _index(visit, deployed=done, findings=list(done.findings))


def _fault(visit: Visit) -> str | None:
    if not visit.files:
        return "Bitte mindestens eine Datei auswählen."
    for name, data in visit.files:
        if not name.lower().endswith(tuple(KINDS)):
            return f"{name}: nur .bpmn, .dmn und .form werden eingespielt."
        if len(data) > LARGEST:
            return f"{name}: die Datei ist größer als {LARGEST // 2**20} MB."
    return None


def _index(
    visit: Visit,
    *,
    deployed: Deployed | None = None,
    findings: list[Finding] | None = None,
    fault: str | None = None,
    status: int = 200,
) -> Response:
    with visit.reading() as tx:
        found = definitions(tx, visit.principal, DefinitionQuery(newest=True, limit=200))
        processes = [_counted(visit, tx, each) for each in found]
        others = [
            each
            for kind in _OTHERS
            for each in definitions(
                tx,
                visit.principal,
                DefinitionQuery(kind=kind, newest=True, limit=200),
            )
        ]
    return visit.page(
        "prozesse.html",
        status,
        processes=processes,
        others=others,
        may_deploy=visit.may("model.deploy"),
        deployed=deployed,
        findings=findings or [],
        fault=fault,
    )


def _counted(visit: Visit, tx: Transaction, found: Definition) -> Counted:
    who, key = visit.principal, found.key
    if not visit.may("instance.read"):
        return Counted(found, 0, 0, 0)
    return Counted(
        found,
        running=instance_count(tx, who, InstanceQuery(process_id=key, state="running")),
        ended=instance_count(tx, who, InstanceQuery(process_id=key, state="ended")),
        incidents=incident_count(tx, who, IncidentQuery(process_id=key)),
    )


@router.get("/prozesse/{key}")
def show(visit: PageVisit, key: str, version: int | None = None) -> Response:
    with visit.reading() as tx:
        versions = definitions(tx, visit.principal, DefinitionQuery(key=key, limit=200))
        shown = next((each for each in versions if version in (None, each.version)), None)
        if shown is None:
            raise PageNotFound
        counted = _counted(visit, tx, shown)
        text = source(tx, visit.principal, shown.id)
        recent = (
            instance_list(tx, visit.principal, InstanceQuery(process_id=key, limit=25))
            if visit.may("instance.read")
            else []
        )
    return visit.page(
        "prozess.html",
        shown=shown,
        counted=counted,
        versions=versions,
        numbers={each.id: each.version for each in versions},
        instances=recent,
        may_operate=visit.may("instance.operate"),
        diagram=Markup(diagram_svg(text, process=key)),  # noqa: S704 made by our own writer, which escapes
    )


@router.get("/prozesse/{key}/datei")
def model_file(visit: PageVisit, key: str, version: int | None = None) -> Response:
    """The model as it was deployed, for Modeler."""
    with visit.reading() as tx:
        found = definitions(tx, visit.principal, DefinitionQuery(key=key, version=version, limit=1))
        if not found:
            raise PageNotFound
        data = source(tx, visit.principal, found[0].id)
    name = f"{found[0].key}-{found[0].version}.bpmn"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(data, media_type="application/octet-stream", headers=headers)
