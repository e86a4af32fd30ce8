"""Pages that process packages bring: each in the frame of the house, by its permission.

Invariant: the package makes the HTML, safe and already restricted to what the person may see; what
it reads is recorded before it leaves.
"""

from __future__ import annotations

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from web.visit import PageNotFound, PageVisit

router = APIRouter()


@router.get("/seiten/{name}")
def show(visit: PageVisit, name: str) -> Response:
    own = (page for package in visit.house.packages for page in package.pages)
    page = next((each for each in own if each.name == name), None)
    if page is None:
        raise PageNotFound
    visit.require(page.permission)
    with visit.writing() as tx:
        html = page.html(visit.house, tx, visit.principal)
    return visit.page(
        "eigene_seite.html",
        shown=page,
        body=Markup(html),  # noqa: S704 made by the package's escaping templates
    )
