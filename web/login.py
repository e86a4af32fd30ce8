"""The log-in page: the only page that answers without a session."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from identity.errors import NotAuthenticated
from identity.http import SESSION_COOKIE
from processes.house import House
from web.forms import Posted
from web.visit import PageVisit, own_path, posted_form, render

router = APIRouter()


@router.get("/anmelden")
def form(request: Request, weiter: str = "/", hinweis: str = "") -> Response:
    return _page(request.app.state.house, own_path(weiter), gone=hinweis == "abgemeldet")


@router.post("/anmelden")
def log_in(request: Request, posted: Annotated[Posted, Depends(posted_form)]) -> Response:
    house: House = request.app.state.house
    values = {
        name: next(iter(posted.get(name, ())), "") for name in ("login", "password", "weiter")
    }
    target = own_path(values["weiter"])
    try:
        cookie, _ = house.authenticator.open_session(values["login"], values["password"])
    except NotAuthenticated as error:
        return _page(house, target, values["login"], str(error), 401)
    response = RedirectResponse(target, 303)
    response.set_cookie(
        SESSION_COOKIE,
        cookie,
        httponly=True,
        samesite="lax",
        secure=not house.settings.loopback,
        path="/",
    )
    return response


@router.post("/vertretung")
def represent(visit: PageVisit) -> Response:
    """Act for an absent colleague, or (no name given) for oneself again."""
    absent = visit.field("fuer") or None
    visit.house.authenticator.represent(visit.request.cookies[SESSION_COOKIE], absent)
    return visit.go("/aufgaben", "vertretung" if absent else "selbst")


@router.post("/abmelden")
def log_out(visit: PageVisit) -> Response:
    visit.house.authenticator.close_session(visit.request.cookies[SESSION_COOKIE])
    response = RedirectResponse("/anmelden?hinweis=abgemeldet", 303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


def _page(
    house: House,
    target: str,
    login: str = "",
    error: str | None = None,
    status: int = 200,
    *,
    gone: bool = False,
) -> Response:
    users = [user for package in house.packages for user in package.demo_users]
    return render(
        "login.html",
        status,
        weiter=target,
        login=login,
        error=error,
        notice={"tone": "good", "text": "Sie sind abgemeldet."} if gone else None,
        demo=house.settings.demo,
        demo_users=users if house.settings.demo else [],
    )
