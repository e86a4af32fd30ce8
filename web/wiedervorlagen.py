"""Wiedervorlagen: what comes back on a day, and to whom."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from eakte.vorgaenge import vorgang_head
from eakte.wiedervorlagen import complete_wiedervorlage, wiedervorlagen
from identity.persons import display_names
from web.deadlines import deadline
from web.visit import PageVisit

router = APIRouter()


@router.get("/wiedervorlagen")
def show(visit: PageVisit, wessen: str = "meine") -> Response:
    mine = wessen != "alle"
    with visit.writing() as tx:
        found = wiedervorlagen(tx, visit.principal, mine=mine)
        vorgaenge = {
            each: vorgang_head(tx, visit.principal, each) for each in {w.vorgang for w in found}
        }
        names = display_names(tx, {w.addressee for w in found} | {w.set_by for w in found})
        now = tx.now
    return visit.page(
        "wiedervorlagen.html",
        mine=mine,
        rows=[(each, vorgaenge[each.vorgang], deadline(each.due, now)) for each in found],
        names=names,
        may_write=visit.may("akte.write"),
    )


@router.post("/wiedervorlagen/{wiedervorlage}")
def complete(visit: PageVisit, wiedervorlage: str) -> Response:
    with visit.writing() as tx:
        complete_wiedervorlage(tx, visit.principal, wiedervorlage)
    return visit.go("/wiedervorlagen", "wiedervorgelegt")
