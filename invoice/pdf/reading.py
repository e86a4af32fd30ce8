"""A PDF read in a process of its own, with limits of time, CPU and memory.

Invariant: the bytes of a PDF are never interpreted in the calling process; the child is dead
when this returns, whatever it did; every failure is a `PdfRefused` that says why.
"""

from __future__ import annotations

import base64
import json
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock

from invoice.child import run_child
from invoice.errors import OutOfTime, PdfRefused
from invoice.reading import MAX_BYTES

SECONDS = 30
PROGRAM = Path(__file__).with_name("extraction.py")
WORDS = {
    "encrypted": "Die PDF-Datei ist verschlüsselt.",
    "active": "Die PDF-Datei enthält ausführbare Inhalte (zum Beispiel JavaScript).",
    "pages": "Die PDF-Datei hat zu viele Seiten.",
    "objects": "Die PDF-Datei ist ungewöhnlich verschachtelt oder hat zu viele Objekte.",
    "files": "Die PDF-Datei enthält zu viele oder zu große XML-Dateien.",
    "bomb": "Die PDF-Datei wächst beim Lesen über jedes Maß.",
    "broken": "Die PDF-Datei ist beschädigt.",
    "size": "Die PDF-Datei ist zu groß.",
    "time": "Die PDF-Datei ließ sich nicht in der erlaubten Zeit lesen.",
}


@dataclass(frozen=True, slots=True)
class EmbeddedXml:
    """An XML file within the PDF. The name is for display only."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PdfContents:
    """What the PDF shows and carries; `whole` is False where only its first pages were read."""

    pages: int
    text: str
    whole: bool
    files: tuple[EmbeddedXml, ...]


def is_pdf(data: bytes) -> bool:
    """As readers look for it: the mark stands within the first kilobyte."""
    return b"%PDF-" in data[:1024] and not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def read_pdf(data: bytes, seconds: float = SECONDS) -> PdfContents:
    """Read it, or find it among the last ones read. Raises PdfRefused."""
    digest = sha256(data).digest()
    known = _recent.get(digest)
    if known is None:
        try:
            known = _read(data, seconds)
        except PdfRefused as error:
            known = error.why
        _recent.put(digest, known)
    if isinstance(known, str):
        raise PdfRefused(known, WORDS.get(known, WORDS["broken"]))
    return known


class _Recent:
    """The last few, or why they were refused: a task shows the same file several times."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._kept: OrderedDict[bytes, PdfContents | str] = OrderedDict()

    def get(self, digest: bytes) -> PdfContents | str | None:
        with self._lock:
            if digest in self._kept:
                self._kept.move_to_end(digest)
            return self._kept.get(digest)

    def put(self, digest: bytes, contents: PdfContents | str) -> None:
        with self._lock:
            self._kept[digest] = contents
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


_recent = _Recent(4)


def _read(data: bytes, seconds: float) -> PdfContents:
    if len(data) > MAX_BYTES:
        raise _refused("size")
    try:
        answer = json.loads(run_child(PROGRAM, data, seconds))
    except OutOfTime:
        raise _refused("time") from None
    except ValueError:
        # Ended by its limits, before it could say anything.
        raise _refused("bomb") from None
    if "refused" in answer:
        raise _refused(answer["refused"])
    return PdfContents(
        pages=answer["pages"],
        text=answer["text"],
        whole=answer["whole"],
        files=tuple(
            EmbeddedXml(each["name"], base64.b64decode(each["content"])) for each in answer["files"]
        ),
    )


def _refused(why: str) -> PdfRefused:
    return PdfRefused(why, WORDS.get(why, WORDS["broken"]))
