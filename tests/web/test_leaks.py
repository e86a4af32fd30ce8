"""Who belongs to another unit sees no content, whatever address they type."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from eakte.readlog import accesses
from eakte.tables import dokument_version, vorgang
from processes.house import House
from processes.rechnungseingang import demo
from tests.web.browsing import Browser, tasks_of

Browse = Callable[[str], Browser]
SECRETS = ("Lindental", "WL-2026-1042", "18.828,18", "18828.18", "Asphalt", "DE9299999999")


@pytest.fixture
def places(house: House) -> list[str]:
    """Every address that shows something of the Tiefbauamt's first invoice."""
    found = []
    with house.database.reading(house.settings.tenant) as tx:
        for task in tasks_of(house, "tim.tannhaus"):
            row = tx.first(select(vorgang).where(vorgang.c.instance_id == task.instance_id))
            assert row is not None
            found += [
                f"/aufgaben/{task.id}",
                f"/aufgaben/{task.id}/dateien/original",
                f"/aufgaben/{task.id}/dateien/anlage-1",
                f"/instanzen/{task.instance_id}",
                f"/vorgaenge/{row.id}",
                f"/akten/{row.akte}",
            ]
        versions = tx.all(select(dokument_version.c.id, dokument_version.c.dokument))
        found += [f"/versionen/{each.id}/inhalt" for each in versions]
        found += [f"/dokumente/{each.dokument}" for each in versions]
    return found


@pytest.mark.parametrize("login", ["dora.dietrich", "gero.gestalt"])
def test_who_works_on_no_akte_reads_no_content(
    browse: Browse, places: list[str], login: str
) -> None:
    browser = browse(login)

    for place in [*places, "/aufgaben", "/aufgaben?ansicht=alle", "/akten", "/wiedervorlagen"]:
        page = browser.get(place)
        for secret in SECRETS:
            assert secret not in page.text, f"{login} reads {secret} on {place}"


def test_a_clerk_of_another_unit_reads_no_content(browse: Browse, places: list[str]) -> None:
    browser = browse("jule.jansen")

    for place in places:
        page = browser.get(place)
        for secret in ("Asphalt", "DE9299999999", "<Invoice", "18828.18"):
            assert secret not in page.text, f"{secret} on {place}"


def test_a_task_of_another_group_does_not_exist(browse: Browse, house: House) -> None:
    task = tasks_of(house, "tim.tannhaus")[0]
    browser = browse("jule.jansen")

    answers = [
        browser.get(f"/aufgaben/{task.id}"),
        browser.get(f"/instanzen/{task.instance_id}"),
        browser.post(f"/aufgaben/{task.id}", aktion="erledigen"),
        browser.post(f"/aufgaben/{task.id}/uebernehmen"),
        browser.post(f"/aufgaben/{task.id}/zurueckgeben"),
    ]

    assert [each.status_code for each in answers] == [404] * 5


def test_an_error_page_says_no_more_than_the_person_may_know(browse: Browse) -> None:
    browser = browse("jule.jansen")

    unknown = browser.get("/vorgaenge/gibt-es-nicht")
    task = browser.get("/aufgaben/0-1")

    assert unknown.status_code == 404
    assert "Das gibt es nicht (mehr), oder Sie dürfen es nicht sehen." in unknown.text
    assert "gibt-es-nicht" not in unknown.text.replace("/vorgaenge/gibt-es-nicht", "")
    assert task.status_code == 404


def test_a_refused_look_stands_in_the_access_log(browse: Browse, house: House) -> None:
    with house.database.reading(house.settings.tenant) as tx:
        row = tx.first(select(vorgang).where(vorgang.c.unit == "jugendamt"))
        assert row is not None

    browse("tim.tannhaus").get(f"/vorgaenge/{row.id}")

    reader = demo.principal(house, "dora.dietrich")
    with house.database.begin(reader.tenant) as tx:
        found, _ = accesses(tx, reader)
    assert ("denied", row.id) in [(each.action, each.object_id) for each in found]
