"""Befugnisse for people: proposed by one, confirmed by another, revoked by anybody who may propose.

Invariant: the rules stand in `identity.befugnisse`; this page only asks.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import get_args

from fastapi import APIRouter
from starlette.responses import Response

from bpmn.german import parse_german_amount, parse_german_date
from eakte.aktenplan import today, units
from identity.befugnisse import (
    Befugnis,
    Kind,
    befugnisse,
    confirm_befugnis,
    propose_befugnis,
    reject_befugnis,
    revoke_befugnis,
)
from identity.errors import IdentityError
from identity.persons import display_names, persons
from web.visit import PageVisit, Visit

router = APIRouter()

KINDS = {
    "sachlich": "sachliche Feststellung",
    "rechnerisch": "rechnerische Feststellung",
    "anordnung": "Anordnung",
}
_STATES = {"proposed": "vorgeschlagen", "confirmed": "gilt"}


@router.get("/verwaltung/befugnisse")
def show(visit: PageVisit) -> Response:
    return _page(visit)


@router.post("/verwaltung/befugnisse")
def propose(visit: PageVisit) -> Response:
    visit.require("befugnis.propose")
    try:
        limit, valid_from, valid_to = _limit(visit), _day(visit, "von"), _day(visit, "bis")
    except ValueError as error:
        return _page(visit, fault=str(error))
    kind = visit.field("art")
    if kind not in get_args(Kind) or valid_from is None:
        return _page(visit, fault="Bitte Art und Beginn angeben.")
    try:
        with visit.writing() as tx:
            propose_befugnis(
                tx,
                visit.principal,
                person=visit.field("person"),
                kind=kind,  # type: ignore[arg-type]
                unit=visit.field("stelle") or None,
                budget=visit.field("produkt") or None,
                stufe=visit.field("stufe") or None,
                limit=limit,
                valid_from=valid_from,
                valid_to=valid_to,
            )
    except IdentityError as error:
        return _page(visit, fault=str(error))
    return visit.go("/verwaltung/befugnisse", "vorgeschlagen")


@router.post("/verwaltung/befugnisse/{befugnis}")
def decide(visit: PageVisit, befugnis: str) -> Response:
    """Confirm or reject what another proposed, or revoke what is in force."""
    what = visit.field("entscheidung")
    try:
        with visit.writing() as tx:
            if what == "bestaetigt":
                confirm_befugnis(tx, visit.principal, befugnis)
            elif what == "verworfen":
                reject_befugnis(tx, visit.principal, befugnis)
            else:
                what = "widerrufen"
                revoke_befugnis(tx, visit.principal, befugnis, "Verwaltung")
    except IdentityError as error:
        return _page(visit, fault=str(error))
    return visit.go("/verwaltung/befugnisse", what)


def _limit(visit: Visit) -> Decimal | None:
    """In euro; nothing typed is no limit."""
    text = visit.field("grenze")
    if not text:
        return None
    amount = parse_german_amount(text)
    if amount is None:
        raise ValueError("Wertgrenze: bitte einen Betrag wie 5.000,00 eingeben.")
    return amount


def _day(visit: Visit, name: str) -> date | None:
    text = visit.field(name)
    if not text:
        return None
    day = parse_german_date(text)
    if day is None:
        raise ValueError("Bitte einen Tag wie 31.12.2026 eingeben.")
    return day


def _page(visit: Visit, *, fault: str | None = None) -> Response:
    with visit.reading() as tx:
        found = [each for each in befugnisse(tx, visit.principal) if each.state in _STATES]
        people = {each.person for each in found} | {each.appointed_by for each in found}
        names = display_names(tx, people)
        humans = [each for each in persons(tx) if each.kind == "person"]
        stellen = {each.id: each.bezeichnung for each in units(tx)}
        now = today(tx)
    order = sorted(found, key=lambda each: _order(each, names))
    return visit.page(
        "befugnisse.html",
        200 if fault is None else 422,
        rows=order,
        names=names,
        persons=humans,
        units=stellen,
        kinds=KINDS,
        states=_STATES,
        stufen=[each for package in visit.house.packages for each in package.stufen],
        today=now,
        posted={name: values[0] for name, values in visit.posted.items() if values},
        fault=fault,
    )


def _order(each: Befugnis, names: dict[str, str]) -> tuple[bool, str, str]:
    """What waits for somebody first."""
    return (each.state != "proposed", names.get(each.person, each.person), each.kind)
