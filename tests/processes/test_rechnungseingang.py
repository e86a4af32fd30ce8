"""The model on the Bench: which way an invoice takes, without a house around it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from engine.testing import Bench, Case
from processes.rechnungseingang import PACKAGE, demo

SAMPLES = {sample.file: sample.data for sample in demo.samples()}
LINE = {
    "haushaltsjahr": 2026,
    "produkt": "54.10.01",
    "sachkonto": "523110",
    "kostenstelle": "6610",
    "steuerkennzeichen": "hoheitlich",
    "betrag": Decimal("18828.18"),
}


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.deploy(*PACKAGE.models)
    bench.use(PACKAGE.handlers)
    return bench


def at_the_check(bench: Bench) -> Case:
    """An invoice that waits for the sachliche Prüfung of the Tiefbauamt."""
    case = bench.start("rechnungseingang", object=bench.store(SAMPLES["01_tiefbau_ubl.xml"]))
    case.run_jobs()
    case.set(
        unit="tiefbau",
        zugeordnet=True,
        fachgruppe="fachamt_tiefbau",
        rechnerische_gruppe="rechnerisch",
        anordnungsgruppe="anordnung",
    )
    # The table that knows the unit lies in the database, which a Bench does not have.
    bench.handlers = type(bench.handlers)()
    bench.handle("assign", lambda _: {"zugeordnet": True, "ziel": None})
    for topic in PACKAGE.handlers.topics() - {"assign"}:
        found = PACKAGE.handlers.get(topic)
        assert found is not None
        bench.handle(topic, found.run)
    case.complete("zuordnen", ergebnis="zuordnen", stelle="tiefbau", begruendung=None)
    case.run_jobs()
    return case


def certified(case: Case) -> None:
    case.complete(
        "sachlich_pruefen",
        performer="u_1",
        ergebnis="richtig",
        festgestellter_betrag=Decimal("18828.18"),
        buchungszeilen=[LINE],
        anordnungsart="auszahlung",
    )
    case.run_jobs()


def test_an_unreadable_invoice_is_put_before_a_person(bench: Bench) -> None:
    case = bench.start("rechnungseingang", object=bench.store(b"<letter/>"))

    case.run_jobs()

    assert case.waits_at == ["rechnung_klaeren"]


def test_a_broken_invoice_waits_for_a_person_to_sign_the_refusal(bench: Bench) -> None:
    case = bench.start("rechnungseingang", object=bench.store(SAMPLES["05_regelbruch_ubl.xml"]))

    case.run_jobs()

    assert case.waits_at == ["ablehnung_zeichnen"]


def test_a_refused_invoice_may_be_taken_all_the_same(bench: Bench) -> None:
    case = bench.start("rechnungseingang", object=bench.store(SAMPLES["05_regelbruch_ubl.xml"]))
    case.run_jobs()

    case.complete("ablehnung_zeichnen", ergebnis="annehmen", begruendung="Rechenfehler geklärt")
    case.run_jobs()

    assert case.waits_at == ["zuordnen"]


def test_an_unknown_leitweg_id_goes_to_the_rechnungsstelle(bench: Bench) -> None:
    case = bench.start("rechnungseingang", object=bench.store(SAMPLES["01_tiefbau_ubl.xml"]))

    case.run_jobs()

    assert case.waits_at == ["zuordnen"]
    assert case.task("zuordnen").candidate_groups == ("rechnungsstelle",)
    assert case.variables["amount_due"] == Decimal("18828.18")
    assert case.variables["leitweg_id"] == "05999-TIEFBAU-93"


def test_two_persons_certify_and_a_third_orders(bench: Bench) -> None:
    case = at_the_check(bench)

    certified(case)
    case.complete("rechnerisch_feststellen", performer="u_2", ergebnis="richtig")

    assert "anordnen" in case.waits_at
    assert set(case.task("anordnen").excluded) == {"u_1", "u_2"}


def test_who_certified_cannot_certify_the_sum_too(bench: Bench) -> None:
    case = at_the_check(bench)

    certified(case)

    assert case.task("rechnerisch_feststellen").excluded == ("u_1",)


@pytest.mark.parametrize(
    ("outcome", "next_task"),
    [
        ("zurueck", "zuordnen"),
        ("rueckfrage", "rueckfrage_beantworten"),
        ("beanstanden", "ablehnung_zeichnen"),
        ("befangen", "sachlich_pruefen"),
    ],
)
def test_each_outcome_of_a_check_has_its_way(bench: Bench, outcome: str, next_task: str) -> None:
    case = at_the_check(bench)
    case.set(wiedervorlage_am=(bench.now + timedelta(days=7)).date())

    case.complete("sachlich_pruefen", ergebnis=outcome, begruendung="weil")
    case.run_jobs()

    assert next_task in case.waits_at


def test_who_orders_sends_back_to_the_step_that_erred(bench: Bench) -> None:
    case = at_the_check(bench)
    certified(case)
    case.complete("rechnerisch_feststellen", performer="u_2", ergebnis="richtig")

    case.complete(
        "anordnen", performer="u_3", ergebnis="zurueck_rechnerisch", begruendung="Skonto vergessen"
    )

    assert "rechnerisch_feststellen" in case.waits_at
    assert case.task("rechnerisch_feststellen").excluded == ("u_1",)


def test_a_disputed_invoice_waits_for_the_objection_when_it_is_booked(bench: Bench) -> None:
    case = at_the_check(bench)
    certified(case)
    case.complete("rechnerisch_feststellen", performer="u_2", ergebnis="richtig")
    case.complete("anordnen", performer="u_3", ergebnis="angeordnet", begruendung="geprüft")
    case.run_jobs()
    case.set(ruege_bis=bench.now + timedelta(days=20))

    bench.message("buchungsrueckmeldung", buchungsergebnis="gebucht")

    assert "ruege_pruefen" in case.waits_at
    assert case.task("ruege_pruefen").due == bench.now + timedelta(days=20)


def test_a_rejected_booking_leads_back_to_the_kontierung(bench: Bench) -> None:
    case = at_the_check(bench)
    certified(case)
    case.complete("rechnerisch_feststellen", performer="u_2", ergebnis="richtig")
    case.complete("anordnen", performer="u_3", ergebnis="angeordnet", begruendung="geprüft")
    case.run_jobs()

    bench.message("buchungsrueckmeldung", buchungsergebnis="abgewiesen")

    assert "sachlich_pruefen" in case.waits_at


def test_a_booked_invoice_ends_with_all_that_was_still_open(bench: Bench) -> None:
    case = at_the_check(bench)
    bench.advance(timedelta(days=400))
    overdue = list(case.waits_at)
    certified(case)
    case.complete("rechnerisch_feststellen", performer="u_2", ergebnis="richtig")
    case.complete("anordnen", performer="u_3", ergebnis="angeordnet", begruendung="geprüft")
    case.run_jobs()

    bench.message("buchungsrueckmeldung", buchungsergebnis="gebucht")
    case.run_jobs()

    assert "frist_pruefen" in overdue
    assert case.ended
