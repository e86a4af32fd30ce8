"""An S3 store with versioning and object lock, through minio-py.

Locks are COMPLIANCE: not even the store's administrator shortens them (probe the server: one
was seen that let its root user do so).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO

import urllib3
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import MinioException, S3Error
from minio.retention import Retention

from storage.errors import Locked, NotStored, Unavailable
from storage.objects import checked_name

_ABSENT = {"NoSuchKey", "NoSuchVersion", "NoSuchObject"}
_HELD = {"AccessDenied", "ObjectLocked", "InvalidRequest"}


class S3Store:
    enforces_locks = True

    def __init__(self, host: str, key: str, secret: str, bucket: str, *, secure: bool) -> None:
        self._bucket = bucket
        self._client = Minio(
            host,
            access_key=key,
            secret_key=secret,
            secure=secure,
            http_client=urllib3.PoolManager(
                maxsize=16,
                timeout=urllib3.Timeout(connect=5, read=60),
                retries=urllib3.Retry(total=3, backoff_factor=0.2),
            ),
        )
        with _speaking():
            if not self._client.bucket_exists(bucket):
                self._make_bucket()

    def _make_bucket(self) -> None:
        """Processes that start together all try; whoever comes second finds it made."""
        try:
            self._client.make_bucket(self._bucket, object_lock=True)
        except S3Error as error:
            if error.code != "BucketAlreadyOwnedByYou":
                raise

    def put(self, name: str, data: bytes, locked_until: datetime | None = None) -> None:
        if self.locked_until(checked_name(name)) is not None:
            raise Locked(f"{name} is locked")
        retention = Retention(COMPLIANCE, locked_until) if locked_until else None
        with _speaking():
            self._client.put_object(
                self._bucket, name, BytesIO(data), len(data), retention=retention
            )

    def get(self, name: str) -> bytes:
        with _speaking(name):
            response = self._client.get_object(self._bucket, checked_name(name))
            try:
                return bytes(response.read())
            finally:
                response.close()
                response.release_conn()

    def exists(self, name: str) -> bool:
        try:
            with _speaking(name):
                self._client.stat_object(self._bucket, checked_name(name))
        except NotStored:
            return False
        return True

    def delete(self, name: str) -> None:
        """Remove the newest version first, so that a locked one refuses before anything went."""
        if self.locked_until(checked_name(name)) is not None:
            raise Locked(f"{name} is locked")
        with _speaking():
            versions = list(
                self._client.list_objects(
                    self._bucket, prefix=name, include_version=True, recursive=True
                )
            )
        for version in versions:
            if version.object_name == name:
                self._remove(name, version.version_id)

    def _remove(self, name: str, version: str | None) -> None:
        try:
            with _speaking():
                self._client.remove_object(self._bucket, name, version_id=version)
        except Unavailable as error:
            if isinstance(error.__cause__, S3Error) and error.__cause__.code in _HELD:
                raise Locked(f"{name} is locked") from error
            raise

    def names(self, prefix: str = "") -> Iterator[str]:
        with _speaking():
            for found in self._client.list_objects(self._bucket, prefix=prefix, recursive=True):
                if found.object_name is not None and not found.is_dir:
                    yield found.object_name

    def locked_until(self, name: str) -> datetime | None:
        """From the object's headers: not every server answers the question for its retention."""
        try:
            with _speaking(name):
                found = self._client.stat_object(self._bucket, checked_name(name))
        except NotStored:
            return None
        headers = found.metadata or {}
        stated = headers.get("x-amz-object-lock-retain-until-date")
        if stated is None:
            return None
        until = datetime.fromisoformat(stated)
        return until if until > datetime.now(UTC) else None


@contextmanager
def _speaking(name: str | None = None) -> Iterator[None]:
    """Translate what the client raises: absent is NotStored, all else Unavailable."""
    try:
        yield
    except S3Error as error:
        if name is not None and error.code in _ABSENT:
            raise NotStored(name) from error
        raise Unavailable(f"object store: {error.code}: {error.message}") from error
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        raise Unavailable(f"object store: {error}") from error
