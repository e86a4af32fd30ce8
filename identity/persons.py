"""Persons and machines of a tenant, their groups, roles and units.

Invariant: an id is random and stays; a login is never given to a second person. Every change
raises the row's `revision`, drops verified credentials and stands in the person's stream.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, insert, select, update

from identity.access import check_roles, require
from identity.cache import forget
from identity.errors import LoginTaken, PersonUnknown
from identity.journal import record
from identity.passwords import hash_password
from identity.principal import Principal, system_principal
from identity.tables import api_token, membership, person, session
from storage.database import Transaction

_KINDS = ("group", "role", "unit")


@dataclass(frozen=True, slots=True)
class Person:
    """A person (or machine) as stored. `display_name` is personal data: show it, never log it."""

    id: str
    kind: Literal["person", "machine"]
    login: str
    display_name: str
    active: bool
    revision: int
    groups: frozenset[str]
    roles: frozenset[str]
    units: frozenset[str]


def add_person(
    tx: Transaction,
    *,
    login: str,
    display_name: str,
    password: str | None,
    groups: Iterable[str] = (),
    roles: Iterable[str] = (),
    units: Iterable[str] = (),
    actor: Principal | None = None,
    kind: Literal["person", "machine"] = "person",
) -> str:
    """Add a person and return the new id. Without an actor it is the system that acts (set-up)."""
    actor = actor or system_principal(tx.tenant)
    require(actor, "person.manage")
    login = _normal(login)
    if not 0 < len(login) <= 200:
        raise LoginTaken("Ein Anmeldename hat 1 bis 200 Zeichen.")
    if _id_of(tx, login) is not None:
        raise LoginTaken("Diesen Anmeldenamen gibt es schon.")
    wanted = {"group": set(groups), "role": set(roles), "unit": set(units)}
    check_roles(wanted["role"])
    person_id = f"{'u' if kind == 'person' else 'm'}_{secrets.token_hex(12)}"
    row = {
        "tenant": tx.tenant,
        "id": person_id,
        "kind": kind,
        "login": login,
        "display_name": display_name,
        "password_hash": hash_password(password) if password is not None else None,
        "active": True,
        "revision": 1,
        "created_at": tx.now,
    }
    tx.run(insert(person), row)
    _add_memberships(tx, person_id, {(k, name) for k in _KINDS for name in wanted[k]})
    facts: Mapping[str, object] = {f"{k}s": sorted(wanted[k]) for k in _KINDS}
    values: dict[str, object] = {"login": login, "display_name": display_name}
    record(tx, actor, person_id, "person.added", {"person_kind": kind, **facts}, values)
    return person_id


def add_machine(
    tx: Transaction,
    *,
    login: str,
    display_name: str,
    roles: Iterable[str],
    units: Iterable[str] = (),
    actor: Principal | None = None,
) -> str:
    """Add a machine: it has no password, only API tokens."""
    return add_person(
        tx,
        login=login,
        display_name=display_name,
        password=None,
        roles=roles,
        units=units,
        actor=actor,
        kind="machine",
    )


def person_by_id(tx: Transaction, person_id: str) -> Person:
    """The person with that id; raises `PersonUnknown`."""
    row = tx.first(select(person).where(person.c.tenant == tx.tenant, person.c.id == person_id))
    if row is None:
        raise PersonUnknown(f"Diese Person gibt es nicht: {person_id}")
    return _person(tx, row)


def find_by_login(tx: Transaction, login: str) -> Person | None:
    """The person with that login, whatever its case; None if there is none."""
    found = _id_of(tx, _normal(login))
    return person_by_id(tx, found) if found is not None else None


def persons(tx: Transaction, *, include_inactive: bool = False) -> list[Person]:
    """All persons and machines of the tenant, by login."""
    query = select(person).where(person.c.tenant == tx.tenant).order_by(person.c.login)
    if not include_inactive:
        query = query.where(person.c.active)
    return [_person(tx, row) for row in tx.all(query)]


def display_names(tx: Transaction, ids: Iterable[str]) -> dict[str, str]:
    """What people read instead of ids. Unknown ids are missing from the answer."""
    wanted = sorted(set(ids))
    names = {"system": "System"} if "system" in wanted else {}
    for start in range(0, len(wanted), 500):
        query = select(person.c.id, person.c.display_name).where(
            person.c.tenant == tx.tenant, person.c.id.in_(wanted[start : start + 500])
        )
        names.update({row.id: row.display_name for row in tx.all(query)})
    return names


def names_in_use(tx: Transaction, kind: Literal["group", "role", "unit"]) -> list[str]:
    """The groups, roles or units that active persons belong to, by name."""
    query = (
        select(membership.c.name)
        .distinct()
        .join(
            person,
            (membership.c.tenant == person.c.tenant) & (membership.c.person == person.c.id),
        )
        .where(membership.c.tenant == tx.tenant, membership.c.kind == kind, person.c.active)
    )
    return [row.name for row in tx.all(query.order_by(membership.c.name))]


def members(tx: Transaction, kind: Literal["group", "role", "unit"], name: str) -> list[str]:
    """The ids of active persons in a group or unit, or with a role."""
    query = (
        select(person.c.id)
        .join(
            membership,
            (membership.c.tenant == person.c.tenant) & (membership.c.person == person.c.id),
        )
        .where(
            person.c.tenant == tx.tenant,
            person.c.active,
            membership.c.kind == kind,
            membership.c.name == name,
        )
        .order_by(person.c.login)
    )
    return [row.id for row in tx.all(query)]


def principal_of(
    tx: Transaction, person_id: str, scopes: frozenset[str] = frozenset({"*"})
) -> Principal:
    """The principal for an active person; raises `PersonUnknown` for others."""
    found = person_by_id(tx, person_id)
    if not found.active:
        raise PersonUnknown("Diese Person ist nicht mehr tätig.")
    return Principal(
        id=found.id,
        tenant=tx.tenant,
        name=found.login,
        kind=found.kind,
        groups=found.groups,
        roles=found.roles,
        units=found.units,
        scopes=scopes,
    )


def set_memberships(
    tx: Transaction,
    principal: Principal,
    person_id: str,
    *,
    groups: Iterable[str] | None = None,
    roles: Iterable[str] | None = None,
    units: Iterable[str] | None = None,
) -> None:
    """Replace the groups, roles or units that are given; the others stay."""
    require(principal, "person.manage")
    before = person_by_id(tx, person_id)
    given = {"group": groups, "role": roles, "unit": units}
    held = {"group": before.groups, "role": before.roles, "unit": before.units}
    wanted = {k: held[k] if names is None else frozenset(names) for k, names in given.items()}
    check_roles(wanted["role"])
    gone = {(k, name) for k in _KINDS for name in held[k] - wanted[k]}
    new = {(k, name) for k in _KINDS for name in wanted[k] - held[k]}
    if not gone and not new:
        return
    for k, name in sorted(gone):
        tx.run(
            membership.delete().where(
                membership.c.tenant == tx.tenant,
                membership.c.person == person_id,
                membership.c.kind == k,
                membership.c.name == name,
            )
        )
    _add_memberships(tx, person_id, new)
    facts: Mapping[str, object] = {
        "added": [f"{k}:{name}" for k, name in sorted(new)],
        "removed": [f"{k}:{name}" for k, name in sorted(gone)],
    }
    changed(tx, principal, person_id, "person.memberships_changed", facts)


def set_password(tx: Transaction, principal: Principal, person_id: str, password: str) -> None:
    """Set a new password: one's own, or another's by who manages persons. Ends all sessions."""
    if principal.id != person_id or principal.on_behalf_of is not None:
        require(principal, "person.manage")
    hashed = hash_password(password)
    _update(tx, person_id, password_hash=hashed)
    end_sessions(tx, person_id)
    changed(tx, principal, person_id, "person.password_set", {})


def rename_person(tx: Transaction, principal: Principal, person_id: str, display_name: str) -> None:
    """Change the name that people read; the login and the id stay."""
    require(principal, "person.manage")
    _update(tx, person_id, display_name=display_name)
    changed(tx, principal, person_id, "person.renamed", {}, {"display_name": display_name})


def deactivate_person(tx: Transaction, principal: Principal, person_id: str) -> None:
    """End a person's access: password, tokens and sessions stop to work; the id stays known."""
    require(principal, "person.manage")
    _update(tx, person_id, active=False, password_hash=None)
    end_sessions(tx, person_id)
    tx.run(
        update(api_token)
        .where(
            api_token.c.tenant == tx.tenant,
            api_token.c.person == person_id,
            api_token.c.revoked_at.is_(None),
        )
        .values(revoked_at=tx.now)
    )
    changed(tx, principal, person_id, "person.deactivated", {})


def end_sessions(tx: Transaction, person_id: str) -> None:
    """Close every browser session of the person."""
    tx.run(session.delete().where(session.c.tenant == tx.tenant, session.c.person == person_id))


def changed(  # noqa: PLR0917 the order of an entry
    tx: Transaction,
    principal: Principal,
    person_id: str,
    kind: str,
    facts: Mapping[str, object],
    values: Mapping[str, object] | None = None,
) -> None:
    """Record a change of what a principal is or may, and drop its verified credentials."""
    tx.run(
        update(person)
        .where(person.c.tenant == tx.tenant, person.c.id == person_id)
        .values(revision=person.c.revision + 1)
    )
    record(tx, principal, person_id, kind, facts, values)
    tenant = tx.tenant
    tx.after_commit(lambda: forget(tenant, person_id))


def count_persons(tx: Transaction) -> int:
    """How many persons and machines the tenant has: zero means nobody can log in yet."""
    return int(
        tx.scalar(select(func.count()).select_from(person).where(person.c.tenant == tx.tenant))
    )


def _update(tx: Transaction, person_id: str, **values: object) -> None:
    where = (person.c.tenant == tx.tenant, person.c.id == person_id)
    if tx.run(update(person).where(*where).values(**values)) == 0:
        raise PersonUnknown(f"Diese Person gibt es nicht: {person_id}")


def _add_memberships(tx: Transaction, person_id: str, new: set[tuple[str, str]]) -> None:
    for kind, name in sorted(new):
        row = {"tenant": tx.tenant, "person": person_id, "kind": kind, "name": name}
        tx.run(insert(membership), row)


def _id_of(tx: Transaction, login: str) -> str | None:
    found: str | None = tx.scalar(
        select(person.c.id).where(person.c.tenant == tx.tenant, person.c.login == login)
    )
    return found


def _person(tx: Transaction, row: Any) -> Person:
    query = select(membership.c.kind, membership.c.name).where(
        membership.c.tenant == tx.tenant, membership.c.person == row.id
    )
    held: dict[str, set[str]] = {k: set() for k in _KINDS}
    for entry in tx.all(query):
        held[entry.kind].add(entry.name)
    return Person(
        id=row.id,
        kind=row.kind,
        login=row.login,
        display_name=row.display_name,
        active=row.active,
        revision=row.revision,
        groups=frozenset(held["group"]),
        roles=frozenset(held["role"]),
        units=frozenset(held["unit"]),
    )


def _normal(login: str) -> str:
    return login.strip().casefold()
