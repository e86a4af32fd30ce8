"""Verified credentials, kept for a minute so that a password is hashed once, not once a request.

Invariant: the key is an HMAC under a random key of this process, so the memory holds no
credential; an entry is dropped when its principal changes here, and compared with the person's
row at least once a second, so that a change made by another process holds everywhere at once.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from identity.principal import Principal

LIFETIME = 60.0
RECHECK = 1.0
CAPACITY = 10_000

_caches: weakref.WeakSet[Verified] = weakref.WeakSet()
_caches_lock = threading.Lock()


@dataclass(slots=True)
class Held:
    """A verified principal with the revision of the row it was made from."""

    principal: Principal
    revision: int
    verified: float
    checked: float


class Verified:
    """A bounded map from credentials to principals. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._key = secrets.token_bytes(32)
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[bytes, Held] = OrderedDict()
        with _caches_lock:
            _caches.add(self)

    def key(self, kind: str, *parts: str) -> bytes:
        """The key under which credentials are kept; lengths keep the parts apart."""
        text = b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in (kind, *parts))
        return hmac.digest(self._key, text, hashlib.sha256)

    def get(self, key: bytes, revision_of: Callable[[Principal], int | None]) -> Principal | None:
        """The principal if it is still fresh. `revision_of` reads the row: None if inactive."""
        now = self._clock()
        with self._lock:
            held = self._held.get(key)
            if held is None:
                return None
            if now - held.verified >= LIFETIME:
                del self._held[key]
                return None
            if now - held.checked < RECHECK:
                return held.principal
        if revision_of(held.principal) != held.revision:
            self.drop(key)
            return None
        held.checked = now
        return held.principal

    def put(self, key: bytes, principal: Principal, revision: int) -> None:
        now = self._clock()
        with self._lock:
            self._held[key] = Held(principal, revision, now, now)
            self._held.move_to_end(key)
            while len(self._held) > CAPACITY:
                self._held.popitem(last=False)

    def drop(self, key: bytes) -> None:
        with self._lock:
            self._held.pop(key, None)

    def forget(self, tenant: str, person_id: str) -> None:
        """Drop all that was verified for the person, by whichever credential."""
        with self._lock:
            gone = [
                key
                for key, held in self._held.items()
                if held.principal.tenant == tenant
                and person_id in (held.principal.id, held.principal.on_behalf_of)
            ]
            for key in gone:
                del self._held[key]


def forget(tenant: str, person_id: str) -> None:
    """Drop the person's verified credentials in every cache of this process."""
    with _caches_lock:
        caches = list(_caches)
    for cache in caches:
        cache.forget(tenant, person_id)
