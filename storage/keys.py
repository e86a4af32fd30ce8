"""The keyring: a directory that lies outside database and object store.

It holds one AES-256 key a tenant, which wraps the keys of Akten and documents, and the Ed25519
keys that sign checkpoints. Invariant: files are 0600, keys are never replaced: a new signing key
stands beside the old one, and each signs the other (a succession).
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import KeyMissing, Tampered, WrongUse

_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
_NONCE = 12
_NAME = "amtsgang"


def encrypt(key: bytes, data: bytes, context: str) -> bytes:
    """AES-256-GCM: nonce ‖ ciphertext ‖ tag. The context is what the bytes are, and must match."""
    nonce = token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, context.encode())


def decrypt(key: bytes, data: bytes, context: str) -> bytes:
    """Raises Tampered if any bit, the key or the context is another."""
    try:
        return AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], context.encode())
    except (InvalidTag, ValueError) as error:
        raise Tampered(context, "its bytes are not those that were encrypted") from error


def new_key() -> bytes:
    return token_bytes(32)


class SigningKey:
    """An Ed25519 key. Its fingerprint, SHA-256 of the raw public key, is what others trust."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        self.fingerprint = sha256(self.public).hexdigest()

    def sign(self, body: str) -> str:
        """The signature line of a signed note (C2SP) over `body`, which ends with a newline."""
        signature = self._key.sign(body.encode())
        key_id = sha256(f"{_NAME}\n\1".encode() + self.public).digest()[:4]
        return f"— {_NAME} {b64encode(key_id + signature).decode()}\n"

    def note(self, body: str) -> str:
        return f"{body}\n{self.sign(body)}"


class Keyring:
    """Opens (and on first use creates) the directory. Back it up apart from the data."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._tenants: dict[str, bytes] = {}
        self._signing: SigningKey | None = None
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def wrap(self, tenant: str, key: bytes, context: str) -> bytes:
        """Encrypt a key with the tenant's, which is made at its first use."""
        return encrypt(self._tenant_key(tenant, create=True), key, context)

    def unwrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """Raises KeyMissing if the tenant's key is not here, Tampered for other bytes."""
        return decrypt(self._tenant_key(tenant, create=False), wrapped, context)

    @property
    def signing_key(self) -> SigningKey:
        """The newest signing key; made at its first use."""
        if self._signing is None:
            names = self._signing_files()
            if not names and self._create("signing-0001.pem", _new_pem()):
                names = self._signing_files()
            names = names or self._signing_files()
            self._signing = _load(self._read(names[-1]))
        return self._signing

    @property
    def fingerprint(self) -> str:
        """What an auditor writes down and later passes to `--trust`."""
        return self.signing_key.fingerprint

    def fingerprints(self) -> list[str]:
        """Of every signing key there was, oldest first."""
        return [_load(self._read(name)).fingerprint for name in self._signing_files()]

    def rotate_signing_key(self, now: datetime) -> SigningKey:
        """Add a signing key; the old one signs for the new and the new for the old."""
        old = self.signing_key
        number = len(self._signing_files()) + 1
        if not self._create(f"signing-{number:04}.pem", _new_pem()):
            raise WrongUse("another process has just made a new signing key")
        new = _load(self._read(f"signing-{number:04}.pem"))
        body = (
            f"amtsgang/succession/1\n{b64encode(old.public).decode()}\n"
            f"{b64encode(new.public).decode()}\n{now.astimezone(UTC).isoformat()}\n"
        )
        note = f"{body}\n{old.sign(body)}{new.sign(body)}"
        self._create(f"succession-{number:04}.note", note.encode())
        self._signing = new
        return new

    def successions(self) -> list[str]:
        """The notes that lead from each signing key to the next, oldest first."""
        return [
            self._read(path.name).decode()
            for path in sorted(self._directory.glob("succession-*.note"))
        ]

    def _signing_files(self) -> list[str]:
        return sorted(path.name for path in self._directory.glob("signing-*.pem"))

    def _tenant_key(self, tenant: str, *, create: bool) -> bytes:
        if (known := self._tenants.get(tenant)) is not None:
            return known
        if not _TENANT.fullmatch(tenant):
            raise WrongUse(f"not a tenant's name: {tenant!r}")
        name = f"tenant-{tenant}.key"
        if create:
            self._create(name, new_key())
        try:
            key = self._read(name)
        except FileNotFoundError as error:
            raise KeyMissing(f"tenant {tenant}") from error
        self._tenants[tenant] = key
        return key

    def _create(self, name: str, data: bytes) -> bool:
        """Write a file that is complete as soon as it has its name; False if it exists."""
        path = self._directory / name
        if path.exists():
            return False
        beside = self._directory / f".{token_bytes(8).hex()}"
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            try:
                path.hardlink_to(beside)
            except FileExistsError:
                return False
        finally:
            beside.unlink()
        return True

    def _read(self, name: str) -> bytes:
        path = self._directory / name
        if path.stat().st_mode & 0o077:
            raise WrongUse(f"{path} can be read by others; chmod it to 600")
        return path.read_bytes()


def _new_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _load(pem: bytes) -> SigningKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongUse("a signing key is an Ed25519 key")
    return SigningKey(key)
