"""All pages on one router, the static files, and errors as pages a person can read.

Invariant: a page that fails answers with a page, in German, and never says more than the person
may know; addresses of machines (`/api`, `/engine-rest`, …) are none of its business.
"""

from __future__ import annotations

import mimetypes

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from eakte.errors import AccessDenied, NotFound
from eakte.readlog import record_denial
from identity.sessions import Session
from processes.house import House
from web import (
    akten,
    audit,
    befugnisse,
    instances,
    interventions,
    login,
    models,
    package_pages,
    readlog,
    registers,
    tasks,
    wiedervorlagen,
)
from web.explanations import Said, explain
from web.rendering import STATIC, static
from web.visit import (
    FormExpired,
    FormUnreadable,
    LogInFirst,
    PageNotFound,
    PageVisit,
    Visit,
    render,
    session_of,
)

NOT_PAGES = ("/api", "/engine-rest", "/healthz", "/readyz", "/metrics", "/static", "/.well-known")
_FOR_EVER = "public, max-age=31536000, immutable"

_own = APIRouter()
_ROOMS = (
    login,
    tasks,
    akten,
    wiedervorlagen,
    package_pages,
    models,
    instances,
    interventions,
    audit,
    readlog,
    befugnisse,  # before the registers, whose address takes any name
    registers,
)
PARTS = (*(room.router for room in _ROOMS), _own)


def pages() -> APIRouter:
    """Every page of the house; `app.state.house` must be set."""
    router = APIRouter(include_in_schema=False)
    for part in PARTS:
        router.include_router(part)
    return router


@_own.get("/")
def start(visit: PageVisit) -> Response:
    """The first page that this person may open."""
    found = visit.navigation()
    return RedirectResponse(str(found[0]["href"]) if found else "/aufgaben", 303)


@_own.get("/static/{digest}/{name}")
def static_file(digest: str, name: str) -> Response:
    known = {each.name for each in STATIC.iterdir() if each.is_file()}
    if name not in known or static(name) != f"/static/{digest}/{name}":
        return Response(status_code=404)
    return _file(name)


@_own.get("/favicon.ico")
def favicon() -> Response:
    return RedirectResponse(static("mark.svg"), 308)


def _file(name: str) -> Response:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if name.endswith(".js"):
        media_type = "text/javascript"
    data = (STATIC / name).read_bytes()
    return Response(data, media_type=media_type, headers={"cache-control": _FOR_EVER})


def handle_log_in_first(_request: Request, error: Exception) -> Response:
    """For `add_exception_handler(LogInFirst, …)`."""
    assert isinstance(error, LogInFirst)
    return error.response()


def error_page(request: Request, error: Exception) -> Response | None:
    """The page for an error of any room; None where the request was not for a page."""
    if request.url.path.startswith(NOT_PAGES):
        return None
    if isinstance(error, LogInFirst):
        return error.response()
    house: House = request.app.state.house
    said = explain(error) or _of_a_package(house, error)
    if said is None:
        return None
    session: Session | None = session_of(request)
    if session is not None and isinstance(error, AccessDenied | NotFound):
        record_denial(house.database, session.principal, error)
    context = {"said": said, "here": request.url.path}
    if session is None:
        return render("error.html", said.status, **context)
    visit = Visit(house, request, session, {})
    return visit.page("error.html", said.status, **context)


def _of_a_package(house: House, error: Exception) -> Said | None:
    """A process package's own errors are in German and made for people."""
    for package in house.packages:
        for kind in type(error).__mro__:
            if kind in package.statuses:
                return Said(package.statuses[kind], "So geht es nicht", str(error))
    return None


def too_large_page(path: str, most: int) -> Response | None:
    """For a post that is larger than any may be; None where it was not a page's."""
    if path.startswith(NOT_PAGES):
        return None
    text = f"Es wurde nichts angenommen: auf einmal höchstens {most // 2**20} MB. Bitte teilen."
    said = Said(413, "Zu groß", text)
    return render("error.html", said.status, said=said, here=path)


PAGE_ERRORS = (FormExpired, FormUnreadable, PageNotFound)
"""Errors that only pages raise; the root gives them to `error_page` too."""
