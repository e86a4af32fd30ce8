"""Kontierung: splits that add up, limits that see through them, refunds that are none."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmn.forms import FormInvalid
from bpmn.values import Value, Variables, decode, encode
from engine import queries
from invoice.model import Breakdown
from processes.house import House
from processes.rechnungseingang import demo
from processes.rechnungseingang.errors import BefugnisMissing
from processes.rechnungseingang.hkr import acknowledgements
from processes.rechnungseingang.panel import task_panel
from processes.rechnungseingang.posting import (
    amount_of,
    fault_in,
    moved,
    posting_lines,
    tax_doubts,
    turned,
    with_tax,
)
from tests.processes.desk import AMOUNT, SAMPLES, SYSTEM, UBL, Desk, Run, kontierung

CREDIT_NOTE = SAMPLES["03_gutschrift_ubl.xml"]
NEGATIVE = re.sub(
    rb'(Amount currencyID="EUR">|InvoicedQuantity unitCode="\w+">)(?=\d)',
    rb"\1-",
    UBL.replace(b'PriceAmount currencyID="EUR">', b'PriceAmount  currencyID="EUR">'),
)
AMOUNTS = st.decimals(-(10**6), 10**6, places=2)


def line(amount: str, code: str = "hoheitlich", **more: Value) -> dict[str, Value]:
    base: dict[str, Value] = {
        "haushaltsjahr": 2026,
        "produkt": "54.10.01",
        "sachkonto": "523110",
        "kostenstelle": "6610",
        "steuerkennzeichen": code,
        "betrag": Decimal(amount),
    }
    return {**base, **more}


def split(*amounts: str, **more: Value) -> Variables:
    return {**kontierung(), "buchungszeilen": [line(each) for each in amounts], **more}


def order_of(house: House, desk: Desk) -> Any:
    with house.database.begin("default") as tx:
        content = acknowledgements.current_file(tx, SYSTEM, house.blobs, desk.id)
    return json.loads(content)


def fault(caught: pytest.ExceptionInfo[FormInvalid]) -> tuple[str, str]:
    (error,) = caught.value.errors
    return error.key, error.message


def required_office(house: House, desk: Desk) -> Value:
    with house.database.reading("default") as tx:
        return queries.variables(tx, SYSTEM, desk.id)["befugnisstufe"].value


@given(AMOUNTS)
def test_a_line_is_the_same_after_it_was_stored(amount: Decimal) -> None:
    typed: list[Value] = [line(str(amount), haushaltsjahr=Decimal(2026))]

    stored = decode(encode(typed))

    assert posting_lines(stored) == posting_lines(typed)
    assert type(posting_lines(stored)[0]["haushaltsjahr"]) is int


def test_whole_euros_can_be_signed_by_all_three(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.check(**split("18000", "828.18"))

    desk.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")
    desk.order()

    lines = order_of(house, desk)["posting_lines"]
    assert [each["betrag"] for each in lines] == ["18000.00", "828.18"]
    assert [each["haushaltsjahr"] for each in lines] == [2026, 2026]


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        (("33.33", "33.33", "33.33"), "0,01\N{NO-BREAK SPACE}€ zu wenig"),
        (("33.34", "33.33", "33.34"), "0,01\N{NO-BREAK SPACE}€ zu viel"),
        (("100.00", "0.00"), "bucht nichts"),
        ((), "mindestens eine"),
    ],
)
def test_a_split_that_does_not_add_up_says_by_how_much(amounts: tuple[str, ...], said: str) -> None:
    found = fault_in([line(each) for each in amounts], Decimal("100.00"), "EUR")

    assert found is not None
    assert said in found


def test_thirds_add_up_when_one_takes_the_cent() -> None:
    lines = [line("33.33"), line("33.33"), line("33.34")]

    assert fault_in(lines, Decimal("100.00"), "EUR") is None


@given(st.lists(AMOUNTS, min_size=1, max_size=12), st.sampled_from(["vst19", "vst7"]))
def test_the_tax_of_a_split_is_that_of_the_whole(amounts: list[Decimal], code: str) -> None:
    rate = {"vst19": Decimal(19), "vst7": Decimal(7)}[code]
    lines = with_tax([line(str(each), code) for each in amounts])

    total, taxes = sum(amounts), [Decimal(str(each["steuerbetrag"])) for each in lines]

    assert abs(sum(taxes) - total * rate / (100 + rate)) <= Decimal("0.005")
    for each, tax in zip(amounts, taxes, strict=True):
        assert abs(tax - each * rate / (100 + rate)) <= Decimal("0.01")


def test_lines_without_input_tax_claim_none() -> None:
    taxes = [each["steuerbetrag"] for each in with_tax([line("119", "vst19"), line("50")])]

    assert taxes == [Decimal("19.00"), None]


@given(st.lists(AMOUNTS, max_size=8))
def test_what_is_moved_is_never_less_than_the_sum(amounts: list[Decimal]) -> None:
    lines = [line(str(each)) for each in amounts]

    assert moved(lines) >= abs(sum(amounts))
    assert moved(lines) == moved(turned(lines))


def test_a_line_against_the_others_does_not_make_a_payment_small(
    house: House, run_jobs: Run
) -> None:
    desk = Desk(house, run_jobs)
    moved_between_budgets = split("100000.01", "-81171.83")

    with pytest.raises(BefugnisMissing, match=r"100\.000,01"):
        desk.check(**moved_between_budgets)

    desk.check(**split("60000.00", "-41171.82"))
    desk.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")
    assert required_office(house, desk) == "Kämmerei"


def test_a_split_in_one_direction_counts_with_its_sum(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)

    desk.check(**split("9000.00", "9828.18"))
    desk.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")

    assert required_office(house, desk) == "Amtsleitung"


@pytest.mark.parametrize("kind", ["auszahlung", "buchung_ohne_zahlung"])
def test_a_credit_note_is_never_paid_out(house: House, run_jobs: Run, kind: str) -> None:
    desk = Desk(house, run_jobs, CREDIT_NOTE)
    form = {**kontierung(desk.row.amount_due), "anordnungsart": kind}

    with pytest.raises(FormInvalid) as caught:
        desk.complete("sachlich_pruefen", "ralf.rieger", **form)

    assert fault(caught)[0] == "anordnungsart"


@pytest.mark.parametrize("kind", ["absetzung", "annahme"])
def test_what_we_owe_is_not_taken_for_income(house: House, run_jobs: Run, kind: str) -> None:
    desk = Desk(house, run_jobs)

    with pytest.raises(FormInvalid) as caught:
        desk.check(anordnungsart=kind)

    assert fault(caught)[0] == "anordnungsart"


def refunded(house: House, run_jobs: Run, data: bytes, login: str) -> Any:
    desk = Desk(house, run_jobs, data)
    form = kontierung(desk.row.amount_due) | {"anordnungsart": "absetzung"}
    desk.complete("sachlich_pruefen", login, **form)
    desk.complete("rechnerisch_feststellen", "rosa.rosenau", ergebnis="richtig")
    desk.order()
    return order_of(house, desk)


def test_a_credit_note_is_ordered_as_a_refund(house: House, run_jobs: Run) -> None:
    file = refunded(house, run_jobs, CREDIT_NOTE, "ralf.rieger")

    assert file["invoice"]["amount_due"] == "355.57"
    assert (file["order"]["kind"], file["order"]["amount"]) == ("absetzung", "355.57")
    assert [each["betrag"] for each in file["posting_lines"]] == ["355.57"]


def test_a_negative_invoice_is_ordered_in_the_same_direction(house: House, run_jobs: Run) -> None:
    file = refunded(house, run_jobs, NEGATIVE, "tim.tannhaus")

    assert file["invoice"]["amount_due"] == f"-{AMOUNT}"
    assert (file["order"]["kind"], file["order"]["amount"]) == ("absetzung", AMOUNT)
    assert [each["betrag"] for each in file["posting_lines"]] == [AMOUNT]
    wording = file["signatures"][-1]["wording"]
    assert wording == "Ich ordne an: Absetzung über 18.828,18\N{NO-BREAK SPACE}€."


def test_what_was_paid_by_card_is_posted_with_the_whole_total(house: House, run_jobs: Run) -> None:
    paid = UBL.replace(
        b'<cbc:PayableAmount currencyID="EUR">18828.18<',
        b'<cbc:PrepaidAmount currencyID="EUR">18828.18</cbc:PrepaidAmount>'
        b'<cbc:PayableAmount currencyID="EUR">0.00<',
    )
    desk = Desk(house, run_jobs, paid)

    desk.check(anordnungsart="buchung_ohne_zahlung")
    desk.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")
    desk.complete("anordnen", "karla.kranz", ergebnis="angeordnet", begruendung="Mit Karte bezahlt")

    order = order_of(house, desk)["order"]
    assert (order["amount"], order["iban"]) == (AMOUNT, None)


def test_doubtful_tax_codes_are_told() -> None:
    groups = [Breakdown(category="S", rate=Decimal(19), taxable=Decimal(100), tax=Decimal(19))]

    assert tax_doubts([line("119.00", "vst19")], groups) == []
    assert tax_doubts([line("119.00")], groups) == []
    assert "238,00" in tax_doubts([line("238.00", "vst19")], groups)[0]
    assert "Vorsteuer 7" in tax_doubts([line("119.00", "vst7")], groups)[0]
    assert "keine Steuerschuld" in tax_doubts([line("119.00", "13b")], groups)[0]


def test_reverse_charge_without_13b_is_told() -> None:
    groups = [Breakdown(category="AE", rate=Decimal(0), taxable=Decimal(100), tax=Decimal(0))]

    assert "§ 13b" in tax_doubts([line("100.00")], groups)[0]
    assert tax_doubts([line("100.00", "13b")], groups) == []


def test_who_signs_later_sees_the_lines(house: House, run_jobs: Run) -> None:
    desk = Desk(house, run_jobs)
    desk.check(buchungszeilen=[line("8828.18", "vst7"), line("10000", kostenstelle="6699")])

    with house.database.begin("default") as tx:
        who = demo.principal(house, "ralf.rieger")
        task = SimpleNamespace(
            id="1", instance_id=desk.id, node="rechnerisch_feststellen", due=None
        )
        panel = task_panel(house, tx, who, task)

    assert panel is not None
    assert "6699" in panel.html
    assert "10.000,00" in panel.html
    assert "Bitte prüfen" in panel.html


def test_amounts_that_are_none_post_nothing() -> None:
    assert amount_of({"betrag": "viel"}) == 0
