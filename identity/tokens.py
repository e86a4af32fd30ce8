"""API tokens of machines and persons: `amtsgang_` and 256 random bits, stored as SHA-256.

Invariant: the text is shown once, at creation; a token never gives more than its owner has.
A random 256-bit text needs no slow hash: it cannot be guessed, stolen hashes are worth nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import insert, select, update

from identity.access import check_scopes, require
from identity.errors import NotAuthenticated, PersonUnknown
from identity.persons import changed, person_by_id, principal_of
from identity.principal import Principal
from identity.tables import api_token
from storage.database import Transaction

PREFIX = "amtsgang_"
DEFAULT_LIFETIME = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as listed: all but its text."""

    id: str
    person: str
    label: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def issue_token(
    tx: Transaction,
    principal: Principal,
    person_id: str,
    *,
    label: str,
    scopes: Iterable[str] = ("*",),
    lifetime: timedelta = DEFAULT_LIFETIME,
) -> tuple[str, ApiToken]:
    """Make a token for a person or machine; the text is returned here and never again."""
    require(principal, "token.manage")
    owner = person_by_id(tx, person_id)
    if not owner.active:
        raise PersonUnknown("Diese Person ist nicht mehr tätig.")
    granted = frozenset(scopes)
    check_scopes(granted)
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        id=f"t_{secrets.token_hex(12)}",
        person=person_id,
        label=label,
        scopes=granted,
        created_at=tx.now,
        expires_at=tx.now + lifetime,
        revoked_at=None,
    )
    row = {
        "tenant": tx.tenant,
        "id": token.id,
        "person": person_id,
        "hash": _hash(text),
        "label": label,
        "scopes": " ".join(sorted(granted)),
        "created_at": token.created_at,
        "created_by": principal.id,
        "expires_at": token.expires_at,
    }
    tx.run(insert(api_token), row)
    facts = {"token": token.id, "scopes": sorted(granted), "expires_at": token.expires_at}
    changed(tx, principal, person_id, "token.issued", facts, {"label": label})
    return text, token


def revoke_token(tx: Transaction, principal: Principal, token_id: str) -> None:
    """End a token before its time. A second call changes nothing."""
    where = (api_token.c.tenant == tx.tenant, api_token.c.id == token_id)
    owner: str | None = tx.scalar(select(api_token.c.person).where(*where))
    if owner != principal.id or principal.on_behalf_of is not None:
        require(principal, "token.manage")
    if owner is None:
        raise PersonUnknown(f"Diesen Token gibt es nicht: {token_id}")
    open_ones = update(api_token).where(*where, api_token.c.revoked_at.is_(None))
    if tx.run(open_ones.values(revoked_at=tx.now)):
        changed(tx, principal, owner, "token.revoked", {"token": token_id})


def tokens_of(tx: Transaction, principal: Principal, person_id: str) -> list[ApiToken]:
    """The person's tokens, newest first; one's own, or another's by who manages tokens."""
    if principal.id != person_id or principal.on_behalf_of is not None:
        require(principal, "token.manage")
    query = (
        select(api_token)
        .where(api_token.c.tenant == tx.tenant, api_token.c.person == person_id)
        .order_by(api_token.c.created_at.desc(), api_token.c.id)
    )
    return [
        ApiToken(
            id=row.id,
            person=row.person,
            label=row.label,
            scopes=frozenset(row.scopes.split()),
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )
        for row in tx.all(query)
    ]


def principal_of_token(tx: Transaction, text: str, now: datetime) -> tuple[Principal, datetime]:
    """Who the token stands for, and until when. The lookup is by hash: nothing leaks by time."""
    refused = NotAuthenticated("Dieser Token gilt nicht.")
    if not text.startswith(PREFIX) or len(text) > 200:
        raise refused
    row = tx.first(
        select(api_token).where(api_token.c.tenant == tx.tenant, api_token.c.hash == _hash(text))
    )
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        raise refused
    try:
        return principal_of(tx, row.person, frozenset(row.scopes.split())), row.expires_at
    except PersonUnknown as error:
        raise refused from error


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
