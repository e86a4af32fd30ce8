"""Akten for people: search, an Akte, a Vorgang with its Dokumente, steps and history.

Reading writes the access log, so these pages open writing transactions.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from eakte.akten import akte_head
from eakte.aktenplan import units
from eakte.beteiligung import schritte
from eakte.dokumente import dokument_head, read_dokument, version_head
from eakte.history import history
from eakte.search import Query, What, dokumente_in, search, vorgaenge_in
from eakte.vorgaenge import Vorgang, vorgang_head
from engine.errors import NotFound
from engine.queries import instance as process_instance
from identity.persons import display_names
from processes.export import export_case
from storage.database import Transaction
from web.downloads import download
from web.visit import PageVisit, Visit

router = APIRouter()

_WHATS: dict[str, What] = {"akte": "akte", "vorgang": "vorgang", "dokument": "dokument"}


@router.get("/akten")
def index(visit: PageVisit, text: str = "", was: str = "vorgang", ab: str = "") -> Response:
    what = _WHATS.get(was, "vorgang")
    query = Query(what=what, text=text[:200])
    with visit.writing() as tx:
        found = search(tx, visit.principal, query, cursor=ab or None, limit=30)
        stellen = _units(tx)
    return visit.page("akten.html", text=text, was=what, page=found, units=stellen)


@router.get("/akten/{akte}")
def show_akte(visit: PageVisit, akte: str) -> Response:
    with visit.writing() as tx:
        head = akte_head(tx, visit.principal, akte)
        vorgaenge = vorgaenge_in(tx, visit.principal, akte)
        stellen = _units(tx)
    return visit.page("akte.html", akte=head, vorgaenge=vorgaenge, units=stellen)


@router.get("/vorgaenge/{vorgang}")
def show_vorgang(visit: PageVisit, vorgang: str) -> Response:
    with visit.writing() as tx:
        head = vorgang_head(tx, visit.principal, vorgang)
        akte = akte_head(tx, visit.principal, head.akte)
        dokumente = dokumente_in(tx, visit.principal, vorgang)
        steps = schritte(tx, visit.principal, vorgang)
        told = history(tx, visit.principal, head.akte, vorgang_id=vorgang)
        people = {p for step in steps for p in (step.performer, step.on_behalf_of) if p}
        names = display_names(tx, people)
        stellen, step_names = _units(tx), _step_names(visit, tx, head)
    return visit.page(
        "vorgang.html",
        vorgang=head,
        akte=akte,
        dokumente=dokumente,
        schritte=steps,
        names=names,
        units=stellen,
        step_names=step_names,
        history=list(reversed(told)),
    )


@router.get("/dokumente/{dokument}")
def show_dokument(visit: PageVisit, dokument: str) -> Response:
    with visit.writing() as tx:
        head = dokument_head(tx, visit.principal, dokument)
        vorgang = vorgang_head(tx, visit.principal, head.vorgang)
        names = display_names(tx, [version.created_by for version in head.versions])
    return visit.page("dokument.html", dokument=head, vorgang=vorgang, names=names)


@router.get("/versionen/{version}/inhalt")
def content(visit: PageVisit, version: str) -> Response:
    """The bytes as they were filed. Never rendered in our own origin unless it is harmless."""
    with visit.writing() as tx:
        head = version_head(tx, visit.principal, version)
        data = read_dokument(tx, visit.principal, version, visit.house.blobs, "Ansicht")
    return download(data, head.media_type, head.dateiname or f"dokument-{head.number}")


@router.post("/akten/{akte}/ausgabe")
def export(visit: PageVisit, akte: str) -> Response:
    """The bundle that proves itself without us; the reason is recorded."""
    folder = Path(tempfile.mkdtemp(prefix="amtsgang-"))
    target = folder / "akte.zip"
    purpose = visit.field("zweck")
    exported = export_case(visit.house, visit.principal, akte, target=target, purpose=purpose)

    def clean() -> None:
        exported.target.unlink(missing_ok=True)
        folder.rmdir()

    return FileResponse(target, filename=f"akte-{akte}.zip", background=BackgroundTask(clean))


def _units(tx: Transaction) -> dict[str, str]:
    """What the Organisationseinheiten are called."""
    return {each.id: each.bezeichnung for each in units(tx)}


def _step_names(visit: Visit, tx: Transaction, vorgang: Vorgang) -> dict[str, str]:
    """What the model calls the steps of a Vorgang that is a process instance."""
    if vorgang.instance_id is None or not visit.may("instance.read"):
        return {}
    try:
        found = process_instance(tx, visit.principal, vorgang.instance_id)
    except NotFound:
        return {}
    graph = visit.house.engine.graph(tx, found.definition_id)
    return {node.id: node.name for node in graph.nodes.values() if node.name}
