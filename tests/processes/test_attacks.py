"""What somebody might try who means harm, or is only unlucky: none of it may succeed."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import select

from bpmn.forms import FormInvalid
from eakte.access import Vertraulichkeit
from eakte.dokumente import read_dokument
from eakte.readlog import accesses
from eakte.search import Query, dokumente_in, search, vorgaenge_in
from eakte.tables import vorgang
from eakte.vorgaenge import vorgang_head, vorgang_of_instance
from engine import queries
from engine.commands import StartInstance
from engine.errors import NotAllowed
from engine.tables import incident, user_task
from identity.befugnisse import befugnis_by_id, confirm_befugnis, propose_befugnis
from processes.house import House
from processes.rechnungseingang import demo, papers, receipts, status
from processes.rechnungseingang.errors import (
    Befangen,
    BefugnisMissing,
    BookingContradicts,
    KeyReused,
    ReceivedAtInvalid,
)
from processes.rechnungseingang.hkr import acknowledgements
from processes.rechnungseingang.hkr.booking import Acknowledgement
from processes.rechnungseingang.letters import refusal_page
from processes.rechnungseingang.outgoing import refusal
from processes.rechnungseingang.receipts import Push
from processes.rechnungseingang.tables import invoice_receipt
from tests.processes.desk import BOOKED, SAMPLES, SYSTEM, UBL, Desk, Run, kontierung

FORWARD = {
    "ergebnis": "weiterleiten",
    "weiterleiten_an": "jugendamt",
    "begruendung": "Spielplatz",
}


def test_naming_a_filed_document_takes_it_not_away_from_its_akte(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs, SAMPLES["02_jugendamt_cii.xml"])
    jule, tim = demo.principal(house, "jule.jansen"), demo.principal(house, "tim.tannhaus")
    note = papers.add_paper(house, jule, desk.id, kind="vermerk", data=b"geheim", name="v.txt")
    wanted = {"object": note.current.blob_id}

    house.engine.execute(StartInstance("rechnungseingang", variables=wanted), tim)
    run_jobs()

    with house.database.begin() as tx:
        assert read_dokument(tx, jule, note.current.id, house.blobs, "Test") == b"geheim"
        units = [hit.unit for hit in search(tx, tim, Query(what="dokument")).hits]
    assert set(units) == {"jugendamt"}


def test_naming_the_object_of_another_invoice_reads_nothing_of_it(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs, SAMPLES["02_jugendamt_cii.xml"])
    tim = demo.principal(house, "tim.tannhaus")
    wanted = {"object": desk.row.blob_id}

    started = house.engine.execute(StartInstance("rechnungseingang", variables=wanted), tim)
    run_jobs()

    with house.database.begin() as tx:
        assert receipts.find(tx, started.id) is None
        assert "amount_due" not in queries.variables(tx, tim, started.id)
        _, data = status.original(tx, demo.principal(house, "jule.jansen"), house.blobs, desk.id)
    assert data == SAMPLES["02_jugendamt_cii.xml"]


def test_head_data_do_not_name_the_stored_object(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs, SAMPLES["02_jugendamt_cii.xml"])

    with house.database.begin() as tx:
        seen = dokumente_in(tx, demo.principal(house, "tim.tannhaus"), desk.row.vorgang)

    assert {(each.current.blob_id, each.current.sha256) for each in seen} == {("", "")}


def test_findings_and_file_name_are_for_those_who_may_read_the_invoice(
    house: House, run_jobs: Run
) -> None:
    broken = SAMPLES["05_regelbruch_ubl.xml"].replace(
        b"<cbc:BuyerReference", b"<!-- --><cbc:BuyerReference"
    )
    desk = Desk(house, run_jobs, broken, file_name="kind-mustermann.xml")
    tim = demo.principal(house, "tim.tannhaus")

    with house.database.begin() as tx:
        seen = status.status(tx, tim, house.blobs, desk.id)
        full = status.status(tx, demo.principal(house, demo.INTAKE), house.blobs, desk.id)

    assert (seen["file_name"], seen["findings"]) == (None, [])
    assert full["findings"]


def test_after_an_abgabe_the_first_unit_reads_the_case_no_more(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    before = desk.row
    desk.complete("sachlich_pruefen", "tim.tannhaus", **FORWARD)
    tim = demo.principal(house, "tim.tannhaus")

    with house.database.begin() as tx:
        current = vorgang_of_instance(tx, demo.principal(house, "jule.jansen"), desk.id)
        with pytest.raises(NotAllowed):
            queries.variables(tx, tim, desk.id)
        old = vorgaenge_in(tx, tim, before.akte)

    assert current is not None
    assert current.id == desk.row.vorgang
    # An export takes the instances along that its Vorgaenge name.
    assert [each.instance_id for each in old] == [None]


def test_what_stays_behind_at_an_abgabe_is_as_confidential_as_what_went(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)
    before = desk.row
    desk.complete("sachlich_pruefen", "tim.tannhaus", **FORWARD)

    with house.database.begin() as tx:
        head = vorgang_head(tx, demo.principal(house, "tim.tannhaus"), before.vorgang)
        papers_left = dokumente_in(tx, SYSTEM, before.vorgang)

    left = {head.vertraulichkeit, *(each.vertraulichkeit for each in papers_left)}
    assert left == {Vertraulichkeit.PERSONENBEZOGEN}


def test_who_is_befangen_stays_so_in_every_unit_and_step(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.check()
    desk.complete(
        "rechnerisch_feststellen", "ralf.rieger", ergebnis="befangen", begruendung="Schwager"
    )
    desk.complete(
        "rechnerisch_feststellen", "rosa.rosenau", ergebnis="zurueck", begruendung="Produkt"
    )
    kaemmerei = {**FORWARD, "weiterleiten_an": "kaemmerei"}
    desk.complete("sachlich_pruefen", "tim.tannhaus", **kaemmerei)

    with pytest.raises(Befangen):
        desk.check("ralf.rieger")


def test_texts_of_any_length_come_before_a_person(house: House, run_jobs: Run) -> None:
    number, seller = b"<cbc:ID>WL-2026-1042</cbc:ID>", b"Wegebau Lindental GmbH"
    assert number in UBL
    data = UBL.replace(number, b"<cbc:ID>" + b"7x" * 3000 + b"</cbc:ID>", 1)

    desk = Desk(house, run_jobs, data.replace(seller, b"Firma " * 2000))

    assert desk.open_tasks == ["sachlich_pruefen"]
    assert len(desk.row.number) == 200
    assert len(desk.row.seller) == 500


@pytest.mark.parametrize("day", [b"0001-01-01", b"0001-12-31", b"9999-01-01", b"9999-12-31"])
def test_days_at_the_ends_of_the_calendar_stop_no_invoice(
    house: House, run_jobs: Run, day: bytes
) -> None:
    data = re.sub(rb"(Date>)\d{4}-\d\d-\d\d<", rb"\g<1>" + day + b"<", UBL)

    desk = Desk(house, run_jobs, data)

    assert desk.row.issued_on.isoformat().encode() == day
    assert desk.open_tasks == ["sachlich_pruefen"]


TEXTS = (
    b"CustomizationID", b"ID", b"InvoiceTypeCode", b"BuyerReference", b"PaymentMeansCode",
    b"PaymentID", b"Note", b"Name", b"CompanyID", b"DocumentCurrencyCode", b"ElectronicMail",
)  # fmt: skip


def test_codes_and_references_of_any_length_stop_no_invoice(house: House, run_jobs: Run) -> None:
    data = UBL
    for name in TEXTS:
        data = re.sub(b"(<cbc:" + name + b"[^>]*>)[^<]*", rb"\g<1>" + b"DE1 " * 45_000, data)

    desk = Desk(house, run_jobs, data)

    with house.database.reading() as tx:
        assert tx.all(select(incident)) == []
    assert desk.row.iban is None  # one that is too long is not cut, a person types the right one
    assert max(len(str(getattr(desk.row, c.name))) for c in invoice_receipt.c) <= 4000
    assert desk.open_tasks


def test_what_turns_or_hides_text_is_no_part_of_a_name(house: House, run_jobs: Run) -> None:
    hidden = "Wege\u202ebau\u200b Lin\u2066dental\u00ad GmbH".encode()

    desk = Desk(house, run_jobs, UBL.replace(b"Wegebau Lindental GmbH", hidden))

    assert desk.row.seller == "Wegebau Lindental GmbH"


@pytest.mark.parametrize(
    "stated", [datetime(1, 1, 1, tzinfo=UTC), datetime(1999, 12, 31, tzinfo=UTC)]
)
def test_nothing_was_received_before_there_were_invoices(house: House, stated: datetime) -> None:
    who = demo.principal(house, demo.INTAKE)

    with pytest.raises(ReceivedAtInvalid):
        receipts.receive(house, who, Push(UBL, received_at=stated))


def test_a_key_that_comes_eight_times_at_once_stands_for_one_file(house: House) -> None:
    who = demo.principal(house, demo.INTAKE)
    start = Barrier(8)

    def push(number: int) -> bool:
        start.wait()
        try:
            return receipts.receive(house, who, Push(UBL + b"\n" * number, key="k")).first
        except KeyReused:
            return False

    with ThreadPoolExecutor(8) as threads:
        accepted = list(threads.map(push, range(8)))

    assert accepted.count(True) == 1


def test_a_mahnung_raises_every_open_task_and_those_to_come(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    tim = demo.principal(house, "tim.tannhaus")

    papers.add_paper(house, tim, desk.id, kind="mahnung", data=b"Mahnung", name=None)
    desk.check()

    where = (user_task.c.instance_id == desk.id, user_task.c.closed_at.is_(None))
    with house.database.reading() as tx:
        (task,) = tx.all(select(user_task).where(*where))
    assert (task.node, task.priority) == ("rechnerisch_feststellen", 90)


def test_who_may_not_file_a_mahnung_raises_nothing(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    anton = demo.principal(house, "anton.ahlers")

    with pytest.raises(Exception, match="Vorgang"):
        papers.add_paper(house, anton, desk.id, kind="mahnung", data=b"Mahnung", name=None)

    with house.database.reading() as tx:
        priorities = {row.priority for row in tx.all(select(user_task))}
    assert 90 not in priorities


def test_a_late_repeat_of_a_rejection_does_not_reject_the_next_order(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)
    rejected = Acknowledgement("abgewiesen", reason="Konto gesperrt")
    desk.certify()
    desk.order()
    desk.report(rejected)
    desk.certify()
    desk.order()

    with pytest.raises(BookingContradicts):
        desk.report(rejected)
    again = desk.report(replace(rejected, booking_id=f"{desk.id}-1"))

    assert again is False
    assert desk.report(replace(BOOKED, booking_id=f"{desk.id}-2")) is True


def test_the_same_voucher_on_another_day_is_another_report(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.order()
    desk.report(BOOKED)

    with pytest.raises(BookingContradicts):
        desk.report(replace(BOOKED, booked_on=date(2026, 12, 1)))


def test_nothing_is_paid_out_on_a_negative_amount(house: House, run_jobs: Run) -> None:
    credit = SAMPLES["03_gutschrift_ubl.xml"]
    desk = Desk(house, run_jobs, credit)
    assert Decimal(desk.row.amount_due) > 0

    with pytest.raises(FormInvalid) as refused:
        desk.check(
            "ralf.rieger",
            **{**kontierung("0.00"), "ergebnis": "gekuerzt", "begruendung": "nichts geliefert"},
        )

    assert [error.key for error in refused.value.errors] == ["anordnungsart"]


def test_a_befugnis_for_a_budget_counts_for_its_produkt_alone(house: House, run_jobs: Run) -> None:
    with house.database.begin() as tx:
        olga, karla = (demo.principal_by_login(tx, n) for n in ("olga.ostmann", "karla.kranz"))
        anton = demo.principal_by_login(tx, "anton.ahlers")
        proposed = propose_befugnis(
            tx,
            olga,
            person=anton.id,
            kind="anordnung",
            valid_from=date(2020, 1, 1),
            budget="54.10.01",
            stufe="Amtsleitung",
            limit=Decimal(50_000),
        )
        confirm_befugnis(tx, karla, proposed.id)
    desk = Desk(house, run_jobs)
    desk.certify()

    desk.order("anton.ahlers")

    cited = [step.befugnis for step in desk.steps if step.kind == "anordnen"]
    with house.database.reading() as tx:
        assert [befugnis_by_id(tx, each or "").budget for each in cited] == ["54.10.01"]


def appoint(house: House, login: str, stufe: str | None, limit: int | None) -> None:
    with house.database.begin() as tx:
        olga, karla = (demo.principal_by_login(tx, n) for n in ("olga.ostmann", "karla.kranz"))
        proposed = propose_befugnis(
            tx,
            olga,
            person=demo.principal_by_login(tx, login).id,
            kind="anordnung",
            valid_from=date(2020, 1, 1),
            stufe=stufe,
            limit=None if limit is None else Decimal(limit),
        )
        confirm_befugnis(tx, karla, proposed.id)


@pytest.mark.parametrize(
    ("stufe", "limit", "may"),
    [
        (None, None, False),  # no limit of one's own, but the table asks for an Amtsleitung
        ("Sachgebietsleitung", None, False),
        ("Amtsleitung", 18_828, False),  # the office, but not the limit
        ("Amtsleitung", 18_829, True),
        ("Kämmerei", None, True),
    ],
)
def test_who_orders_needs_the_office_and_the_limit(
    house: House, run_jobs: Run, stufe: str | None, limit: int | None, may: bool
) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    appoint(house, "anton.ahlers", stufe, limit)

    if may:
        desk.order("anton.ahlers")
    else:
        with pytest.raises(BefugnisMissing, match="Amtsleitung"):
            desk.order("anton.ahlers")

    assert ("anordnen" in desk.open_tasks) is not may


def test_an_invoice_without_an_iban_is_paid_to_the_one_a_person_adds(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)
    with house.database.begin() as tx:
        receipts.change(tx, desk.id, iban=None)

    for wrong in (None, "DE02 1203 0000 0000 2020 52"):
        with pytest.raises(FormInvalid) as refused:
            desk.check(iban_ergaenzt=wrong)
        assert [error.key for error in refused.value.errors] == ["iban_ergaenzt"]
    desk.check(iban_ergaenzt="DE02 1203 0000 0000 2020 51")
    desk.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")
    desk.order()

    assert desk.row.iban == "DE02120300000000202051"
    with house.database.reading() as tx:
        known = queries.variables(tx, demo.principal(house, "tim.tannhaus"), desk.id)
    assert "iban_ergaenzt" not in known


def test_an_iban_that_a_person_added_wrongly_is_added_anew(house: House, run_jobs: Run) -> None:
    account = re.compile(rb"<cac:PayeeFinancialAccount>.*?</cac:PayeeFinancialAccount>", re.DOTALL)
    unnamed = re.sub(rb"(<cbc:PaymentMeansCode[^>]*>)\d+<", rb"\g<1>1<", account.sub(b"", UBL))
    desk = Desk(house, run_jobs, unnamed)
    desk.check(iban_ergaenzt="DE02 1203 0000 0000 2020 51")
    desk.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")
    desk.complete("anordnen", "karla.kranz", ergebnis="zurueck", begruendung="IBAN ist eine andere")

    desk.check(iban_ergaenzt="DE92 9999 9999 0000 0100 10")

    assert desk.row.iban == "DE92999999990000010010"
    signed = [each for each in desk.steps if each.content_hash is not None]
    assert [each.voided_at is not None for each in signed] == [True, True, False]


def test_the_iban_that_an_invoice_names_is_not_changed_by_the_way(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)

    with pytest.raises(FormInvalid) as refused:
        desk.check(iban_ergaenzt="DE02 1203 0000 0000 2020 51")

    assert [error.key for error in refused.value.errors] == ["iban_ergaenzt"]


def test_a_letter_to_who_sent_twice_asks_for_no_corrected_invoice(
    house: House, run_jobs: Run
) -> None:
    Desk(house, run_jobs)
    second = Desk(house, run_jobs, SAMPLES["07_gleiche_nummer_ubl.xml"])

    second.complete(
        "dublette_pruefen",
        "rita.rehbein",
        ergebnis="ablehnen",
        begruendung="Diese Leistung haben Sie uns schon berechnet.",
    )

    with house.database.reading() as tx:
        letter = refusal_page(refusal(tx, house.blobs, second.row, date(2026, 11, 23))).decode()
    assert "schon berechnet" in letter
    assert "berichtigte Rechnung" not in letter


def test_a_person_reading_a_booking_file_leaves_a_trace(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.order()
    berta = demo.principal(house, demo.BOOKKEEPER)

    with house.database.begin() as tx:
        acknowledgements.current_file(tx, berta, house.blobs, desk.id)
    with house.database.begin() as tx:
        seen, _ = accesses(tx, demo.principal(house, "dora.dietrich"), actor=berta.id)

    assert [(each.object_id, each.purpose) for each in seen] == [(desk.id, "Buchung")]


def test_no_attack_of_these_leaves_a_job_that_failed(house: House, run_jobs: Run) -> None:
    Desk(house, run_jobs)

    with house.database.reading() as tx:
        assert tx.all(select(incident)) == []
        assert len(tx.all(select(vorgang))) == 1
