"""Virus scans by a ClamAV daemon: the protocol INSTREAM of clamd over a socket.

Invariant: what was not scanned where a scanner is configured is not opened; silence, an error or
an unknown answer is never "clean".
"""

from __future__ import annotations

import socket
import struct
from urllib.parse import urlsplit

from invoice.errors import ScanFailed, VirusFound

SECONDS = 30.0
CHUNK = 64 * 1024


def scan(content: bytes, scanner: str, seconds: float = SECONDS) -> None:
    """Return if the scanner (`tcp://host:3310`, `unix:///run/clamd.ctl`) finds nothing.

    Raises VirusFound, or ScanFailed where there is no clear answer."""
    try:
        with _connected(scanner, seconds) as connection:
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), CHUNK):
                part = content[start : start + CHUNK]
                connection.sendall(struct.pack("!I", len(part)) + part)
            connection.sendall(struct.pack("!I", 0))
            answer = _answer(connection)
    except (OSError, ValueError) as error:
        raise ScanFailed(f"der Virenscanner ist nicht erreichbar: {error}") from error
    if answer.endswith(" FOUND"):
        found = answer.removeprefix("stream: ").removesuffix(" FOUND")
        raise VirusFound(f"der Virenscanner meldet {found}")
    if answer != "stream: OK":
        raise ScanFailed(f"der Virenscanner gab keine klare Antwort: {answer[:100]!r}")


def _connected(scanner: str, seconds: float) -> socket.socket:
    where = urlsplit(scanner)
    if where.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(seconds)
        try:
            connection.connect(where.path)
        except OSError:
            connection.close()
            raise
        return connection
    if where.scheme != "tcp" or not where.hostname:
        raise ValueError(f"keine Adresse eines Virenscanners: {scanner}")
    return socket.create_connection((where.hostname, where.port or 3310), seconds)


def _answer(connection: socket.socket) -> str:
    received = b""
    while b"\0" not in received and len(received) < 4096:
        part = connection.recv(4096)
        if not part:
            break
        received += part
    return received.partition(b"\0")[0].decode("utf-8", "replace").strip()
