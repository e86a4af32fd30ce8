"""Password hashes: Argon2id, one hash at a time per core, equal effort for unknown logins."""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from identity.errors import PasswordTooWeak

MIN_LENGTH = 10
MAX_LENGTH = 200  # hashing takes time that grows with the text, so it is bounded

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106 (low memory)
_turn = BoundedSemaphore(2)  # each hash takes 64 MB and a core: a flood of logins must queue


def hash_password(password: str) -> str:
    """The hash to store; refuses what is too short to resist guessing."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise PasswordTooWeak(f"Ein Passwort braucht {MIN_LENGTH} bis {MAX_LENGTH} Zeichen.")
    with _turn:
        return _hasher.hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Whether the password made the hash. Takes as long where there is no hash to compare."""
    if len(password) > MAX_LENGTH:
        return False
    with _turn:
        try:
            return _hasher.verify(stored or _nobodys_hash(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
