"""Many invoices in one upload: a result each, and no archive that fills the memory."""

from __future__ import annotations

import struct
import time
import zipfile
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.errors import NotPermitted
from identity.principal import Principal
from processes.house import House
from processes.rechnungseingang import demo, receipts
from processes.rechnungseingang.errors import BatchTooLarge, NothingReceived
from processes.rechnungseingang.intake import batch
from processes.rechnungseingang.intake.batch import MOST_FILES, Result, receive_all
from processes.rechnungseingang.receipts import LARGEST, Push
from storage.errors import Conflict
from tests.processes.desk import SAMPLES, SYSTEM, UBL
from tests.processes.test_http import URL, Client, client  # noqa: F401 the fixture

CII = SAMPLES["02_jugendamt_cii.xml"]


def packed(*files: tuple[str, bytes]) -> bytes:
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return whole.getvalue()


def results(house: House, *files: bytes) -> list[Result]:
    pushes = [Push(data, f"{number}.bin", "stapel") for number, data in enumerate(files)]
    return receive_all(house, SYSTEM, pushes)


def test_each_file_and_each_file_of_an_archive_has_its_result(house: House) -> None:
    archive = packed(("a/r.xml", CII), ("leer.xml", b""))

    found = results(house, UBL, archive)

    assert [(each.name, each.first, each.code) for each in found] == [
        ("0.bin", True, None),
        ("1.bin/a/r.xml", True, None),
        ("1.bin/leer.xml", False, "invoice_missing"),
    ]


def test_the_same_batch_again_gives_the_same_invoices(house: House) -> None:
    first = results(house, UBL, packed(("r.xml", CII)))

    again = results(house, UBL, packed(("r.xml", CII)))

    assert [each.invoice for each in again] == [each.invoice for each in first]
    assert not any(each.first for each in again)


def test_a_bomb_is_unpacked_to_the_limit_and_stops_no_other(house: House) -> None:
    bomb = packed(("bomb.xml", b"0" * (LARGEST + 2)), ("r.xml", UBL))

    refused, taken = results(house, bomb)

    assert (refused.code, taken.first) == ("file_refused", True)


def test_all_files_together_have_a_limit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "LARGEST_BATCH", len(UBL) + 100)

    taken, refused = results(house, packed(("a.xml", UBL), ("b.xml", CII)))

    assert (taken.first, refused.code) == (True, "file_refused")


def test_an_archive_in_an_archive_is_not_opened(house: House) -> None:
    (refused,) = results(house, packed(("in.zip", packed(("r.xml", UBL)))))

    assert refused.code == "file_refused"


def test_more_files_than_the_limit_are_refused_before_the_first(house: House) -> None:
    many = packed(*((f"{n}.xml", b"x") for n in range(MOST_FILES)))

    with pytest.raises(BatchTooLarge):
        results(house, UBL, many)


def test_nothing_and_a_person_without_the_right_are_refused(house: House) -> None:
    with pytest.raises(NothingReceived):
        results(house)
    with pytest.raises(NotPermitted):
        receive_all(house, demo.principal(house, "paul.petersen"), [Push(UBL)])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_broken_archive_is_refused_or_read(house: House, place: int, change: int) -> None:
    data = bytearray(packed(("r.xml", UBL)))
    data[4 + place % (len(data) - 4)] ^= change

    found = results(house, bytes(data))

    assert all(each.invoice or each.reason for each in found)


def test_a_batch_over_http_answers_for_each_file(client: Client) -> None:  # noqa: F811
    files = [("file", ("a.xml", UBL)), ("file", ("b.zip", packed(("c.xml", CII), ("d.xml", b""))))]

    answer = client.post(f"{URL}/batch", files=files)

    assert answer.status_code == 200
    said = answer.json()
    assert (said["taken"], said["refused"]) == (2, 1)
    assert [each["name"] for each in said["items"]] == ["a.xml", "b.zip/c.xml", "b.zip/d.xml"]
    assert said["items"][2]["code"] == "invoice_missing"


def directory_of(entries: int) -> bytes:
    """An archive of nothing but a directory."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
    whole = (entry + b"a") * entries
    end = struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, entries % 2**16, entries % 2**16, len(whole), 34, 0
    )
    return b"PK\3\4" + bytes(30) + whole + end


def test_a_directory_of_a_million_files_is_not_read(house: House) -> None:
    began = time.process_time()

    with pytest.raises(BatchTooLarge):
        results(house, directory_of(1_000_000))

    assert time.process_time() - began < 1


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_file_that_is_packed_oddly_is_refused_and_stops_no_other(
    house: House, method: int
) -> None:
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("seltsam.xml", UBL, method)
        archive.writestr("r.xml", CII)

    refused, taken = results(house, whole.getvalue().replace(b"BZh", b"BZx"))

    assert (refused.code, taken.first) == ("file_refused", True)


@pytest.mark.parametrize(
    "name", ["../r.xml", "a/../../r.xml", "/etc/r.xml", "C:\\r.xml", "..\\r.xml"]
)
def test_a_name_that_leads_out_of_its_archive_is_refused(house: House, name: str) -> None:
    refused, taken = results(house, packed((name, CII), ("r..xml", UBL)))

    assert (refused.code, taken.first) == ("file_refused", True)


def test_what_is_refused_counts_against_what_may_be_unpacked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else an archive of many bombs is unpacked at length, and refused one by one."""
    monkeypatch.setattr(batch, "LARGEST", 1000)
    monkeypatch.setattr(batch, "LARGEST_BATCH", 5000)
    read: list[int] = []
    original = zipfile.ZipExtFile.read

    def counted(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        data = original(self, n)
        read.append(len(data))
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)

    found = results(house, packed(*((f"{n}.xml", b"0" * 100_000) for n in range(50))))

    assert {each.code for each in found} == {"file_refused"}
    assert sum(read) <= 5000 + 50 * 2


def test_a_file_that_somebody_else_sends_at_the_moment_stops_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = receipts.receive

    def busy(house: House, who: Principal, push: Push) -> receipts.Receipt:
        if push.data == UBL:
            raise Conflict("held up")
        return original(house, who, push)

    monkeypatch.setattr(receipts, "receive", busy)

    refused, taken = results(house, UBL, CII)

    assert (refused.code, taken.first) == ("conflict", True)
    assert "noch einmal senden" in (refused.reason or "")


@pytest.mark.parametrize("name", ["__MACOSX/._r.xml", "a/.DS_Store", "Thumbs.db"])
def test_what_systems_put_into_archives_is_no_invoice(house: House, name: str) -> None:
    litter, taken = results(house, packed((name, b"x"), ("r.xml", UBL)))

    assert (litter.code, taken.first) == ("file_refused", True)


def test_an_archive_without_a_file_is_told(house: House) -> None:
    (empty,) = results(house, packed(("ordner/", b"")))

    assert empty.reason == "Im Archiv liegt keine Datei."


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(4, 400), st.integers(0, 255)), max_size=12), st.integers(0))
def test_whatever_is_done_to_an_archive_each_file_has_a_result(
    house: House, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(packed(("a.xml", b""), ("b/c.xml", b"")))
    for place, value in changes:
        data[place % len(data)] = value
    left = bytes(data[: max(len(data) - cut % 300, 4)]) if cut % 4 == 0 else bytes(data)

    found = results(house, b"PK\x03\x04" + left[4:])

    assert all(each.invoice is None for each in found)
