"""The supplier master: who may change it, what a change leaves, whom an invoice is from."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest

from bpmn.forms import FormInvalid
from bpmn.values import decode
from eakte.dokumente import read_dokument
from identity.errors import FourEyesRequired, NotPermitted
from identity.principal import Principal
from processes.house import House
from processes.rechnungseingang import demo, receipts
from processes.rechnungseingang.errors import (
    AccountInvalid,
    InvoiceClosed,
    InvoiceUnknown,
    KreditorBlocked,
    KreditorInvalid,
    KreditorUnknown,
)
from processes.rechnungseingang.hkr.booking import booking_table
from processes.rechnungseingang.kreditoren import accounts, suppliers
from processes.rechnungseingang.kreditoren import master as kreditoren
from processes.rechnungseingang.kreditoren.matching import Match, match
from processes.rechnungseingang.kreditoren.registers import given_by
from processes.rechnungseingang.suggestions import posting_like_before
from storage.ledger import entries
from storage.verify import verify_one
from tests.processes.desk import SYSTEM, UBL, Desk, Run
from tests.processes.test_http import Client, client  # noqa: F401 the fixture

VAT, IBAN, OTHER = "DE123456789", "DE02120300000000202051", "DE89370400440532013000"


def who(house: House, login: str) -> Principal:
    return demo.principal(house, login)


def made(house: House, login: str = "berta.brandt", **given: str) -> str:
    with house.database.begin() as tx:
        return kreditoren.create(tx, who(house, login), {"name": "Wegebau", **given})


def changed(house: House, key: str, login: str = "berta.brandt", **given: str) -> frozenset[str]:
    with house.database.begin() as tx:
        return kreditoren.change(tx, who(house, login), key, given)


def proposed(house: House, key: str, login: str = "berta.brandt", iban: str = IBAN) -> str:
    with house.database.begin() as tx:
        accounts.propose(tx, who(house, login), key, iban=iban, reason="Rückruf")
        return str(next(e.id for e in accounts.accounts(tx, [key]) if e.iban == iban))


def confirmed(house: House, account: str, login: str = "karla.kranz") -> None:
    with house.database.begin() as tx:
        accounts.confirm(tx, who(house, login), account)


def state(house: House, key: str) -> list[str]:
    with house.database.reading() as tx:
        return [row.state for row in accounts.accounts(tx, [key])]


def matched(house: House, desk: Desk) -> Match:
    with house.database.reading() as tx:
        return match(tx, desk.row)


def told(house: House, key: str) -> list[str]:
    with house.database.reading() as tx:
        return [each.kind for each in entries(tx, key)]


# --- the master ---


def test_a_change_stands_in_the_kreditors_own_stream_with_what_was_before(house: House) -> None:
    key = made(house, city="Lindental")

    found = changed(house, key, city="Neustadt", name="Wegebau")

    with house.database.reading() as tx:
        last = list(entries(tx, key))[-1]
    assert found == {"city"}
    assert last.values is not None
    assert decode(last.facts) == {"fields": ["city"]}
    assert decode(last.values) == {"city": ["Lindental", "Neustadt"]}
    assert verify_one(house.database, "default", key).whole


def test_signs_that_nobody_sees_are_not_kept(house: House) -> None:
    key = made(house, city="Lin\x00den\u200btal\ud800\n ")

    with house.database.reading() as tx:
        assert kreditoren.kreditor(tx, key).city == "Lindental"


def test_nothing_changed_leaves_no_entry(house: House) -> None:
    key = made(house, city="Lindental")

    assert changed(house, key, city=" Lindental ") == frozenset()
    assert told(house, key) == ["kreditor.created"]


def test_who_saw_an_older_state_overwrites_nothing(house: House) -> None:
    key = made(house)
    changed(house, key, city="Neustadt")

    with pytest.raises(KreditorInvalid, match="Inzwischen"), house.database.begin() as tx:
        kreditoren.change(tx, who(house, "berta.brandt"), key, {"city": "Altstadt"}, 1)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": " "}, "Namen"),
        ({"vat_id": "123"}, "USt-IdNr."),
        ({"country": "Deutschland"}, "Land"),
        ({"valid_from": "gestern"}, "Gültig ab"),
        ({"name": "x" * 301}, "höchstens 300"),
        ({"number": "70012"}, "70012 hat schon"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    house: House, given: dict[str, str], why: str
) -> None:
    made(house, number="70012")

    with pytest.raises(KreditorInvalid, match=why):
        made(house, **{"name": "Zweiter", **given})


def test_a_clerk_adds_who_is_new_but_no_twin_and_no_number_and_changes_nothing(
    house: House,
) -> None:
    key = made(house, "tim.tannhaus", vat_id=VAT)

    with pytest.raises(KreditorInvalid, match="hat schon Wegebau"):
        made(house, "tim.tannhaus", vat_id="DE 123 456 789")
    with pytest.raises(KreditorInvalid, match="Nummer vergibt"):
        made(house, "tim.tannhaus", number="1")
    with pytest.raises(NotPermitted):
        changed(house, key, "tim.tannhaus", city="X")


def test_who_may_be_the_same_is_told(house: House) -> None:
    key = made(house, city="Lindental", registration_id="HRB 1")
    by_name, by_number = (
        made(house, city="Lindental"),
        made(house, name="X", registration_id="hrb1"),
    )
    made(house, city="Neustadt")

    with house.database.reading() as tx:
        found = kreditoren.twins(tx, kreditoren.kreditor(tx, key))

    assert {each.id for each in found} == {by_name, by_number}


@pytest.mark.parametrize("login", ["gero.gestalt", "dora.dietrich", "paul.petersen"])
def test_others_add_no_kreditor(house: House, login: str) -> None:
    with pytest.raises(NotPermitted):
        made(house, login)


def test_every_word_of_a_search_is_found_in_number_name_place_or_iban(house: House) -> None:
    key = made(house, number="70012", name="Gärtnerei Grün", city="Lindental")
    made(house, name="Wegebau", city="Lindental")
    proposed(house, key)

    with house.database.reading() as tx:
        found = [
            [each.id for each in kreditoren.find(tx, text)]
            for text in ("grün lindental", "70012", "DE02 1203", "grün neustadt")
        ]

    assert found == [[key], [key], [key], []]


def test_a_search_of_thousands_of_words_is_answered(house: House) -> None:
    key = made(house, name="Gärtnerei Grün")
    proposed(house, key)
    text = "grün " * 5_000

    with house.database.reading() as tx:
        found, held = kreditoren.find(tx, text), accounts.find(tx, text)

    assert [each.id for each in found] == [key]
    assert [row.iban for row in held] == [IBAN]


# --- accounts ---


def test_an_account_is_proposed_by_one_and_confirmed_by_another(house: House) -> None:
    key = made(house)
    account = proposed(house, key)

    with pytest.raises(FourEyesRequired):
        confirmed(house, account, "berta.brandt")
    confirmed(house, account)

    assert state(house, key) == ["bestaetigt"]
    assert told(house, key)[1:] == ["kreditor.account.proposed", "kreditor.account.confirmed"]


def test_who_stands_in_for_the_proposer_does_not_confirm_either(house: House) -> None:
    account = proposed(house, made(house))
    deputy = who(house, "karla.kranz").acting_for(who(house, "berta.brandt").id)

    with pytest.raises(FourEyesRequired), house.database.begin() as tx:
        accounts.confirm(tx, deputy, account)


def test_a_clerk_confirms_no_account(house: House) -> None:
    account = proposed(house, made(house))

    with pytest.raises(NotPermitted):
        confirmed(house, account, "tim.tannhaus")


@pytest.mark.parametrize(
    ("iban", "bic", "reason"),
    [("DE00", "", "x"), (IBAN, "KURZ", "x"), (IBAN, "", " ")],
    ids=["IBAN", "BIC", "reason"],
)
def test_what_is_no_account_is_not_proposed(house: House, iban: str, bic: str, reason: str) -> None:
    key = made(house)

    with pytest.raises(AccountInvalid), house.database.begin() as tx:
        accounts.propose(tx, SYSTEM, key, iban=iban, bic=bic, reason=reason)


def test_a_new_identifier_has_the_accounts_confirmed_anew(house: House) -> None:
    """Else whoever takes over another's VAT id would be paid that one's invoices."""
    from processes.rechnungseingang.kreditoren.registers import KREDITOREN  # noqa: PLC0415

    key = made(house)
    confirmed(house, proposed(house, key))

    with house.database.begin() as tx:
        KREDITOREN.put(tx, who(house, "berta.brandt"), {"id": key, "vat_id": VAT})

    assert state(house, key) == ["vorgeschlagen"]


# --- which Kreditor an invoice is from ---


@pytest.fixture
def desk(house: House, run_jobs: Run) -> Desk:
    return Desk(house, run_jobs)


def stated(desk: Desk, house: House, **values: str | None) -> None:
    none = dict.fromkeys(("seller_vat_id", "seller_tax_number", "seller_registration"))
    with house.database.begin() as tx:
        more = {"seller_key": "name:wegebau", "seller": "Wegebau", "seller_city": "Lindental"}
        receipts.change(tx, desk.id, **{**none, **more, **values})


@pytest.mark.parametrize(
    ("invoice", "master", "reason"),
    [
        ({"seller_vat_id": "DE 123456789"}, {"vat_id": VAT}, "Gleiche USt-IdNr."),
        ({"seller_key": "ust:de123456789"}, {"vat_id": VAT}, "Gleiche USt-IdNr."),
        ({"seller_tax_number": "12/345"}, {"tax_number": "12345"}, "Gleiche Steuernummer."),
        (
            {"seller_registration": "HRB 99"},
            {"registration_id": "HRB99", "name": "Wegebau"},
            "Gleiche Registernummer.",
        ),
        ({}, {"name": "WEGEBAU", "city": "Lindental"}, "Gleicher Name und Ort."),
    ],
    ids=["vat", "older row", "tax", "register", "name and city"],
)
def test_a_kreditor_is_found_by_what_the_seller_states(
    house: House, desk: Desk, invoice: dict[str, str], master: dict[str, str], reason: str
) -> None:
    stated(desk, house, **invoice)
    key = made(house, **{"name": "Ganz anders", **master})

    found = matched(house, desk)

    assert found.kreditor is not None
    assert found.kreditor.id == key
    assert found.reason == reason


def test_a_kreditor_is_found_by_a_confirmed_account_only(house: House, desk: Desk) -> None:
    stated(desk, house, iban=IBAN)
    key = made(house, name="Ganz anders")
    account = proposed(house, key)
    before = matched(house, desk)

    confirmed(house, account)

    assert before.kreditor is None
    assert matched(house, desk).kreditor is not None


@pytest.mark.parametrize(
    ("invoice", "master"),
    [
        (
            {"seller_vat_id": "DE111111111", "seller_tax_number": "1"},
            {"vat_id": VAT, "tax_number": "1"},
        ),
        ({"seller_registration": "HRB 99"}, {"registration_id": "HRB 99"}),
        ({"seller_city": None}, {"name": "Wegebau"}),
        ({"seller_vat_id": VAT}, {"vat_id": VAT, "valid_from": "2099-01-01"}),
    ],
    ids=["another VAT id", "another court's number", "a name alone", "not yet valid"],
)
def test_what_may_be_somebody_else_is_not_taken(
    house: House, desk: Desk, invoice: dict[str, str | None], master: dict[str, str]
) -> None:
    stated(desk, house, **invoice)
    made(house, **{"name": "Ganz anders", **master})

    assert matched(house, desk).kreditor is None


def test_of_several_branches_a_weaker_mark_decides_or_a_person(house: House, desk: Desk) -> None:
    stated(desk, house, seller_vat_id=VAT)
    made(house, name="Filiale Nord", vat_id=VAT)
    south = made(house, name="Filiale Süd", vat_id=VAT)
    before = matched(house, desk)

    changed(house, south, name="Wegebau", city="Lindental")
    after = matched(house, desk)

    assert (before.kreditor, len(before.candidates)) == (None, 2)
    assert after.kreditor is not None
    assert after.kreditor.id == south
    assert after.reason == "Gleiche USt-IdNr., gleicher Name und Ort."


def test_a_persons_choice_goes_before_all_and_is_told(house: House, desk: Desk) -> None:
    made(house, vat_id=desk.row.seller_vat_id)
    other = made(house, name="Inkasso")

    with house.database.begin() as tx:
        suppliers.choose(tx, who(house, "tim.tannhaus"), desk.id, other)

    found = matched(house, desk)
    assert found.kreditor is not None
    assert (found.kreditor.id, found.reason) == (other, "Gewählt von Tim Tannhaus.")
    assert told(house, other)[-1] == "kreditor.chosen"


def test_after_the_order_no_kreditor_is_chosen_any_more(house: House, desk: Desk) -> None:
    key = made(house)
    desk.certify()
    desk.order()

    with pytest.raises(InvoiceClosed), house.database.begin() as tx:
        suppliers.choose(tx, who(house, "tim.tannhaus"), desk.id, key)


def test_who_may_not_work_on_the_invoice_chooses_nothing(house: House, desk: Desk) -> None:
    key = made(house)

    with pytest.raises(InvoiceUnknown), house.database.begin() as tx:
        suppliers.choose(tx, who(house, "jule.jansen"), desk.id, key)
    with pytest.raises(KreditorUnknown), house.database.begin() as tx:
        suppliers.choose(tx, who(house, "tim.tannhaus"), desk.id, "k_nobody")


def test_the_form_for_a_new_kreditor_is_filled_from_the_invoice(house: House, desk: Desk) -> None:
    from invoice.documents import invoice_in  # noqa: PLC0415

    given = given_by(invoice_in(UBL), desk.row)

    assert given["name"] == desk.row.seller
    assert {"vat_id", "street", "post_code", "city", "country", "iban"} <= set(given)
    assert given["account_reason"] == f"Laut Rechnung {desk.row.number}"


# --- on the way of an invoice ---


def test_the_number_goes_out_with_the_order_in_both_files(house: House, desk: Desk) -> None:
    made(house, number="70012", vat_id=desk.row.seller_vat_id)
    desk.certify()
    desk.order()

    with house.database.begin() as tx:
        content = read_dokument(tx, SYSTEM, desk.row.booking_file, house.blobs, "Test")

    (line,) = csv.DictReader(StringIO(booking_table(content).decode()), delimiter=";")
    assert json.loads(content)["order"]["kreditor"] == "70012"
    assert line["kreditor"] == "70012"


def test_another_kreditor_after_a_signature_voids_it(house: House, desk: Desk) -> None:
    made(house, vat_id=desk.row.seller_vat_id)
    other = made(house, name="Inkasso")
    desk.certify()
    with house.database.begin() as tx:
        suppliers.choose(tx, who(house, "tim.tannhaus"), desk.id, other)

    with pytest.raises(FormInvalid):
        desk.order()


def test_what_becomes_of_the_master_after_the_signature_changes_nothing(
    house: House, desk: Desk
) -> None:
    key = made(house, vat_id=desk.row.seller_vat_id)
    desk.check()
    changed(house, key, vat_id="DE999999999")
    desk.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")

    desk.order()

    assert desk.row.kreditor == key
    assert desk.row.booking_file is not None


def test_nothing_is_ordered_to_be_paid_to_a_blocked_kreditor(house: House, desk: Desk) -> None:
    key = made(house, vat_id=desk.row.seller_vat_id, blocked="Insolvenz, siehe Vorgang 12")
    desk.certify()
    with pytest.raises(KreditorBlocked, match="Insolvenz"):
        desk.order()

    changed(house, key, blocked="")
    desk.order()

    assert desk.row.booking_file is not None


def test_the_usual_posting_stands_in_the_form_of_a_suppliers_first_invoice(
    house: House, run_jobs: Run
) -> None:
    made(house, number="70012", vat_id="DE999999990", sachkonto="523110", kostenstelle="6610")
    first = Desk(house, run_jobs)
    with house.database.begin() as tx:
        receipts.change(tx, first.id, seller_vat_id="DE999999990", cost_centre=None)
        posting = posting_like_before(tx, receipts.receipt(tx, first.id), "tiefbau", tx.now)

    assert posting is not None
    assert "70012" in posting.reason
    (line,) = posting.lines
    assert isinstance(line, dict)
    assert (line["sachkonto"], line["kostenstelle"]) == ("523110", "6610")


# --- over HTTP ---


def test_an_hkr_system_reads_the_master_with_its_accounts(
    house: House,
    client: Client,  # noqa: F811
) -> None:
    key = made(house, number="70012", vat_id=VAT)
    confirmed(house, proposed(house, key))
    as_booking = {"headers": {"x-login": "kassenverfahren"}}

    listed = client.get("/api/v1/kreditoren?search=wegebau", **as_booking).json()
    one = client.get("/api/v1/kreditoren/70012", **as_booking)
    unknown = client.get("/api/v1/kreditoren/x", **as_booking)

    assert listed["items"] == [one.json()]
    assert (one.json()["id"], one.json()["accounts"][0]["iban"]) == (key, IBAN)
    assert one.json()["accounts"][0]["confirmed_by"] == who(house, "karla.kranz").id
    assert (one.headers["etag"], unknown.status_code) == ('"3"', 404)


@pytest.mark.parametrize("login", ["rechnungsportal", "gero.gestalt", "regine.roth"])
def test_others_read_no_kreditor_over_http(
    house: House,
    client: Client,  # noqa: F811
    login: str,
) -> None:
    key = made(house)

    for place in ("/api/v1/kreditoren", f"/api/v1/kreditoren/{key}"):
        with pytest.raises(NotPermitted):
            client.get(place, headers={"x-login": login})
