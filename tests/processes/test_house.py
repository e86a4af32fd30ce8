"""The whole way on a real house: push, people, booking, z.d.A., and the proof of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import update

import processes.house
from bpmn.forms import FormInvalid
from eakte.dokumente import add_version
from eakte.vorgaenge import vorgang_head
from engine.commands import SetVariables
from engine.errors import OtherPersonNeeded
from engine.handlers import InstanceChange
from processes.house import House
from processes.rechnungseingang import demo, play, receipts, status
from processes.rechnungseingang.errors import (
    Befangen,
    BefugnisMissing,
    BookingContradicts,
    InvoiceUnknown,
    KeyReused,
    SignatureVoid,
)
from processes.rechnungseingang.hkr.booking import Acknowledgement
from processes.rechnungseingang.letters import refusal_page
from processes.rechnungseingang.outgoing import refusal
from processes.rechnungseingang.receipts import Push
from processes.rechnungseingang.tables import invoice_receipt
from storage.errors import Conflict
from storage.verify import verify_all
from tests.processes.desk import AMOUNT, BOOKED, SAMPLES, SYSTEM, UBL, Desk, Run, kontierung


def test_every_sample_reaches_its_declared_end_and_the_house_verifies(
    house: House, run_jobs: Run
) -> None:
    pushed = demo.push(house)

    outcomes = play.play(house, pushed, work=run_jobs)

    assert [o for o in outcomes if not o.as_expected] == []
    report = verify_all(
        house.database,
        house.store,
        house.blobs,
        "default",
        trusted=house.keyring.fingerprints(),
    )
    assert report.whole
    assert report.checkpoints > 0


def test_the_same_bytes_are_the_same_invoice(house: House, run_jobs: Run) -> None:
    who = demo.principal(house, demo.INTAKE)

    first = receipts.receive(house, who, Push(UBL, key="a"))
    run_jobs()
    again = receipts.receive(house, who, Push(UBL, key="b"))

    assert (first.first, again.first) == (True, False)
    assert first.id == again.id


def test_a_key_that_came_with_other_bytes_is_refused(house: House) -> None:
    who = demo.principal(house, demo.INTAKE)
    receipts.receive(house, who, Push(UBL, key="a"))

    with pytest.raises(KeyReused):
        receipts.receive(house, who, Push(UBL + b"\n", key="a"))


def test_the_bytes_come_back_as_they_were_pushed(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)

    with house.database.begin() as tx:
        _, data = status.original(tx, demo.principal(house, "tim.tannhaus"), house.blobs, desk.id)

    assert data == UBL
    assert desk.row.due_source == "BT-9"


def test_an_invoice_of_the_jugendamt_is_hidden_from_other_units(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs, SAMPLES["02_jugendamt_cii.xml"])

    with house.database.begin() as tx, pytest.raises(InvoiceUnknown):
        status.original(tx, demo.principal(house, "tim.tannhaus"), house.blobs, desk.id)


def test_the_group_that_is_asked_may_see_the_invoice(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.check()

    with house.database.begin() as tx:
        who = demo.principal(house, "rosa.rosenau")
        _, data = status.original(tx, who, house.blobs, desk.id)

    assert data == UBL


def test_a_booked_invoice_closes_its_vorgang(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.order()

    assert desk.report(BOOKED) is True
    assert desk.report(BOOKED) is False

    with house.database.reading() as tx:
        vorgang = vorgang_head(tx, SYSTEM, desk.row.vorgang)
    assert (desk.row.state, vorgang.state) == ("gebucht", "zda")
    assert desk.open_tasks == []


def test_a_second_report_that_says_something_else_is_refused(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.order()
    desk.report(BOOKED)

    with pytest.raises(BookingContradicts):
        desk.report(Acknowledgement("gebucht", voucher="2026-0043", booked_on=date(2026, 11, 30)))


def test_a_rejected_booking_is_ordered_anew(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.order()
    desk.report(Acknowledgement("abgewiesen", reason="Konto gesperrt"))

    desk.certify()
    desk.order()
    desk.report(replace(BOOKED, booking_id=f"{desk.id}-2"))

    assert (desk.row.state, desk.row.booking_round) == ("gebucht", 2)


def test_who_certified_one_thing_does_not_certify_the_other_in_any_round(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs, SAMPLES["03_gutschrift_ubl.xml"])
    credit = {**kontierung("355.57"), "anordnungsart": "absetzung"}
    desk.check("ralf.rieger", **credit)
    desk.complete(
        "rechnerisch_feststellen", "rosa.rosenau", ergebnis="zurueck", begruendung="Produkt"
    )
    desk.check("ralf.rieger", **credit)

    with pytest.raises(OtherPersonNeeded):
        desk.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")


def test_an_order_beyond_the_befugnis_is_refused_before_anything_happens(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()

    with pytest.raises(BefugnisMissing):
        desk.order("anton.ahlers")

    assert "anordnen" in desk.open_tasks


def test_posting_lines_that_miss_the_amount_come_back_at_their_field(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)
    short = {**kontierung("100.00"), "festgestellter_betrag": AMOUNT}

    with pytest.raises(FormInvalid) as refused:
        desk.check(**short)

    assert [error.key for error in refused.value.errors] == ["buchungszeilen"]


def test_a_changed_kontierung_voids_what_was_signed_before(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.complete("anordnen", "karla.kranz", ergebnis="zurueck", begruendung="anderes Produkt")
    lines = kontierung()["buchungszeilen"]
    assert isinstance(lines, list)
    other = [{**line, "produkt": "54.10.02"} for line in lines if isinstance(line, dict)]

    desk.check(buchungszeilen=other)

    signed = [step for step in desk.steps if step.content_hash is not None]
    assert [step.voided_at is not None for step in signed] == [True, True, False]
    assert signed[0].voided_reason == "kontierung_changed"


def test_an_order_needs_signatures_over_what_is_ordered(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    changed = {"festgestellter_betrag": Decimal("1.00")}
    house.engine.execute(SetVariables(desk.id, changed), SYSTEM)  # type: ignore[arg-type]

    with pytest.raises(SignatureVoid):
        desk.order()


def test_a_new_iban_voids_the_signatures(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    with house.database.begin() as tx:
        where = invoice_receipt.c.id == desk.id
        tx.run(update(invoice_receipt).where(where).values(iban="DE02120300000000202051"))

    with pytest.raises(SignatureVoid):
        desk.order()


def test_a_new_version_of_the_original_voids_the_signatures(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    blob = house.blobs.put("default", UBL + b"\n", "application/xml")

    with house.database.begin() as tx:
        add_version(
            tx, SYSTEM, desk.row.dokument, blob_id=blob.id, blobs=house.blobs, reason="Nachtrag"
        )

    with pytest.raises((SignatureVoid, FormInvalid)):
        desk.order()


def test_who_is_befangen_takes_no_further_part(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.complete("sachlich_pruefen", "tim.tannhaus", ergebnis="befangen", begruendung="Schwager")

    with pytest.raises(Befangen):
        desk.check()


def test_a_corrected_invoice_is_no_duplicate_of_the_refused_one(
    house: House, run_jobs: Run
) -> None:
    broken = Desk(house, run_jobs, SAMPLES["05_regelbruch_ubl.xml"])
    broken.complete("ablehnung_zeichnen", "rita.rehbein", ergebnis="ablehnen")
    corrected = SAMPLES["06_zweimal_gesendet_ubl.xml"].replace(b"FK-2026-0944", b"FK-2026-0931")

    desk = Desk(house, run_jobs, corrected)

    assert broken.row.state == "abgelehnt"
    assert desk.open_tasks == ["zuordnen"]


def test_the_number_of_another_invoice_is_put_before_a_person(house: House, run_jobs: Run) -> None:
    first = Desk(house, run_jobs)

    second = Desk(house, run_jobs, SAMPLES["07_gleiche_nummer_ubl.xml"])

    assert second.open_tasks == ["dublette_pruefen"]
    assert second.row.predecessor == first.id


def test_a_sonstige_rechnung_is_typed_and_goes_the_same_way(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs, b"%PDF-1.4 a picture of an invoice")
    assert desk.open_tasks == ["rechnung_klaeren"]

    desk.complete(
        "rechnung_klaeren",
        "rita.rehbein",
        ergebnis="erfassen",
        lieferant="Gärtnerei Grün",
        rechnungsnummer="17",
        rechnungsdatum="2026-11-02",
        betrag="59.50",
        iban="DE02 1203 0000 0000 2020 51",
        leitweg_eingabe="05999-TIEFBAU-93",
        art="auszahlung",
    )

    assert desk.open_tasks == ["sachlich_pruefen"]
    assert (desk.row.seller, desk.row.amount_due) == ("Gärtnerei Grün", "59.50")
    assert desk.row.due_source == "errechnet"


def test_forwarding_moves_the_vorgang_into_the_akte_of_the_other_unit(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)
    before = desk.row

    desk.complete(
        "sachlich_pruefen",
        "tim.tannhaus",
        ergebnis="weiterleiten",
        weiterleiten_an="jugendamt",
        begruendung="Spielplatz",
    )

    with house.database.reading() as tx:
        old = vorgang_head(tx, SYSTEM, before.vorgang)
        new = vorgang_head(tx, SYSTEM, desk.row.vorgang)
    assert (old.state, new.unit) == ("zda", "jugendamt")
    assert desk.open_tasks == ["sachlich_pruefen"]


def test_the_refusal_names_each_fault_and_who_signed(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs, SAMPLES["05_regelbruch_ubl.xml"])

    with house.database.reading() as tx:
        draft = refusal_page(refusal(tx, house.blobs, desk.row, date(2026, 11, 23))).decode()
    desk.complete("ablehnung_zeichnen", "rita.rehbein", ergebnis="ablehnen")

    assert "BR-CO-15" in draft
    assert "BR-DE-15" in draft
    assert desk.row.state == "abgelehnt"


def test_a_checkpoint_that_another_overtakes_is_made_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def overtaken(*_: object) -> None:
        asked.append("x")
        if len(asked) < 3:
            raise Conflict("checkpoint.number")

    monkeypatch.setattr(processes.house, "checkpoint", overtaken)
    with house.database.begin() as tx:
        change = InstanceChange("i", "rechnungseingang", "d", None, "completed", SYSTEM, tx.now)
        house.engine.participants.instance_ended(tx, change)

    assert len(asked) == 3
