"""A mail as an intake sees it: the invoices that hang on it, what it says, and what is dangerous.

Invariant: nothing of a mail with a dangerous attachment is taken; what an attachment is, its bytes
say, and where a name says worse, the name. What an attachment is called is never used as a path.
The mail itself is taken apart in a process of its own, whatever its sender made of it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from invoice.attachments import sniffed
from invoice.child import run_child
from invoice.errors import OutOfTime

PROGRAM = Path(__file__).with_name("mail_parts.py")
SECONDS = 30
ENDLESS = "Die E-Mail ließ sich nicht in der erlaubten Zeit lesen."
INVOICES = ("application/xml", "application/pdf")
PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xd0\xcf\x11\xe0", b"Rar!", b"7z\xbc\xaf")
_NAMES = (
    "exe com scr pif bat cmd ps1 psm1 vbs vbe js jse wsf wsh hta msi msp lnk url jar sh py reg "
    "iso img vhd chm cpl dll html htm xhtml svg mht docm xlsm pptm dotm xltm xlsb xll one rar 7z "
    "ace cab gz tar zip"
)
DANGEROUS_NAMES = frozenset(_NAMES.split())


@dataclass(frozen=True, slots=True)
class File:
    """An attachment; its name is for display only."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    invoices: tuple[File, ...]
    cover: str
    """Who wrote, when, about what, and the text; and which attachments stay in the mailbox."""
    dangerous: tuple[str, ...]


class MailUnreadable(ValueError):
    """No mail, or one that no person would send."""


def read_mail(raw: bytes) -> Mail:
    """Take a mail apart; raises `MailUnreadable`."""
    try:
        said = json.loads(run_child(PROGRAM, raw, SECONDS))
    except (OutOfTime, ValueError):
        # A child that its limits ended wrote nothing whole.
        raise MailUnreadable(ENDLESS) from None
    if "refused" in said:
        raise MailUnreadable(said["refused"])
    files = [File(each["name"], base64.b64decode(each["content"])) for each in said["files"]]
    invoices = tuple(file for file in files if _is_invoice(file))
    others = [file.name for file in files if not _is_invoice(file)]
    left = f"\nAnhänge, die im Postfach bleiben: {', '.join(others)}\n" if others else ""
    cover = "\n".join([*said["heads"], "", said["text"], left])
    return Mail(invoices, cover, tuple(file.name for file in files if _is_dangerous(file)))


def _is_invoice(file: File) -> bool:
    return sniffed(file.content) in INVOICES or file.name.lower().endswith((".xml", ".pdf"))


def _is_dangerous(file: File) -> bool:
    named = file.name.lower().rpartition(".")[2] in DANGEROUS_NAMES
    packed = file.content.startswith(b"PK") and (
        b"[Content_Types].xml" not in file.content or b"vbaProject" in file.content
    )
    is_ods = sniffed(file.content).endswith("opendocument.spreadsheet")
    return named or file.content.startswith(PROGRAMS) or (packed and not is_ods)
