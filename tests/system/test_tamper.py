"""One flipped byte in whatever is stored, and `amtsgang verify` names exactly that."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from processes.house import Settings, open_house
from processes.rechnungseingang import demo, play
from processes.upkeep import Running, anchor
from tests.system.topology import command_line, environment_of


@pytest.fixture(scope="session")
def finished(furnished_embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house in which every sample has reached its end."""
    data = shutil.copytree(furnished_embedded, tmp_path_factory.mktemp("finished") / "var")
    house = open_house(Settings(data=data))
    pushed = demo.push(house)
    with Running(house):
        outcomes = play.play(house, pushed, timeout=timedelta(seconds=60))
    anchor(house)
    house.close()
    assert all(each.as_expected for each in outcomes)
    return data


@pytest.fixture
def data(finished: Path, tmp_path: Path) -> Path:
    """A copy of it that the test may damage."""
    return shutil.copytree(finished, tmp_path / "var")


def amtsgang(data: Path, *arguments: str) -> tuple[int, Any]:
    """The exit code, and what it says as JSON."""
    ended = subprocess.run(
        command_line(*arguments, "--json"),
        cwd=data,
        env=environment_of(Settings(data=data)),
        capture_output=True,
        check=False,
    )
    assert ended.stdout, ended.stderr.decode()
    return ended.returncode, json.loads(ended.stdout)


def flipped(content: bytes | str) -> bytes | str:
    """One bit of one byte in the middle; text stays text."""
    changed = bytearray(content.encode() if isinstance(content, str) else content)
    changed[len(changed) // 2] ^= 1
    return bytes(changed) if isinstance(content, bytes) else changed.decode()


# --- what is damaged, each gives the name that must be found ---


def a_file(folder: str, data: Path) -> str:
    path = sorted(p for p in (data / "objects" / folder).rglob("*") if p.is_file())[2]
    path.write_bytes(bytes(flipped(path.read_bytes())))  # type: ignore[arg-type]
    return path.relative_to(data / "objects").as_posix()


def a_column(
    table: str,
    column: str,
    key: str,
    name: Callable[[sqlite3.Row], str],
    data: Path,
    *,
    of: str = "TRUE",
) -> str:
    """In a row in the middle of those that have a value there, and are such as `of` says."""
    with sqlite3.connect(data / "amtsgang.sqlite") as database:
        database.row_factory = sqlite3.Row
        rows = database.execute(
            f'SELECT * FROM {table} WHERE "{column}" IS NOT NULL AND {of} ORDER BY {key}'
        ).fetchall()
        row = rows[len(rows) // 2]
        where = " AND ".join(f"{each} = ?" for each in key.split(", "))
        database.execute(
            f'UPDATE {table} SET "{column}" = ? WHERE {where}',
            [flipped(row[column]), *(row[each] for each in key.split(", "))],
        )
    database.close()
    return name(row)


def entry(row: sqlite3.Row) -> str:
    return f"{row['stream']}#{row['seq']}"


def stream(row: sqlite3.Row) -> str:
    return str(row["id"])


def content(row: sqlite3.Row) -> str:
    return f"blobs/default/{row['id'][:2]}/{row['id']}"


def blob(row: sqlite3.Row) -> str:
    return f"blob {row['id']}"


def holder(row: sqlite3.Row) -> str:
    return f"holder {row['id']}"


def checkpoint(row: sqlite3.Row) -> str:
    return f"checkpoint {row['number']}"


KEPT = "state <> 'SHREDDED'"
DAMAGE: dict[str, Callable[[Path], str]] = {
    "a content's object": partial(a_file, "blobs"),
    "a checkpoint's object": partial(a_file, "checkpoints"),
    "an entry's header": partial(a_column, "ledger_entry", "header", "stream, seq", entry),
    "an entry's facts": partial(a_column, "ledger_entry", "facts", "stream, seq", entry),
    "an entry's values": partial(a_column, "ledger_entry", "values", "stream, seq", entry),
    "an entry's hash": partial(a_column, "ledger_entry", "hash", "stream, seq", entry),
    "an instance's head": partial(a_column, "instance", "head", "id", stream),
    "an Akte's head": partial(a_column, "akte", "head", "id", stream),
    # A shredded content is gone: its row has a hash still, and nothing that it could be held to.
    "a content's hash": partial(a_column, "blob", "sha256", "id", content, of=KEPT),
    "a content's key": partial(a_column, "blob", "key", "id", blob, of=KEPT),
    "an Akte's key": partial(a_column, "key_holder", "key", "id", holder),
    "a checkpoint's note": partial(a_column, "checkpoint", "note", "number", checkpoint),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_flipped_byte_is_named(data: Path, what: str) -> None:
    expected = DAMAGE[what](data)

    code, said = amtsgang(data, "verify")

    assert (code, said["whole"]) == (1, False)
    assert [fault["what"] for fault in said["faults"]] == [expected]
    assert all(fault["reason"] for fault in said["faults"])


def test_what_nobody_touched_is_whole(data: Path) -> None:
    code, said = amtsgang(data, "verify")

    assert (code, said["whole"], said["faults"], said["unanchored"]) == (0, True, [], [])
    assert said["streams"] > 20
    assert said["checkpoints"] >= 3


def test_a_flipped_byte_of_every_file_of_a_bundle_is_named(data: Path, tmp_path: Path) -> None:
    with sqlite3.connect(data / "amtsgang.sqlite") as database:
        (akte,) = database.execute("SELECT id FROM akte ORDER BY id LIMIT 1").fetchone()
    database.close()
    bundle = tmp_path / "akte.zip"
    exported, made = amtsgang(data, "export", akte, "--to", str(bundle))
    trust = ("--trust", made["fingerprint"])
    assert exported == 0
    assert amtsgang(data, "verify", str(bundle), *trust)[0] == 0
    original = bundle.read_bytes()
    with ZipFile(bundle) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]

    found: dict[str, tuple[int, str]] = {}
    for name, member in members:
        place = original.index(member) + len(member) // 2
        bundle.write_bytes(original[:place] + bytes([original[place] ^ 1]) + original[place + 1 :])
        code, said = amtsgang(data, "verify", str(bundle), *trust)
        found[name] = (code, said["faults"][0][0])

    assert {name.partition("/")[0] for name in found} >= {
        "bundle.json", "bundle.note", "streams", "checkpoints", "dokumente", "LIESMICH.md",
    }  # fmt: skip
    assert found == {name: (1, name) for name in found}
