"""The booking system behind a watched folder: orders out, acknowledgements in, nothing twice."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path

import pytest

from eakte.search import vorgaenge_in
from eakte.wiedervorlagen import Wiedervorlage, wiedervorlagen
from engine.commands import CancelInstance
from identity.principal import Principal, system_principal
from processes.house import House, open_house
from processes.rechnungseingang import demo, folders, receipts, records
from processes.rechnungseingang.errors import BookingContradicts, HkrUnknown
from processes.rechnungseingang.hkr import acknowledgements, handover
from processes.rechnungseingang.hkr import folder as hkr_folder
from processes.rechnungseingang.hkr.booking import Acknowledgement, booking_table
from processes.rechnungseingang.hkr.folder import LARGEST
from storage.errors import Conflict
from tests.processes.desk import BOOKED, UBL, Desk, Run, kontierung

SYSTEM = system_principal("default")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "hkr"


@pytest.fixture
def connected(house: House, folder: Path) -> Iterator[House]:
    """The same house, with an HKR system behind a folder."""
    other = open_house(replace(house.settings, hkr=folder.as_uri()))
    yield other
    other.close()


@pytest.fixture
def ordered(house: House, run_jobs: Run) -> Desk:
    desk = Desk(house, run_jobs)
    desk.certify()
    desk.order()
    return desk


def orders(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "auftraege").iterdir())


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute has passed since anything was written."""
    monkeypatch.setattr(hkr_folder, "UNFINISHED_SECONDS", 0)


def answer(folder: Path, said: object, name: str = "q1.json") -> Path:
    """An acknowledgement as the booking system lays it down."""
    path = folder / "quittungen" / name
    path.write_bytes(said if isinstance(said, bytes) else json.dumps(said).encode())
    return path


def booked(desk: Desk, round_number: int = 1) -> dict[str, str]:
    return {
        "booking_id": f"{desk.id}-{round_number}",
        "result": "gebucht",
        "voucher": "2026-0042",
        "booked_on": "2026-11-30",
    }


def refused(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "quittungen" / "fehler").iterdir())


def test_an_order_lies_in_the_folder_as_json_and_as_a_table(
    connected: House, ordered: Desk, folder: Path
) -> None:
    handover.exchange(connected)

    assert orders(folder) == [f"{ordered.id}-1.csv", f"{ordered.id}-1.json"]
    file = json.loads((folder / "auftraege" / f"{ordered.id}-1.json").read_bytes())
    table = (folder / "auftraege" / f"{ordered.id}-1.csv").read_text("utf-8")
    (line,) = csv.DictReader(StringIO(table), delimiter=";")
    assert file["booking_id"] == line["booking_id"] == f"{ordered.id}-1"
    assert (line["sachkonto"], line["betrag"]) == ("523110", "18828.18")
    assert line["iban"] == file["order"]["iban"]
    (term,) = file["order"]["skonto"]
    assert (line["skonto_1_percent"], line["skonto_1_until"]) == (term["percent"], term["until"])
    assert line["skonto_2_percent"] == ""


def test_what_was_taken_away_is_not_delivered_again(
    connected: House, ordered: Desk, folder: Path
) -> None:
    handover.exchange(connected)
    for name in orders(folder):
        (folder / "auftraege" / name).unlink()

    handover.exchange(connected)

    assert orders(folder) == []


def test_a_booking_system_that_takes_no_orders_is_heard_all_the_same(
    connected: House, ordered: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    handover.exchange(connected)
    answer(folder, booked(ordered))
    with connected.database.begin("default") as tx:
        receipts.change(tx, ordered.id, handed_over=0)
    monkeypatch.setattr(hkr_folder.HkrFolder, "deliver", full)

    handover.exchange(connected)

    assert ordered.row.booking_result == "gebucht"


def test_a_kill_after_the_delivery_delivers_the_same_bytes_again(
    connected: House, ordered: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(handover, "_note", killed)
    with pytest.raises(KeyboardInterrupt):
        handover.exchange(connected)
    monkeypatch.undo()
    before = {name: (folder / "auftraege" / name).read_bytes() for name in orders(folder)}

    handover.exchange(connected)

    assert before.keys() == set(orders(folder))
    assert all((folder / "auftraege" / name).read_bytes() == before[name] for name in before)


def test_gebucht_in_the_folder_closes_the_vorgang(
    connected: House, ordered: Desk, folder: Path
) -> None:
    handover.exchange(connected)
    answer(folder, booked(ordered))

    handover.exchange(connected)
    ordered.run_jobs()

    assert (ordered.row.state, ordered.row.voucher) == ("gebucht", "2026-0042")
    assert [p.name for p in (folder / "quittungen" / "erledigt").iterdir()] == ["q1.json"]


def test_the_same_acknowledgement_twice_changes_nothing(
    connected: House, ordered: Desk, folder: Path
) -> None:
    handover.exchange(connected)
    answer(folder, booked(ordered), "a.json")
    answer(folder, booked(ordered), "b.json")

    handover.exchange(connected)
    ordered.run_jobs()

    assert len([each for each in ordered.steps if each.kind == "buchung"]) == 1
    assert refused(folder) == []


def test_abgewiesen_leads_to_a_second_order(connected: House, ordered: Desk, folder: Path) -> None:
    handover.exchange(connected)
    said = {"booking_id": f"{ordered.id}-1", "result": "abgewiesen", "reason": "Konto gesperrt"}
    answer(folder, said)
    handover.exchange(connected)
    ordered.run_jobs()
    ordered.complete("sachlich_pruefen", "tim.tannhaus", **kontierung())
    ordered.complete("rechnerisch_feststellen", "ralf.rieger", ergebnis="richtig")
    ordered.order()

    handover.exchange(connected)

    assert f"{ordered.id}-2.json" in orders(folder)


def test_a_contradiction_is_put_aside_with_its_reason(
    connected: House, ordered: Desk, folder: Path
) -> None:
    handover.exchange(connected)
    answer(folder, booked(ordered), "a.json")
    answer(folder, {**booked(ordered), "voucher": "2026-0043"}, "b.json")

    handover.exchange(connected)

    assert ordered.row.voucher == "2026-0042"
    assert refused(folder) == ["b.json", "b.json.grund.txt"]
    reason = folder / "quittungen" / "fehler" / "b.json.grund.txt"
    assert "2026-0042" in reason.read_text("utf-8")


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xfe",
        b"{",
        b"x" * (LARGEST + 1),
        {"booking_id": "x-1", "result": "bezahlt"},
        {"booking_id": "x-1", "result": "abgewiesen", "more": 1},
        {"booking_id": "../../etc/passwd-1", "result": "abgewiesen"},
        {"booking_id": "1", "result": "abgewiesen"},
        {"booking_id": "unbekannt-1", "result": "gebucht"},
        {"booking_id": "unbekannt-1", "result": "abgewiesen"},
    ],
    ids=lambda said: str(said)[:40],
)
@pytest.mark.usefixtures("later")
def test_what_is_no_acknowledgement_is_put_aside_and_stops_no_other(
    connected: House, ordered: Desk, folder: Path, said: object
) -> None:
    handover.exchange(connected)
    answer(folder, said, "a.json")
    answer(folder, booked(ordered), "b.json")

    handover.exchange(connected)

    assert refused(folder) == ["a.json", "a.json.grund.txt"]
    assert ordered.row.booking_result == "gebucht"


@pytest.mark.usefixtures("later")
def test_a_voucher_that_not_every_database_keeps_is_put_aside(
    connected: House, ordered: Desk, folder: Path
) -> None:
    handover.exchange(connected)
    answer(folder, {**booked(ordered), "voucher": "2026\x000042"}, "a.json")

    handover.exchange(connected)

    assert refused(folder) == ["a.json", "a.json.grund.txt"]
    assert ordered.row.booking_result is None


@pytest.mark.usefixtures("later")
def test_a_link_in_the_folder_is_not_followed(
    connected: House, ordered: Desk, folder: Path, tmp_path: Path
) -> None:
    handover.exchange(connected)
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(json.dumps(booked(ordered)), "utf-8")
    (folder / "quittungen" / "link.json").symlink_to(elsewhere)

    handover.exchange(connected)

    assert ordered.row.booking_result is None
    assert "link.json" in refused(folder)
    assert elsewhere.exists()


def test_a_file_that_is_still_being_written_is_left_alone(
    connected: House, ordered: Desk, folder: Path
) -> None:
    handover.exchange(connected)
    path = answer(folder, b'{"booking_id": "')

    handover.exchange(connected)

    assert path.exists()
    assert refused(folder) == []


def test_a_name_that_comes_again_while_it_is_read_is_another_answer(
    connected: House, ordered: Desk, folder: Path
) -> None:
    """Some systems write each answer under the same name."""
    handover.exchange(connected)
    hkr = handover.open_hkr(connected.settings.hkr)
    answer(folder, {"booking_id": "unbekannt-1", "result": "abgewiesen"})
    (first,) = hkr.answers()

    answer(folder, booked(ordered))
    hkr.settle(first, "unbekannt")
    handover.exchange(connected)

    assert ordered.row.booking_result == "gebucht"


@pytest.mark.parametrize("name", ["Q1.JSON", "q1.json"])
def test_answers_of_other_systems_than_ours_are_read(
    connected: House, ordered: Desk, folder: Path, name: str
) -> None:
    """With a mark at the beginning, and names in capital letters."""
    handover.exchange(connected)
    answer(folder, b"\xef\xbb\xbf" + json.dumps(booked(ordered)).encode(), name)

    handover.exchange(connected)

    assert ordered.row.booking_result == "gebucht"


def test_an_answer_that_was_taken_over_before_a_kill_is_applied(
    connected: House, ordered: Desk, folder: Path
) -> None:
    handover.exchange(connected)
    answer(folder, booked(ordered))
    hkr = handover.open_hkr(connected.settings.hkr)
    assert [each.said.voucher for each in hkr.answers()] == ["2026-0042"]

    handover.exchange(connected)

    assert ordered.row.booking_result == "gebucht"
    assert [p.name for p in (folder / "quittungen" / "erledigt").iterdir()] == ["q1.json"]
    assert list((folder / "quittungen" / "in_arbeit").iterdir()) == []


def test_what_a_kill_left_half_written_is_removed(
    connected: House, ordered: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handover.exchange(connected)
    (folder / "auftraege" / f"{ordered.id}-1.json.0.tmp").write_bytes(b"{")
    monkeypatch.setattr(folders, "LEFT_OVER_SECONDS", 0)

    handover.exchange(connected)

    assert orders(folder) == [f"{ordered.id}-1.csv", f"{ordered.id}-1.json"]


def test_an_answer_to_what_a_person_has_closed_is_put_aside_and_stops_no_other(
    connected: House, ordered: Desk, folder: Path, run_jobs: Run
) -> None:
    other = Desk(ordered.house, run_jobs, UBL.replace(b"WL-2026-1042", b"WL-2026-1043"))
    other.certify()
    other.order()
    handover.exchange(connected)
    operator = demo.principal(connected, "olga.ostmann")
    connected.engine.execute(CancelInstance(ordered.id, reason="Testlauf"), operator)
    with connected.database.begin("default") as tx:
        records.close_record(tx, ordered.row.vorgang, "Außerhalb bezahlt")
    answer(folder, booked(ordered), "a.json")
    answer(folder, booked(other), "b.json")

    handover.exchange(connected)

    assert refused(folder) == ["a.json", "a.json.grund.txt"]
    assert "z.d.A." in (folder / "quittungen" / "fehler" / "a.json.grund.txt").read_text("utf-8")
    assert other.row.booking_result == "gebucht"


def test_an_answer_that_cannot_be_applied_yet_waits_and_stops_no_other(
    connected: House, ordered: Desk, folder: Path, run_jobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Desk(ordered.house, run_jobs, UBL.replace(b"WL-2026-1042", b"WL-2026-1043"))
    other.certify()
    other.order()
    handover.exchange(connected)
    answer(folder, booked(ordered), "a.json")
    answer(folder, booked(other), "b.json")
    report = acknowledgements.report

    def busy(house: House, who: Principal, invoice: str, said: Acknowledgement) -> bool:
        if invoice == ordered.id:
            raise Conflict("locked")
        return report(house, who, invoice, said)

    monkeypatch.setattr(acknowledgements, "report", busy)
    handover.exchange(connected)
    waited = ordered.row.booking_result, other.row.booking_result
    monkeypatch.undo()
    handover.exchange(connected)

    assert waited == (None, "gebucht")
    assert ordered.row.booking_result == "gebucht"


def comes_back(house: House, vorgang: str) -> list[Wiedervorlage]:
    with house.database.begin("default") as tx:
        return wiedervorlagen(tx, SYSTEM, vorgang_id=vorgang)


def test_a_contradiction_comes_back_to_the_rechnungsstelle_once(
    connected: House, ordered: Desk
) -> None:
    ordered.report(Acknowledgement("abgewiesen", reason="gesperrt", booking_id=f"{ordered.id}-1"))
    late = replace(BOOKED, booking_id=f"{ordered.id}-1")

    for _ in range(3):
        with pytest.raises(BookingContradicts):
            ordered.report(late)

    (back,) = comes_back(connected, ordered.row.vorgang)
    steps = [each.outcome for each in ordered.steps if each.kind == "buchung"]
    assert back.addressee == "rechnungsstelle"
    assert "2026-0042" in back.reason
    assert steps == ["abgewiesen", "widerspruch"]


def test_a_second_voucher_after_zda_opens_a_vorgang_of_its_own(
    connected: House, ordered: Desk
) -> None:
    ordered.report(BOOKED)
    closed = ordered.row

    for _ in range(2):
        with pytest.raises(BookingContradicts):
            ordered.report(replace(BOOKED, voucher="2026-0043"))

    with connected.database.begin("default") as tx:
        beside = [each for each in vorgaenge_in(tx, SYSTEM, closed.akte) if each.state == "offen"]
    (one,) = beside
    (back,) = comes_back(connected, one.id)
    assert one.id == ordered.row.later
    assert one.betreff.startswith("Nach Abschluss: ")
    assert "2026-0043" in back.reason
    assert ordered.row.voucher == "2026-0042"


@pytest.mark.parametrize("result", ["gebucht", "abgewiesen"])
def test_from_the_second_round_on_an_answer_names_its_round(
    connected: House, ordered: Desk, result: str
) -> None:
    ordered.report(Acknowledgement("abgewiesen", reason="gesperrt"))
    ordered.certify()
    ordered.order()
    said = Acknowledgement(result, "2026-0042", date(2026, 11, 30), "gesperrt")  # type: ignore[arg-type]

    with pytest.raises(BookingContradicts, match=f"{ordered.id}-2"):
        ordered.report(said)

    assert ordered.row.booking_result is None


def test_two_processes_at_once_deliver_and_apply_once(
    connected: House, ordered: Desk, folder: Path, run_jobs: Run
) -> None:
    others = []
    for number in range(3):
        other = Desk(ordered.house, run_jobs, UBL.replace(b"1042", b"105%d" % number))
        other.certify()
        other.order()
        others.append(other)
    second = open_house(connected.settings)
    try:
        with ThreadPoolExecutor(2) as both:
            list(both.map(handover.exchange, (connected, second)))
            delivered = orders(folder)
            for desk in (ordered, *others):
                answer(folder, booked(desk), f"{desk.id}.json")
            list(both.map(handover.exchange, (connected, second)))
    finally:
        second.close()
    handover.exchange(connected)

    assert len(delivered) == 2 * (len(others) + 1)
    assert len(list((folder / "quittungen" / "erledigt").iterdir())) == len(others) + 1
    for desk in (ordered, *others):
        assert desk.row.booking_result == "gebucht"
        assert len([step for step in desk.steps if step.kind == "buchung"]) == 1


def test_without_an_hkr_system_nothing_is_handed_over(
    house: House, ordered: Desk, folder: Path
) -> None:
    handover.exchange(house)

    assert not folder.exists()
    assert ordered.row.handed_over == 0


def test_an_unknown_scheme_is_refused_by_name() -> None:
    with pytest.raises(HkrUnknown, match="sap://kasse"):
        handover.open_hkr("sap://kasse")


def test_a_strangers_text_is_no_formula_in_the_table() -> None:
    order = {"kind": "auszahlung", "payee": '=cmd|"/C calc"!A0', "iban": None, "remittance": "-5"}
    content = {
        "booking_id": "x-1",
        "geschaeftszeichen": "R.10",
        "unit": "u",
        "order": {**order, "due_on": None, "skonto": []},
        "invoice": {
            "number": "\n+1\r\n2;3",
            "issued_on": None,
            "seller": "\uff1dx",  # as wide as a Chinese character: some spreadsheets take it, too
            "currency": "@x",
        },
        "posting_lines": [{"betrag": "-12.00", "sachkonto": "523110"}],
    }

    table = booking_table(json.dumps(content).encode()).decode()

    (line,) = csv.DictReader(StringIO(table), delimiter=";")
    theirs = ("payee", "remittance", "number", "seller", "currency")
    assert [line[name][0] for name in theirs] == ["'"] * 5
    assert line["number"] == "'+1 2;3"
    assert table.count("\n") == 2
    assert line["betrag"] == "-12.00"
