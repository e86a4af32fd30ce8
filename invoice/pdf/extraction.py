"""The program that opens a PDF, in a process of its own: PDF on stdin, JSON on stdout.

Invariant: it limits itself before it imports the reader, writes nothing but its answer, and
imports nothing of this project, so that it runs isolated (`python -I`) from its file.
"""

from __future__ import annotations

import base64
import json
import resource
import sys
from collections.abc import Iterator
from typing import Any

CPU_SECONDS = 15
MEMORY = 640 * 1024 * 1024
ANSWER = 80 * 1024 * 1024
MOST_PAGES = 2_000
READ_PAGES = 100
MOST_TEXT = 500_000
MOST_OBJECTS = 50_000
MOST_FILES = 50
MOST_XML = 25 * 1024 * 1024
ACTIONS = frozenset(
    ("/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/RichMediaExecute")
)
ACTIVE_KEYS = ("/JS", "/JavaScript", "/XFA", "/RichMediaContent")


class Refused(Exception):
    """A PDF that is not read; the argument is the code of why."""


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


def contents(stream: Any) -> dict[str, object]:
    """What is in the PDF, as far as an invoice office wants to know."""
    from pypdf import PdfReader  # noqa: PLC0415 after the limits

    reader = PdfReader(stream, strict=False)
    if reader.is_encrypted:
        raise Refused("encrypted")
    pages = len(reader.pages)
    if pages > MOST_PAGES:
        raise Refused("pages")
    if _is_active(reader):
        raise Refused("active")
    return {
        "pages": pages,
        "text": _text(reader),
        "whole": pages <= READ_PAGES,
        "files": [
            {"name": name[:200], "content": base64.b64encode(content).decode()}
            for name, content in _xml_files(reader)
        ],
    }


def _is_active(reader: Any) -> bool:
    """Whether any object runs something when the file is opened or clicked."""
    from pypdf.generic import IndirectObject  # noqa: PLC0415 after the limits

    found = {(number, 0) for number in reader.xref_objStm}
    found |= {(number, of) for of, numbers in reader.xref.items() for number in numbers}
    if len(found) > MOST_OBJECTS:
        raise Refused("objects")
    objects = (IndirectObject(*each, reader).get_object() for each in sorted(found) if each[0])
    return _acts(reader.trailer) or any(_acts(each) for each in objects)


def _acts(found: Any, depth: int = 0) -> bool:
    if depth > 20:
        raise Refused("objects")
    if isinstance(found, dict):
        if found.get("/S") in ACTIONS or any(key in found for key in ACTIVE_KEYS):
            return True
        return any(_acts(dict.__getitem__(found, key), depth + 1) for key in found)
    return isinstance(found, list) and any(_acts(each, depth + 1) for each in list.__iter__(found))


def _text(reader: Any) -> str:
    parts: list[str] = []
    length = 0
    for number in range(min(len(reader.pages), READ_PAGES)):
        page = reader.pages[number]
        _decode(page.get("/Contents"))
        parts.append(page.extract_text()[:MOST_TEXT])
        length += len(parts[-1])
        if length > MOST_TEXT:
            break
    return "\n".join(parts)[:MOST_TEXT]


def _decode(content: Any) -> None:
    """Inflate it within the reader's limits: reading the text would pass over their breach."""
    found = content.get_object() if content is not None else None
    if isinstance(found, list):
        for each in found:
            each.get_object().get_data()
    elif found is not None:
        found.get_data()


def _xml_files(reader: Any) -> Iterator[tuple[str, bytes]]:
    """Embedded XML, by whatever list of the catalogue it is reached; each content once."""
    seen: set[bytes] = set()
    total = 0
    for name, content in _embedded(reader):
        if not name.lower().endswith(".xml") or content in seen:
            continue
        total += len(content)
        if len(seen) >= MOST_FILES or total > MOST_XML:
            raise Refused("files")
        seen.add(content)
        yield name, content


def _embedded(reader: Any) -> Iterator[tuple[str, bytes]]:
    for name, versions in reader.attachments.items():
        for content in versions:
            yield str(name), bytes(content)
    associated = reader.trailer["/Root"].get("/AF")
    for reference in associated.get_object() if associated is not None else ():
        described = reference.get_object()
        files = described.get("/EF", {})
        stream = files.get("/F") or files.get("/UF")
        if stream is not None:
            name = described.get("/UF") or described.get("/F") or ""
            yield str(name), bytes(stream.get_object().get_data())


def main() -> None:
    """Whatever goes wrong with hostile bytes is an answer, not a trace."""
    limit()
    try:
        answer = contents(sys.stdin.buffer)
    except Refused as refused:
        answer = {"refused": str(refused)}
    except MemoryError:
        answer = {"refused": "bomb"}
    except Exception as error:  # noqa: BLE001 a reader may raise anything on a broken file
        is_bomb = type(error).__name__ == "LimitReachedError"
        answer = {"refused": "bomb" if is_bomb else "broken"}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
