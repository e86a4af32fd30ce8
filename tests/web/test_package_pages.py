"""Pages that a process package brings: Skonto und Fälligkeiten."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

from processes.house import House
from tests.web.browsing import SAMPLES, Browser, push

Browse = Callable[[str], Browser]
PAGE = "/seiten/skonto"


def test_the_page_says_what_is_lost_until_when_and_where_it_lies(
    browse: Browse, house: House
) -> None:
    push(house, SAMPLES["01"])

    shown = unescape(browse("tim.tannhaus").get(PAGE).text)

    assert "WL-2026-1042" in shown
    assert "Sachlich prüfen" in shown
    assert 'href="/seiten/skonto" aria-current="page">Fristen' in shown


def test_what_a_person_may_not_read_is_not_on_the_page(browse: Browse, house: House) -> None:
    push(house, SAMPLES["02"])

    theirs, ours = (browse(login).get(PAGE).text for login in ("tim.tannhaus", "jule.jansen"))

    assert "KR-2026-0219" not in theirs
    assert "KR-2026-0219" in ours


def test_a_page_that_no_package_brings_is_not_found(browse: Browse) -> None:
    assert browse("tim.tannhaus").get("/seiten/unbekannt").status_code == 404
