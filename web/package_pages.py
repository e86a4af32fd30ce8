"""Pages that process packages bring: each in the frame of the house, by its permission.

Invariant: the package makes the HTML, safe and already restricted to what the person may see; what
it reads is recorded before it leaves. What is uploaded has a key that its page made: the same post
again changes nothing, and what became of it stands at an address of its own.
"""

from __future__ import annotations

import re
import secrets

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from processes.package import Page, Upload
from web.registers import refusals
from web.visit import FormExpired, PageNotFound, PageVisit, UploadVisit, Visit

router = APIRouter()
_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)


@router.get("/seiten/{name}")
def show(visit: PageVisit, name: str) -> Response:
    return _shown(visit, _page(visit, name))


@router.post("/seiten/{name}")
def take(visit: UploadVisit, name: str) -> Response:
    """What was uploaded; reloading what then is shown sends nothing again."""
    page = _page(visit, name)
    upload, key = _upload(page), visit.field("sendung")
    if not _KEY.fullmatch(key):
        raise FormExpired
    given = {each.name: visit.field(each.name) for each in upload.fields}
    if len(visit.files) > upload.most_files:
        return _shown(visit, page, f"Höchstens {upload.most_files} Dateien auf einmal.", given)
    try:
        upload.take(visit.house, visit.principal, key, visit.files, given)
    except refusals(visit) as error:
        return _shown(visit, page, str(error), given)
    return visit.go(f"/seiten/{name}/{key}", "eingereicht")


@router.get("/seiten/{name}/{key}")
def outcome(visit: PageVisit, name: str, key: str) -> Response:
    """What became of an upload."""
    page = _page(visit, name)
    with visit.writing() as tx:
        html = _upload(page).html(visit.house, tx, visit.principal, key)
    if html is None:
        raise PageNotFound
    return _framed(visit, page, html, upload=None, crumb=f"/seiten/{name}")


def _page(visit: Visit, name: str) -> Page:
    own = (each for package in visit.house.packages for each in package.pages)
    page = next((each for each in own if each.name == name), None)
    if page is None:
        raise PageNotFound
    visit.require(page.permission)
    return page


def _upload(page: Page) -> Upload:
    if page.upload is None:
        raise PageNotFound
    return page.upload


def _shown(
    visit: Visit, page: Page, fault: str | None = None, given: dict[str, str] | None = None
) -> Response:
    with visit.writing() as tx:
        html = page.html(visit.house, tx, visit.principal)
    return _framed(visit, page, html, upload=page.upload, fault=fault, given=given or {})


def _framed(
    visit: Visit,
    page: Page,
    html: str,
    *,
    upload: Upload | None,
    crumb: str | None = None,
    fault: str | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    return visit.page(
        "eigene_seite.html",
        200 if fault is None else 422,
        shown=page,
        body=Markup(html),  # noqa: S704 made by the package's escaping templates
        upload=upload,
        sendung=secrets.token_hex(16),
        given=given or {},
        crumb=crumb,
        fault=fault,
    )
