"""The shipped files: what deployment says of them, and what the tables and forms decide."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bpmn.check import check_file
from bpmn.dmn import compile_decisions
from bpmn.forms import FormInvalid, parse_form
from bpmn.values import Value
from processes.rechnungseingang import PACKAGE
from processes.rechnungseingang.signatures import STUFEN, sufficing

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FOLDER = Path(__file__).parents[2] / "processes" / "rechnungseingang"


@pytest.mark.parametrize("path", PACKAGE.models, ids=lambda path: path.name)
def test_every_shipped_file_deploys_without_a_fault(path: Path) -> None:
    findings = check_file(path.name, path.read_bytes())

    assert [f for f in findings if f.severity == "error"] == []


def test_every_task_of_the_model_has_its_form_in_the_package() -> None:
    model = (FOLDER / "models" / "rechnungseingang.bpmn").read_text(encoding="utf-8")
    names = {path.stem for path in PACKAGE.models if path.suffix == ".form"}

    used = {part.partition('"')[0] for part in model.split('camunda:formRef="')[1:]}

    assert used == names


@pytest.mark.parametrize(
    ("type_code", "means", "amount", "kind"),
    [
        ("380", "58", "1190.00", "auszahlung"),
        ("380", "59", "1190.00", "buchung_ohne_zahlung"),
        ("380", "48", "1190.00", "buchung_ohne_zahlung"),
        ("380", "58", "0.00", "buchung_ohne_zahlung"),
        ("380", "58", "-5.00", "absetzung"),
        ("381", "58", "20.00", "absetzung"),
        ("389", "58", "20.00", "klaerung"),
        (None, None, None, "klaerung"),
    ],
)
def test_the_kind_of_order_follows_from_type_means_and_amount(
    type_code: str | None, means: str | None, amount: str | None, kind: str
) -> None:
    source = (FOLDER / "models" / "anordnungsart.dmn").read_bytes()
    table = compile_decisions(source, "anordnungsart.dmn")["anordnungsart"]
    given: dict[str, Value] = {
        "type_code": type_code,
        "payment_means": means,
        "amount_due": None if amount is None else Decimal(amount),
        "currency": "EUR",
    }

    outcome = table.evaluate(given, NOW)

    assert outcome.outputs == [{"anordnungsart": kind}]


@pytest.mark.parametrize(
    ("currency", "kind"), [("EUR", "auszahlung"), (None, "auszahlung"), ("CHF", "klaerung")]
)
def test_another_currency_is_for_a_person(currency: str | None, kind: str) -> None:
    source = (FOLDER / "models" / "anordnungsart.dmn").read_bytes()
    table = compile_decisions(source, "anordnungsart.dmn")["anordnungsart"]
    given: dict[str, Value] = {
        "type_code": "380",
        "payment_means": "58",
        "amount_due": Decimal(1190),
        "currency": currency,
    }

    assert table.evaluate(given, NOW).outputs == [{"anordnungsart": kind}]


def test_the_offices_of_the_table_are_those_that_rank_befugnisse() -> None:
    source = (FOLDER / "models" / "befugnis.dmn").read_text(encoding="utf-8")
    text = source.split('<outputValues id="werte_1">')[1].split("<text>")[1].split("</text>")[0]

    assert tuple(each.strip('"') for each in text.split(",")) == STUFEN


def test_a_higher_office_may_what_a_lower_one_may() -> None:
    assert set(sufficing("Sachgebietsleitung")) == {*STUFEN, None}
    assert sufficing("Amtsleitung") == ("Amtsleitung", "Kämmerei")
    assert sufficing("Kämmerei") == ("Kämmerei",)
    assert sufficing("Rat") == ("Rat",)
    assert sufficing("") == ("",)


def test_the_form_of_the_check_wants_no_posting_lines_from_who_passes_it_on() -> None:
    form = parse_form((FOLDER / "forms" / "sachlich_pruefen.form").read_bytes(), "f")
    given = {"ergebnis": "weiterleiten", "weiterleiten_an": "jugendamt", "begruendung": "Kita"}

    stellen: Value = [{"value": "jugendamt", "label": "Jugendamt"}]

    values = form.validate(given, {"buchungszeilen": [], "stellen": stellen}, NOW)

    assert values["weiterleiten_an"] == "jugendamt"
    assert "buchungszeilen" not in values


def test_the_form_of_the_check_types_the_amounts_in_its_posting_lines() -> None:
    form = parse_form((FOLDER / "forms" / "sachlich_pruefen.form").read_bytes(), "f")
    line = {
        "haushaltsjahr": 2026,
        "produkt": "54.10.01",
        "sachkonto": "523110",
        "kostenstelle": "6610",
        "steuerkennzeichen": "hoheitlich",
        "betrag": "1190.00",
    }
    given = {
        "ergebnis": "richtig",
        "anordnungsart": "auszahlung",
        "festgestellter_betrag": "1190.00",
        "buchungszeilen": [line],
        "mittel_verfuegbar": True,
    }

    values = form.validate(given, {}, NOW)

    assert values["festgestellter_betrag"] == Decimal("1190.00")
    assert values["buchungszeilen"] == [{**line, "betrag": Decimal("1190.00")}]


def test_a_clarification_asks_for_head_data_only_when_the_file_has_none() -> None:
    form = parse_form((FOLDER / "forms" / "rechnung_klaeren.form").read_bytes(), "f")
    given = {"ergebnis": "erfassen", "art": "auszahlung"}

    kept = form.validate(given, {"readable": True}, NOW)
    with pytest.raises(FormInvalid) as refused:
        form.validate(given, {"readable": False}, NOW)

    assert kept["art"] == "auszahlung"
    missing = {error.key for error in refused.value.errors}
    assert missing == {"lieferant", "rechnungsnummer", "rechnungsdatum", "betrag"}


def test_a_typed_head_is_typed() -> None:
    form = parse_form((FOLDER / "forms" / "rechnung_klaeren.form").read_bytes(), "f")
    given = {
        "ergebnis": "erfassen",
        "art": "auszahlung",
        "lieferant": "Gärtnerei Grün",
        "rechnungsnummer": "17",
        "rechnungsdatum": "2026-11-02",
        "betrag": "59.50",
    }

    values = form.validate(given, {"readable": False}, NOW)

    assert values["rechnungsdatum"] == date(2026, 11, 2)
    assert values["betrag"] == Decimal("59.50")
