"""The supplier master on its pages: found, added from an invoice, changed, confirmed by another."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import urlencode

import pytest

from engine.views import Task
from processes.house import House
from processes.rechnungseingang import demo, receipts
from processes.rechnungseingang.kreditoren import accounts
from processes.rechnungseingang.kreditoren import master as kreditoren
from processes.rechnungseingang.kreditoren.master import Kreditor
from tests.web.browsing import Browser, tasks_of

Browse = Callable[[str], Browser]
PAGE, ACCOUNTS = "/verwaltung/kreditoren", "/verwaltung/bankverbindungen"
NEW = {"name": "Wegebau Lindental GmbH", "vat_id": "DE299999999", "city": "Lindental"}
IBAN = "DE02120300000000202051"


def known(house: House, text: str = "") -> list[Kreditor]:
    with house.database.reading() as tx:
        return kreditoren.find(tx, text)


def made(house: House, **given: str) -> str:
    with house.database.begin() as tx:
        return kreditoren.create(tx, demo.principal(house, "berta.brandt"), {**NEW, **given})


def states(house: House) -> list[str]:
    with house.database.reading() as tx:
        return [row.state for row in accounts.find(tx)]


@pytest.fixture
def task(house: House) -> Task:
    return tasks_of(house, "tim.tannhaus", "sachlich_pruefen")[-1]


def test_a_kreditor_is_added_found_changed_and_its_history_told(
    browse: Browse, house: House
) -> None:
    berta = browse("berta.brandt")

    added = berta.post(PAGE, **NEW, iban=IBAN)
    (first,) = known(house)
    page = unescape(berta.get(f"{PAGE}?suche=lindental&zeile={first.id}").text)
    changed = berta.post(
        PAGE, id=first.id, stand=str(first.stand), **{**NEW, "city": "Neustadt"},
        valid_from="01.01.2026",
    )  # fmt: skip
    told = unescape(berta.get(f"{PAGE}?zeile={first.id}").text)

    assert (added.status_code, changed.status_code) == (303, 303)
    assert 'value="Wegebau Lindental GmbH"' in page
    assert "Konto vorgeschlagen" in page
    assert IBAN in page
    assert "Ort: Lindental → Neustadt" in told
    assert known(house)[0].city == "Neustadt"


def test_who_saw_an_older_state_is_told_and_keeps_what_was_typed(
    browse: Browse, house: House
) -> None:
    key = made(house)
    berta = browse("berta.brandt")

    answer = berta.post(PAGE, id=key, stand="0", **{**NEW, "city": "Altstadt"})

    page = unescape(answer.text)
    assert answer.status_code == 422
    assert "Inzwischen hat jemand diesen Kreditor geändert" in page
    assert 'value="Altstadt"' in page


def test_an_account_is_confirmed_by_another_person_than_who_proposed_it(
    browse: Browse, house: House
) -> None:
    made(house, number="70012")
    berta, karla = browse("berta.brandt"), browse("karla.kranz")
    berta.post(ACCOUNTS, kreditor="70012", iban=IBAN, bic="", reason="Rückruf")
    account = re.search(r'name="zeile" value="(kk_\w+)"', berta.get(ACCOUNTS).text)
    assert account is not None
    act = {"handlung": "bestaetigen", "zeile": account[1]}

    own = berta.post(f"{ACCOUNTS}/handlung", **act)
    before = states(house)
    other = karla.post(f"{ACCOUNTS}/handlung", **act)

    assert (own.status_code, before) == (422, ["vorgeschlagen"])
    assert "bestätigt es nicht selbst" in unescape(own.text)
    assert (other.status_code, states(house)) == (303, ["bestaetigt"])


def test_a_clerk_makes_the_kreditor_from_the_invoice_and_comes_back_to_the_task(
    browse: Browse, house: House, task: Task
) -> None:
    tim = browse("tim.tannhaus")
    panel = unescape(tim.get(f"/aufgaben/{task.id}").text)
    link = re.search(rf'href="({PAGE}\?anlass[^"]+)"', panel)
    assert link is not None
    form = unescape(tim.get(link[1]).text)
    filled = dict(re.findall(r'<input type="text" id="(\w+)" name="\w+" value="([^"]*)"', form))

    way = {"anlass": task.instance_id, "zurueck": f"/aufgaben/{task.id}"}
    answer = tim.post(PAGE, **filled, **way)

    assert answer.headers["location"] == f"/aufgaben/{task.id}?hinweis=gespeichert"
    (one,) = known(house)
    with house.database.reading() as tx:
        row = receipts.receipt(tx, task.instance_id)
    assert (row.kreditor, one.name, one.vat_id) == (one.id, row.seller, row.seller_vat_id)
    assert states(house) == ["vorgeschlagen"]
    assert one.called in unescape(tim.get(f"/aufgaben/{task.id}").text)


def test_a_kreditor_is_chosen_for_an_invoice(browse: Browse, house: House, task: Task) -> None:
    key = made(house, name="Inkasso Süd")
    tim = browse("tim.tannhaus")
    way = {"anlass": task.instance_id, "zurueck": f"/aufgaben/{task.id}"}

    shown = unescape(tim.get(f"{PAGE}?{urlencode({**way, 'suche': 'inkasso'})}").text)
    tim.post(f"{PAGE}/waehlen", zeile=key, **way)

    assert 'aria-label="Inkasso Süd, Lindental wählen"' in shown
    assert "Gewählt von Tim Tannhaus" in tim.get(f"/aufgaben/{task.id}").text


def test_who_may_not_work_on_an_invoice_learns_nothing_of_it_here(
    browse: Browse, house: House, task: Task
) -> None:
    key, jule = made(house), browse("jule.jansen")
    way = {"anlass": task.instance_id}

    answers = [
        jule.get(f"{PAGE}?{urlencode(way)}"),
        jule.post(f"{PAGE}/waehlen", zeile=key, **way),
        jule.post(PAGE, **{**NEW, "name": "Neu", "vat_id": ""}, **way),
    ]

    assert [each.status_code for each in answers] == [404] * 3
    assert len(known(house)) == 1


@pytest.mark.parametrize("login", ["gero.gestalt", "dora.dietrich", "regine.roth"])
def test_others_see_no_kreditor(browse: Browse, house: House, login: str) -> None:
    key, browser = made(house), browse(login)

    answers = [browser.get(place) for place in (PAGE, f"{PAGE}?zeile={key}", ACCOUNTS)]
    answers += [browser.post(PAGE, **NEW), browser.get(f"{PAGE}/tabelle")]

    assert [each.status_code for each in answers] == [404] * 5
    assert "Kreditoren" not in browser.get("/akten").text


def test_a_clerk_reads_but_changes_nothing_and_takes_no_table_home(
    browse: Browse, house: House
) -> None:
    key, tim = made(house), browse("tim.tannhaus")

    shown = unescape(tim.get(f"{PAGE}?zeile={key}").text)
    changed = tim.post(PAGE, id=key, stand="1", **{**NEW, "city": "X"})

    assert "Wegebau Lindental GmbH" in shown
    assert "Als Tabelle" not in shown
    assert "ändern</h2>" not in shown
    assert changed.status_code == 403
    assert tim.get(f"{PAGE}/tabelle").status_code == 404


def test_a_table_is_taken_in_whole_or_its_faults_are_listed(browse: Browse, house: House) -> None:
    berta = browse("berta.brandt")

    def upload(text: str) -> object:
        return berta.request(
            "POST",
            f"{PAGE}/tabelle",
            data={"csrf": berta.token()},
            files={"datei": ("k.csv", text.encode(), "text/csv")},
        )

    bad = upload("nummer;name\n1;Gut\n2;\n3;\n")
    before = known(house)
    good = upload("nummer;name\n1;Gut\n")
    home = berta.get(f"{PAGE}/tabelle")

    assert bad.status_code == 422  # type: ignore[attr-defined]
    assert "<li>Zeile 3: Bitte den Namen angeben.</li>" in bad.text  # type: ignore[attr-defined]
    assert before == []
    assert good.status_code == 303  # type: ignore[attr-defined]
    assert "Zuletzt geändert durch einen Import" in berta.get(PAGE).text
    assert home.headers["content-disposition"].startswith("attachment")
    assert "Gut" in home.text


def test_a_long_master_is_shown_a_page_at_a_time(browse: Browse, house: House) -> None:
    with house.database.begin() as tx:
        berta = demo.principal(house, "berta.brandt")
        for n in range(51):
            kreditoren.create(tx, berta, {"name": f"Firma {n:02}"})
    tim = browse("tim.tannhaus")

    first, second = tim.get(PAGE).text, tim.get(f"{PAGE}?seite=2").text

    assert ("Firma 49" in first, "Firma 50" in first) == (True, False)
    assert ("Firma 49" in second, "Firma 50" in second) == (False, True)
    assert 'href="/verwaltung/kreditoren?seite=2"' in first
