"""A bundle proves itself without us, and names what was changed in it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import verify_bundle
from storage.bundle import Contents, Document, export_bundle, write_bundle
from storage.ledger import erase_values
from storage.verify_bundle import check
from tests.storage.cases import case_table
from tests.storage.house import AT, House


def _export(house: House, target: Path) -> Path:
    with house.database.reading() as tx:
        documents = [
            Document("Rechnung Müller.xml", data, data[9:10].decode())
            for data in (house.blobs.read(tx, each) for each in house.blobs.committed(tx))
            if data[9:10] != b"c"
        ]
    export_bundle(
        house.database,
        house.store,
        house.keyring,
        "default",
        streams=[(case_table, "a"), (case_table, "b")],
        documents=documents,
        target=target,
        now=AT,
    )
    return target


def _rewritten(bundle: Path, target: Path, name: str, data: bytes | None) -> Path:
    """The bundle with one file replaced, as someone does it who knows zip files."""
    with ZipFile(bundle) as old, ZipFile(target, "w") as new:
        for info in old.infolist():
            content = data if info.filename == name else old.read(info)
            if content is not None:
                new.writestr(info, content)
    return target


@pytest.fixture
def bundle(house: House, tmp_path: Path) -> Path:
    return _export(house, tmp_path / "bundle.zip")


def test_a_bundle_verifies_against_the_fingerprint(house: House, bundle: Path) -> None:
    result = check(bundle, house.keyring.fingerprint)

    assert result.verdict == "verified"
    assert (result.streams, result.entries, result.documents) == (2, 10, 2)


def test_without_a_fingerprint_its_origin_is_unproven(bundle: Path) -> None:
    result = check(bundle)

    assert (result.verdict, result.faults) == ("consistent, origin unproven", [])


def test_another_fingerprint_is_not_enough(bundle: Path) -> None:
    result = check(bundle, "0" * 64)

    assert result.verdict == "broken"
    assert "bundle.note" in [place for place, _ in result.faults]


def test_the_same_content_gives_the_same_bytes(house: House, bundle: Path, tmp_path: Path) -> None:
    assert _export(house, tmp_path / "again.zip").read_bytes() == bundle.read_bytes()


def test_it_runs_alone_as_a_program(house: House, bundle: Path, tmp_path: Path) -> None:
    program = tmp_path / "elsewhere" / "verify_bundle.py"
    program.parent.mkdir()
    program.write_bytes(Path(verify_bundle.__file__).read_bytes())
    command = [sys.executable, "-I", str(program), str(bundle)]

    proven = subprocess.run(
        [*command, "--trust", house.keyring.fingerprint, "--json"], capture_output=True, check=False
    )
    unproven = subprocess.run(command, capture_output=True, check=False, text=True)

    assert (proven.returncode, proven.stderr) == (0, b"")
    assert json.loads(proven.stdout)["verdict"] == "verified"
    assert unproven.returncode == 1
    assert "origin unproven" in unproven.stdout


def test_it_imports_nothing_of_ours() -> None:
    tree = ast.parse(Path(verify_bundle.__file__).read_text())

    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    foreign = {name.split(".")[0] for name in imported} - set(sys.stdlib_module_names)
    assert foreign == {"cryptography"}


def test_every_changed_file_is_named_even_with_a_sound_archive(
    house: House, bundle: Path, tmp_path: Path
) -> None:
    with ZipFile(bundle) as archive:
        names = archive.namelist()
        contents = {name: archive.read(name) for name in names}

    for name in names:
        changed = bytearray(contents[name])
        changed[len(changed) // 2] ^= 1
        other = _rewritten(bundle, tmp_path / "other.zip", name, bytes(changed))
        places = [place for place, _ in check(other, house.keyring.fingerprint).faults]
        assert name in places or (name == "bundle.json" and places)


def test_a_removed_file_is_named(house: House, bundle: Path, tmp_path: Path) -> None:
    other = _rewritten(bundle, tmp_path / "other.zip", "streams/0002.jsonl", None)

    result = check(other, house.keyring.fingerprint)

    assert ("streams/0002.jsonl", "is missing") in result.faults


def test_a_changed_entry_is_named_within_its_stream(
    house: House, bundle: Path, tmp_path: Path
) -> None:
    with ZipFile(bundle) as archive:
        lines = archive.read("streams/0001.jsonl").splitlines(keepends=True)
    entry = json.loads(lines[2])
    entry["facts"] = "e30="
    lines[2] = json.dumps(entry).encode() + b"\n"
    other = _rewritten(bundle, tmp_path / "other.zip", "streams/0001.jsonl", b"".join(lines))

    places = [place for place, _ in check(other, house.keyring.fingerprint).faults]

    assert places[:2] == ["streams/0001.jsonl", "a#3"]
    assert not {"a#2", "a#4", "a#5"} & set(places)


def test_packed_anew_it_is_told_apart(house: House, bundle: Path, tmp_path: Path) -> None:
    with ZipFile(bundle) as old, ZipFile(tmp_path / "new.zip", "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))

    result = check(tmp_path / "new.zip", house.keyring.fingerprint)

    assert [reason for _, reason in result.faults] == ["its header in the archive is another"]


def test_erased_entries_are_redacted_and_the_bundle_verifies(house: House, tmp_path: Path) -> None:
    with house.database.begin(now=AT) as tx:
        erase_values(tx, case_table, "a", actor="u_1", reason="§ 91 AufenthG", seqs=[1, 2])
    bundle = _export(house, tmp_path / "bundle.zip")

    result = check(bundle, house.keyring.fingerprint)

    assert result.verdict == "verified"
    assert result.redacted == ["a#1", "a#2"]


def test_a_document_that_no_entry_names_is_refused(house: House, tmp_path: Path) -> None:
    target = tmp_path / "bundle.zip"
    export_bundle(
        house.database,
        house.store,
        house.keyring,
        "default",
        streams=[(case_table, "a")],
        documents=[Document("x.pdf", b"smuggled in", "a")],
        target=target,
    )

    result = check(target, house.keyring.fingerprint)

    assert [place for place, _ in result.faults] == ["dokumente/0001-x.pdf"]


@pytest.mark.parametrize("trusted", [0, 1, 2])
def test_trust_in_any_key_of_the_line_reaches_all(
    house: House, tmp_path: Path, trusted: int
) -> None:
    for _ in range(2):
        house.keyring.rotate_signing_key(AT)
        house.step("a")
        house.checkpoint()
    bundle = _export(house, tmp_path / "bundle.zip")

    result = check(bundle, house.keyring.fingerprints()[trusted])

    assert result.verdict == "verified"


def test_entries_after_the_anchor_are_named(house: House, tmp_path: Path) -> None:
    """Only a bundle written without a checkpoint before it can have them."""
    house.step("a")
    target = tmp_path / "late.zip"

    with house.database.reading() as tx:
        contents = Contents([(case_table, "a")], [], AT)
        write_bundle(tx, house.store, house.keyring, contents, target)

    result = check(target, house.keyring.fingerprint)
    assert (result.verdict, result.unanchored) == ("not fully anchored", ["a#6"])


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_whatever_bit_is_flipped_it_does_not_verify(
    house: House, bundle: Path, data: st.DataObject
) -> None:
    changed = bytearray(bundle.read_bytes())
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    flipped = bundle.with_name("flipped.zip")
    flipped.write_bytes(changed)

    result = check(flipped, house.keyring.fingerprint)

    assert result.verdict == "broken"
    assert result.faults[0][0]
