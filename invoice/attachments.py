"""Embedded files (BT-125). Names are for display only; content is decoded when asked for.

Invariant: nothing is decoded strictly larger than the cap, and what is not strict base64 is
refused rather than guessed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import string
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from invoice.errors import AttachmentRefused

MAX_ATTACHMENT = 18 * 1024 * 1024
"""Bytes of one embedded file. OZG-RE accepts 15 MB."""

_EXTENSIONS = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".zip": "application/zip",
}


@dataclass(frozen=True)
class Attachment:
    """One embedded file, still encoded. Equal when its text, type and name are."""

    encoded: str = field(repr=False)
    declared_type: str | None = None
    filename: str | None = None

    @property
    def name(self) -> str:
        """The sender's file name made harmless. Never use it as a path or a key."""
        raw = (self.filename or "").replace("\\", "/")
        last = PurePosixPath(raw).name
        shown = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
        return shown[:120] or "Anhang"

    @cached_property
    def content(self) -> bytes:
        """The decoded bytes."""
        packed = "".join(self.encoded.split())
        if len(packed) // 4 * 3 > MAX_ATTACHMENT:
            raise AttachmentRefused(f"embedded file {self.name!r} is larger than {MAX_ATTACHMENT}")
        try:
            return base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError) as error:
            raise AttachmentRefused(f"embedded file {self.name!r} is not base64") from error

    @property
    def size(self) -> int:
        """Bytes of the file, told from the text without decoding it."""
        packed = len(self.encoded) - sum(self.encoded.count(c) for c in " \t\r\n")
        return packed // 4 * 3 - self.encoded[-4:].rstrip().count("=")

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def media_type(self) -> str:
        """What the content is, whatever the sender says of it."""
        return sniffed(self.content)


_ALPHABET = (string.ascii_letters + string.digits + "+/").encode()
_BLANKS = b" \t\r\n"


def is_base64(encoded: str) -> bool:
    """Whether a text is of the type xs:base64Binary (XML Schema 1.1 part 2, § 3.3.16).

    Told from what is left when all that may stand there is taken out, so that a file of many
    megabytes costs as much as copying it.
    """
    raw = encoded.encode("utf-8", "replace")
    left = raw.translate(None, _ALPHABET)
    padding = left.translate(None, _BLANKS)
    last = b"".join(raw[-64:].split())
    if padding not in (b"", b"=", b"==") or not last.endswith(padding):
        return False
    if (len(raw) - len(left) + len(padding)) % 4:
        return False
    quantum = last[-4:]
    return len(quantum) in (0, 4) and base64.b64encode(base64.b64decode(quantum)) == quantum


def sniffed(content: bytes) -> str:
    """The media type of these bytes by their content alone."""
    head = content[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith((b"<?xml", b"<rsm:", b"<ubl:", b"<Invoice")):
        return "application/xml"
    import puremagic  # noqa: PLC0415 most checks open no attachment

    try:
        extension = puremagic.from_string(content)
    except (puremagic.PureError, ValueError):
        extension = ""
    if extension in _EXTENSIONS:
        return _container(content, _EXTENSIONS[extension])
    if content.startswith(b"PK\x03\x04"):
        return _container(content, "application/zip")
    return "text/plain" if _is_text(content) else "application/octet-stream"


def _container(content: bytes, media_type: str) -> str:
    """Tell the office formats apart that are zip archives."""
    if not content.startswith(b"PK\x03\x04"):
        return media_type
    if b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet" in content[:200]:
        return _EXTENSIONS[".ods"]
    if b"xl/workbook" in content:
        return _EXTENSIONS[".xlsx"]
    return "application/zip"


def _is_text(content: bytes) -> bool:
    if b"\x00" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return all(byte >= 32 or byte in b"\t\r\n" for byte in content[:4096])
    return True
