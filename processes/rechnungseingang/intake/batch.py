"""Many invoices in one upload: files, and zip archives of files, each with a result of its own.

Invariant: a file that is refused stops no other, and what an archive claims is not believed: it is
unpacked only as far as the limits go, what is refused counting, too. Names are for display; nothing
is written under them, and one that leads out of its archive is refused.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, TypedDict

from identity.access import require
from identity.principal import Principal
from processes.rechnungseingang import receipts
from processes.rechnungseingang.errors import BatchTooLarge, NothingReceived, RechnungseingangError
from processes.rechnungseingang.receipts import LARGEST, Push
from storage.errors import Conflict

if TYPE_CHECKING:
    from processes.house import House

MOST_FILES = 500
LARGEST_BATCH = 200 * 1024 * 1024
"""All files of an upload together, unpacked."""
TOO_LARGE = (
    f"Eine Rechnung hat höchstens {LARGEST // 2**20} MB, alle zusammen {LARGEST_BATCH // 2**20} MB."
)
LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""What systems put into archives unasked."""
TWO_AT_ONCE = "Jemand hat im selben Augenblick dasselbe getan: bitte noch einmal senden."
MOST_ENTRIES = 10 * MOST_FILES
"""An archive may hold stored archives, whose entries are counted with its own."""
_ENTRY = b"PK\x01\x02"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What programs pack with. Other methods may ask for gigabytes before the first byte is out."""
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, OSError, RuntimeError,
    ValueError,
)  # fmt: skip
"""What the standard library raises on archives that were made to break it."""
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"


class _Unpacked(TypedDict):
    """A file of an archive: what of its `Push` is its own."""

    data: bytes
    file_name: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a file: the invoice it is, or why it is none."""

    name: str
    invoice: str | None = None
    first: bool = False
    code: str | None = None
    reason: str | None = None


def receive_all(house: House, principal: Principal, files: Sequence[Push]) -> list[Result]:
    """Take each file in, in order; raises `BatchTooLarge` before the first, if at all."""
    require(principal, "invoice.submit")
    if not files:
        raise NothingReceived("Es ist keine Datei angekommen.")
    if sum(_count(file) for file in files) > MOST_FILES:
        raise BatchTooLarge(f"Höchstens {MOST_FILES} Dateien auf einmal.")
    results, budget = [], _Budget(LARGEST_BATCH)
    for file in files:
        for each in _unpacked(file, budget):
            done = each if isinstance(each, Result) else _receive(house, principal, each)
            results.append(done)
    return results


@dataclass(slots=True)
class _Budget:
    """How many bytes may still be unpacked."""

    left: int


def _receive(house: House, principal: Principal, push: Push) -> Result:
    name = push.file_name or "Datei"
    try:
        receipt = receipts.receive(house, principal, push)
    except RechnungseingangError as error:
        return Result(name, code=error.code, reason=str(error))
    except Conflict as error:
        return Result(name, code=error.code, reason=TWO_AT_ONCE)
    return Result(name, receipt.id, receipt.first)


def _count(file: Push) -> int:
    """How many files it stands for, from the archive's own directory."""
    if not _is_zip(file.data):
        return 1
    if (entries := file.data.count(_ENTRY)) > MOST_ENTRIES:
        return entries
    try:
        with zipfile.ZipFile(BytesIO(file.data)) as archive:
            return len(archive.infolist())
    except _BROKEN:
        return 1


def _unpacked(file: Push, budget: _Budget) -> Iterator[Push | Result]:
    if not _is_zip(file.data):
        budget.left -= len(file.data)
        yield file
        return
    outer = file.file_name or "Archiv"
    try:
        with zipfile.ZipFile(BytesIO(file.data)) as archive:
            files = [info for info in archive.infolist() if not info.filename.endswith("/")]
            if not files:
                yield _refused(outer, "Im Archiv liegt keine Datei.")
            for info in files:
                each = _member(archive, info, f"{outer}/{info.filename}", budget)
                yield each if isinstance(each, Result) else replace(file, **each)
    except _BROKEN as error:
        yield _refused(outer, f"Kein lesbares Archiv: {error}")


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, budget: _Budget
) -> _Unpacked | Result:
    if info.flag_bits & 1:
        return _refused(name, "Die Datei ist mit einem Passwort verschlüsselt.")
    if name.rpartition("/")[2] in LITTER or "__MACOSX" in name.split("/"):
        return _refused(name, "Beiwerk eines Betriebssystems, keine Rechnung.")
    if _leads_out(info.filename):
        return _refused(name, "Der Name führt aus dem Archiv hinaus.")
    if info.compress_type not in _METHODS:
        return _refused(name, "Die Datei ist auf eine Art gepackt, die nicht geöffnet wird.")
    most = min(LARGEST, budget.left)
    try:
        with archive.open(info) as member:
            data = member.read(max(most, 0) + 1)
    except _BROKEN as error:
        return _refused(name, f"Die Datei ist beschädigt: {error}")
    budget.left -= len(data)
    if len(data) > most:
        return _refused(name, TOO_LARGE)
    if _is_zip(data):
        return _refused(name, "Ein Archiv im Archiv wird nicht geöffnet.")
    return {"data": data, "file_name": name[-255:]}


def _leads_out(name: str) -> bool:
    """Whether it would be written elsewhere than below its archive, on any system."""
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or parts[0].endswith(":")


def _refused(name: str, reason: str) -> Result:
    return Result(name[-255:], code="file_refused", reason=reason)


def _is_zip(data: bytes) -> bool:
    return data.startswith((_ZIP, _EMPTY_ZIP))
