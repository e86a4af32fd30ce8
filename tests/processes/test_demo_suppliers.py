"""The demo's supplier master."""

from __future__ import annotations

from processes.house import House
from processes.rechnungseingang import demo
from processes.rechnungseingang.kreditoren import accounts, master


def test_the_demo_knows_most_suppliers_of_its_samples_however_often_it_is_set_up(
    house: House,
) -> None:
    demo.know_suppliers(house)
    demo.know_suppliers(house)

    with house.database.reading(house.settings.tenant) as tx:
        known = master.find(tx)
        confirmed = accounts.accounts(tx, [each.id for each in known], accounts.CONFIRMED)
    assert {each.number for each in known} == {"70017", "70025", "70033"}
    assert {each.iban for each in confirmed} == {
        "DE92999999990000010010",
        "DE64999999990000020020",
    }
