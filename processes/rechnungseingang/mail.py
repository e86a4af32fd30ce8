"""A mail as an intake sees it: the invoices that hang on it, what it says, and what is dangerous.

Invariant: nothing of a mail with a dangerous attachment is taken; what an attachment is, its bytes
say, and where a name says worse, the name. What an attachment is called is never used as a path.
"""

from __future__ import annotations

import email
import email.policy
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message
from html.parser import HTMLParser

from invoice.attachments import sniffed

MOST_PARTS = 200
LONGEST_COVER = 200_000
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
    """No mail, or one with more parts than a person would send."""


def read_mail(raw: bytes) -> Mail:
    """Take a mail apart; raises `MailUnreadable`."""
    try:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        files = list(_files(message))
        heads = [f"{name}: {_one_line(message.get(name))}" for name in ("From", "Date", "Subject")]
        text = _text(message)
    except MailUnreadable:
        raise
    # What the standard library's parser raises on mails that were made to break it.
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise MailUnreadable(f"Die E-Mail ist nicht zu lesen: {error}") from error
    invoices = tuple(file for file in files if _is_invoice(file))
    others = [file.name for file in files if not _is_invoice(file)]
    left = f"\nAnhänge, die im Postfach bleiben: {', '.join(others)}\n" if others else ""
    cover = "\n".join([*heads, "", text[:LONGEST_COVER], left])
    return Mail(invoices, cover, tuple(file.name for file in files if _is_dangerous(file)))


def _files(message: Message) -> Iterator[File]:
    for number, part in enumerate(message.walk()):
        if number > MOST_PARTS:
            raise MailUnreadable(f"Die E-Mail hat mehr als {MOST_PARTS} Teile.")
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        name = part.get_filename()
        if not isinstance(content, bytes):
            continue
        if name or part.get_content_maintype() != "text" or _is_xml(part):
            yield File(_shown(name), content)


def _is_xml(part: Message) -> bool:
    return part.get_content_subtype().endswith("xml")


def _is_invoice(file: File) -> bool:
    return sniffed(file.content) in INVOICES or file.name.lower().endswith((".xml", ".pdf"))


def _is_dangerous(file: File) -> bool:
    named = file.name.lower().rpartition(".")[2] in DANGEROUS_NAMES
    packed = file.content.startswith(b"PK") and (
        b"[Content_Types].xml" not in file.content or b"vbaProject" in file.content
    )
    is_ods = sniffed(file.content).endswith("opendocument.spreadsheet")
    return named or file.content.startswith(PROGRAMS) or (packed and not is_ods)


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    content = body.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    text = data.decode(_charset(body), "replace")
    if body.get_content_subtype() != "html":
        return text
    words = _Words()
    words.feed(text[: LONGEST_COVER * 4])
    return "\n".join(line for each in words.found if (line := each.strip()))


def _charset(body: Message) -> str:
    stated = body.get_content_charset() or "utf-8"
    try:
        b"".decode(stated)
    except LookupError:
        return "utf-8"
    return stated


class _Words(HTMLParser):
    """The words of a page, without what only browsers read."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self._silent += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style"} and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def _one_line(value: object) -> str:
    return " ".join(str(value or "").split())[:500]


def _shown(name: str | None) -> str:
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    printable = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    return printable[-120:] or "Anhang"
