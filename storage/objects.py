"""Object stores: bytes under a name, in a directory or an S3 store.

Invariant: after `put` returns the bytes survive a crash; after `delete` no version of them is
left; what is locked is neither deleted nor replaced before its time. Whether the store itself
enforces that against its administrator says `enforces_locks`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Protocol
from urllib.parse import unquote, urlsplit

from storage.errors import Locked, NotStored, Unavailable, WrongUse

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(?:[./][a-z0-9_-]+)*", re.ASCII)
_LOCKS = ".locks"


class ObjectStore(Protocol):
    enforces_locks: bool

    def put(self, name: str, data: bytes, locked_until: datetime | None = None) -> None:
        """Store durably; raises Locked if a locked object has that name."""

    def get(self, name: str) -> bytes:
        """The bytes; raises NotStored."""

    def exists(self, name: str) -> bool: ...

    def delete(self, name: str) -> None:
        """Remove every version; nothing happens if there is none. Raises Locked."""

    def names(self, prefix: str = "") -> Iterator[str]:
        """Every stored name that begins so, in no order."""

    def locked_until(self, name: str) -> datetime | None:
        """The end of the object's lock; None if it is not locked (any more)."""


def checked_name(name: str) -> str:
    """Names are ours: lower-case segments that mean the same to file systems and S3."""
    if not _NAME.fullmatch(name) or len(name) > 200:
        raise WrongUse(f"not a name for an object: {name!r}")
    return name


class DirectoryStore:
    """A directory: write beside, fsync, rename. Locks bind this program, not the administrator."""

    enforces_locks = False

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def put(self, name: str, data: bytes, locked_until: datetime | None = None) -> None:
        path = self._path(name)
        if self.locked_until(name) is not None:
            raise Locked(f"{name} is locked")
        self._write(path, data)
        if locked_until is not None:
            self._write(self._root / _LOCKS / name, locked_until.isoformat().encode())

    def get(self, name: str) -> bytes:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise NotStored(name) from error
        except OSError as error:
            raise Unavailable(f"cannot read {name}: {error}") from error

    def exists(self, name: str) -> bool:
        return self._path(name).is_file()

    def delete(self, name: str) -> None:
        if self.locked_until(name) is not None:
            raise Locked(f"{name} is locked")
        path = self._path(name)
        try:
            path.unlink(missing_ok=True)
            (self._root / _LOCKS / name).unlink(missing_ok=True)
            if path.parent.is_dir():
                _sync_directory(path.parent)
        except OSError as error:
            raise Unavailable(f"cannot delete {name}: {error}") from error

    def names(self, prefix: str = "") -> Iterator[str]:
        top = self._root / prefix.rpartition("/")[0]
        for folder, folders, files in os.walk(top):
            if Path(folder) == self._root and _LOCKS in folders:
                folders.remove(_LOCKS)
            for file in files:
                name = (Path(folder) / file).relative_to(self._root).as_posix()
                if name.startswith(prefix) and not file.startswith("."):
                    yield name

    def locked_until(self, name: str) -> datetime | None:
        try:
            until = datetime.fromisoformat((self._root / _LOCKS / checked_name(name)).read_text())
        except FileNotFoundError:
            return None
        return until if until > datetime.now(UTC) else None

    def _path(self, name: str) -> Path:
        return self._root / checked_name(name)

    def _write(self, path: Path, data: bytes) -> None:
        beside = path.parent / f".{token_hex(8)}"
        try:
            self._make(path.parent)
            with beside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            _sync_directory(path.parent)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise Unavailable(f"cannot write {path.name}: {error}") from error

    def _make(self, folder: Path) -> None:
        """Create the folder; each new name is made durable in its parent."""
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_directory(folder.parent)


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_store(url: str) -> ObjectStore:
    """`file:///folder`, a plain path, or `s3://KEY:SECRET@host:port/bucket` (`s3s://` for TLS)."""
    parts = urlsplit(url)
    if parts.scheme in ("s3", "s3s"):
        from storage.objects_s3 import S3Store  # noqa: PLC0415 only where there is an S3 store

        if not (parts.username and parts.password and parts.path.strip("/")):
            raise WrongUse("an S3 store is named as s3://KEY:SECRET@host:port/bucket")
        return S3Store(
            parts.netloc.rpartition("@")[2],
            unquote(parts.username),
            unquote(parts.password),
            parts.path.strip("/"),
            secure=parts.scheme == "s3s",
        )
    if parts.scheme == "file":
        return DirectoryStore(Path(unquote(parts.path)))
    if parts.scheme:
        raise WrongUse(f"unknown kind of object store: {parts.scheme}")
    return DirectoryStore(Path(url))
