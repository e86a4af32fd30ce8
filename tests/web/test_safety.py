"""What strangers, other sites and hostile invoices cannot do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from engine.commands import ClaimTask
from processes.house import House
from processes.rechnungseingang import demo
from tests.web.browsing import SAMPLES, Browser, push, tasks_of
from web.pages import PARTS
from web.rendering import static
from web.visit import own_path

Browse = Callable[[str], Browser]
OPEN = {"/anmelden", "/static/{digest}/{name}", "/favicon.ico"}
ROUTES = [
    (method, route.path)
    for part in PARTS
    for route in part.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods)
]
CLOSED = [each for each in ROUTES if each[1] not in OPEN]


def test_without_a_session_every_page_leads_to_the_log_in(app: FastAPI) -> None:
    browser = Browser(app)

    answers = [browser.request(method, _address(path)) for method, path in CLOSED]

    assert len(answers) > 20
    for answer in answers:
        assert answer.status_code == 303, answer.url
        assert answer.headers["location"].startswith("/anmelden?weiter=/")


@pytest.mark.parametrize("token", ["", "0.0", "a.b.c"])
def test_no_post_changes_anything_without_the_sessions_token(browse: Browse, token: str) -> None:
    browser = browse("olga.ostmann")
    posts = [_address(path) for method, path in CLOSED if method == "POST"]

    for path in posts:
        answer = browser.request("POST", path, data={"csrf": token, "aktion": "erledigen"})
        assert answer.status_code == 403, path
        assert "nicht mehr gültig" in answer.text


def _address(path: str) -> str:
    return path.replace("{", "").replace("}", "")


def test_another_sessions_token_is_worth_nothing(browse: Browse) -> None:
    mine, other = browse("tim.tannhaus"), browse("rita.rehbein")

    answer = mine.request("POST", "/abmelden", data={"csrf": other.token()})

    assert answer.status_code == 403
    assert mine.get("/aufgaben").status_code == 200


def test_a_post_from_another_site_is_refused_even_with_the_token(browse: Browse) -> None:
    browser = browse("tim.tannhaus")

    answer = browser.request(
        "POST",
        "/abmelden",
        data={"csrf": browser.token()},
        headers={"sec-fetch-site": "cross-site"},
    )

    assert answer.status_code == 403


def test_another_site_cannot_log_somebody_in(app: FastAPI) -> None:
    answer = Browser(app).request(
        "POST",
        "/anmelden",
        data={"login": "tim.tannhaus", "password": "tim.tannhaus"},
        headers={"sec-fetch-site": "cross-site"},
    )

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "",
        "evil",
    ],
)
def test_logging_in_never_leads_to_another_site(app: FastAPI, target: str) -> None:
    answer = Browser(app).log_in("tim.tannhaus", weiter=target)

    assert answer.headers["location"] == "/"
    assert own_path(target) == "/"


def test_logging_in_leads_back_to_where_one_was(app: FastAPI) -> None:
    first = Browser(app).get("/akten?text=abc&was=akte")

    answer = Browser(app).log_in("tim.tannhaus", weiter="/akten?text=abc&was=akte")

    assert first.headers["location"] == "/anmelden?weiter=/akten%3Ftext%3Dabc%26was%3Dakte"
    assert answer.headers["location"] == "/akten?text=abc&was=akte"


def test_wrong_credentials_say_one_thing_and_keep_the_login(app: FastAPI) -> None:
    browser = Browser(app)

    wrong = browser.log_in("tim.tannhaus", password="falsch")
    unknown = browser.log_in('"><script>alert(1)</script>', password="falsch")

    sentence = "Anmeldename oder Passwort stimmt nicht."
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert sentence in wrong.text
    assert sentence in unknown.text
    assert 'value="tim.tannhaus"' in wrong.text
    assert "<script>alert" not in unknown.text


def test_logging_out_ends_the_session_itself(browse: Browse) -> None:
    browser = browse("tim.tannhaus")
    cookies = dict(browser.cookies)

    browser.post("/abmelden")

    browser.cookies.update(cookies)
    assert browser.get("/aufgaben").status_code == 303


def test_what_an_invoice_says_is_text_on_every_page(browse: Browse, house: House) -> None:
    evil = b"&lt;img src=x onerror=alert(1)&gt;&lt;script&gt;alert(2)&lt;/script&gt;"
    data = SAMPLES["01"].replace(b"Wegebau Lindental GmbH", evil)
    data = data.replace(b"WL-2026-1042", b"&quot;&gt;&lt;b&gt;1").replace(b"Lindenweg", evil)
    instance = push(house, data)
    browser = browse("tim.tannhaus")
    task = next(t for t in tasks_of(house, "tim.tannhaus") if t.instance_id == instance)

    found = [
        browser.get(path).text
        for path in ("/aufgaben", f"/aufgaben/{task.id}", f"/instanzen/{instance}", "/akten")
    ]

    assert any("onerror=alert(1)&gt;" in page for page in found)
    for page in found:
        assert "<img" not in page
        assert "<script>" not in page
        assert '"><b>' not in page


def test_what_somebody_types_is_text_when_it_comes_back(browse: Browse, house: House) -> None:
    task = tasks_of(house, "tim.tannhaus", "sachlich_pruefen")[0]
    house.engine.execute(ClaimTask(task.id), demo.principal(house, "tim.tannhaus"))
    evil = '"></textarea><script>alert(1)</script>'

    page = browse("tim.tannhaus").post(
        f"/aufgaben/{task.id}",
        aktion="anzeigen",
        begruendung=evil,
        festgestellter_betrag=evil,
        **{"ergebnis.da": "1", "ergebnis": "richtig"},
    )

    assert page.status_code == 200
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert" not in page.text
    assert page.text.count("</textarea>") == page.text.count("<textarea")


def test_a_search_is_text_when_it_comes_back(browse: Browse) -> None:
    page = browse("tim.tannhaus").get("/akten?text=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text

    assert "<script>alert" not in page


def test_no_page_carries_inline_style_or_script(browse: Browse, house: House) -> None:
    task = tasks_of(house, "tim.tannhaus")[0]
    browser = browse("tim.tannhaus")

    for path in ("/aufgaben", f"/aufgaben/{task.id}", f"/instanzen/{task.instance_id}"):
        page = browser.get(path).text
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick=" not in page
        assert page.count("<script") == page.count('<script type="module" src="/static/')


def test_static_files_are_cached_for_ever_under_their_hash_alone(app: FastAPI) -> None:
    browser = Browser(app)

    right = browser.get(static("amtsgang.css"))
    wrong = [
        browser.get("/static/000000000000/amtsgang.css"),
        browser.get("/static/000000000000/..%2fpages.py"),
        browser.get("/static/x/nichts.css"),
    ]

    assert right.status_code == 200
    assert "immutable" in right.headers["cache-control"]
    assert right.headers["content-type"].startswith("text/css")
    assert [each.status_code for each in wrong] == [404, 404, 404]


def test_pages_are_never_kept_by_a_cache(browse: Browse) -> None:
    assert browse("tim.tannhaus").get("/aufgaben").headers["cache-control"] == "no-store"


def test_addresses_of_machines_are_answered_for_machines(app: FastAPI) -> None:
    browser = Browser(app)

    answers = [browser.get(path) for path in ("/metrics", "/readyz", "/api/v1/nichts")]

    assert [each.status_code for each in answers] == [401, 200, 404]
    assert not any("html" in each.headers["content-type"] for each in answers)
