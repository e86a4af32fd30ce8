"""Verwaltung: the tables that people keep up, of the house and of its process packages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlencode

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from eakte.access import Vertraulichkeit
from eakte.aktenplan import set_unit, units
from eakte.errors import EakteError
from identity.errors import IdentityError
from identity.principal import Principal
from processes.package import Field, Occasion, Register, Rows, Sheet
from storage.database import Transaction
from storage.errors import Conflict
from web.downloads import download
from web.visit import PageNotFound, PageVisit, UploadVisit, Visit, own_path

router = APIRouter()

PAGE = 50


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
    given = {each.name: visit.field(each.name) for each in register.fields if each.form != "never"}
    visit.require(register.permission if _is_new(register, given) else _changing(register))
    occasion = _occasion(visit, register, visit.field("anlass"))
    with visit.reading() as tx:
        fault = _fault(tx, register, given)

    def act(tx: Transaction) -> None:
        key = register.put(tx, visit.principal, given)
        if occasion is not None:
            occasion.take(tx, visit.principal, str(key))

    fault = fault or _done(visit, act)
    if fault is not None:
        return _page(visit, register, given, fault=fault)
    return _back(visit, name, "gespeichert")


@router.post("/verwaltung/{name}/entfernen")
def remove(visit: PageVisit, name: str) -> Response:
    register = _register(visit, name)
    if (take_out := register.remove) is None:
        raise PageNotFound
    key = visit.field(register.key)
    fault = _done(visit, lambda tx: take_out(tx, visit.principal, key))
    if fault is not None:
        return _page(visit, register, {}, fault=fault)
    return visit.go(f"/verwaltung/{name}", "entfernt")


@router.post("/verwaltung/{name}/handlung")
def act_on_row(visit: PageVisit, name: str) -> Response:
    """One button at a row."""
    register, wanted = _register(visit, name), visit.field("handlung")
    act = next((each for each in register.acts if each.name == wanted), None)
    if act is None:
        raise PageNotFound
    visit.require(act.permission)
    fault = _done(visit, lambda tx: act.do(tx, visit.principal, visit.field("zeile")))
    if fault is not None:
        return _page(visit, register, {}, fault=fault)
    return _back(visit, name, "getan")


@router.post("/verwaltung/{name}/waehlen")
def choose(visit: PageVisit, name: str) -> Response:
    """The row that was wanted."""
    register = _register(visit, name)
    occasion = _occasion(visit, register, visit.field("anlass"))
    if occasion is None:
        raise PageNotFound
    fault = _done(visit, lambda tx: occasion.take(tx, visit.principal, visit.field("zeile")))
    if fault is not None:
        return _page(visit, register, {}, fault=fault)
    return _back(visit, name, "gewaehlt")


@router.get("/verwaltung/{name}/tabelle")
def sheet_out(visit: PageVisit, name: str) -> Response:
    sheet = _sheet(visit, _register(visit, name))
    with visit.writing() as tx:
        content = sheet.write(tx, visit.principal)
    return download(content, "application/octet-stream", f"{name}.csv")


@router.post("/verwaltung/{name}/tabelle")
def sheet_in(visit: UploadVisit, name: str) -> Response:
    """All of the file, or nothing and why."""
    register = _register(visit, name)
    sheet = _sheet(visit, register)
    if not visit.files:
        return _page(visit, register, {}, fault="Bitte eine Datei wählen.")
    fault = _done(visit, lambda tx: sheet.read(tx, visit.principal, visit.files[0][1]))
    if fault is not None:
        return _page(visit, register, {}, fault=fault)
    return visit.go(f"/verwaltung/{name}", "importiert")


def _registers(visit: Visit) -> Iterator[Register]:
    """Those that this person may look at."""
    own = (each for package in visit.house.packages for each in package.registers)
    return (each for each in (UNITS, *own) if visit.may(each.looking or each.permission))


def _register(visit: Visit, name: str) -> Register:
    found = next((each for each in _registers(visit) if each.name == name), None)
    if found is None:
        raise PageNotFound
    return found


def _sheet(visit: Visit, register: Register) -> Sheet:
    if register.sheet is None or not visit.may(register.sheet.permission):
        raise PageNotFound
    return register.sheet


def _changing(register: Register) -> str:
    return register.changing or register.permission


def _is_new(register: Register, given: Mapping[str, str]) -> bool:
    """Where the page keeps the key, a row without one is new; else whoever may add may change."""
    return register.fields[0].form != "hidden" or not given.get(register.key)


def _occasion(visit: Visit, register: Register, wanted: str) -> Occasion | None:
    if register.occasion is None or not wanted:
        return None
    with visit.writing() as tx:
        found = register.occasion(visit.house, tx, visit.principal, wanted)
    if found is None:
        raise PageNotFound
    return found


def _back(visit: Visit, name: str, notice: str) -> Response:
    """To where the person came from to find a row, or to the list as it was searched."""
    back = visit.field("zurueck")
    if back:
        return visit.go(own_path(back).partition("?")[0], notice)
    searched = visit.field("suche")
    query = urlencode({"suche": searched, "hinweis": notice} if searched else {"hinweis": notice})
    return visit.go(f"/verwaltung/{name}?{query}")


def _fault(tx: Transaction, register: Register, given: Mapping[str, str]) -> str | None:
    for each in register.fields:
        value = given.get(each.name, "")
        if not value and not each.optional and each.form == "always":
            return f"{each.label}: bitte ausfüllen."
        if value and each.choices is not None and value not in each.choices(tx):
            return f"{each.label}: bitte aus der Liste wählen."
    return None


def refusals(visit: Visit) -> tuple[type[Exception], ...]:
    """What is raised with a sentence for people."""
    own = tuple(kind for package in visit.house.packages for kind in package.statuses)
    return (EakteError, IdentityError, *own)


def _done(visit: Visit, act: Callable[[Transaction], object]) -> str | None:
    """Do it; else the sentence that says why not."""
    try:
        with visit.writing() as tx:
            act(tx)
    except refusals(visit) as error:
        return str(error)
    except Conflict:
        return "Das gibt es schon unter einer anderen Kennung, oder jemand war schneller."
    return None


def _page(
    visit: Visit, register: Register, given: Mapping[str, str], *, fault: str | None = None
) -> Response:
    asked = {**visit.request.query_params, **{n: v[0] for n, v in visit.posted.items() if v}}
    occasion = _occasion(visit, register, asked.get("anlass", ""))
    seite = asked.get("seite", "1")
    number = max(1, min(int(seite) if seite.isdecimal() and len(seite) < 5 else 1, 1000))
    with visit.writing() as tx:
        wanted = visit.request.query_params.get("zeile", "") or given.get(register.key, "")
        rows, changing = _rows(tx, register, asked, wanted, number)
        choices = {each.name: each.choices(tx) for each in register.fields if each.choices}
        beside = None
        if changing is not None and register.beside is not None:
            beside = register.beside(visit.house, tx, visit.principal, changing[register.key])
        sheet = register.sheet if register.sheet and visit.may(register.sheet.permission) else None
        last = sheet.last(tx) if sheet else ""
    preset = {each.name: asked[each.name] for each in register.fields if each.name in asked}
    start = (occasion.given if occasion else {}) if changing is None else changing
    may_put = visit.may(register.permission if changing is None else _changing(register))
    return visit.page(
        "register.html",
        200 if fault is None else 422,
        register=register,
        rows=rows[:PAGE] if register.search else rows,
        more=bool(register.search) and len(rows) > PAGE,
        number=number,
        searched=asked.get("suche", ""),
        key=register.key,
        choices=choices,
        given=given or {**start, **(preset if changing is None else {})},
        changing=changing,
        may_put=may_put and (changing is None or register.changes),
        may_change=visit.may(_changing(register)),
        acts=[each for each in register.acts if visit.may(each.permission)],
        beside=Markup(beside) if beside else None,  # noqa: S704 made by the package's templates
        sheet=sheet,
        last=last,
        occasion=occasion,
        anlass=asked.get("anlass", "") if occasion else "",
        zurueck=own_path(asked["zurueck"]) if asked.get("zurueck") else "",
        administers=visit.may("house.administer"),
        fault=fault,
    )


def _rows(
    tx: Transaction, register: Register, asked: Mapping[str, str], wanted: str, number: int
) -> tuple[Rows, Mapping[str, str] | None]:
    """Those to show, and the one that is looked at."""
    if register.search is None:
        rows = register.rows(tx)
        return rows, next((row for row in rows if row[register.key] == wanted), None)
    found = register.search.find(tx, asked.get("suche", ""), PAGE + 1, (number - 1) * PAGE)
    return found, register.search.row(tx, wanted) if wanted else None
