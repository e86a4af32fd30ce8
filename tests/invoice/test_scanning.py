"""The scanner, against a daemon that speaks clamd's protocol."""

from __future__ import annotations

import socketserver
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from invoice.errors import ScanFailed, VirusFound
from invoice.scanning import scan

BAD = b"this is the bad one"


class Clamd(socketserver.StreamRequestHandler):
    answer: bytes | None = None

    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        said = b"stream: Test-Bad FOUND" if BAD in content else b"stream: OK"
        self.wfile.write((said if self.answer is None else self.answer) + b"\0")


@contextmanager
def daemon(answer: bytes | None = None) -> Iterator[str]:
    handler = type("Answering", (Clamd,), {"answer": answer})
    with socketserver.TCPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_what_is_clean_passes_in_several_chunks() -> None:
    with daemon() as scanner:
        assert scan(b"x" * 200_000, scanner) is None


def test_what_the_scanner_names_is_not_opened() -> None:
    with daemon() as scanner, pytest.raises(VirusFound, match="Test-Bad"):
        scan(b"x" * 70_000 + BAD, scanner)


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR", b"OK"])
def test_an_unclear_answer_is_not_clean(answer: bytes) -> None:
    with daemon(answer) as scanner, pytest.raises(ScanFailed):
        scan(b"x", scanner)


@pytest.mark.parametrize("scanner", ["tcp://127.0.0.1:1", "unix:///nowhere", "file:///x"])
def test_a_scanner_that_is_not_there_is_not_clean(scanner: str) -> None:
    with pytest.raises(ScanFailed):
        scan(b"x", scanner)
