"""Zugriffe: who looked at what, for the Datenschutz alone. Entries, never statistics."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from eakte.readlog import accesses
from identity.persons import display_names
from web.visit import PageVisit

router = APIRouter()

ACTIONS = {
    "read": "gelesen",
    "list": "Liste gesehen",
    "search": "gesucht",
    "export": "ausgegeben",
    "denied": "abgewiesen",
    "break_glass": "Notzugriff",
}


@router.get("/zugriffe")
def show(visit: PageVisit, akte: str = "", ab: str = "") -> Response:
    visit.require("readlog.read")
    with visit.reading() as tx:
        found, cursor = accesses(
            tx, visit.principal, akte=akte.strip() or None, cursor=ab or None, limit=50
        )
        people = {each.actor for each in found} | {each.on_behalf_of or "" for each in found}
        names = display_names(tx, people - {""})
    return visit.page(
        "zugriffe.html", rows=found, cursor=cursor, akte=akte, names=names, actions=ACTIONS
    )
