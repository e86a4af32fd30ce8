"""The supplier master as a CSV file: whole or not at all, twice as once, each fault at its line."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from eakte.readlog import accesses
from identity.errors import FourEyesRequired, NotPermitted
from processes.house import House
from processes.rechnungseingang import demo
from processes.rechnungseingang.errors import KreditorTableInvalid
from processes.rechnungseingang.kreditoren import accounts
from processes.rechnungseingang.kreditoren import master as kreditoren
from processes.rechnungseingang.kreditoren.master import Kreditor
from processes.rechnungseingang.kreditoren.table import (
    Imported,
    export_table,
    import_table,
    last_import,
)
from tests.processes.desk import SYSTEM

HEAD = "nummer;name;ust_id;ort;iban\n"
FILE = (
    HEAD + "70012;Wegebau Lindental GmbH;DE123456789;Lindental;DE02120300000000202051\n"
    "70012;Wegebau Lindental GmbH;DE123456789;Lindental;DE89370400440532013000\n"
    "70013;Gärtnerei Grün;;Neustadt;\n"
)


def taken(house: House, text: str | bytes, login: str = "berta.brandt") -> Imported:
    data = text if isinstance(text, bytes) else text.encode()
    with house.database.begin() as tx:
        return import_table(tx, demo.principal(house, login), data)


def known(house: House, text: str = "") -> list[Kreditor]:
    with house.database.reading() as tx:
        return kreditoren.find(tx, text)


def exported(house: House) -> bytes:
    with house.database.begin() as tx:
        return export_table(tx, demo.principal(house, "berta.brandt"))


def test_a_file_makes_kreditoren_and_proposes_their_accounts(house: House) -> None:
    found = taken(house, FILE)

    with house.database.reading() as tx:
        held = accounts.accounts(tx, [each.id for each in known(house)])
        said = last_import(tx)
    assert found == Imported(created=2, proposed=2)
    assert {each.number for each in known(house)} == {"70012", "70013"}
    assert {row.state for row in held} == {"vorgeschlagen"}
    assert "2 neu, 0 geändert, 0 gleich; 2 Konten vorgeschlagen" in said


def test_the_same_file_again_changes_nothing(house: House) -> None:
    taken(house, FILE)
    before = [each.stand for each in known(house)]

    again = taken(house, FILE)

    assert again == Imported(same=2)
    assert [each.stand for each in known(house)] == before


def test_what_changed_is_changed_and_what_is_not_said_stays(house: House) -> None:
    taken(house, FILE)

    found = taken(house, "nummer;name;ort\n70013;Gärtnerei Grün;\n70012;Wegebau Lindental GmbH;X")

    assert found == Imported(changed=2)
    assert [(e.city, e.vat_id) for e in known(house)] == [(None, None), ("X", "DE123456789")]


def test_what_is_written_is_read_back_as_the_same(house: House) -> None:
    taken(house, FILE)
    taken(house, "nummer;name;strasse\n7;=SUMME(A1);'-3\n")

    again = taken(house, exported(house))

    assert again == Imported(same=3)
    assert [each.name for each in known(house, "7 summe")] == ["=SUMME(A1)"]


def test_a_spreadsheet_calculates_nothing_and_the_export_is_recorded(house: House) -> None:
    taken(house, "nummer;name\n7;=SUMME(A1)\n")

    text = exported(house).decode("utf-8-sig")

    reader = demo.principal(house, "dora.dietrich")
    with house.database.begin() as tx:
        seen, _ = accesses(tx, reader)
    (row,) = csv.DictReader(StringIO(text), delimiter=";")
    assert row["name"] == "'=SUMME(A1)"
    assert ("export", "kreditor") in {(each.action, each.object_kind) for each in seen}


def test_who_has_no_number_yet_gets_it_by_the_id_of_the_export(house: House) -> None:
    with house.database.begin() as tx:
        key = kreditoren.create(tx, demo.principal(house, "tim.tannhaus"), {"name": "Neu"})

    found = taken(house, f"kennung;nummer\n{key};70099\n")

    assert found == Imported(changed=1)
    assert [(each.id, each.number) for each in known(house)] == [(key, "70099")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Zeile 1"),
        (HEAD, "keine Zeile"),
        ("name;ort\nx;y\n", "Zeile 1"),
        ("nummer,name\n1,x\n", "Semikolon"),
        ("nummer;name;farbe\n1;x;rot\n", "farbe"),
        (f"{HEAD}1;Gut;;;\n2;;;;\n", "Zeile 3: Bitte den Namen angeben."),
        (f"{HEAD}1;Gut;;;\n2;Schlecht\n", "Zeile 3: 2 Felder"),
        (f"{HEAD};Schlecht;;;\n", "Zeile 2: bitte „nummer“"),
        (f"{HEAD}1;Schlecht;123;;\n", "Zeile 2: USt-IdNr."),
        (f"{HEAD}1;Schlecht;;;DE00\n", "IBAN stimmt nicht: bitte die Ziffern prüfen. (Zeile 2)"),
        (f"{HEAD}1;Eins;;;\n1;Zwei;;;\n", "Zeile 3: andere Stammdaten für 1 als in Zeile 2"),
        ("kennung;name\nk_x;Nobody\n", "Zeile 2: Die Kennung k_x gibt es hier nicht."),
        ('nummer;name\n1;"x\n', "Zeile 2"),
        ("nummer;name\n1;Gr\xfcn\n".encode("latin-1"), "Zeile 2: kein UTF-8"),
        ('nummer;name;ust_id\n1;"zwei\nZeilen";\n2;x;1\n', "Zeile 4: USt-IdNr."),
    ],
)
def test_a_fault_is_told_with_its_line_and_nothing_is_taken(
    house: House, text: str | bytes, said: str
) -> None:
    with pytest.raises(KreditorTableInvalid) as refused:
        taken(house, text)

    assert said in str(refused.value)
    assert known(house) == []


def test_all_faults_of_a_file_are_told_at_once_up_to_a_limit(house: House) -> None:
    lines = "".join(f"{n};;;;\n" for n in range(50))

    with pytest.raises(KreditorTableInvalid) as refused:
        taken(house, HEAD + lines)

    assert len(str(refused.value).splitlines()) == 21


def test_a_removed_account_does_not_come_back_with_the_next_file(house: House) -> None:
    taken(house, FILE)
    karla = demo.principal(house, "karla.kranz")
    with house.database.begin() as tx:
        for row in accounts.find(tx):
            accounts.remove(tx, karla, row.id)

    assert taken(house, FILE) == Imported(same=2)


def test_an_import_is_confirmed_as_a_whole_but_for_accounts_that_change(house: House) -> None:
    taken(house, HEAD + "1;Eins;;;DE02120300000000202051\n")
    karla, berta = (demo.principal(house, each) for each in ("karla.kranz", "berta.brandt"))
    with house.database.begin() as tx:
        accounts.confirm_import(tx, karla, accounts.find(tx)[0].id)
    more = "1;Eins;;;DE89370400440532013000\n2;Zwei;;;DE02500105170137075030\n"
    taken(house, HEAD + more)
    with house.database.reading() as tx:
        waiting = accounts.find(tx)[0]

    with pytest.raises(FourEyesRequired), house.database.begin() as tx:
        accounts.confirm_import(tx, berta, waiting.id)
    with house.database.begin() as tx:
        count = accounts.confirm_import(tx, karla, waiting.id)

    with house.database.reading() as tx:
        states = {row.iban: row.state for row in accounts.find(tx)}
    assert count == 1
    assert states["DE89370400440532013000"] == "vorgeschlagen"
    assert states["DE02500105170137075030"] == "bestaetigt"


def test_an_account_that_a_change_put_in_doubt_is_confirmed_singly(house: House) -> None:
    karla = demo.principal(house, "karla.kranz")
    two = "1;Eins;DE123456789;;DE02120300000000202051\n2;Zwei;;;DE02500105170137075030\n"
    taken(house, HEAD + two)
    with house.database.begin() as tx:
        doubted, waiting = (accounts.find(tx, name)[0].id for name in ("Eins", "Zwei"))
        accounts.confirm(tx, karla, doubted)
    taken(house, HEAD + "1;Eins;DE987654321;;\n")

    with house.database.begin() as tx:
        count = accounts.confirm_import(tx, karla, waiting)

    with house.database.reading() as tx:
        states = {row.id: row.state for row in accounts.find(tx)}
    assert count == 1
    assert states == {doubted: "vorgeschlagen", waiting: "bestaetigt"}


@pytest.mark.parametrize("login", ["tim.tannhaus", "paul.petersen", "gero.gestalt"])
def test_who_keeps_up_no_master_takes_no_table_in_and_none_home(house: House, login: str) -> None:
    with pytest.raises(NotPermitted):
        taken(house, FILE, login)
    with pytest.raises(NotPermitted), house.database.begin() as tx:
        export_table(tx, demo.principal(house, login))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda t: (HEAD + t).encode()))
def test_any_bytes_are_a_table_or_refused(house: House, data: bytes) -> None:
    try:
        taken(house, data)
    except KreditorTableInvalid:
        return

    assert known(house) != []


def test_an_operator_takes_a_table_in_and_home_on_the_command_line(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cli import app  # noqa: PLC0415 beside its only use

    table, bad, home = (tmp_path / name for name in ("in.csv", "bad.csv", "out.csv"))
    table.write_text(FILE, encoding="utf-8")
    bad.write_text(HEAD + "1;;;;\n", encoding="utf-8")
    monkeypatch.setenv("AMTSGANG_DATA", str(house.settings.data))

    results = [
        CliRunner().invoke(app, ["kreditoren", *words])
        for words in (
            ("import", str(table), "--json"),
            ("import", str(bad)),
            ("export", str(home)),
        )
    ]

    assert [each.exit_code for each in results] == [0, 1, 0]
    assert json.loads(results[0].stdout)["created"] == 2
    assert "Zeile 2: Bitte den Namen angeben." in results[1].stderr
    assert home.read_bytes() == exported(house)


def test_what_the_command_line_proposed_a_single_person_confirms(house: House) -> None:
    """The system is the first pair of eyes: the table came from the HKR system."""
    with house.database.begin() as tx:
        import_table(tx, SYSTEM, FILE.encode())
    karla = demo.principal(house, "karla.kranz")

    with house.database.begin() as tx:
        count = accounts.confirm_import(tx, karla, accounts.find(tx)[0].id)

    assert count == 2
