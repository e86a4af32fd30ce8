"""kill -9 at random moments: nothing lost, nothing twice, whatever was half done.

`AMTSGANG_KILLS` says how often each is killed, `AMTSGANG_CHAOS_SEED` when.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import func, select

from eakte.tables import vorgang
from engine.tables import instance
from identity.principal import system_principal
from processes.house import House, open_house
from processes.rechnungseingang.hkr import handover
from processes.rechnungseingang.hkr.booking import booking_table
from processes.rechnungseingang.intake import folder as intake_folder
from processes.rechnungseingang.intake.batch import receive_all
from processes.rechnungseingang.intake.channels import fetch
from processes.rechnungseingang.receipts import Push
from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row
from storage.verify import verify_all
from tests.processes.conftest import work_off
from tests.processes.desk import SYSTEM, UBL, Desk
from tests.processes.killed import Killer, settings

KILLS = int(os.environ.get("AMTSGANG_KILLS", "2"))
SEED = int(os.environ.get("AMTSGANG_CHAOS_SEED", "20261128"))
MANY = 4
ANSWERED = "2026-12-01"


def invoice(number: int) -> bytes:
    return UBL.replace(b"WL-2026-1042", b"WL-2026-2%03d" % number)


@pytest.fixture(scope="module")
def ordered(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house with some orders that nobody has fetched yet."""
    data = shutil.copytree(furnished, tmp_path_factory.mktemp("ordered") / "var")
    with at(data) as house:
        for number in range(MANY):
            desk = Desk(house, lambda: work_off(house), invoice(number))
            desk.certify()
            desk.order()
    return data


@contextmanager
def at(data: Path) -> Iterator[House]:
    house = open_house(settings(data))
    try:
        yield house
    finally:
        house.close()


def copies(of: Path, tmp_path: Path) -> Iterator[Path]:
    """The same state before each kill."""
    for number in range(KILLS):
        yield shutil.copytree(of, tmp_path / str(number) / "var")
        shutil.rmtree(tmp_path / str(number))


def receipts_in(house: House) -> list[Row]:
    with house.database.reading() as tx:
        return list(tx.all(select(invoice_receipt).order_by(invoice_receipt.c.id)))


def assert_whole(house: House) -> None:
    tenant, trusted = house.settings.tenant, house.keyring.fingerprints()
    assert verify_all(house.database, house.store, house.blobs, tenant, trusted=trusted).whole


def taken_away(folder: Path) -> dict[str, bytes]:
    """What the booking system fetches: whatever lies there under its own name."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in {".json", ".csv"}:
            found[path.name] = path.read_bytes()
            path.unlink()
    return found


def test_orders_reach_the_folder_whole_and_always_with_the_same_bytes(
    ordered: Path, tmp_path: Path
) -> None:
    killer = Killer(SEED)
    with at(shutil.copytree(ordered, tmp_path / "calm")) as house:
        began = time.monotonic()
        handover.exchange(house)
        within = time.monotonic() - began
        expected = taken_away(house.settings.data / "hkr" / "auftraege")
    assert len(expected) == 2 * MANY

    for data in copies(ordered, tmp_path):
        killer.kill(handover.exchange, data, within)
        seen: defaultdict[str, set[bytes]] = defaultdict(set)
        with at(data) as house:
            for _ in range(3):
                for name, content in taken_away(data / "hkr" / "auftraege").items():
                    seen[name].add(content)
                handover.exchange(house)
            assert taken_away(data / "hkr" / "auftraege") == {}
            assert [row.handed_over for row in receipts_in(house)] == [1] * MANY
        assert {name: {content} for name, content in expected.items()} == seen
        for name, content in expected.items():
            if name.endswith(".json"):
                assert booking_table(content) == expected[name.replace(".json", ".csv")]

    assert killer.kills == KILLS
    print(f"orders: {killer.kills} kills, {killer.struck} in the middle")  # noqa: T201


def test_acknowledgements_are_applied_once(ordered: Path, tmp_path: Path) -> None:
    answered = shutil.copytree(ordered, tmp_path / "answered")
    with at(answered) as house:
        handover.exchange(house)
        for row in receipts_in(house):
            said = {"booking_id": f"{row.id}-1", "result": "gebucht", "booked_on": ANSWERED}
            path = answered / "hkr" / "quittungen" / f"{row.id}.json"
            path.write_text(json.dumps({**said, "voucher": f"B-{row.number}"}), "utf-8")
    with at(shutil.copytree(answered, tmp_path / "calm")) as house:
        began = time.monotonic()
        handover.exchange(house)
        within = time.monotonic() - began
    killer = Killer(SEED + 1)

    for data in copies(answered, tmp_path):
        killer.kill(handover.exchange, data, within)
        with at(data) as house:
            handover.exchange(house)
            work_off(house)
            rows = receipts_in(house)
            assert [(r.state, r.voucher) for r in rows] == [
                ("gebucht", f"B-{r.number}") for r in rows
            ]
            assert [r.booked_on for r in rows] == [date.fromisoformat(ANSWERED)] * MANY
            for row in rows:
                assert booking_steps(house, row) == ["gebucht"]
            assert_whole(house)
        places = data / "hkr" / "quittungen"
        kept = [path for path in (places / "erledigt").iterdir() if path.stat().st_size]
        assert sorted(path.name for path in kept) == [f"{row.id}.json" for row in rows]
        assert not list((places / "in_arbeit").iterdir())
        assert not list((places / "fehler").iterdir())

    assert killer.kills == KILLS
    print(f"acknowledgements: {killer.kills} kills, {killer.struck} in the middle")  # noqa: T201


def booking_steps(house: House, row: Row) -> list[str | None]:
    desk = object.__new__(Desk)
    desk.house, desk.id = house, row.id
    return [step.outcome for step in desk.steps if step.kind == "buchung"]


def uploaded() -> list[Push]:
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for number in range(MANY):
            archive.writestr(f"{number}.xml", invoice(number))
    return [Push(whole.getvalue(), "alle.zip", "stapel"), Push(invoice(MANY), "r.xml", "stapel")]


def upload(house: House) -> object:
    return receive_all(house, system_principal("default"), uploaded())


def lay_down(data: Path) -> None:
    for number in range(MANY + 1):
        (data / "eingang").mkdir(exist_ok=True)
        (data / "eingang" / f"{number}.xml").write_bytes(invoice(number))


def fetch_at_once(house: House) -> object:
    intake_folder.QUIET_SECONDS = 0
    return fetch(house)


def assert_each_once(house: House) -> None:
    work_off(house)
    rows = receipts_in(house)
    with house.database.reading() as tx:
        instances = sorted(row.id for row in tx.all(select(instance.c.id)))
        filed = Counter(row.instance_id for row in tx.all(select(vorgang.c.instance_id)))
        assert tx.scalar(select(func.count()).select_from(invoice_receipt)) == MANY + 1
    numbers = sorted(row.number for row in rows)
    assert numbers == [f"WL-2026-2{number:03d}" for number in range(MANY + 1)]
    assert len({row.sha256 for row in rows}) == MANY + 1
    assert instances == [row.id for row in rows]
    # The Rechnungsstelle's, where it is put before a person, or the competent unit's after it.
    assert all(1 <= filed[row.id] <= 2 for row in rows)
    assert_whole(house)


def test_a_batch_that_is_sent_again_takes_each_file_in_once(
    furnished: Path, tmp_path: Path
) -> None:
    with at(shutil.copytree(furnished, tmp_path / "calm")) as house:
        began = time.monotonic()
        upload(house)
        within = time.monotonic() - began
    killer = Killer(SEED + 2)

    for data in copies(furnished, tmp_path):
        killer.kill(upload, data, within)
        with at(data) as house:
            first = {result.invoice for result in receive_all(house, SYSTEM, uploaded())}
            again = receive_all(house, SYSTEM, uploaded())
            assert {result.invoice for result in again} == first
            assert not any(result.first or result.code for result in again)
            assert_each_once(house)

    assert killer.kills == KILLS
    print(f"batch: {killer.kills} kills, {killer.struck} in the middle")  # noqa: T201


def test_a_watched_folder_gives_each_file_once(
    furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_folder, "QUIET_SECONDS", 0)
    laid = shutil.copytree(furnished, tmp_path / "laid")
    lay_down(laid)
    with at(shutil.copytree(laid, tmp_path / "calm")) as house:
        began = time.monotonic()
        fetch(house)
        within = time.monotonic() - began
    killer = Killer(SEED + 3)

    for data in copies(laid, tmp_path):
        killer.kill(fetch_at_once, data, within)
        with at(data) as house:
            fetch(house)
            assert_each_once(house)
        folder = data / "eingang"
        assert not list((folder / "in_arbeit").iterdir())
        assert not [path for path in folder.iterdir() if path.is_file()]

    assert killer.kills == KILLS
    print(f"folder: {killer.kills} kills, {killer.struck} in the middle")  # noqa: T201
