"""PDFs on their way through the process: ZUGFeRD by itself, an image by a person's hand."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from bpmn.values import Variables
from eakte.dokumente import dokument_head, read_dokument
from engine.tables import user_task
from invoice.parsing import parse_invoice
from processes.house import House
from processes.rechnungseingang import demo
from processes.rechnungseingang.panel import panel_file, task_panel
from processes.rechnungseingang.prefill import task_values
from tests.invoice.test_documents import CII, SHOWN, carrying, image
from tests.processes.desk import BOOKED, Desk, Run, kontierung

TYPED = {
    "ergebnis": "erfassen",
    "lieferant": "Gärtnerei Grün",
    "rechnungsnummer": "17",
    "rechnungsdatum": "2026-11-02",
    "betrag": "59.50",
    "iban": "DE02 1203 0000 0000 2020 51",
    "leitweg_eingabe": "05999-TIEFBAU-93",
    "art": "auszahlung",
}


def test_a_zugferd_invoice_goes_to_the_check_as_its_xml_would(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs, carrying(("factur-x.xml", CII)))

    assert (desk.row.number, desk.row.amount_due) == ("KR-2026-0219", "3340.92")
    assert desk.row.media_type == "application/pdf"
    assert desk.open_tasks == ["sachlich_pruefen"]


def test_an_image_is_typed_and_reaches_zda(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs, image(SHOWN + " Gärtnerei Grün"))
    assert desk.open_tasks == ["rechnung_klaeren"]

    desk.complete("rechnung_klaeren", "rita.rehbein", **TYPED)
    desk.check(**kontierung("59.50"))
    desk.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")
    desk.order()
    desk.report(BOOKED)

    assert desk.row.state == "gebucht"


def test_a_contradiction_between_image_and_data_waits_for_a_person(
    house: House, run_jobs: Run
) -> None:
    forged = carrying(("factur-x.xml", CII), text=SHOWN.replace("3.340,92", "9.340,92"))

    desk = Desk(house, run_jobs, forged)

    assert desk.open_tasks == ["rechnung_klaeren"]


def test_the_clerk_sees_the_image_beside_the_form(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs, image(SHOWN))
    clerk = demo.principal(house, "rita.rehbein")

    with house.database.begin() as tx:
        task = tx.first(select(user_task).where(user_task.c.instance_id == desk.id))
        panel = task_panel(house, tx, clerk, task)
        file = panel_file(house, tx, clerk, task, "original")

    assert panel is not None
    assert "<iframe" in panel.html
    assert file is not None
    assert (file.media_type, file.content[:5]) == ("application/pdf", b"%PDF-")


def test_a_tenant_that_takes_only_e_invoices_has_the_letter_say_so(
    house: House, run_jobs: Run
) -> None:
    house = replace(house, settings=replace(house.settings, only_e_invoices=True))
    desk = Desk(house, run_jobs, image(SHOWN))

    desk.complete(
        "rechnung_klaeren", "rita.rehbein", ergebnis="ablehnen", begruendung="Keine E-Rechnung"
    )

    with house.database.begin() as tx:
        clerk = demo.principal(house, "rita.rehbein")
        letter = read_dokument(
            tx, clerk, dokument_head(tx, clerk, desk.row.letter).current.id, house.blobs, "Test"
        )
    assert "keine strukturierten Daten" in letter.decode()


MINIMUM = CII.replace(
    (parse_invoice(CII).specification or "").encode(), b"urn:factur-x.eu:1p0:minimum"
)


def opened(house: House, desk: Desk, login: str = "rita.rehbein") -> tuple[Variables, str]:
    """The values of the form as it opens, and the panel beside it."""
    clerk = demo.principal(house, login)
    with house.database.begin() as tx:
        task = tx.first(select(user_task).where(user_task.c.instance_id == desk.id))
        values = task_values(house, tx, clerk, task)
        panel = task_panel(house, tx, clerk, task)
    return values, panel.html if panel is not None else ""


def test_the_head_beside_the_image_is_filled_from_the_xml_and_says_so(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs, carrying(("factur-x.xml", MINIMUM)))

    values, panel = opened(house, desk)

    assert desk.open_tasks == ["rechnung_klaeren"]
    assert values["lieferant"] == "Kinderhaus Regenbogen gGmbH"
    assert (values["rechnungsnummer"], values["betrag"]) == ("KR-2026-0219", "3340.92")
    assert {"rechnungsdatum", "iban", "leitweg_eingabe"} <= set(values)
    assert "Aus dem XML im PDF (Profil ZUGFeRD MINIMUM)" in panel
    assert desk.row.number is None


def test_what_was_filled_in_counts_once_a_person_has_sent_it(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs, carrying(("factur-x.xml", MINIMUM)))
    values, _ = opened(house, desk)
    sent = {**values, "rechnungsnummer": "KR-2026-0220", "rechnungsdatum": "2026-11-10"}
    sent.pop("faellig_am", None)

    desk.complete("rechnung_klaeren", "rita.rehbein", ergebnis="erfassen", art="auszahlung", **sent)

    assert (desk.row.number, desk.row.amount_due) == ("KR-2026-0220", "3340.92")
    assert desk.open_tasks == ["sachlich_pruefen"]


def test_an_amount_in_another_currency_is_not_filled_in_but_told(
    house: House, run_jobs: Run
) -> None:
    foreign = MINIMUM.replace(b">EUR<", b">CHF<").replace(b'"EUR"', b'"CHF"')
    desk = Desk(house, run_jobs, carrying(("factur-x.xml", foreign)))

    values, panel = opened(house, desk)

    assert "betrag" not in values
    assert "lautet auf 3.340,92\N{NO-BREAK SPACE}CHF: bitte umrechnen" in panel


def test_an_image_alone_fills_nothing_in_and_others_read_nothing(
    house: House, run_jobs: Run
) -> None:
    plain = Desk(house, run_jobs, image(SHOWN))
    minimum = Desk(house, run_jobs, carrying(("factur-x.xml", MINIMUM)))

    assert opened(house, plain)[0] == {}
    assert opened(house, minimum, "tim.tannhaus")[0] == {}
