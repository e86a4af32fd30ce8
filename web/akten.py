"""Akten for people: search, an Akte, a Vorgang with its Dokumente, steps and history.

Reading writes the access log, so these pages open writing transactions.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from eakte.access import may
from eakte.akten import akte_head
from eakte.aktenplan import units
from eakte.beteiligung import schritte
from eakte.dokumente import dokument_head, read_dokument, version_head
from eakte.errors import ReasonRequired
from eakte.grants import break_glass
from eakte.history import history
from eakte.search import Query, What, dokumente_in, search, vorgaenge_in
from eakte.tables import akte as akte_table
from eakte.tables import vorgang as vorgang_table
from eakte.vorgaenge import Vorgang, close_vorgang, vorgang_head
from engine.errors import NotFound
from engine.queries import instance as process_instance
from identity.persons import display_names
from identity.principal import system_principal
from processes.export import export_case
from storage.database import Transaction
from web.desk import package_of
from web.downloads import download
from web.visit import PageNotFound, PageVisit, Visit

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
    return _akte(visit, akte)


def _akte(visit: Visit, akte: str, *, fault: str | None = None) -> Response:
    with visit.writing() as tx:
        head = akte_head(tx, visit.principal, akte)
        vorgaenge = vorgaenge_in(tx, visit.principal, akte)
        stellen = _units(tx)
        readable = may(tx, visit.principal, akte_table, akte)
    return visit.page(
        "akte.html",
        200 if fault is None else 422,
        akte=head,
        vorgaenge=vorgaenge,
        units=stellen,
        readable=readable,
        may_break=not readable and visit.may("akte.break_glass"),
        fault=fault,
    )


@router.post("/akten/{akte}/notzugriff")
def emergency(visit: PageVisit, akte: str) -> Response:
    """Read what one has no right to; the reason is recorded for others to read."""
    try:
        with visit.writing() as tx:
            akte_head(tx, visit.principal, akte)
            break_glass(tx, visit.principal, akte, visit.field("grund"))
    except ReasonRequired as error:
        return _akte(visit, akte, fault=str(error))
    return visit.go(f"/akten/{akte}", "notzugriff")


@router.get("/vorgaenge/{vorgang}")
def show_vorgang(visit: PageVisit, vorgang: str) -> Response:
    return _vorgang(visit, vorgang)


def _vorgang(visit: Visit, vorgang: str, *, fault: str | None = None) -> Response:
    with visit.writing() as tx:
        head = vorgang_head(tx, visit.principal, vorgang)
        akte = akte_head(tx, visit.principal, head.akte)
        dokumente = dokumente_in(tx, visit.principal, vorgang)
        steps = schritte(tx, visit.principal, vorgang)
        words = _words(visit, tx, head)
        told = history(tx, visit.principal, head.akte, vorgang_id=vorgang, words=words)
        people = {p for step in steps for p in (step.performer, step.on_behalf_of) if p}
        names = display_names(tx, people)
        stellen = _units(tx)
        may_close = (
            head.state == "offen"
            and visit.may("akte.close")
            and may(tx, visit.principal, vorgang_table, vorgang, "write")
            and not _runs(visit, tx, head)
        )
    return visit.page(
        "vorgang.html",
        200 if fault is None else 422,
        vorgang=head,
        akte=akte,
        dokumente=dokumente,
        schritte=steps,
        names=names,
        units=stellen,
        words=words,
        history=list(reversed(told)),
        may_close=may_close,
        fault=fault,
    )


@router.post("/vorgaenge/{vorgang}/zda")
def close(visit: PageVisit, vorgang: str) -> Response:
    """z.d.A. by hand, where no process will do it."""
    reason = visit.field("grund")
    if len(reason) < 5:
        return _vorgang(
            visit, vorgang, fault="Bitte begründen, warum der Vorgang abgeschlossen ist."
        )
    with visit.writing() as tx:
        head = vorgang_head(tx, visit.principal, vorgang)
        if _runs(visit, tx, head):
            raise PageNotFound
        close_vorgang(tx, visit.principal, vorgang, reason)
    return visit.go(f"/vorgaenge/{vorgang}", "zda")


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


def _runs(visit: Visit, tx: Transaction, head: Vorgang) -> bool:
    """Whether a process will go on with the Vorgang."""
    if head.instance_id is None:
        return False
    try:
        system = system_principal(visit.principal.tenant)
        return process_instance(tx, system, head.instance_id).ended_at is None
    except NotFound:
        return False


def _words(visit: Visit, tx: Transaction, head: Vorgang) -> dict[str, str]:
    """What the steps and outcomes of a Vorgang that is a process instance are called."""
    if head.instance_id is None or not visit.may("instance.read"):
        return {}
    try:
        found = process_instance(tx, visit.principal, head.instance_id)
    except NotFound:
        return {}
    package = package_of(visit.house, found.process_id)
    graph = visit.house.engine.graph(tx, found.definition_id)
    nodes = graph.nodes.values()
    names = {
        each.id: each.name for each in nodes if each.name and not each.kind.endswith("Gateway")
    }
    return {**(package.words if package is not None else {}), **names}
