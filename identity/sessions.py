"""Browser sessions: a random cookie, stored as SHA-256, with a CSRF secret of its own.

Invariant: a session ends ten hours after log-in, or one hour after its last use; the person's
rights are read anew each time, and a Vertretung that ended gives none.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, insert, select, update

from identity.deputies import act_for, record_represented
from identity.errors import NotADeputy, NotAuthenticated, PersonUnknown
from identity.persons import principal_of
from identity.principal import Principal
from identity.tables import session
from storage.database import Row, Transaction

LIFETIME = timedelta(hours=10)
IDLE = timedelta(hours=1)
TOUCH_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Session:
    """An open session. `own` is the person who logged in, `principal` who acts (see deputies)."""

    principal: Principal
    own: Principal
    csrf_secret: bytes
    expires_at: datetime
    stale: bool = False

    def csrf_token(self) -> str:
        """A token for one form: masked by a salt, so that compressed pages do not leak it."""
        salt = secrets.token_hex(8)
        return f"{salt}.{self._mac(salt)}"

    def csrf_valid(self, token: str) -> bool:
        """Whether the token was made for this session; compared in constant time."""
        salt, _, mac = token.partition(".")
        return hmac.compare_digest(mac.encode(), self._mac(salt).encode())

    def _mac(self, salt: str) -> str:
        return hmac.new(self.csrf_secret, salt.encode(), sha256).hexdigest()


def open_session(tx: Transaction, principal: Principal) -> tuple[str, Session]:
    """Open a session for a person who was just authenticated."""
    tx.run(delete(session).where(session.c.tenant == tx.tenant, session.c.expires_at < tx.now))
    cookie = secrets.token_urlsafe(32)
    row = {
        "tenant": tx.tenant,
        "hash": _hash(cookie),
        "person": principal.id,
        "csrf_secret": secrets.token_bytes(32),
        "opened_at": tx.now,
        "seen_at": tx.now,
        "expires_at": tx.now + LIFETIME,
    }
    tx.run(insert(session), row)
    return cookie, find_session(tx, cookie, tx.now)


def find_session(tx: Transaction, cookie: str, now: datetime) -> Session:
    """The session with that cookie; raises `NotAuthenticated` when there is none open."""
    row = _row(tx, cookie)
    if row is None or row.expires_at <= now or row.seen_at + IDLE <= now:
        raise NotAuthenticated("Die Sitzung ist abgelaufen. Bitte neu anmelden.")
    try:
        own = principal_of(tx, row.person)
    except PersonUnknown as error:
        raise NotAuthenticated("Die Sitzung ist abgelaufen. Bitte neu anmelden.") from error
    principal = own
    if row.on_behalf_of is not None:
        try:
            principal = act_for(tx, own, row.on_behalf_of, now)
        except (NotADeputy, PersonUnknown):
            principal = own  # the Vertretung ended: one acts for oneself again
    return Session(
        principal=principal,
        own=own,
        csrf_secret=row.csrf_secret,
        expires_at=min(row.expires_at, row.seen_at + IDLE),
        stale=now - row.seen_at > TOUCH_EVERY,
    )


def touch(tx: Transaction, cookie: str) -> None:
    """The session was used: its idle time starts again."""
    tx.run(update(session).where(*_where(tx, cookie)).values(seen_at=tx.now))


def close_session(tx: Transaction, cookie: str) -> None:
    """End the session; an unknown cookie changes nothing."""
    tx.run(delete(session).where(*_where(tx, cookie)))


def represent(tx: Transaction, cookie: str, absent: str | None) -> Session:
    """Switch to acting for an absent person, or back. Both identities stand in the ledger."""
    found = find_session(tx, cookie, tx.now)
    if absent is not None:
        record_represented(tx, act_for(tx, found.own, absent))
    tx.run(update(session).where(*_where(tx, cookie)).values(on_behalf_of=absent))
    return find_session(tx, cookie, tx.now)


def _row(tx: Transaction, cookie: str) -> Row | None:
    return tx.first(select(session).where(*_where(tx, cookie)))


def _where(tx: Transaction, cookie: str):  # type: ignore[no-untyped-def]
    return (session.c.tenant == tx.tenant, session.c.hash == _hash(cookie))


def _hash(cookie: str) -> bytes:
    return sha256(cookie.encode()).digest()
