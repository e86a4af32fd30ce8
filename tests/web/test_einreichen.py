"""Rechnungen einreichen: many files in a browser, each with its fate, whatever is sent twice."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from html import unescape
from io import BytesIO

import httpx
import pytest
from sqlalchemy import func, select

from processes.house import House
from processes.rechnungseingang import receipts
from processes.rechnungseingang.intake.batch import MOST_FILES
from processes.rechnungseingang.tables import invoice_receipt, invoice_upload
from tests.web.browsing import SAMPLES, Browser, run_all

Browse = Callable[[str], Browser]
PAGE = "/seiten/einreichen"
NEW = SAMPLES["01"].replace(b"WL-2026-1042", b"WL-2026-2000")


def packed(*files: tuple[str, bytes]) -> bytes:
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return whole.getvalue()


def key_of(browser: Browser) -> str:
    found = re.search(r'name="sendung" value="(\w+)"', browser.get(PAGE).text)
    assert found is not None
    return found[1]


def send(
    browser: Browser, *files: tuple[str, bytes], key: str | None = None, **more: str
) -> httpx.Response:
    data = {"csrf": browser.token(), "sendung": key or key_of(browser), **more}
    posted = [("dateien", (name, content, "application/octet-stream")) for name, content in files]
    return browser.request("POST", PAGE, data=data, files=posted or {"dateien": ("", b"")})


def fates(browser: Browser, answer: httpx.Response) -> dict[str, str]:
    """File name → what the page says of it."""
    assert answer.status_code == 303, unescape(answer.text)
    page = unescape(browser.get(answer.headers["location"]).text)
    row = r"<td data-label=\"Datei\"><code>(.*?)</code></td>(.*?)</tr>"
    rows = re.findall(row, page, re.DOTALL)
    return {name: " ".join(re.sub(r"<[^>]+>", " ", rest).split()) for name, rest in rows}


def count(house: House, what: object) -> int:
    with house.database.reading() as tx:
        return int(tx.scalar(select(func.count()).select_from(what)))  # type: ignore[arg-type]


def test_each_file_has_its_fate_and_a_bad_one_stops_no_other(browse: Browse, house: House) -> None:
    rita = browse("rita.rehbein")
    twin = SAMPLES["01"].replace(b"</Invoice>", b"<!-- noch einmal --></Invoice>")
    twin = twin if twin != SAMPLES["01"] else SAMPLES["01"] + b"\n"

    answer = send(
        rita,
        ("neu.xml", NEW),
        ("bekannt.xml", SAMPLES["01"]),
        ("doppelt.xml", twin),
        ("leer.xml", b""),
        ("alle.zip", packed(("a.xml", NEW + b"\n\n"), ("../../etc/passwd", b"x"))),
    )
    run_all(house)
    found = fates(rita, answer)

    assert found["neu.xml"].startswith("angenommen Liegt bei:")
    assert "WL-2026-2000 von Wegebau" in found["neu.xml"]
    assert found["bekannt.xml"].startswith("schon bekannt Dieselbe Datei ist am")
    assert found["doppelt.xml"].startswith("vermutlich doppelt")
    assert found["leer.xml"] == "nicht angenommen Es ist keine Datei angekommen. –"
    assert found["alle.zip/../../etc/passwd"].startswith(
        "nicht angenommen Der Name führt aus dem Archiv hinaus."
    )
    assert found["alle.zip/a.xml"].startswith("vermutlich doppelt")


def test_sending_or_loading_it_again_changes_nothing(browse: Browse, house: House) -> None:
    rita = browse("rita.rehbein")
    key, before = key_of(rita), count(house, invoice_receipt)

    first = send(rita, ("neu.xml", NEW), key=key)
    again = send(rita, ("neu.xml", NEW), key=key)
    seen = [fates(rita, each)["neu.xml"] for each in (first, again)]

    assert first.headers["location"] == again.headers["location"]
    assert seen[0] == seen[1]
    assert seen[0].startswith("angenommen")
    assert count(house, invoice_receipt) == before + 1
    assert count(house, invoice_upload) == 1


def test_the_same_files_under_another_key_are_known(browse: Browse) -> None:
    rita = browse("rita.rehbein")
    send(rita, ("neu.xml", NEW))

    found = fates(rita, send(rita, ("neu.xml", NEW)))

    assert found["neu.xml"].startswith("schon bekannt")


def test_an_upload_of_somebody_else_does_not_exist(browse: Browse, house: House) -> None:
    answer = send(browse("rita.rehbein"), ("neu.xml", NEW))
    place = answer.headers["location"].partition("?")[0]
    tim = browse("tim.tannhaus")

    assert tim.get(place).status_code == 404
    assert place not in tim.get(PAGE).text
    assert place in browse("rita.rehbein").get(PAGE).text


def test_what_another_sent_before_is_known_but_not_told(browse: Browse, house: House) -> None:
    tim = browse("tim.tannhaus")

    found = fates(tim, send(tim, ("fremd.xml", SAMPLES["02"])))

    assert found["fremd.xml"].startswith("schon bekannt")
    assert "KR-2026" not in found["fremd.xml"]


def test_the_day_that_the_post_came_is_the_receipt(browse: Browse, house: House) -> None:
    rita = browse("rita.rehbein")

    send(rita, ("neu.xml", NEW), eingegangen_am="02.11.2026")

    with house.database.reading() as tx:
        found = tx.scalar(
            select(invoice_receipt.c.id).where(invoice_receipt.c.channel == "hochgeladen")
        )
        row = receipts.receipt(tx, found)
    assert f"{row.received_at:%Y-%m-%d %H:%M}" == "2026-11-01 23:00"


@pytest.mark.parametrize(
    ("files", "more", "said"),
    [
        ([], {}, "Bitte mindestens eine Datei wählen."),
        ([("a.xml", NEW)], {"eingegangen_am": "morgen"}, "bitte einen Tag wie 31.12.2026"),
        ([("a.xml", NEW)], {"eingegangen_am": "31.12.2099"}, "liegt in der Zukunft"),
        ([(f"{n}.xml", b"x") for n in range(MOST_FILES + 1)], {}, "Höchstens 500 Dateien"),
        (
            [("a.zip", packed(*((f"{n}.xml", b"x") for n in range(MOST_FILES + 1))))],
            {},
            "Höchstens 500 Dateien",
        ),
    ],
    ids=["nothing", "no day", "a day to come", "too many", "too many in an archive"],
)
def test_what_is_too_much_or_nothing_is_refused_before_the_first_file(
    browse: Browse,
    house: House,
    files: list[tuple[str, bytes]],
    more: dict[str, str],
    said: str,
) -> None:
    before = count(house, invoice_receipt)

    answer = send(browse("rita.rehbein"), *files, **more)

    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert count(house, invoice_receipt) == before


def test_more_files_than_any_page_takes_are_refused_in_german(browse: Browse) -> None:
    answer = send(browse("rita.rehbein"), *((f"{n}.xml", b"x") for n in range(1001)))

    assert answer.status_code == 413
    assert "Zu viele Dateien auf einmal" in answer.text


def test_a_post_larger_than_any_may_be_is_refused_on_a_page(
    browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rita = browse("rita.rehbein")
    key, token = key_of(rita), rita.token()
    monkeypatch.setattr("api.BODY_LIMIT", 2**20)

    answer = rita.request(
        "POST",
        PAGE,
        data={"csrf": token, "sendung": key},
        files={"dateien": ("a.xml", b"x" * 2**21, "text/xml")},
    )

    assert answer.status_code == 413
    assert "auf einmal höchstens 1 MB" in answer.text


def test_a_post_without_its_token_or_key_takes_nothing(browse: Browse, house: House) -> None:
    rita, before = browse("rita.rehbein"), count(house, invoice_receipt)

    strange = send(rita, ("a.xml", NEW), key="../x")
    forged = rita.request(
        "POST", PAGE, data={"csrf": "x", "sendung": key_of(rita)}, files={"dateien": ("a.xml", NEW)}
    )

    assert (strange.status_code, forged.status_code) == (403, 403)
    assert count(house, invoice_receipt) == before


@pytest.mark.parametrize("login", ["paul.petersen", "gero.gestalt", "dora.dietrich"])
def test_who_submits_no_invoices_has_no_such_page(browse: Browse, login: str) -> None:
    browser = browse(login)

    answers = [
        browser.get(PAGE),
        send(browser, ("a.xml", NEW), key="0" * 32),
        browser.get(f"{PAGE}/{'0' * 32}"),
    ]

    assert [each.status_code for each in answers] == [403] * 3
