"""Writing a bundle: streams, documents and proofs in one zip that verifies without us.

Invariant: the same content gives the same bytes. Every file is listed with its SHA-256 in
`bundle.json`, whose own hash the signed `bundle.note` states; `verify_bundle.py` checks all of it.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from sqlalchemy import Table, select

from storage.checkpoints import Proof, checkpoint, proof_of
from storage.database import Database, Row, Transaction
from storage.errors import NotStored
from storage.keys import Keyring
from storage.ledger import rows
from storage.objects import ObjectStore

FORMAT = "amtsgang/bundle/1"
_EPOCH = (1980, 1, 1, 0, 0, 0)

README = """\
# Nachweispaket

Dieses Paket enthält eine Akte mit ihren Dokumenten und ihrer vollständigen Historie. Es lässt
sich ohne das Verfahren prüfen, aus dem es stammt, und ohne Netz:

    python verify_bundle.py paket.zip --trust FINGERABDRUCK

Das Prüfprogramm `verify_bundle.py` ist eine einzelne Datei; es braucht Python ab 3.11 und das
Paket `cryptography`. Nehmen Sie Programm und Fingerabdruck nicht aus diesem Paket, sondern von
der Behörde selbst (Aushang, Schreiben, Webseite). Ohne den Fingerabdruck lautet das Ergebnis
höchstens: in sich stimmig, Herkunft nicht bewiesen.

| Datei | Inhalt |
| --- | --- |
| `bundle.json` | Verzeichnis aller Dateien mit SHA-256, Ströme und Nachweise |
| `bundle.note` | Unterschrift (Ed25519) unter dem Verzeichnis |
| `streams/*.jsonl` | Einträge der Historie, Byte für Byte wie gespeichert (Base64) |
| `checkpoints/*.note` | unterschriebene Prüfpunkte, die den Stand der Historie festhalten |
| `keys/*.note` | Schlüsselwechsel: der alte Schlüssel unterschreibt den neuen |
| `dokumente/*` | die Dokumente, wie sie eingegangen sind |

Einträge, deren Werte rechtmäßig gelöscht wurden, erscheinen als geschwärzt (`redacted`). Die
Kette der Prüfsummen bleibt dabei ganz, und ein späterer Eintrag nennt den Grund der Löschung.
"""


@dataclass(frozen=True)
class Document:
    """A document's bytes. The stream that files it must name their SHA-256 (hex) in an entry."""

    name: str
    data: bytes
    stream: str


def export_bundle(
    database: Database,
    store: ObjectStore,
    keyring: Keyring,
    tenant: str,
    *,
    streams: Sequence[tuple[Table, str]],
    documents: Iterable[Document],
    target: Path,
    now: datetime | None = None,
) -> None:
    """Force a checkpoint, then write the streams (table, id) and documents to `target`."""
    checkpoint(database, store, keyring, tenant, now)
    with database.reading(tenant) as tx:
        created = now or datetime.now(UTC)
        contents = Contents(streams, documents, created)
        write_bundle(tx, store, keyring, contents, target)


@dataclass(frozen=True)
class Contents:
    streams: Sequence[tuple[Table, str]]
    documents: Iterable[Document]
    created: datetime


def write_bundle(
    tx: Transaction, store: ObjectStore, keyring: Keyring, contents: Contents, target: Path
) -> None:
    """As far as checkpoints vouch by now; the verifier names the entries after them."""
    with ZipFile(target, "w", ZIP_STORED) as archive:
        writer = _Writer(archive)
        writer.add("LIESMICH.md", README.encode())
        streams = [
            _add_stream(writer, tx, store, number=number, table=table, stream=stream)
            for number, (table, stream) in enumerate(contents.streams, 1)
        ]
        documents = [
            _add_document(writer, number, document)
            for number, document in enumerate(contents.documents, 1)
        ]
        for number, note in enumerate(keyring.successions(), 1):
            writer.add(f"keys/{number:04}.note", note.encode())
        manifest = {
            "format": FORMAT,
            "tenant": tx.tenant,
            "created": contents.created.isoformat(),
            "streams": streams,
            "documents": documents,
            "files": dict(writer.hashes),
        }
        data = json.dumps(manifest, ensure_ascii=True, indent=1).encode()
        key = keyring.signing_key
        body = f"{FORMAT}\n{sha256(data).hexdigest()}\nkey {b64encode(key.public).decode()}\n"
        writer.add("bundle.json", data)
        writer.add("bundle.note", key.note(body).encode())


class _Writer:
    """Adds files that carry nothing but name and content."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self.hashes: dict[str, str] = {}

    def add(self, name: str, data: bytes) -> None:
        if name in self.hashes:
            return
        info = ZipInfo(name, _EPOCH)
        info.create_system, info.external_attr = 3, 0o644 << 16
        self._archive.writestr(info, data)
        self.hashes[name] = sha256(data).hexdigest()


def _add_stream(
    writer: _Writer, tx: Transaction, store: ObjectStore, *, number: int, table: Table, stream: str
) -> dict[str, object]:
    head = tx.first(
        select(table.c.seq, table.c.head).where(table.c.tenant == tx.tenant, table.c.id == stream)
    )
    if head is None:
        raise NotStored(f"{table.name} {stream}")
    file = f"streams/{number:04}.jsonl"
    writer.add(file, b"".join(_line(row) for row in rows(tx, stream)))
    proof = proof_of(tx, store, stream)
    anchor = None if proof is None else _anchor(writer, proof)
    return {
        "stream": stream,
        "file": file,
        "seq": head.seq,
        "head": head.head.hex(),
        "anchor": anchor,
    }


def _anchor(writer: _Writer, proof: Proof) -> dict[str, object]:
    file = f"checkpoints/{proof.checkpoint:010}.note"
    writer.add(file, proof.note.encode())
    return {
        "seq": proof.seq,
        "checkpoint": file,
        "leaf": proof.leaf,
        "size": proof.size,
        "path": [node.hex() for node in proof.path],
    }


def _add_document(writer: _Writer, number: int, document: Document) -> dict[str, object]:
    stem, dot, ending = document.name.rpartition(".")
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", stem or ending).strip("-")[:60] or "dokument"
    suffix = f".{re.sub(r'[^A-Za-z0-9]+', '', ending)[:8]}" if dot else ""
    file = f"dokumente/{number:04}-{plain}{suffix}"
    writer.add(file, document.data)
    return {
        "file": file,
        "name": document.name,
        "stream": document.stream,
        "sha256": writer.hashes[file],
    }


def _line(row: Row) -> bytes:
    """One entry as stored; what is bytes in the database is Base64 here, the hash is hex."""
    entry = {
        "seq": row.seq,
        "header": b64encode(row.header).decode(),
        "facts": b64encode(row.facts).decode(),
        "values": None if row.values is None else b64encode(row.values).decode(),
        "erased": None if row.erased is None else b64encode(row.erased).decode(),
        "hash": row.hash.hex(),
    }
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"
