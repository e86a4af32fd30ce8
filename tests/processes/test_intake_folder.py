"""A watched folder as an intake: each file once, whole ones only, whoever is killed when."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from processes.house import House, open_house
from processes.rechnungseingang import folders, receipts
from processes.rechnungseingang.errors import ChannelUnknown
from processes.rechnungseingang.intake import channels
from processes.rechnungseingang.intake import folder as intake_folder
from processes.rechnungseingang.intake.channels import Fetched, fetch, open_channel
from processes.rechnungseingang.intake.folder import IntakeFolder
from processes.rechnungseingang.receipts import LARGEST
from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row
from tests.processes.desk import SAMPLES, UBL

STEPS = ("rename", "read", "receive", "settle", "moved")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "eingang"
    folder.mkdir()
    return folder


@pytest.fixture
def watching(house: House, folder: Path) -> Iterator[House]:
    """The same house, which watches the folder."""
    other = open_house(replace(house.settings, intake=(folder.as_uri(),)))
    yield other
    other.close()


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies there has been at rest for long enough."""
    monkeypatch.setattr(intake_folder, "QUIET_SECONDS", 0)


def lay(folder: Path, data: bytes, name: str = "r.xml") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def received(house: House) -> list[Row]:
    with house.database.reading() as tx:
        return list(tx.all(select(invoice_receipt)))


def names(folder: Path, place: str) -> list[str]:
    return sorted(path.name for path in (folder / place).iterdir())


def test_a_file_in_the_folder_becomes_an_invoice(watching: House, folder: Path) -> None:
    lay(folder, UBL)

    fetched = fetch(watching)

    (row,) = received(watching)
    assert (row.file_name, row.channel) == ("r.xml", "ordner")
    assert fetched == Fetched(taken=1)
    assert (names(folder, "erledigt"), names(folder, "in_arbeit")) == (["r.xml"], [])


def test_the_same_bytes_under_two_names_are_one_invoice(watching: House, folder: Path) -> None:
    lay(folder, UBL, "a.xml")
    lay(folder, UBL, "b.xml")

    fetch(watching)

    assert len(received(watching)) == 1
    assert names(folder, "erledigt") == ["a.xml", "b.xml"]


def test_another_file_of_the_same_name_overwrites_nothing(watching: House, folder: Path) -> None:
    lay(folder, UBL)
    fetch(watching)
    lay(folder, SAMPLES["02_jugendamt_cii.xml"])

    fetch(watching)

    assert len(received(watching)) == len(names(folder, "erledigt")) == 2


@pytest.mark.parametrize("name", ["r.xml.part", ".r.xml", "r.xml.TMP", "r.xml~"])
def test_a_name_of_the_unfinished_is_left_alone(watching: House, folder: Path, name: str) -> None:
    path = lay(folder, UBL, name)

    fetch(watching)

    assert path.exists()
    assert received(watching) == []


@pytest.mark.parametrize("stated", [None, 0], ids=["now", "as what it copies"])
def test_a_file_that_was_just_written_to_is_left_alone(
    watching: House, folder: Path, monkeypatch: pytest.MonkeyPatch, stated: int | None
) -> None:
    monkeypatch.setattr(intake_folder, "QUIET_SECONDS", 10)
    path = lay(folder, UBL[:500])
    if stated is not None:
        os.utime(path, (stated, stated))

    fetch(watching)

    assert path.exists()
    assert received(watching) == []


@pytest.mark.parametrize("data", [b"", b"x" * (LARGEST + 1)], ids=["empty", "too large"])
def test_what_cannot_be_taken_is_put_aside_with_its_reason_and_stops_no_other(
    watching: House, folder: Path, data: bytes
) -> None:
    lay(folder, data, "a.xml")
    lay(folder, UBL, "b.xml")

    fetched = fetch(watching)

    assert fetched == Fetched(taken=1, refused=1)
    assert names(folder, "fehler") == ["a.xml", "a.xml.grund.txt"]
    assert (folder / "fehler" / "a.xml.grund.txt").read_text("utf-8").strip()


def test_a_link_is_not_followed(watching: House, folder: Path, tmp_path: Path) -> None:
    elsewhere = lay(tmp_path, UBL, "elsewhere.xml")
    (folder / "link.xml").symlink_to(elsewhere)

    fetch(watching)

    assert received(watching) == []
    assert elsewhere.exists()
    assert "link.xml" in names(folder, "fehler")


def test_a_name_that_is_no_text_is_taken(watching: House, folder: Path) -> None:
    lay(folder, UBL, os.fsdecode(b"r\xff.xml"))

    fetch(watching)

    assert [row.file_name for row in received(watching)] == ["r_.xml"]


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_after_any_step_loses_nothing_and_doubles_nothing(
    watching: House, folder: Path, step: str
) -> None:
    lay(folder, UBL)
    where = {
        "rename": (Path, "rename"),
        "read": (intake_folder, "read_plain"),
        "receive": (receipts, "receive"),
        "settle": (IntakeFolder, "settle"),
        "moved": (folders, "move_into"),
    }[step]
    original = getattr(*where)

    def killed(*args: object) -> None:
        original(*args)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(*where, killed)
        with pytest.raises(KeyboardInterrupt):
            fetch(watching)

    fetch(watching)

    assert len(received(watching)) == 1
    assert (names(folder, "erledigt"), names(folder, "in_arbeit")) == (["r.xml"], [])


@pytest.mark.parametrize("bad", ["", "imap://amt:wort@localhost:keiner/INBOX"])
def test_a_channel_that_does_not_work_stops_no_other(
    house: House, folder: Path, tmp_path: Path, bad: str
) -> None:
    away = tmp_path / "file"
    away.write_bytes(b"")
    both = (bad or away.as_uri(), folder.as_uri())
    lay(folder, UBL)
    other = open_house(replace(house.settings, intake=both))

    fetched = channels.fetch(other)
    other.close()

    assert fetched == Fetched(taken=1)


def test_an_unknown_channel_is_refused_without_its_password() -> None:
    with pytest.raises(ChannelUnknown) as refused:
        open_channel("pop3://amt:geheim@post")

    assert "pop3" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_the_command_takes_one_folder_in_once_and_says_what_it_refused(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cli import app  # noqa: PLC0415 beside its only use

    folder = tmp_path / "einmal"
    folder.mkdir()
    lay(folder, UBL)
    lay(folder, b"", "leer.xml")
    monkeypatch.setenv("AMTSGANG_DATA", str(house.settings.data))

    first, again = (CliRunner().invoke(app, ["intake", str(folder)]) for _ in range(2))

    assert (first.exit_code, again.exit_code) == (1, 0)
    assert (folder / "erledigt" / "r.xml").exists()
    assert (folder / "fehler" / "leer.xml.grund.txt").exists()


def test_a_house_in_which_no_server_ran_yet_takes_a_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cli import app  # noqa: PLC0415 beside its only use

    folder = tmp_path / "einmal"
    folder.mkdir()
    lay(folder, UBL)
    monkeypatch.setenv("AMTSGANG_DATA", str(tmp_path / "neu"))
    CliRunner().invoke(app, ["migrate"])

    result = CliRunner().invoke(app, ["intake", str(folder)])

    assert result.exit_code == 0
    assert (folder / "erledigt" / "r.xml").exists()


def test_a_name_of_any_length_stops_no_other(watching: House, folder: Path) -> None:
    lay(folder, b"", "a" * 251 + ".xml")
    lay(folder, b"", "b." + "c" * 253)
    lay(folder, UBL, "r.xml")

    fetched = fetch(watching)
    lay(folder, b"", "a" * 251 + ".xml")
    lay(folder, b"", "b." + "c" * 253)
    again = fetch(watching)

    assert (fetched, again) == (Fetched(taken=1, refused=2), Fetched(refused=2))
    assert len(names(folder, "fehler")) == 6  # four files, and a reason for each name
    assert names(folder, "in_arbeit") == []


def test_a_file_that_may_not_be_taken_over_stops_no_other(
    watching: House, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(folder, UBL, "a.xml")
    lay(folder, SAMPLES["02_jugendamt_cii.xml"], "b.xml")
    rename = Path.rename

    def refusing(path: Path, target: Path) -> Path:
        if path == folder / "a.xml":
            raise PermissionError(1, "not ours", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refusing)

    assert fetch(watching) == Fetched(taken=1)
    assert (folder / "a.xml").exists()
