"""Proof of who asks: password, API token, browser session.

Invariant: every failure gives the same `NotAuthenticated` after equal effort; credentials are
stored only as hashes; a login that is guessed at must wait longer after each failure.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import select

from identity import sessions
from identity.backoff import forget_failures, record_failure, wait_of
from identity.cache import Verified
from identity.errors import NotAuthenticated, PersonUnknown, TooManyAttempts
from identity.passwords import password_matches
from identity.persons import principal_of
from identity.principal import Principal
from identity.sessions import Session
from identity.tables import person
from identity.tokens import principal_of_token
from storage.database import DEFAULT_TENANT, Database, Row, Transaction

_STRIPES = 64


class Authenticator:
    """Verifies credentials of one tenant. One per process and tenant; safe for threads."""

    def __init__(self, database: Database, tenant: str = DEFAULT_TENANT) -> None:
        self.database = database
        self.tenant = tenant
        self._verified = Verified()
        self._turns = [threading.Lock() for _ in range(_STRIPES)]

    def password(self, login: str, password: str) -> Principal:
        """The person whose password this is. Raises `NotAuthenticated` or `TooManyAttempts`."""
        login = login.strip().casefold()
        key = self._verified.key("password", login, password)
        if (known := self._verified.get(key, self._revision)) is not None:
            return known
        # One guess at a time per login: parallel guesses would all pass before the first counts.
        with self._turns[sha256(login.encode()).digest()[0] % _STRIPES]:
            if (known := self._verified.get(key, self._revision)) is not None:
                return known
            return self._check_password(login, password, key)

    def token(self, text: str) -> Principal:
        """The owner of an API token (`amtsgang_…`), narrowed to the token's scopes."""
        key = self._verified.key("token", text)
        if (known := self._verified.get(key, self._revision)) is not None:
            return known
        with self.database.reading(self.tenant) as tx:
            principal, expires_at = principal_of_token(tx, text, _now())
            revision = _revision(tx, principal.id)
        if revision is not None and expires_at - _now() > timedelta(minutes=1):
            self._verified.put(key, principal, revision)
        return principal

    def open_session(self, login: str, password: str) -> tuple[str, Session]:
        """Log a browser in: the cookie's value (it is not stored) and the session."""
        principal = self.password(login, password)
        with self.database.begin(self.tenant) as tx:
            return sessions.open_session(tx, principal)

    def session(self, cookie: str) -> Session:
        """The open session of a cookie. Raises `NotAuthenticated` when it expired or was closed."""
        with self.database.reading(self.tenant) as tx:
            found = sessions.find_session(tx, cookie, _now())
        if found.stale:
            with self.database.begin(self.tenant) as tx:
                sessions.touch(tx, cookie)
        return found

    def close_session(self, cookie: str) -> None:
        """Log out: the cookie is worth nothing from now on."""
        with self.database.begin(self.tenant) as tx:
            sessions.close_session(tx, cookie)

    def represent(self, cookie: str, absent: str | None) -> Session:
        """Act for an absent person from now on (None: for oneself again). It is recorded."""
        with self.database.begin(self.tenant) as tx:
            return sessions.represent(tx, cookie, absent)

    def _check_password(self, login: str, password: str, key: bytes) -> Principal:
        with self.database.reading(self.tenant) as tx:
            if (wait := wait_of(tx, login, _now())) > 0:
                raise TooManyAttempts(wait)
            row = _password_row(tx, login)
        right = password_matches(row.password_hash if row is not None else None, password)
        if not right or row is None or not row.active:
            with self.database.begin(self.tenant) as tx:
                record_failure(tx, login)
            raise NotAuthenticated("Anmeldename oder Passwort stimmt nicht.")
        with self.database.begin(self.tenant) as tx:
            forget_failures(tx, login)
            try:
                principal = principal_of(tx, row.id)
            except PersonUnknown as error:
                raise NotAuthenticated("Anmeldename oder Passwort stimmt nicht.") from error
            # A password changed since it was compared must not be cached under the new revision.
            current = _password_row(tx, login)
            if current is None or current.password_hash != row.password_hash:
                raise NotAuthenticated("Anmeldename oder Passwort stimmt nicht.")
            self._verified.put(key, principal, current.revision)
        return principal

    def _revision(self, principal: Principal) -> int | None:
        with self.database.reading(self.tenant) as tx:
            return _revision(tx, principal.id)


def _password_row(tx: Transaction, login: str) -> Row | None:
    query = select(person.c.id, person.c.password_hash, person.c.active, person.c.revision).where(
        person.c.tenant == tx.tenant, person.c.login == login
    )
    return tx.first(query)


def _revision(tx: Transaction, person_id: str) -> int | None:
    query = select(person.c.revision).where(
        person.c.tenant == tx.tenant, person.c.id == person_id, person.c.active
    )
    revision: int | None = tx.scalar(query)
    return revision


def _now() -> datetime:
    return datetime.now(UTC)
