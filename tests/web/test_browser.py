"""The pages in a real browser: log in, do a task, walk by keyboard, and no barrier that axe finds.

Skipped only where there is no Chromium.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select

from eakte.tables import akte, dokument, vorgang
from processes.house import House
from processes.rechnungseingang import demo
from processes.rechnungseingang.intake import uploads
from processes.rechnungseingang.kreditoren import accounts
from processes.rechnungseingang.kreditoren import master as kreditoren
from tests.web.browsing import run_all, tasks_of

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1400, "height": 900}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium at /usr/bin/chromium"),
]


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    """The pages on a port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    end = monotonic() + 20
    while not server.started and monotonic() < end:
        sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained about: CSP, scripts, files that are not there."""
    return []


@pytest.fixture
def page(chromium: Browser, address: str, complaints: list[str]) -> Iterator[Page]:
    context = chromium.new_context(base_url=address, viewport=DESKTOP)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()


@pytest.fixture
def enter(page: Page) -> Callable[[str], None]:
    def log_in(login: str) -> None:
        page.context.clear_cookies()
        page.goto("/anmelden")
        page.get_by_label("Benutzername").fill(login)
        page.get_by_label("Passwort").fill(login)
        page.get_by_role("button", name="Anmelden").click()
        expect(page.get_by_role("button", name="Abmelden")).to_be_visible()

    return log_in


def barriers(page: Page) -> list[str]:
    """What axe finds on this page, as a phone and as a desktop, light and dark."""
    found = []
    for viewport in (DESKTOP, PHONE):
        for scheme in ("light", "dark"):
            page.set_viewport_size(viewport)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            result = Axe().run(page, options={"runOnly": {"type": "tag", "values": LEVELS}})
            where = f"{page.url} {viewport['width']} {scheme}"
            found += [
                f"{where} {each['id']}: {each['nodes'][0]['target']}"
                for each in result.response["violations"]
            ]
    page.set_viewport_size(DESKTOP)
    return found


def overflows(page: Page) -> bool:
    """Whether one must scroll sideways on a phone."""
    page.set_viewport_size(PHONE)
    wide = page.locator("html").evaluate("e => e.scrollWidth > e.clientWidth")
    page.set_viewport_size(DESKTOP)
    return bool(wide)


def _fill_the_check(page: Page) -> None:
    page.get_by_label("Sachlich richtig", exact=True).check()
    expect(page.get_by_label("Festgestellter Betrag")).to_have_value("18.828,18")
    row = page.get_by_role("group", name="Buchungszeilen, Zeile 1")
    row.get_by_label("Haushaltsjahr").fill("2026")
    row.get_by_label("Produkt").fill("54.10.01")
    row.get_by_label("Sachkonto").fill("523110")
    row.get_by_label("Kostenstelle").fill("6610")
    row.get_by_label("Steuerkennzeichen").select_option("hoheitlich")
    row.get_by_label("Betrag").fill("18.828,18")


def test_a_clerk_does_a_task_from_the_log_in_to_the_next(
    page: Page, enter: Callable[[str], None], house: House, complaints: list[str]
) -> None:
    enter("tim.tannhaus")
    page.get_by_role("row", name="Wegebau Lindental").get_by_role("link").click()
    page.get_by_role("button", name="Übernehmen").click()
    _fill_the_check(page)

    page.get_by_role("button", name="Erledigen").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link", name="Mittel sind verfügbar").click()
    expect(page.get_by_label("Mittel sind verfügbar")).to_be_focused()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Erledigen").click()

    expect(page.get_by_role("status")).to_contain_text("Die Aufgabe ist erledigt.")
    run_all(house)
    assert tasks_of(house, "ralf.rieger", "rechnerisch_feststellen")
    assert [each for each in complaints if "422" not in each] == []


def test_enter_in_a_field_signs_nothing(
    page: Page, enter: Callable[[str], None], house: House
) -> None:
    task = tasks_of(house, "tim.tannhaus", "sachlich_pruefen")[0]
    enter("tim.tannhaus")
    page.goto(f"/aufgaben/{task.id}")
    page.get_by_role("button", name="Übernehmen").click()
    page.get_by_label("Sachlich richtig", exact=True).check()

    page.get_by_label("Festgestellter Betrag").fill("12,5")
    page.keyboard.press("Enter")

    expect(page.get_by_label("Festgestellter Betrag")).to_have_value("12,50")
    assert len(tasks_of(house, "tim.tannhaus", "sachlich_pruefen")) == 2


def test_the_form_works_without_script(chromium: Browser, address: str, house: House) -> None:
    task = tasks_of(house, "tim.tannhaus", "sachlich_pruefen")[0]
    context = chromium.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/aufgaben/{task.id}")
    page.get_by_label("Benutzername").fill("tim.tannhaus")
    page.get_by_label("Passwort").fill("tim.tannhaus")
    page.get_by_role("button", name="Anmelden").click()
    page.get_by_role("button", name="Übernehmen").click()
    page.get_by_label("Sachlich richtig", exact=True).check()

    page.get_by_role("button", name="Felder zur Auswahl zeigen").click()
    page.get_by_role("button", name="Weitere Zeile").click()

    expect(page.get_by_role("group", name="Buchungszeilen, Zeile 2")).to_be_visible()
    expect(page.get_by_label("Sachlich richtig", exact=True)).to_be_checked()
    context.close()


def test_the_keyboard_reaches_content_navigation_and_diagram(
    page: Page, enter: Callable[[str], None], house: House
) -> None:
    task = tasks_of(house, "tim.tannhaus", "sachlich_pruefen")[0]
    enter("tim.tannhaus")
    page.goto(f"/instanzen/{task.instance_id}")
    seen = []

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Zum Inhalt springen")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        focused = page.locator("*:focus")
        seen.append(focused.get_attribute("aria-label") or focused.inner_text())

    assert "Diagramm mit dem Stand" in seen
    assert "Benutzeraufgabe: Sachlich prüfen und kontieren, aktiv" in seen


UPLOAD = "0" * 32


def _furnish(house: House) -> str:
    """A Kreditor with an account that waits, and files that somebody has sent in; its id."""
    rita, berta = (demo.principal(house, each) for each in ("rita.rehbein", "berta.brandt"))
    uploads.take(house, rita, UPLOAD, [("a.xml", b"<a/>"), ("leer.xml", b"")], {})
    with house.database.begin(house.settings.tenant) as tx:
        given = {"name": "Wegebau Lindental", "number": "70012", "blocked": "Insolvenz"}
        supplier = kreditoren.create(tx, berta, given)
        iban, why = "DE02120300000000202051", "Rückruf"
        accounts.propose(tx, berta, supplier, iban=iban, reason=why)
    return supplier


def test_no_page_has_a_barrier_that_axe_finds(
    page: Page, enter: Callable[[str], None], house: House, complaints: list[str]
) -> None:
    task = tasks_of(house, "tim.tannhaus", "sachlich_pruefen")[0]
    refusal = tasks_of(house, "rita.rehbein", "ablehnung_zeichnen")[0]
    with house.database.reading(house.settings.tenant) as tx:
        row = tx.first(select(vorgang).where(vorgang.c.instance_id == task.instance_id))
        assert row is not None
        paper = tx.scalar(select(dokument.c.id).where(dokument.c.vorgang == row.id))
        closed = tx.scalar(select(akte.c.id).where(akte.c.unit == "jugendamt"))
    supplier = _furnish(house)
    walks = {
        "tim.tannhaus": (
            "/aufgaben",
            "/aufgaben?ansicht=erledigt",
            f"/aufgaben/{task.id}",
            f"/instanzen/{task.instance_id}",
            f"/vorgaenge/{row.id}",
            f"/akten/{row.akte}",
            f"/dokumente/{paper}",
            "/akten",
            "/wiedervorlagen",
            "/seiten/skonto",
            f"/verwaltung/kreditoren?anlass={task.instance_id}&zurueck=/aufgaben/{task.id}",
        ),
        "rita.rehbein": (
            f"/aufgaben/{refusal.id}",
            "/seiten/einreichen",
            f"/seiten/einreichen/{UPLOAD}",
        ),
        "berta.brandt": ("/verwaltung/kreditoren", f"/verwaltung/kreditoren?zeile={supplier}"),
        "karla.kranz": (
            f"/akten/{closed}",
            "/verwaltung",
            "/verwaltung/zuordnung",
            "/verwaltung/zuordnung?zeile=05999-TIEFBAU-93",
            "/verwaltung/befugnisse",
            "/verwaltung/bankverbindungen",
        ),
        "regine.roth": ("/verwaltung/stellen",),
        "dora.dietrich": ("/zugriffe",),
        "olga.ostmann": (
            "/prozesse",
            "/prozesse/rechnungseingang",
            f"/instanzen/{refusal.instance_id}",
            "/stapel",
            "/pruefung",
        ),
    }

    found, wide = [], []
    page.goto("/anmelden")
    found += barriers(page)
    for login, paths in walks.items():
        enter(login)
        for path in paths:
            page.goto(path)
            found += barriers(page)
            wide += [path] if overflows(page) else []

    assert found == []
    assert wide == []
    assert complaints == []


def test_a_finding_leads_to_its_field_and_back_by_keyboard(
    page: Page, enter: Callable[[str], None], house: House
) -> None:
    task = tasks_of(house, "rita.rehbein", "ablehnung_zeichnen")[0]
    enter("rita.rehbein")
    page.goto(f"/aufgaben/{task.id}")
    finding = page.locator(".befund").first
    field = str(finding.locator("a").first.get_attribute("href"))

    finding.locator("a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(field)).to_be_focused()
    expect(page.locator(field)).to_be_in_viewport()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(finding).to_be_focused()


def test_an_invoice_prints_without_what_is_there_for_work(
    page: Page, enter: Callable[[str], None], house: House
) -> None:
    task = tasks_of(house, "tim.tannhaus", "sachlich_pruefen")[0]
    enter("tim.tannhaus")
    page.goto(f"/aufgaben/{task.id}")

    page.emulate_media(media="print")

    for hidden in ("Hauptnavigation", "Formular"):
        expect(page.get_by_label(hidden, exact=True)).to_be_hidden()
    expect(page.get_by_role("table", name="Positionen")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)


def test_too_much_is_said_before_it_is_sent(page: Page, enter: Callable[[str], None]) -> None:
    enter("rita.rehbein")
    page.goto("/seiten/einreichen")
    files = page.get_by_label("Dateien")
    files.evaluate("e => { e.dataset.mostBytes = 2 * 2 ** 20; }")

    files.set_input_files({"name": "a.xml", "mimeType": "text/xml", "buffer": b"x" * 3 * 2**20})
    page.get_by_role("button", name="Einreichen").click()

    expect(page.get_by_role("alert")).to_have_text("Zusammen höchstens 2 MB, gewählt sind 3 MB.")
    assert page.url.endswith("/seiten/einreichen")
    files.set_input_files({"name": "a.xml", "mimeType": "text/xml", "buffer": b"<a/>"})
    page.get_by_role("button", name="Einreichen").click()
    expect(page.get_by_role("status")).to_have_text("Die Dateien sind angekommen.")


def test_an_open_form_and_its_faults_have_no_barrier(
    page: Page, enter: Callable[[str], None], house: House
) -> None:
    task = tasks_of(house, "tim.tannhaus", "sachlich_pruefen")[0]
    enter("tim.tannhaus")
    page.goto(f"/aufgaben/{task.id}")
    page.get_by_role("button", name="Übernehmen").click()
    found = barriers(page)
    page.get_by_label("Sachlich richtig", exact=True).check()
    page.get_by_label("Festgestellter Betrag").fill("viel")
    page.get_by_role("button", name="Erledigen").click()
    expect(page.get_by_role("alert")).to_be_visible()

    found += barriers(page)

    assert found == []
    assert not overflows(page)
