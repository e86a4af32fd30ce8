"""Reading signed notes (C2SP): whose signature stands under which text.

Invariant: nothing in a note is believed before its signature verifies with the key it names, and
that key's fingerprint is one that the caller trusts.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class SignedCheckpoint(NamedTuple):
    """The lines of a checkpoint's note, its signature verified."""

    tenant: str
    size: int
    root: bytes
    number: int
    previous: str
    fingerprint: str


def read_checkpoint(note: str) -> SignedCheckpoint:
    """Parse and verify. Raises ValueError with the reason."""
    body, separator, signature = note.partition("\n\n")
    lines = body.split("\n")
    if not separator or len(lines) != 7 or not lines[0].startswith("amtsgang/checkpoint/1 "):
        raise ValueError("is no signed checkpoint")
    words = [line.partition(" ") for line in lines[3:]]
    if [word[0] for word in words] != ["number", "previous", "at", "key"]:
        raise ValueError("is no signed checkpoint")
    try:
        root, public = b64decode(lines[2], validate=True), b64decode(words[3][2], validate=True)
        check_signature(body + "\n", signature, public)
        number, size = int(words[0][2]), int(lines[1])
    except (Base64Error, InvalidSignature) as error:
        raise ValueError("its signature does not fit") from error
    tenant = lines[0].partition(" ")[2]
    return SignedCheckpoint(tenant, size, root, number, words[1][2], sha256(public).hexdigest())


def check_signature(body: str, line: str, public: bytes) -> None:
    """Raises InvalidSignature unless `line` is exactly the signature of `body` by that key."""
    name, encoded = "amtsgang", line.removeprefix("— amtsgang ").removesuffix("\n")
    try:
        signed = b64decode(encoded, validate=True)
    except Base64Error as error:
        raise InvalidSignature from error
    key_id = sha256(f"{name}\n\1".encode() + public).digest()[:4]
    if line != f"— {name} {encoded}\n" or signed[:4] != key_id:
        raise InvalidSignature
    Ed25519PublicKey.from_public_bytes(public).verify(signed[4:], body.encode())
