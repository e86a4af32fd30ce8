"""Prove a bundle without the system it came from: one file, standard library + cryptography.

    python verify_bundle.py bundle.zip --trust FINGERPRINT [--json]

Exit 0: verified. Exit 1: something is broken, not yet anchored, or the origin is unproven (no
--trust). Exit 2: misuse. Take this program and the fingerprint from the authority, not from the
bundle. It repeats the formats of the ledger on purpose, and imports nothing of theirs:

    1. the archive holds the files listed in bundle.json, and not one byte besides
    2. bundle.json and each checkpoint are signed by a trusted key, or one that it signed
    3. each stream is a chain: hash = SHA256(tag, prev, tenant, stream, seq, header, commitments)
    4. a checkpoint's Merkle tree (RFC 6962) includes the head of each stream
    5. each document is the one whose SHA-256 its stream names
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Broken(Exception):
    """One place that does not verify."""


@dataclass
class Result:
    """`faults`: place and reason. `unanchored`, `redacted`: entries as stream#seq."""

    origin: str = "unproven"
    streams: int = 0
    entries: int = 0
    documents: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)
    unanchored: list[str] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        if self.faults:
            return "broken"
        if self.origin != "proven":
            return "consistent, origin unproven"
        return "not fully anchored" if self.unanchored else "verified"

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        try:
            yield
        except Broken as broken:
            self.faults.append((place, str(broken)))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            self.faults.append((place, f"cannot be read ({type(error).__name__}: {error})"))


# -- 1. the archive ---------------------------------------------------------------------------


# What zipfile raises for damaged archives; RuntimeError: encrypted or packed in an unknown way.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    OverflowError,
)


def read_files(path: Path, result: Result) -> dict[str, bytes]:
    """The files by name. Each header must be exactly what its name and content require."""
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            for info in infos:
                try:
                    files[info.filename] = archive.read(info)
                except _UNREADABLE as error:
                    result.faults.append((info.filename, f"cannot be read ({error})"))
    except _UNREADABLE as error:
        result.faults.append((path.name, f"is no zip archive ({error})"))
        return {}
    if not result.faults:
        _check_envelope(path.read_bytes(), infos, files, result)
    return files


def _check_envelope(
    data: bytes, infos: list[zipfile.ZipInfo], files: dict[str, bytes], result: Result
) -> None:
    """Local headers, directory and end record, byte for byte: there is no room beside them."""
    position, directory = 0, b""
    for info in infos:
        name, content = info.filename.encode("ascii", "replace"), files[info.filename]
        common = struct.pack(
            "<HHHHHLLLHH", 20, 0, 0, 0, 0x21, info.CRC, len(content), len(content), len(name), 0
        )
        local = b"PK\3\4" + common + name
        central = b"PK\1\2\x14\3" + common
        central += struct.pack("<HHHLL", 0, 0, 0, 0o644 << 16, position) + name
        if data[position : position + len(local)] != local:
            result.faults.append((info.filename, "its header in the archive is another"))
            return
        position += len(local) + len(content)
        directory += central
    count = len(infos)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), position, 0)
    if data[position:] != directory + end:
        result.faults.append(("archive directory", "holds bytes that belong to no file"))


# -- 2. signatures ----------------------------------------------------------------------------


def check_signature(body: str, line: str, public: bytes) -> None:
    """The signature line of a signed note (C2SP), which must be exactly this one."""
    encoded = line.removeprefix("— amtsgang ")
    key_id = sha256(b"amtsgang\n\1" + public).digest()[:4]
    try:
        signed = b64decode(encoded, validate=True)
        if line == encoded or signed[:4] != key_id:
            raise Broken("its signature does not fit")
        Ed25519PublicKey.from_public_bytes(public).verify(signed[4:], body.encode())
    except (InvalidSignature, ValueError) as error:
        raise Broken("its signature does not fit") from error


def read_note(note: bytes, keys: list[str], trusted: set[str] | None) -> list[str]:
    """The lines of a note whose `key` line names its key; None trusts every key."""
    body, separator, signature = note.decode().partition("\n\n")
    lines = body.split("\n")
    label, _, encoded = lines[-1].partition(" ")
    if not separator or label != "key" or signature[-1:] != "\n":
        raise Broken("is no signed note")
    public = b64decode(encoded, validate=True)
    check_signature(body + "\n", signature[:-1], public)
    fingerprint = sha256(public).hexdigest()
    keys.append(fingerprint)
    if trusted is not None and fingerprint not in trusted:
        raise Broken(f"signed by a key that is not trusted: {fingerprint}")
    return lines


def trusted_keys(files: dict[str, bytes], trust: str, result: Result) -> set[str]:
    """The fingerprint and those of all keys that are linked to it by successions."""
    links = []
    for name in sorted(files):
        if name.startswith("keys/"):
            with result.at(name):
                links.append(_succession(files[name]))
    trusted = {trust}
    for _ in links:
        for pair in links:
            if trusted & set(pair):
                trusted |= set(pair)
    return trusted


def _succession(note: bytes) -> tuple[str, str]:
    """Old and new fingerprint; both keys have signed."""
    body, _, signatures = note.decode().partition("\n\n")
    lines, signed = body.split("\n"), signatures.split("\n")
    if lines[0] != "amtsgang/succession/1" or len(signed) != 3 or signed[2]:
        raise Broken("is no succession of keys")
    old, new = (b64decode(line, validate=True) for line in lines[1:3])
    check_signature(body + "\n", signed[0], old)
    check_signature(body + "\n", signed[1], new)
    return sha256(old).hexdigest(), sha256(new).hexdigest()


# -- 3. chains --------------------------------------------------------------------------------


def entry_hash(prev: bytes, tenant: str, stream: str, entry: dict[str, Any]) -> bytes:
    where, which, header = tenant.encode(), stream.encode(), entry["header"]
    commitment = entry["erased"]
    if entry["values"] is not None:
        commitment = sha256(b"amtsgang/values/1\n" + entry["values"]).digest()
    parts = (
        b"amtsgang/entry/1\n",
        prev,
        len(where).to_bytes(2, "big") + where,
        len(which).to_bytes(2, "big") + which,
        entry["seq"].to_bytes(8, "big"),
        len(header).to_bytes(4, "big") + header,
        sha256(b"amtsgang/facts/1\n" + entry["facts"]).digest(),
        b"\0" if commitment is None else b"\1" + commitment,
    )
    return sha256(b"".join(parts)).digest()


def read_entry(line: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(line)
    for part in ("header", "facts", "values", "erased"):
        if entry[part] is not None:
            entry[part] = b64decode(entry[part], validate=True)
    entry["hash"] = bytes.fromhex(entry["hash"])
    return entry


def check_stream(
    listed: dict[str, Any], tenant: str, data: bytes, result: Result
) -> list[dict[str, Any]]:
    """Walk the chain; the entries that verified. A gap or a changed entry is named."""
    stream, before, sound = listed["stream"], [bytes(32)], []
    erased, explained, seq = set(), set(), 0
    for seq, line in enumerate(data.splitlines(), 1):
        place = f"{stream}#{seq}"
        with result.at(place):
            entry = read_entry(line)
            result.entries += 1
            computed = [entry_hash(prev, tenant, stream, entry) for prev in before]
            before = [entry["hash"], *computed]
            if entry["seq"] != seq or entry["hash"] not in computed:
                raise Broken("does not continue the chain")
            before = [entry["hash"]]
            sound.append(entry)
            if entry["values"] is None and entry["erased"] is not None:
                erased.add(seq)
                result.redacted.append(place)
            if json.loads(entry["header"])[2] == "ledger.values_erased":
                explained.update(json.loads(entry["facts"])["seqs"])
    with result.at(stream):
        if seq != listed["seq"]:
            raise Broken(f"has {seq} entries instead of {listed['seq']}")
        if bytes.fromhex(listed["head"]) not in before:
            raise Broken("its head is not the last entry's hash")
    for number in sorted(erased - explained):
        result.faults.append((f"{stream}#{number}", "values erased without a record of it"))
    return sound


# -- 4. anchors -------------------------------------------------------------------------------


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise Broken("its proof names a leaf outside the tree")
    current, last, rest = sha256(b"\0" + leaf).digest(), size - 1, list(path)
    while last:
        if index % 2 or index < last:
            if not rest:
                raise Broken("its proof is too short")
            other = rest.pop(0)
            pair = other + current if index % 2 else current + other
            current = sha256(b"\1" + pair).digest()
        index, last = index // 2, last // 2
    if rest:
        raise Broken("its proof is too long")
    return current


def check_anchor(
    listed: dict[str, Any], tenant: str, sound: list[dict[str, Any]], notes: dict[str, list[str]]
) -> int:
    """The seq up to which a signed checkpoint vouches for the stream."""
    anchor, stream = listed["anchor"], listed["stream"]
    if anchor is None:
        return 0
    lines = notes.get(anchor["checkpoint"])
    if lines is None:
        raise Broken(f"{anchor['checkpoint']} does not vouch for it")
    head = next((entry["hash"] for entry in sound if entry["seq"] == anchor["seq"]), None)
    if head is None:
        raise Broken(f"the anchored entry {anchor['seq']} is missing or broken")
    leaf = f"amtsgang/leaf/1\n{stream}\n{anchor['seq']}\n{head.hex()}".encode()
    path = [bytes.fromhex(node) for node in anchor["path"]]
    if lines[0] != f"amtsgang/checkpoint/1 {tenant}" or int(lines[1]) != anchor["size"]:
        raise Broken(f"{anchor['checkpoint']} is not the checkpoint of its proof")
    if root_of(leaf, anchor["leaf"], anchor["size"], path) != b64decode(lines[2], validate=True):
        raise Broken(f"{anchor['checkpoint']} anchored another head")
    return int(anchor["seq"])


# -- the whole --------------------------------------------------------------------------------


def check(path: Path, trust: str | None = None) -> Result:
    """Verify the bundle; `trust` is the fingerprint of a signing key, from outside the bundle."""
    result = Result()
    files = read_files(path, result)
    trusted = None if trust is None else trusted_keys(files, trust.lower(), result)
    keys: list[str] = []
    with result.at("bundle.note"):
        lines = read_note(files["bundle.note"], keys, trusted)
        if lines[0] != "amtsgang/bundle/1" or len(lines) != 3:
            raise Broken("is no bundle's note")
        if lines[1] != sha256(files["bundle.json"]).hexdigest():
            result.faults.append(("bundle.json", "is not the file that was signed"))
    notes: dict[str, list[str]] = {}
    for name in sorted(files):
        if name.startswith("checkpoints/"):
            with result.at(name):
                notes[name] = read_note(files[name], keys, trusted)
    with result.at("bundle.json"):
        _check_content(json.loads(files["bundle.json"]), files, notes, result)
    if trusted is not None and not result.faults:
        result.origin = "proven"
    return result


def _check_content(
    manifest: dict[str, Any], files: dict[str, bytes], notes: dict[str, list[str]], result: Result
) -> None:
    own = {"bundle.json", "bundle.note"}
    for name in sorted((set(files) | set(manifest["files"])) - own):
        with result.at(name):
            if name not in manifest["files"]:
                raise Broken("is not listed in bundle.json")
            if name not in files:
                raise Broken("is missing")
            if sha256(files[name]).hexdigest() != manifest["files"][name]:
                raise Broken("its SHA-256 is not the listed one")
    named: dict[str, bytes] = {}
    for listed in manifest["streams"]:
        stream, tenant = listed["stream"], manifest["tenant"]
        result.streams += 1
        sound = check_stream(listed, tenant, files.get(listed["file"], b""), result)
        named[stream] = b"\n".join(e["facts"] + b"\n" + (e["values"] or b"") for e in sound)
        anchored = 0
        with result.at(stream):
            anchored = check_anchor(listed, tenant, sound, notes)
        result.unanchored += [f"{stream}#{e['seq']}" for e in sound if e["seq"] > anchored]
    for document in manifest["documents"]:
        with result.at(document["file"]):
            result.documents += 1
            digest = sha256(files[document["file"]]).hexdigest()
            if digest.encode() not in named.get(document["stream"], b""):
                raise Broken(f"no entry of {document['stream']} names its SHA-256")


def report(result: Result) -> str:
    """The result for people, in English as all of this program's output."""
    lines = [f"{place}: {reason}" for place, reason in result.faults]
    if result.redacted:
        lines.append(f"redacted (values lawfully erased): {', '.join(result.redacted)}")
    if result.unanchored:
        lines.append(f"not yet anchored by a checkpoint: {', '.join(result.unanchored)}")
    counts = f"{result.streams} streams, {result.entries} entries, {result.documents} documents"
    return "\n".join([*lines, f"{counts}: {result.verdict}"])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an exported bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--trust", metavar="FINGERPRINT", help="of the signing key (SHA-256, hex)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if not options.bundle.is_file():
        parser.error(f"no such file: {options.bundle}")
    result = check(options.bundle, options.trust)
    text = json.dumps({"verdict": result.verdict, **asdict(result)}, indent=1)
    sys.stdout.write((text if options.json else report(result)) + "\n")
    return 0 if result.verdict == "verified" else 1


if __name__ == "__main__":
    sys.exit(main())
