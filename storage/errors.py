"""Errors of storage. Each leaf names a situation and carries a stable `code`."""

from __future__ import annotations


class StorageError(Exception):
    """Base of everything that storage refuses or finds broken."""

    code = "storage"


class Conflict(StorageError):
    """Another transaction was first: a unique key, a guard or a lock. Retry, or refuse."""

    code = "conflict"


class ConstraintViolated(StorageError):
    """A row that the database refuses for itself: foreign key, check, NOT NULL, range."""

    code = "constraint_violated"


class Unavailable(StorageError):
    """The database or object store cannot be reached or has no connection free; retry later."""

    code = "unavailable"


class StatementFailed(StorageError):
    """A statement that the database does not understand: a fault of ours."""

    code = "statement_failed"


class WrongUse(StorageError):
    """A call that the contract forbids: a nested transaction, missing parameters."""

    code = "wrong_use"


class NotStored(StorageError):
    """Nothing is stored under that name (any more)."""

    code = "not_stored"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"not stored: {what}")


class Tampered(StorageError):
    """What is stored is not what was written."""

    code = "tampered"

    def __init__(self, what: str, reason: str) -> None:
        self.what = what
        self.reason = reason
        super().__init__(f"{what}: {reason}")


class KeyMissing(StorageError):
    """A key that was destroyed (shredded) or is not in the keyring."""

    code = "key_missing"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"no key for {what}")


class Locked(StorageError):
    """An object that the store keeps until its lock ends."""

    code = "locked"


class TooLarge(StorageError):
    """More bytes than a document may have."""

    code = "too_large"


class NotMigrated(StorageError):
    """The database's schema is not the one this release needs."""

    code = "not_migrated"
