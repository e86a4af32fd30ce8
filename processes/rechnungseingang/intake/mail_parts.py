"""The program that takes a mail apart, in a process of its own: mail on stdin, JSON on stdout.

A header of a megabyte keeps the standard library's parser busy for minutes and costs gigabytes.
Invariant: it limits itself before it parses, writes nothing but its answer, and imports nothing of
this project, so that it runs isolated (`python -I`) from its file.
"""

from __future__ import annotations

import base64
import json
import resource
import sys
import unicodedata
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from html.parser import HTMLParser

CPU_SECONDS = 6
MEMORY = 640 * 1024 * 1024
ANSWER = 80 * 1024 * 1024
MOST_PARTS = 200
LONGEST_COVER = 200_000
HEADS = ("From", "Date", "Subject")


class Refused(Exception):
    """A mail that is not taken apart; the argument says why, in German."""


def limit() -> None:
    """What this process may use. Hard limits: nothing that runs here can raise them again."""
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, ANSWER),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))


def parts(raw: bytes) -> dict[str, object]:
    """Who wrote when about what, the words, and every file that hangs on it."""
    message = message_from_bytes(raw, policy=default)
    files = list(_files(message))
    return {
        "heads": [f"{name}: {_one_line(message.get(name))}" for name in HEADS],
        "text": _encodable(_text(message)[:LONGEST_COVER]),
        "files": files,
    }


def _files(message: Message) -> Iterator[dict[str, str]]:
    for number, part in enumerate(message.walk()):
        if number > MOST_PARTS:
            raise Refused(f"Die E-Mail hat mehr als {MOST_PARTS} Teile.")
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        name = part.get_filename()
        if not isinstance(content, bytes):
            continue
        if name or part.get_content_maintype() != "text" or _is_xml(part):
            yield {"name": _shown(name), "content": base64.b64encode(content).decode()}


def _is_xml(part: Message) -> bool:
    return part.get_content_subtype().endswith("xml")


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
    return _encodable(" ".join(str(value or "").split())[:500])


def _shown(name: str | None) -> str:
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    printable = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    return printable[-120:] or "Anhang"


def _encodable(text: str) -> str:
    """Some encodings yield halves of characters, which no other encoding takes."""
    return text.encode("utf-8", "replace").decode()


def main() -> None:
    """Whatever goes wrong with a hostile mail is an answer, not a trace."""
    limit()
    try:
        answer = parts(sys.stdin.buffer.read())
    except Refused as refused:
        answer = {"refused": str(refused)}
    except MemoryError:
        answer = {"refused": "Die E-Mail wächst beim Lesen über jedes Maß."}
    except Exception:  # noqa: BLE001 the parser may raise anything on a mail made to break it
        answer = {"refused": "Die E-Mail ist nicht zu lesen."}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
