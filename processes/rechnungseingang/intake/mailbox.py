"""A mailbox (IMAP4rev1): every XML or PDF file that hangs on a mail is an invoice.

A mail lies in the inbox until it is settled, read or unread, and is then in one of three folders:
`Erledigt`, `Fehler`, `Quarantaene`, below INBOX where the server keeps them there; beside what was
not taken lies a note that says why. Invariant:
a mail is moved only after its invoices are committed, and nothing is deleted. A kill in between
leaves it in the inbox; the same bytes are the same invoice.
"""

from __future__ import annotations

import imaplib
import ssl
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote, urlsplit

from processes.rechnungseingang.errors import ChannelUnknown
from processes.rechnungseingang.intake.imap_names import Names, below_inbox, names_of
from processes.rechnungseingang.intake.mail import MailUnreadable, read_mail
from processes.rechnungseingang.receipts import Arrival, Push

DONE, REFUSED, QUARANTINE = "Erledigt", "Fehler", "Quarantaene"
AT_ONCE = 50
LARGEST_MAIL = 50 * 1024 * 1024
TIMEOUT_SECONDS = 30
NO_INVOICE = "An dieser E-Mail hängt keine Rechnung (XML oder PDF)."


class Mailbox:
    """One folder of one account. It is connected as long as its arrivals are read."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "imaps"
        self._host = parts.hostname or ""
        self._port = parts.port or (993 if self._secure else 143)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._folder = unquote(parts.path.strip("/")) or "INBOX"
        if not self._host or not self._user or set('"\\\r\n') & set(self._folder):
            raise ChannelUnknown("AMTSGANG_EINGANG: imaps://ANMELDENAME:PASSWORT@SERVER/ORDNER")
        self._server: imaplib.IMAP4 | None = None
        self._names = Names()

    def arrivals(self) -> Iterator[Arrival]:
        try:
            self._server = server = self._connect()
            try:
                found = _asked(server.uid("SEARCH", "UNDELETED"))[0]
                for uid in (found or b"").decode("ascii").split()[:AT_ONCE]:
                    yield self._read(server, uid)
            finally:
                self._server = None
                _leave(server)
        except imaplib.IMAP4.error as error:
            raise ConnectionError(f"{self._host}: {error}") from error

    def settle(self, arrival: Arrival, refused: str | None) -> None:
        server = self._server
        assert server is not None, "settled while the arrivals are read"
        wanted = DONE if refused is None else QUARANTINE if arrival.dangerous else REFUSED
        try:
            folder = self._folder_for(server, wanted)
            if refused is not None:
                note = _note(arrival, refused)
                _asked(server.append(folder, "", imaplib.Time2Internaldate(time.time()), note))
            _move(server, arrival.reference, folder)
        except imaplib.IMAP4.error as error:
            raise ConnectionError(f"{self._host}: {error}") from error

    def _folder_for(self, server: imaplib.IMAP4, name: str) -> str:
        """The folder of ours, made if it is not there. A NO says that it is there, or that this
        server makes none beside INBOX."""
        for names in (self._names, below_inbox(self._names)):
            folder = names.new(name)
            made, _ = server.create(folder)
            if made == "OK" or server.status(folder, "(MESSAGES)")[0] == "OK":
                self._names = names
                return folder
        raise imaplib.IMAP4.error(f"the folder {name} cannot be made")

    def _connect(self) -> imaplib.IMAP4:
        """Never a password without encryption, but to this machine itself."""
        trusted = ssl.create_default_context()
        server: imaplib.IMAP4
        if self._secure:
            server = imaplib.IMAP4_SSL(
                self._host, self._port, ssl_context=trusted, timeout=TIMEOUT_SECONDS
            )
        else:
            server = imaplib.IMAP4(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            if not self._secure and self._host not in {"localhost", "127.0.0.1", "::1"}:
                server.starttls(trusted)
            server.login(self._user, self._password)
            self._names = names_of(server)
            self._select(server)
        except BaseException:
            server.shutdown()
            raise
        return server

    def _select(self, server: imaplib.IMAP4) -> None:
        ways = self._names.ways_to(self._folder)
        for way in ways[:-1]:
            if server.select(way)[0] == "OK":
                return
        _asked(server.select(ways[-1]))

    def _read(self, server: imaplib.IMAP4, uid: str) -> Arrival:
        about = b" ".join(_bytes(_asked(server.uid("FETCH", uid, "(RFC822.SIZE INTERNALDATE)"))))
        size = about.upper().partition(b"RFC822.SIZE ")[2].split(b" ")[0].rstrip(b")")
        if not size.isdigit() or int(size) > LARGEST_MAIL:
            limit = LARGEST_MAIL // 2**20
            return Arrival(uid, fault=f"Die E-Mail ist größer als {limit} MB.")
        raw = max(_bytes(_asked(server.uid("FETCH", uid, "(BODY.PEEK[])"))), key=len)
        try:
            mail = read_mail(raw)
        except MailUnreadable as error:
            return Arrival(uid, fault=str(error))
        if mail.dangerous:
            names = ", ".join(mail.dangerous)
            return Arrival(uid, fault=f"Gefährlicher Anhang: {names}", dangerous=True)
        if not mail.invoices:
            return Arrival(uid, fault=NO_INVOICE)
        when = _received_at(about)
        cover = mail.cover.encode()
        pushes = [Push(f.content, f.name, "postfach", when, cover=cover) for f in mail.invoices]
        return Arrival(uid, tuple(pushes))


def _leave(server: imaplib.IMAP4) -> None:
    try:
        server.logout()
    except imaplib.IMAP4.error:
        server.shutdown()  # the connection is broken; what was settled is settled


def _move(server: imaplib.IMAP4, uid: str, folder: str) -> None:
    """MOVE (RFC 6851) where the server has it, else a copy before the original goes."""
    if "MOVE" in server.capabilities:
        _asked(server.uid("MOVE", uid, folder))
        return
    _asked(server.uid("COPY", uid, folder))
    _asked(server.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen \Deleted)"))
    if "UIDPLUS" in server.capabilities:
        _asked(server.uid("EXPUNGE", uid))


def _asked(answer: tuple[str, Sequence[Any]]) -> Sequence[Any]:
    """What a command gave; a NO is an error."""
    state, data = answer
    if state != "OK":
        raise imaplib.IMAP4.error(b" ".join(_bytes(data)).decode("utf-8", "replace"))
    return data


def _bytes(data: object) -> list[bytes]:
    """All byte strings of an answer: literals come as pairs."""
    found: list[bytes] = []
    for each in data if isinstance(data, list | tuple) else []:
        found += [each] if isinstance(each, bytes) else _bytes(each)
    return found or [b""]


def _received_at(about: bytes) -> datetime | None:
    """When the mail reached the server (INTERNALDATE): that is the receipt, not our fetching it."""
    stated = imaplib.Internaldate2tuple(about)
    if stated is None:
        return None
    when = datetime.fromtimestamp(time.mktime(stated), UTC)
    return min(when, datetime.now(UTC))


def _note(arrival: Arrival, reason: str) -> bytes:
    note = EmailMessage()
    note["Subject"] = "Nicht als Rechnung angenommen"
    note["From"] = "amtsgang@localhost"
    note["Date"] = formatdate()
    note.set_content(
        f"{reason}\n\nDie E-Mail liegt in diesem Ordner (UID zuvor {arrival.reference})."
    )
    return note.as_bytes()
