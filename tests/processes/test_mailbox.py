"""A mailbox as an intake, through Python's own IMAP client: nothing lost, nothing twice."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from eakte.tables import dokument
from processes.house import House, open_house
from processes.rechnungseingang import mail_parts, receipts
from processes.rechnungseingang.channels import Fetched, fetch, open_channel
from processes.rechnungseingang.errors import ChannelUnknown
from processes.rechnungseingang.mail import MailUnreadable, read_mail
from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row
from tests.processes.conftest import work_off
from tests.processes.desk import SAMPLES, UBL
from tests.processes.imap_server import ImapServer, Post

CII = SAMPLES["02_jugendamt_cii.xml"]


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def connected(house: House, post: Post) -> Iterator[House]:
    """The same house, with a mailbox."""
    with ImapServer(post) as server:
        other = open_house(replace(house.settings, intake=(server.url,)))
        yield other
        other.close()


def mail(*files: tuple[str, bytes], text: str = "anbei die Rechnung") -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "firma@example.org", "Rechnung"
    message.set_content(text)
    for name, data in files:
        message.add_attachment(data, "application", "octet-stream", filename=name)
    return message.as_bytes()


def received(house: House) -> list[Row]:
    with house.database.reading() as tx:
        return list(tx.all(select(invoice_receipt)))


def test_each_xml_on_a_mail_becomes_an_invoice(connected: House, post: Post) -> None:
    post.put(mail(("a.xml", UBL), ("b.xml", CII), ("logo.png", b"\x89PNG\r\n\x1a\n")))

    fetched = fetch(connected)

    rows = received(connected)
    assert {(row.file_name, row.channel) for row in rows} == {
        ("a.xml", "postfach"),
        ("b.xml", "postfach"),
    }
    assert {row.received_at for row in rows} == {datetime(2026, 11, 2, 7, tzinfo=UTC)}
    assert fetched == Fetched(taken=1)
    assert (len(post.folders["INBOX"]), len(post.folders["Erledigt"])) == (0, 1)


def test_what_the_mail_says_is_filed_beside_the_invoice(connected: House, post: Post) -> None:
    post.put(mail(("a.xml", UBL), text="Bitte auf das neue Konto zahlen"))
    fetch(connected)
    work_off(connected)

    (row,) = received(connected)
    with connected.database.reading() as tx:
        papers = tx.all(select(dokument).where(dokument.c.vorgang == row.vorgang))
    assert "E-Mail dazu" in {paper.titel for paper in papers}
    assert row.cover is None


def test_a_server_without_move_is_served_by_a_copy(connected: House, post: Post) -> None:
    post.capabilities = "IMAP4rev1"
    post.put(mail(("a.xml", UBL)))

    fetch(connected)
    again = fetch(connected)

    assert len(post.folders["Erledigt"]) == 1
    assert again == Fetched()


@pytest.mark.parametrize(
    ("raw", "folder", "reason"),
    [
        (mail(), "Fehler", b"keine Rechnung"),
        (b"", "Fehler", b"keine Rechnung"),
        (mail(("a.xml", UBL), ("b.exe", b"x")), "Quarantaene", b"b.exe"),
        (mail(("a.xml", UBL), ("b.pdf", b"MZ\x90")), "Quarantaene", b"b.pdf"),
        (mail(("a.xml", UBL), ("../b.zip", b"PK\x03\x04")), "Quarantaene", b"b.zip"),
    ],
    ids=["no invoice", "empty", "program by name", "program by content", "archive"],
)
def test_what_is_not_taken_lies_in_its_folder_with_a_note_and_stops_no_other(
    connected: House, post: Post, raw: bytes, folder: str, reason: bytes
) -> None:
    post.put(raw)
    post.put(mail(("c.xml", CII)))

    fetched = fetch(connected)

    assert [row.file_name for row in received(connected)] == ["c.xml"]
    assert fetched == Fetched(taken=1, refused=1)
    note, moved = post.folders[folder].values()
    assert reason in note
    assert moved == raw


@pytest.mark.parametrize("step", ["SEARCH", "FETCH", "CREATE", "COPY", "STORE", "MOVE", "LOGOUT"])
def test_a_connection_that_breaks_before_any_command_loses_and_doubles_nothing(
    connected: House, post: Post, step: str
) -> None:
    post.capabilities = "IMAP4rev1" if step in {"COPY", "STORE"} else post.capabilities
    post.dies_before = step
    post.put(mail(("a.xml", UBL), ("b.xml", CII)))

    fetch(connected)
    fetch(connected)

    assert post.dies_before is None
    assert len(received(connected)) == 2
    assert set(post.folders["INBOX"]) <= post.deleted


def test_a_kill_between_two_invoices_of_a_mail_goes_on_with_the_second(
    connected: House, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.put(mail(("a.xml", UBL), ("b.xml", CII)))
    original = receipts.receive

    def killed(*args: object) -> None:
        original(*args)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(receipts, "receive", killed)
    with pytest.raises(KeyboardInterrupt):
        fetch(connected)
    monkeypatch.undo()
    assert len(post.folders["INBOX"]) == 1

    fetch(connected)

    assert len(received(connected)) == 2


def test_a_wrong_password_moves_nothing(house: House, post: Post) -> None:
    post.put(mail(("a.xml", UBL)))
    with ImapServer(post) as server:
        url = server.url.replace("geheim", "falsch")
        other = open_house(replace(house.settings, intake=(url,)))

        fetched = fetch(other)
        other.close()

    assert fetched == Fetched()
    assert len(post.folders["INBOX"]) == 1


def test_a_mailbox_without_a_login_is_refused_at_the_start() -> None:
    with pytest.raises(ChannelUnknown, match="imaps://"):
        open_channel("imaps://post.example.org/INBOX")


def test_a_page_is_kept_as_its_words() -> None:
    message = EmailMessage()
    message.set_content("<style>x{}</style><p>Guten Tag</p><script>böse()</script>", "html")

    read = read_mail(message.as_bytes())

    assert "Guten Tag" in read.cover
    assert "böse" not in read.cover


HEAD = b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: '


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(HEAD.__add__))
def test_any_bytes_are_a_mail_or_none(raw: bytes) -> None:
    try:
        read = read_mail(raw)
    except MailUnreadable:
        return

    read.cover.encode()


@pytest.mark.parametrize(
    ("charset", "body"),
    [("unicode_escape", b"\\ud800"), ("utf-7", b"+2AA-"), ("undefined", b"x"), ("idna", b"x")],
)
def test_a_mail_in_an_odd_encoding_stops_no_other(
    connected: House, post: Post, charset: str, body: bytes
) -> None:
    odd = mail(("a.xml", UBL)).replace(b'charset="utf-8"', f'charset="{charset}"'.encode())
    assert charset.encode() in odd
    post.put(odd.replace(b"anbei die Rechnung", body))
    post.put(mail(("b.xml", CII)))

    fetch(connected)

    assert "b.xml" in {row.file_name for row in received(connected)}
    assert not post.folders["INBOX"]


BOMBS = {
    "addresses": b"From: " + b"a@b.de,\r\n " * 100_000,
    "quotes": b"From: " + b'"' * 50_001,
    "words": b"Subject: " + b"=?utf-8?q?a?=\r\n " * 100_000,
    "parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 4_000_000,
    "nested": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(20_000)
    ),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_mail_made_to_keep_its_reader_busy_is_refused_in_bounded_time(bomb: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    with pytest.raises(MailUnreadable):
        read_mail(bomb + b"\r\n\r\n")

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime < mail_parts.CPU_SECONDS + 1
