"""One visit of a page: whose session it is, what they posted, and the page that answers.

Invariant: a page is shown to a session only, and nothing is changed by a post without that
session's CSRF token; both are dependencies, so that no page can forget them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from identity.access import permits
from identity.errors import NotAuthenticated, NotPermitted
from identity.http import SESSION_COOKIE
from identity.persons import display_names
from identity.principal import Principal
from identity.sessions import Session
from processes.house import House
from web.forms import Posted
from web.rendering import environment

NAVIGATION = (
    ("/aufgaben", "Aufgaben", "task.read"),
    ("/akten", "Akten", "akte.search"),
    ("/prozesse", "Prozesse", "model.read"),
    ("/pruefung", "Prüfung", "ledger.verify"),
)


class LogInFirst(Exception):
    """There is no open session; the browser is sent to the log-in page and back."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target

    def response(self) -> Response:
        return RedirectResponse(f"/anmelden?weiter={quote(self.target)}", 303)


class FormExpired(Exception):
    """A post without the session's token: an old page, or somebody else's."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Given to every page's function."""

    house: House
    request: Request
    session: Session
    posted: Posted

    @property
    def principal(self) -> Principal:
        return self.session.principal

    def require(self, permission: str) -> None:
        if not permits(self.principal, permission):
            raise NotPermitted(permission)

    def field(self, name: str) -> str:
        return next(iter(self.posted.get(name, ())), "").strip()

    def page(self, template: str, status: int = 200, **context: object) -> Response:
        return render(
            template,
            status,
            principal=self.principal,
            person_name=self._own_name(),
            navigation=self._navigation(),
            csrf=self.session.csrf_token(),
            demo=self.house.settings.demo,
            notice=_NOTICES.get(self.request.query_params.get("hinweis", "")),
            **context,
        )

    def go(self, target: str, notice: str | None = None) -> Response:
        """Redirect after a post, so that reloading repeats nothing."""
        return RedirectResponse(f"{target}?hinweis={notice}" if notice else target, 303)

    def _own_name(self) -> str:
        with self.house.database.reading(self.principal.tenant) as tx:
            return display_names(tx, [self.principal.id]).get(self.principal.id, "")

    def _navigation(self) -> list[Mapping[str, object]]:
        path = self.request.url.path
        return [
            {"href": href, "label": label, "here": path.startswith(href)}
            for href, label, permission in NAVIGATION
            if permits(self.principal, permission)
        ]


_NOTICES = {
    "erledigt": {"tone": "good", "text": "Die Aufgabe ist erledigt."},
    "uebernommen": {"tone": "good", "text": "Sie bearbeiten diese Aufgabe jetzt."},
    "zurueckgegeben": {"tone": "", "text": "Die Aufgabe liegt wieder bei der Gruppe."},
    "abgemeldet": {"tone": "", "text": "Sie sind abgemeldet."},
}


def render(template: str, status: int = 200, **context: object) -> HTMLResponse:
    shared = {"principal": None, "demo": False, "notice": None, "csrf": "", **context}
    page = environment().get_template(template).render(**shared)
    return HTMLResponse(page, status, headers={"cache-control": "no-store"})


async def _posted(request: Request) -> Posted:
    if request.method != "POST":
        return {}
    async with request.form(max_files=0, max_fields=5000) as form:
        posted: dict[str, list[str]] = {}
        for name, value in form.multi_items():
            if isinstance(value, str):
                posted.setdefault(name, []).append(value)
        return posted


async def visit_of(request: Request, posted: Annotated[Posted, Depends(_posted)]) -> Visit:
    """The dependency of every page but the log-in."""
    house: House = request.app.state.house
    target = request.url.path if request.method == "GET" else "/"
    cookie = request.cookies.get(SESSION_COOKIE)
    if not cookie:
        raise LogInFirst(target)
    try:
        session = await run_in_threadpool(house.authenticator.session, cookie)
    except NotAuthenticated as error:
        raise LogInFirst(target) from error
    if request.method == "POST":
        token = next(iter(posted.get("csrf", ())), "")
        if not session.csrf_valid(token):
            raise FormExpired
    return Visit(house, request, session, posted)


async def posted_form(request: Request) -> Posted:
    """For the log-in page alone, which has no session yet."""
    return await _posted(request)


def own_path(target: str) -> str:
    """A path on this server, never an address elsewhere (open redirect)."""
    parts = urlsplit(target)
    safe = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if safe and not parts.scheme and not parts.netloc else "/aufgaben"


PageVisit = Annotated[Visit, Depends(visit_of)]
