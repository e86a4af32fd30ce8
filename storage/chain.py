"""How an entry is hashed: the format, and nothing of the database.

    facts commitment  = SHA256(FACTS ‖ facts)
    values commitment = SHA256(VALUES ‖ salt ‖ values)
    hash              = SHA256(ENTRY ‖ prev ‖ tenant ‖ stream ‖ seq ‖ header ‖ commitments)

Names and header carry their length; `seq` is eight bytes; the values commitment follows a byte 1,
or a byte 0 says that there never were values. Each tag carries the format's version. Invariant:
bytes are hashed as they are kept; nothing is encoded a second time. `facts` needs no salt, it is
never erased; the salt (16 random bytes before the values) goes with the values it hides.
`verify_bundle.py` repeats this format on purpose: it imports nothing of ours.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

import msgspec

from storage.database import to_microseconds

GENESIS = bytes(32)
SALT = 16

_ENTRY = b"amtsgang/entry/1\n"
_FACTS = b"amtsgang/facts/1\n"
_VALUES = b"amtsgang/values/1\n"


class Header(msgspec.Struct, array_like=True, omit_defaults=True, forbid_unknown_fields=True):
    """A JSON array, so that an auditor reads it without us. `at`: UTC microseconds since 1970."""

    at: int
    actor: str
    kind: str
    on_behalf_of: str | None = None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Header)


def encode_header(at: datetime, actor: str, on_behalf_of: str | None, kind: str) -> bytes:
    return _ENCODER.encode(Header(to_microseconds(at), actor, kind, on_behalf_of))


def decode_header(header: bytes) -> Header:
    """Raises msgspec.DecodeError for what is no header."""
    return _DECODER.decode(header)


def commit_values(salted: bytes) -> bytes:
    """The commitment to salt ‖ values."""
    return sha256(_VALUES + salted).digest()


def entry_hash(  # noqa: PLR0917 the order in which they are hashed
    prev: bytes,
    tenant: str,
    stream: str,
    seq: int,
    header: bytes,
    facts: bytes,
    values_commitment: bytes | None,
) -> bytes:
    """What the next entry, or the stream's head, must carry."""
    where, which = tenant.encode(), stream.encode()
    return sha256(
        b"".join(
            (
                _ENTRY,
                prev,
                len(where).to_bytes(2, "big"),
                where,
                len(which).to_bytes(2, "big"),
                which,
                seq.to_bytes(8, "big"),
                len(header).to_bytes(4, "big"),
                header,
                sha256(_FACTS + facts).digest(),
                b"\0" if values_commitment is None else b"\1" + values_commitment,
            )
        )
    ).digest()
