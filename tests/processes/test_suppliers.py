"""What was paid before: the same payment in another file, and a supplier's account that changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bpmn.forms import FormInvalid
from processes.house import House
from processes.rechnungseingang import demo, receipts
from processes.rechnungseingang.kreditoren import accounts
from processes.rechnungseingang.kreditoren import master as kreditoren
from processes.rechnungseingang.kreditoren.suppliers import choose, iban_alarm
from tests.processes.desk import BOOKED, UBL, Desk, Run

NUMBER = b"WL-2026-1042"


def variant(*changes: tuple[bytes, bytes]) -> bytes:
    data = UBL
    for old, new in changes:
        assert old in data
        data = data.replace(old, new)
    return data


def alarm(house: House, desk: Desk) -> str | None:
    with house.database.reading() as tx:
        return iban_alarm(tx, desk.row)


@pytest.fixture
def paid(house: House, run_jobs: Run) -> Desk:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.order()
    desk.report(BOOKED)
    return desk


def other_number(house: House, run_jobs: Run, **head: object) -> Desk:
    """The same supplier's next invoice, whose head data are changed before anybody checks it."""
    desk = Desk(house, run_jobs, variant((NUMBER, b"WL-2026-1043")))
    with house.database.begin() as tx:
        receipts.change(tx, desk.id, **{"iban": desk.row.iban, **head})
    return desk


def test_the_same_payment_under_another_number_is_put_before_a_person(
    house: House, run_jobs: Run
) -> None:
    first = Desk(house, run_jobs)

    second = Desk(house, run_jobs, variant((NUMBER, b"WL 2026/1042")))

    assert second.open_tasks == ["dublette_pruefen"]
    assert second.row.predecessor == first.id


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_due": "18828.19"},
        {"iban": "DE89370400440532013000"},
    ],
    ids=["amount", "iban"],
)
def test_another_amount_or_account_is_another_invoice(
    house: House, run_jobs: Run, changes: dict[str, object]
) -> None:
    first = Desk(house, run_jobs)
    with house.database.begin() as tx:
        receipts.change(tx, first.id, **changes)

    second = Desk(house, run_jobs, variant((NUMBER, b"WL-2026-1043")))

    assert "dublette_pruefen" not in second.open_tasks


def test_the_account_that_was_paid_before_raises_no_alarm(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    assert paid.row.state == "gebucht"

    assert alarm(house, other_number(house, run_jobs)) is None


def test_another_account_than_was_paid_before_raises_an_alarm(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    desk = other_number(house, run_jobs, iban="DE89370400440532013000")

    found = alarm(house, desk)

    assert found is not None
    assert "DE…3000" in found
    assert f"DE…{paid.row.iban[-4:]}" in found


def test_an_account_that_another_supplier_was_paid_to_raises_an_alarm(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    desk = other_number(house, run_jobs, seller_key="ust:de999999999")

    assert "anderen Lieferanten" in (alarm(house, desk) or "")


def test_an_account_on_an_invoice_that_was_never_paid_proves_nothing(
    house: House, run_jobs: Run
) -> None:
    Desk(house, run_jobs)

    assert alarm(house, other_number(house, run_jobs, iban="DE89370400440532013000")) is None


OTHER = "DE89370400440532013000"


def test_a_new_account_is_not_ordered_to_without_saying_how_it_was_checked(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    desk = other_number(house, run_jobs, iban=OTHER)
    desk.certify()

    with pytest.raises(FormInvalid, match="nachgefragt"):
        desk.order()

    assert desk.open_tasks == ["anordnen"]


def test_the_order_records_how_the_new_account_was_checked(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    desk = other_number(house, run_jobs, iban=OTHER)
    desk.certify()

    desk.order(bankverbindung_wie="Rückruf bei Frau Lindner")

    (ordered,) = [step for step in desk.steps if step.kind == "anordnen" and step.outcome]
    assert "Neue Bankverbindung" in (ordered.remark or "")
    assert "Rückruf bei Frau Lindner" in (ordered.remark or "")


def in_master(house: House, desk: Desk, iban: str = OTHER, by: str = "berta.brandt") -> str:
    """The desk's supplier as a Kreditor with a confirmed account; the account's id."""
    proposer, confirmer = demo.principal(house, "olga.ostmann"), demo.principal(house, by)
    confirmer = replace(confirmer, roles=frozenset({"lead"}))
    row = desk.row
    with house.database.begin() as tx:
        given = {"name": row.seller, "vat_id": row.seller_vat_id}
        key = kreditoren.create(tx, proposer, given)
        accounts.propose(tx, proposer, key, iban=iban, reason="Rückruf")
        (account,) = accounts.accounts(tx, [key])
        accounts.confirm(tx, confirmer, account.id)
    return str(account.id)


def test_a_confirmed_account_raises_no_alarm(house: House, run_jobs: Run, paid: Desk) -> None:
    desk = other_number(house, run_jobs, iban=OTHER)

    in_master(house, desk)

    assert alarm(house, desk) is None


def test_another_account_than_the_confirmed_one_raises_an_alarm_before_anything_was_paid(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)

    in_master(house, desk)

    assert "bestätigt ist DE…3000" in (alarm(house, desk) or "")


def test_an_account_that_is_only_proposed_still_raises_the_alarm(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    desk = other_number(house, run_jobs, iban=OTHER)
    olga = demo.principal(house, "olga.ostmann")

    with house.database.begin() as tx:
        given = {"name": "Wegebau", "vat_id": desk.row.seller_vat_id}
        key = kreditoren.create(tx, olga, given)
        accounts.propose(tx, olga, key, iban=OTHER, reason="Brief vom 1. November")

    assert "noch von niemandem bestätigt" in (alarm(house, desk) or "")


def test_another_account_than_an_import_brought_raises_an_alarm_before_any_is_confirmed(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)
    olga = demo.principal(house, "olga.ostmann")
    with house.database.begin() as tx:
        given = {"name": desk.row.seller, "vat_id": desk.row.seller_vat_id}
        key = kreditoren.create(tx, olga, given)
        accounts.propose(tx, olga, key, iban=OTHER, reason="Import")
    strange = alarm(house, desk)
    with house.database.begin() as tx:
        accounts.propose(tx, olga, key, iban=desk.row.iban, reason="Import")

    assert "nennt ein anderes Konto" in (strange or "")
    assert alarm(house, desk) is None


def test_an_account_confirmed_for_another_kreditor_raises_an_alarm(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)
    olga, berta = (demo.principal(house, each) for each in ("olga.ostmann", "berta.brandt"))

    with house.database.begin() as tx:
        key = kreditoren.create(tx, olga, {"name": "Ganz anders", "vat_id": "DE999999999"})
        accounts.propose(tx, olga, key, iban=desk.row.iban, reason="Rückruf")
        accounts.confirm(tx, berta, accounts.accounts(tx, [key])[0].id)

    assert "anderen Lieferanten" in (alarm(house, desk) or "")


def test_an_account_that_a_certifier_confirmed_is_not_ordered_to_unasked(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    desk = other_number(house, run_jobs, iban=OTHER)
    in_master(house, desk, by="tim.tannhaus")
    desk.certify()

    with pytest.raises(FormInvalid, match="wer die Rechnung festgestellt hat"):
        desk.order()


def test_a_removed_account_raises_the_alarm_though_it_was_paid_to(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    desk = other_number(house, run_jobs)
    account = in_master(house, desk, desk.row.iban)

    with house.database.begin() as tx:
        accounts.remove(tx, demo.principal(house, "berta.brandt"), account)

    assert "aus dem Kreditorenstamm genommen" in (alarm(house, desk) or "")


def test_who_proposes_a_removed_account_anew_does_not_end_the_alarm(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    desk = other_number(house, run_jobs)
    account = in_master(house, desk, desk.row.iban)
    tim, berta = (demo.principal(house, each) for each in ("tim.tannhaus", "berta.brandt"))
    with house.database.begin() as tx:
        accounts.remove(tx, berta, account)
        (row,) = (each for each in accounts.find(tx) if each.id == account)
        accounts.propose(tx, tim, row.kreditor, iban=row.iban, reason="Laut Rechnung")
    proposed = alarm(house, desk)

    with house.database.begin() as tx:
        accounts.confirm(tx, berta, account)

    assert "aus dem Kreditorenstamm genommen" in (proposed or "")
    assert alarm(house, desk) is None


def test_a_choice_of_another_kreditor_is_no_way_round_the_alarm(
    house: House, run_jobs: Run, paid: Desk
) -> None:
    """A clerk's own Kreditor, with an account that was rightly confirmed for it."""
    desk = other_number(house, run_jobs, iban=OTHER)
    olga, berta = (demo.principal(house, each) for each in ("olga.ostmann", "berta.brandt"))
    with house.database.begin() as tx:
        kreditoren.create(tx, olga, {"name": "Wegebau", "vat_id": desk.row.seller_vat_id})
        own = kreditoren.create(tx, olga, {"name": "Ganz anders"})
        accounts.propose(tx, olga, own, iban=OTHER, reason="Rückruf")
        accounts.confirm(tx, berta, accounts.accounts(tx, [own])[0].id)
        choose(tx, demo.principal(house, "tim.tannhaus"), desk.id, own)

    assert "Gewählt ist Ganz anders" in (alarm(house, desk) or "")


def test_a_choice_with_another_vat_id_than_the_invoice_raises_an_alarm(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)
    with house.database.begin() as tx:
        olga = demo.principal(house, "olga.ostmann")
        own = kreditoren.create(tx, olga, {"name": "Ganz anders", "vat_id": "DE123456789"})
        choose(tx, demo.principal(house, "tim.tannhaus"), desk.id, own)

    assert "die Rechnung nennt" in (alarm(house, desk) or "")
