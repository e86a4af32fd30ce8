"""Akten and Vorgaenge: numbers, z.d.A., retention."""

from __future__ import annotations

import threading
from datetime import date

import pytest

from eakte import tables
from eakte.access import Vertraulichkeit, may
from eakte.akten import akte_head, change_betreff, create_akte, ensure_akte, trigger_retention
from eakte.beteiligung import Beteiligung, open_step, record_step
from eakte.errors import (
    AccessDenied,
    AkteClosed,
    AktenplanUnknown,
    ReasonRequired,
    StepsOpen,
    VorgangClosed,
)
from eakte.vorgaenge import (
    close_vorgang,
    open_vorgang,
    reopen_vorgang,
    vorgang_head,
    vorgang_of_instance,
)
from eakte.wiedervorlagen import set_wiedervorlage, wiedervorlagen
from identity.deputies import ZONE, act_for, set_deputy
from identity.errors import NotPermitted
from identity.principal import system_principal
from storage.ledger import entries

SYSTEM = system_principal("default")


def test_geschaeftszeichen_count_up_per_plan_unit_and_year(house) -> None:
    with house.begin() as tx:
        signs = [
            create_akte(tx, house.tief, aktenplan="R.10", unit="tiefbau", betreff="A", year=2026),
            create_akte(tx, house.tief, aktenplan="R.10", unit="tiefbau", betreff="B", year=2026),
            create_akte(tx, house.tief, aktenplan="R.10", unit="tiefbau", betreff="C", year=2027),
            create_akte(tx, SYSTEM, aktenplan="R.10", unit="jugendamt", betreff="D", year=2026),
        ]

    assert [akte.geschaeftszeichen for akte in signs] == [
        "R.10-TB/2026/0001",
        "R.10-TB/2026/0002",
        "R.10-TB/2027/0001",
        "R.10-JA/2026/0001",
    ]


def test_an_akte_is_at_least_as_closed_as_its_unit(house) -> None:
    with house.begin() as tx:
        akte = house.akte(tx, "jugendamt", vertraulichkeit=Vertraulichkeit.OFFEN)
        vorgang = house.vorgang(tx, akte, vertraulichkeit=Vertraulichkeit.NFD)

    assert akte.vertraulichkeit is Vertraulichkeit.PERSONENBEZOGEN
    assert vorgang.vertraulichkeit is Vertraulichkeit.PERSONENBEZOGEN


def test_nobody_creates_an_akte_in_a_foreign_unit(house) -> None:
    with house.begin() as tx, pytest.raises(AccessDenied):
        create_akte(tx, house.tief, aktenplan="R.10", unit="jugendamt", betreff="A")


def test_an_unknown_aktenplaneinheit_is_refused(house) -> None:
    with house.begin() as tx, pytest.raises(AktenplanUnknown):
        create_akte(tx, house.tief, aktenplan="X.99", unit="tiefbau", betreff="A")


def test_two_callers_at_once_ensure_one_akte(house) -> None:
    found = []

    def ensure() -> None:
        with house.begin() as tx:
            akte = ensure_akte(tx, SYSTEM, aktenplan="R.10", unit="tiefbau", betreff="R", year=2026)
            found.append(akte.id)

    threads = [threading.Thread(target=ensure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert len(set(found)) == 1


def test_every_change_is_one_entry_and_names_nobody_in_its_facts(house) -> None:
    with house.begin() as tx:
        akte = house.akte(tx, betreff="Rechnungen Muster GmbH")
        change_betreff(tx, house.tief, akte.id, "Rechnungen Beispiel GmbH")
        house.vorgang(tx, akte, betreff="Rechnung von Frau Beispiel")
        told = list(entries(tx, akte.id))

    assert [entry.kind for entry in told] == [
        "akte.created",
        "akte.betreff_changed",
        "vorgang.opened",
    ]
    assert told[1].actor == house.tief.id
    assert not any(b"Beispiel" in e.facts or b"Muster" in e.facts for e in told)
    assert all(e.values for e in told)


def test_a_vorgang_with_an_open_step_is_not_closed(house) -> None:
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        step = open_step(
            tx, SYSTEM, vorgang.id, kind="pruefen", addressee_kind="group", addressee="rechnerisch"
        )
        with pytest.raises(StepsOpen) as refused:
            close_vorgang(tx, house.tief, vorgang.id, "erledigt")
        record_step(
            tx, house.rechner, vorgang.id, Beteiligung("pruefen", "richtig", step_id=step.id)
        )
        closed = close_vorgang(tx, house.tief, vorgang.id, "erledigt")

    assert refused.value.ids == (step.id,)
    assert (closed.state, closed.zda_reason) == ("zda", "erledigt")
    assert closed.zda_on is not None


def test_what_is_zda_does_not_change_until_the_registratur_reopens_it(house) -> None:
    with house.begin() as tx:
        vorgang = house.vorgang(tx)
        set_wiedervorlage(
            tx, house.tief, vorgang.id, due=date(2026, 4, 1), reason="Mahnung", addressee="x"
        )
        close_vorgang(tx, house.tief, vorgang.id, "erledigt")
        with pytest.raises(VorgangClosed):
            record_step(tx, house.tief, vorgang.id, Beteiligung("vermerk", "notiert"))
        with pytest.raises(NotPermitted):
            reopen_vorgang(tx, house.tief, vorgang.id, "Nachtrag eingegangen")
        with pytest.raises(ReasonRequired):
            reopen_vorgang(tx, house.registratur, vorgang.id, " ")
        reopened = reopen_vorgang(tx, house.registratur, vorgang.id, "Nachtrag eingegangen")
        left = wiedervorlagen(tx, house.tief)

    assert (reopened.state, reopened.zda_on) == ("offen", None)
    assert left == []


def test_retention_starts_by_the_akte_s_own_trigger_when_all_is_zda(house) -> None:
    with house.begin() as tx:
        akte = house.akte(tx, year=2026)
        vorgang = house.vorgang(tx, akte)
        with pytest.raises(StepsOpen):
            trigger_retention(tx, house.registratur, akte.id, date(2027, 6, 20), "Ratsbeschluss")
        close_vorgang(tx, house.tief, vorgang.id, "erledigt")
        kept = trigger_retention(tx, house.registratur, akte.id, date(2027, 6, 20), "Ratsbeschluss")
        with pytest.raises(AkteClosed):
            open_vorgang(tx, SYSTEM, akte.id, betreff="zu spät")

    assert kept.retention_from == date(2028, 1, 1)
    assert kept.retention_until == date(2035, 12, 31)


def test_a_vorgang_is_found_by_its_process_instance(house) -> None:
    with house.begin() as tx:
        vorgang = house.vorgang(tx, instance_id="0123abc")
        found = vorgang_of_instance(tx, house.tief, "0123abc")
        unseen = vorgang_of_instance(tx, house.tief, "ffff")

    assert found == vorgang
    assert unseen is None


def test_head_data_are_read_back_as_written(house) -> None:
    with house.begin() as tx:
        akte = house.akte(tx)
        vorgang = house.vorgang(tx, akte)

    with house.database.reading() as tx:
        assert akte_head(tx, house.tief, akte.id) == akte
        assert vorgang_head(tx, house.tief, vorgang.id) == vorgang


def test_who_stands_in_for_a_lead_reads_no_more_of_their_own_unit(house) -> None:
    closed = Vertraulichkeit.VERTRAULICH
    with house.begin() as tx:
        today = tx.now.astimezone(ZONE).date()
        akte = house.akte(tx, "jugendamt", vertraulichkeit=closed)
        theirs = house.akte(tx, "tiefbau", vertraulichkeit=closed)
        set_deputy(
            tx,
            SYSTEM,
            person=house.tief_lead.id,
            deputy=house.jugend.id,
            valid_from=today,
            valid_to=today,
        )
        acting = act_for(tx, house.jugend, house.tief_lead.id)

        assert may(tx, acting, tables.akte, theirs.id, "content")
        assert not may(tx, acting, tables.akte, akte.id, "content")
