"""One visit of a page: whose session it is, what they posted, and the page that answers.

Invariant: a page is shown to a session only, and nothing is changed by a post without that
session's CSRF token; both are dependencies, so that no page can forget them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, TypeAlias
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from identity.access import permits
from identity.deputies import represented_by
from identity.errors import NotAuthenticated, NotPermitted
from identity.http import SESSION_COOKIE
from identity.persons import display_names
from identity.principal import Principal
from identity.sessions import Session
from processes.house import House
from storage.database import Transaction
from web.forms import Posted
from web.rendering import environment

Files: TypeAlias = tuple[tuple[str, bytes], ...]
"""Name and content of each uploaded file."""

MAX_FILES = 1000
"""Of one post; a page that takes fewer says so itself."""

NAVIGATION = (
    ("/aufgaben", "Aufgaben", "task.read"),
    ("/akten", "Akten", "akte.search"),
    ("/wiedervorlagen", "Wiedervorlagen", "akte.read"),
    ("/prozesse", "Prozesse", "model.read"),
    ("/verwaltung", "Verwaltung", "house.administer"),
    ("/pruefung", "Prüfung", "ledger.verify"),
    ("/zugriffe", "Zugriffe", "readlog.read"),
)


_PART_OF = {"/akten": ("/vorgaenge", "/dokumente"), "/prozesse": ("/instanzen", "/stapel")}
"""What stands elsewhere, but belongs to a part of the navigation."""


class LogInFirst(Exception):
    """There is no open session; the browser is sent to the log-in page and back."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target

    def response(self) -> Response:
        return RedirectResponse(f"/anmelden?weiter={quote(self.target, safe='/')}", 303)


class FormExpired(Exception):
    """A post without the session's token: an old page, or somebody else's."""


class FormUnreadable(Exception):
    """A post that breaks off, or has more files than any page takes."""


class PageNotFound(Exception):
    """The address names nothing, or nothing that this person may know of."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody whom the person may stand in for today."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Given to every page's function."""

    house: House
    request: Request
    session: Session
    posted: Posted
    files: Files = ()

    @property
    def principal(self) -> Principal:
        return self.session.principal

    def may(self, permission: str) -> bool:
        return permits(self.principal, permission)

    def require(self, permission: str) -> None:
        if not self.may(permission):
            raise NotPermitted(permission)

    def reading(self) -> AbstractContextManager[Transaction]:
        return self.house.database.reading(self.principal.tenant)

    def writing(self) -> AbstractContextManager[Transaction]:
        """Also for pages that only show content: the access log is written before it leaves."""
        return self.house.database.begin(self.principal.tenant)

    def field(self, name: str) -> str:
        return next(iter(self.posted.get(name, ())), "").strip()

    def page(self, template: str, status: int = 200, **context: object) -> Response:
        with self.reading() as tx:
            absent = [each.person for each in represented_by(tx, self.session.own)]
            names = display_names(tx, {self.session.own.id, *absent})
        notice = _NOTICES.get(self.request.query_params.get("hinweis", ""))
        shared: dict[str, object] = {
            "principal": self.principal,
            "person_name": names.get(self.session.own.id, ""),
            "colleagues": [Colleague(each, names.get(each, "")) for each in absent],
            "acting_for": names.get(self.principal.on_behalf_of or "", None),
            "navigation": self.navigation(),
            "csrf": self.session.csrf_token(),
            "demo": self.house.settings.demo,
            "notice": notice,
        }
        return render(template, status, **{**shared, **context})

    def go(self, target: str, notice: str | None = None) -> Response:
        """Redirect after a post, so that reloading repeats nothing."""
        return RedirectResponse(f"{target}?hinweis={notice}" if notice else target, 303)

    def navigation(self) -> list[Mapping[str, object]]:
        path = self.request.url.path
        own = [
            place
            for package in self.house.packages
            for place in (
                *((f"/seiten/{page.name}", page.label, page.permission) for page in package.pages),
                *(
                    (f"/verwaltung/{each.name}", each.label, each.looking or each.permission)
                    for each in package.registers
                    if each.label is not None
                ),
            )
        ]
        shown = [e for e in (*NAVIGATION[:3], *own, *NAVIGATION[3:]) if self.may(e[2])]
        fitting = [h for h, _, _ in shown if _below(path, (h, *_PART_OF.get(h, ())))]
        here = max(fitting, key=len, default=None)  # the closest: a register stands below another
        return [{"href": href, "label": label, "here": href == here} for href, label, _ in shown]


def _below(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


_NOTICES = {
    "erledigt": {"tone": "good", "text": "Die Aufgabe ist erledigt."},
    "naechste": {
        "tone": "good",
        "text": "Die Aufgabe ist erledigt. Dies ist die nächste aus Ihrem Eingang.",
    },
    "uebernommen": {"tone": "good", "text": "Sie bearbeiten diese Aufgabe jetzt."},
    "zurueckgegeben": {"tone": "", "text": "Die Aufgabe liegt wieder bei der Gruppe."},
    "zugewiesen": {"tone": "good", "text": "Die Aufgabe ist zugewiesen."},
    "hinzugefuegt": {"tone": "good", "text": "Die Unterlage liegt im Vorgang."},
    "gespeichert": {"tone": "good", "text": "Gespeichert."},
    "getan": {"tone": "good", "text": "Getan."},
    "gewaehlt": {"tone": "good", "text": "Gewählt."},
    "eingereicht": {"tone": "good", "text": "Die Dateien sind angekommen."},
    "importiert": {"tone": "good", "text": "Die Datei ist vollständig übernommen."},
    "entfernt": {"tone": "good", "text": "Die Zeile ist entfernt."},
    "vorgeschlagen": {
        "tone": "good",
        "text": "Vorgeschlagen. Sie gilt, sobald eine andere Person sie bestätigt.",
    },
    "bestaetigt": {"tone": "good", "text": "Die Befugnis gilt."},
    "verworfen": {"tone": "", "text": "Der Vorschlag ist verworfen."},
    "widerrufen": {"tone": "", "text": "Die Befugnis gilt nicht mehr."},
    "zda": {"tone": "good", "text": "Der Vorgang ist z.d.A."},
    "notzugriff": {
        "tone": "warn",
        "text": "Sie haben für vier Stunden Einsicht. Der Zugriff und sein Grund sind verzeichnet.",
    },
    "abgemeldet": {"tone": "good", "text": "Sie sind abgemeldet."},
    "vertretung": {"tone": "warn", "text": "Sie handeln jetzt in Vertretung."},
    "selbst": {"tone": "", "text": "Sie handeln wieder für sich selbst."},
    "eingegriffen": {"tone": "good", "text": "Getan."},
    "beauftragt": {"tone": "good", "text": "Beauftragt: die Uhr arbeitet den Stapel ab."},
    "wiederholt": {"tone": "good", "text": "Der Schritt wird noch einmal versucht."},
    "wiedervorgelegt": {"tone": "good", "text": "Die Wiedervorlage ist erledigt."},
}


def render(template: str, status: int = 200, **context: object) -> HTMLResponse:
    shared = {"principal": None, "demo": False, "notice": None, "csrf": "", **context}
    page = environment().get_template(template).render(**shared)
    return HTMLResponse(page, status, headers={"cache-control": "no-store"})


async def _read(request: Request, max_files: int = 0) -> tuple[Posted, Files]:
    """What was posted. A browser says where a post comes from; other sites' are not read."""
    if request.method != "POST":
        return {}, ()
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise FormExpired
    posted: dict[str, list[str]] = {}
    files: list[tuple[str, bytes]] = []
    try:
        async with request.form(max_files=max_files, max_fields=5000) as form:
            for name, value in form.multi_items():
                if isinstance(value, str):
                    posted.setdefault(name, []).append(value)
                elif value.filename:
                    files.append((value.filename, await value.read()))
    except HTTPException as error:
        raise FormUnreadable from error
    return posted, tuple(files)


async def posted_form(request: Request) -> Posted:
    """What was posted, without files. The log-in page, which has no session yet, uses it alone."""
    return (await _read(request))[0]


async def visit_of(request: Request, posted: Annotated[Posted, Depends(posted_form)]) -> Visit:
    """The dependency of every page but the log-in."""
    return await _open(request, posted)


async def upload_of(request: Request) -> Visit:
    """As `visit_of`, for the pages that take files."""
    posted, files = await _read(request, MAX_FILES)
    return await _open(request, posted, files)


async def _open(request: Request, posted: Posted, files: Files = ()) -> Visit:
    session = await run_in_threadpool(session_of, request)
    if session is None:
        raise LogInFirst(_way_back(request))
    if request.method == "POST":
        token = next(iter(posted.get("csrf", ())), "")
        if not session.csrf_valid(token):
            raise FormExpired
    return Visit(request.app.state.house, request, session, posted, files)


def session_of(request: Request) -> Session | None:
    """The open session of the request's cookie."""
    house: House = request.app.state.house
    cookie = request.cookies.get(SESSION_COOKIE)
    try:
        return house.authenticator.session(cookie) if cookie else None
    except NotAuthenticated:
        return None


def _way_back(request: Request) -> str:
    """Where to go on after logging in: this page, or the one that a form stood on."""
    address = request.url
    if request.method != "GET":
        return own_path(urlsplit(request.headers.get("referer", "/")).path)
    return f"{address.path}?{address.query}" if address.query else address.path


def own_path(target: str) -> str:
    """A path on this server, never an address elsewhere (open redirect)."""
    parts = urlsplit(target)
    safe = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if safe and not parts.scheme and not parts.netloc else "/"


PageVisit = Annotated[Visit, Depends(visit_of)]
UploadVisit = Annotated[Visit, Depends(upload_of)]
