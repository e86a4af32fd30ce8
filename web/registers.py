"""Verwaltung: the tables that people keep up, of the house and of its process packages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fastapi import APIRouter
from starlette.responses import Response

from eakte.access import Vertraulichkeit
from eakte.aktenplan import set_unit, units
from eakte.errors import EakteError
from identity.errors import IdentityError
from identity.principal import Principal
from processes.package import Field, Register
from storage.database import Transaction
from storage.errors import Conflict
from web.visit import PageNotFound, PageVisit, Visit

router = APIRouter()


def _unit_rows(tx: Transaction) -> list[Mapping[str, str]]:
    return [
        {
            "id": each.id,
            "bezeichnung": each.bezeichnung,
            "kuerzel": each.kuerzel,
            "vertraulichkeit": str(int(each.vertraulichkeit)),
        }
        for each in units(tx)
    ]


def _put_unit(tx: Transaction, principal: Principal, given: Mapping[str, str]) -> None:
    set_unit(
        tx,
        principal,
        given["id"],
        bezeichnung=given["bezeichnung"],
        kuerzel=given["kuerzel"],
        vertraulichkeit=Vertraulichkeit(int(given["vertraulichkeit"])),
    )


def _grades(_tx: Transaction) -> dict[str, str]:
    return {str(int(each)): each.label for each in Vertraulichkeit}


UNITS = Register(
    name="stellen",
    title="Stellen",
    text="Die Organisationseinheiten, die Akten führen. Ihre Vertraulichkeit ist die geringste, "
    "die ihre neuen Akten haben. Kennung und Kürzel bleiben: Geschäftszeichen enthalten sie.",
    permission="unit.change",
    fields=(
        Field("id", "Kennung", "klein, ohne Umlaute", fixed=True),
        Field("bezeichnung", "Bezeichnung"),
        Field("kuerzel", "Kürzel", "Buchstaben und Ziffern", fixed=True),
        Field("vertraulichkeit", "Vertraulichkeit", choices=_grades),
    ),
    rows=_unit_rows,
    put=_put_unit,
)


@router.get("/verwaltung")
def index(visit: PageVisit) -> Response:
    visit.require("house.administer")
    return visit.page(
        "verwaltung.html",
        registers=list(_registers(visit)),
        may_read_befugnisse=visit.may("befugnis.read"),
    )


@router.get("/verwaltung/{name}")
def show(visit: PageVisit, name: str) -> Response:
    return _page(visit, _register(visit, name), {})


@router.post("/verwaltung/{name}")
def put(visit: PageVisit, name: str) -> Response:
    """Add a row, or change the one with that key."""
    register = _register(visit, name)
    given = {each.name: visit.field(each.name) for each in register.fields}
    with visit.reading() as tx:
        fault = _fault(tx, register, given)
    if fault is None:
        fault = _done(visit, lambda tx: register.put(tx, visit.principal, given))
    if fault is not None:
        return _page(visit, register, given, fault=fault)
    return visit.go(f"/verwaltung/{name}", "gespeichert")


@router.post("/verwaltung/{name}/entfernen")
def remove(visit: PageVisit, name: str) -> Response:
    register = _register(visit, name)
    if (take_out := register.remove) is None:
        raise PageNotFound
    key = visit.field(register.fields[0].name)
    fault = _done(visit, lambda tx: take_out(tx, visit.principal, key))
    if fault is not None:
        return _page(visit, register, {}, fault=fault)
    return visit.go(f"/verwaltung/{name}", "entfernt")


def _registers(visit: Visit) -> Iterator[Register]:
    """Those that this person may keep up."""
    own = (each for package in visit.house.packages for each in package.registers)
    return (each for each in (UNITS, *own) if visit.may(each.permission))


def _register(visit: Visit, name: str) -> Register:
    found = next((each for each in _registers(visit) if each.name == name), None)
    if found is None:
        raise PageNotFound
    return found


def _fault(tx: Transaction, register: Register, given: Mapping[str, str]) -> str | None:
    for each in register.fields:
        value = given[each.name]
        if not value:
            return f"{each.label}: bitte ausfüllen."
        if each.choices is not None and value not in each.choices(tx):
            return f"{each.label}: bitte aus der Liste wählen."
    return None


def _done(visit: Visit, act: Callable[[Transaction], object]) -> str | None:
    """Do it; else the sentence that says why not."""
    own = tuple(kind for package in visit.house.packages for kind in package.statuses)
    refusals: tuple[type[Exception], ...] = (EakteError, IdentityError, *own)
    try:
        with visit.writing() as tx:
            act(tx)
    except refusals as error:
        return str(error)
    except Conflict:
        return "Das gibt es schon unter einer anderen Kennung, oder jemand war schneller."
    return None


def _page(
    visit: Visit, register: Register, given: Mapping[str, str], *, fault: str | None = None
) -> Response:
    with visit.reading() as tx:
        rows = register.rows(tx)
        choices = {each.name: each.choices(tx) for each in register.fields if each.choices}
    key = register.fields[0].name
    wanted = visit.request.query_params.get("zeile", "")
    changing = next((row for row in rows if row[key] == wanted), None)
    return visit.page(
        "register.html",
        200 if fault is None else 422,
        register=register,
        rows=rows,
        key=key,
        choices=choices,
        given=given or changing or {},
        changing=changing is not None,
        fault=fault,
    )
