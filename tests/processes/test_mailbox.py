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

from eakte.search import dokumente_in
from eakte.tables import dokument
from eakte.vorgaenge import vorgang_head
from eakte.wiedervorlagen import wiedervorlagen
from processes.house import House, open_house
from processes.rechnungseingang import receipts
from processes.rechnungseingang.errors import BookingContradicts, ChannelUnknown
from processes.rechnungseingang.intake import mail_parts
from processes.rechnungseingang.intake.channels import Fetched, fetch, open_channel
from processes.rechnungseingang.intake.imap_names import Names, names_of, written
from processes.rechnungseingang.intake.mail import MailUnreadable, read_mail
from processes.rechnungseingang.tables import invoice_receipt
from storage.database import Row
from tests.processes.conftest import work_off
from tests.processes.desk import BOOKED, SAMPLES, SYSTEM, UBL, Desk
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


def texts(house: House, vorgang: str) -> list[tuple[str, str]]:
    """The mails that are filed there: title and content."""
    with house.database.reading() as tx:
        found = dokumente_in(tx, SYSTEM, vorgang)
        return [
            (each.titel, house.blobs.read(tx, each.current.blob_id).decode())
            for each in found
            if "E-Mail" in each.titel
        ]


def due(house: House, vorgang: str) -> list[str]:
    with house.database.reading() as tx:
        return [each.addressee for each in wiedervorlagen(tx, SYSTEM, vorgang_id=vorgang)]


def test_what_a_second_mail_of_the_invoice_says_is_filed_once_and_put_before_people(
    connected: House, post: Post
) -> None:
    post.put(mail(("a.xml", UBL)))
    fetch(connected)
    work_off(connected)
    second = mail(("a.xml", UBL), text="Bitte auf das neue Konto zahlen")

    for _ in range(2):  # as if a kill had left it unsettled
        post.put(second)
        fetch(connected)

    (row,) = received(connected)
    titles = [title for title, _ in texts(connected, row.vorgang)]
    assert titles == ["E-Mail dazu", "Weitere E-Mail dazu"]
    assert "neue Konto" in texts(connected, row.vorgang)[1][1]
    assert due(connected, row.vorgang) == ["fachamt_tiefbau"]


def test_a_second_mail_before_the_first_is_filed_joins_it(connected: House, post: Post) -> None:
    for text in ("erste", "zweite", "zweite"):
        post.put(mail(("a.xml", UBL), text=text))
        fetch(connected)
    work_off(connected)

    (row,) = received(connected)
    ((_, said),) = texts(connected, row.vorgang)
    assert (said.count("erste"), said.count("zweite")) == (1, 1)


def test_a_mail_of_an_invoice_that_is_zda_lies_in_a_vorgang_of_its_own(
    connected: House, post: Post
) -> None:
    desk = Desk(connected, lambda: work_off(connected))
    desk.certify()
    desk.order()
    desk.report(BOOKED)

    for text in ("Mahnung", "Zweite Mahnung", "Zweite Mahnung"):
        post.put(mail(("a.xml", UBL), text=text))
        fetch(connected)

    row = desk.row
    assert row.state == "gebucht"
    assert len(texts(connected, row.later)) == 2
    assert due(connected, row.later) == ["fachamt_tiefbau"] * 2
    with connected.database.reading() as tx:
        assert vorgang_head(tx, SYSTEM, row.later).betreff.startswith("Nach Abschluss: ")


def test_a_mail_and_a_contradiction_after_zda_lie_in_one_vorgang(
    connected: House, post: Post
) -> None:
    desk = Desk(connected, lambda: work_off(connected))
    desk.certify()
    desk.order()
    desk.report(BOOKED)
    post.put(mail(("a.xml", UBL), text="Mahnung"))
    fetch(connected)
    beside = desk.row.later

    with pytest.raises(BookingContradicts):
        desk.report(replace(BOOKED, voucher="2026-0043"))

    assert desk.row.later == beside
    assert due(connected, beside) == ["fachamt_tiefbau", "rechnungsstelle"]


def test_the_mails_go_along_when_the_invoice_is_handed_over(connected: House, post: Post) -> None:
    strange = UBL.replace(b"05999-TIEFBAU-93", b"05999-NIRGENDS-11")
    assert strange != UBL
    post.put(mail(("a.xml", strange), text="an das Tiefbauamt"))
    fetch(connected)
    work_off(connected)
    (row,) = received(connected)
    desk = Desk(connected, lambda: work_off(connected), strange)

    desk.complete("zuordnen", "rita.rehbein", ergebnis="zuordnen", stelle="tiefbau")

    assert desk.id == row.id
    assert desk.row.unit == "tiefbau"
    ((_, said),) = texts(connected, desk.row.vorgang)
    assert "an das Tiefbauamt" in said


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


@pytest.mark.parametrize(
    "step", ["LIST", "SEARCH", "FETCH", "CREATE", "COPY", "STORE", "MOVE", "LOGOUT"]
)
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


@pytest.mark.parametrize(
    "capabilities", ["IMAP4rev1 MOVE UIDPLUS NAMESPACE", "IMAP4rev1 MOVE UIDPLUS"]
)
def test_a_server_that_keeps_all_folders_below_its_inbox_is_served_there(
    connected: House, post: Post, capabilities: str
) -> None:
    post.capabilities, post.prefix, post.delimiter = capabilities, "INBOX.", "."
    post.put(mail(("a.xml", UBL)))
    post.put(mail())

    fetched = fetch(connected)

    assert fetched == Fetched(taken=1, refused=1)
    assert {name: len(mails) for name, mails in post.folders.items()} == {
        "INBOX": 0,
        "INBOX.Erledigt": 1,
        "INBOX.Fehler": 2,
    }


def test_a_folder_is_found_by_the_delimiter_of_the_server(house: House, post: Post) -> None:
    post.capabilities, post.prefix, post.delimiter = "IMAP4rev1 NAMESPACE", "INBOX.", "."
    post.folders["INBOX.Rechnungen.B&APw-ro"] = {}
    post.put(mail(("a.xml", UBL)), "INBOX.Rechnungen.B&APw-ro")
    with ImapServer(post) as server:
        url = server.url.replace("INBOX", "Rechnungen/B%C3%BCro")
        other = open_house(replace(house.settings, intake=(url,)))

        fetched = fetch(other)
        other.close()

    assert fetched == Fetched(taken=1)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (b'(("" "/")) NIL NIL', Names("", "/")),
        (b'(("INBOX." ".")) (("user." ".")) (("" "."))', Names("INBOX.", ".")),
        (b'(("a\\"b/" "\\\\")) NIL NIL', Names('a"b/', "\\")),
        (b'(("" NIL)) NIL NIL', Names("", "/")),
        (b"NIL NIL NIL", Names("", ".")),
    ],
)
def test_a_namespace_is_read_as_its_standard_says(said: bytes, names: Names) -> None:
    """RFC 2342, section 6; where there is no personal one, LIST says the delimiter."""

    class Server:
        capabilities = ("NAMESPACE",)

        def namespace(self) -> tuple[str, list[bytes]]:
            return "OK", [said]

        def list(self, _directory: str, _pattern: str) -> tuple[str, list[bytes]]:
            return "OK", [b'(\\Noselect) "." ""']

    assert names_of(Server()) == names  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "wire"),
    [("Büro & Co", '"B&APw-ro &- Co"'), ("日本語", '"&ZeVnLIqe-"'), ('a"b', '"a\\"b"')],
)
def test_a_name_is_written_in_modified_utf_7(name: str, wire: str) -> None:
    assert written(name) == wire


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
