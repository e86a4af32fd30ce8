"""`/identity`, `/user` and `/group`: who works here, as task lists ask it.

In this dialect a user's id is the login: that is what clients send, show and compare. Inside it
is the random id; `logins` and `person_id` translate. Invariant: whoever neither manages persons
nor assigns tasks learns of nobody but themselves.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from sqlalchemy import bindparam, select
from starlette.requests import Request

from engine.errors import NotFound
from engine.http.call import Answer, Call
from engine.http.dialect import BadRequest, JsonObject
from identity.access import permits
from identity.errors import NotAuthenticated
from identity.principal import Principal
from identity.tables import membership, person
from storage.database import Transaction

_LOGINS = select(person.c.id, person.c.login).where(
    person.c.tenant == bindparam("tenant"), person.c.id.in_(bindparam("ids", expanding=True))
)
_BY_LOGIN = select(person.c.id).where(
    person.c.tenant == bindparam("tenant"), person.c.login == bindparam("login")
)
_PERSONS = (
    select(person.c.id, person.c.login, person.c.display_name)
    .where(person.c.tenant == bindparam("tenant"), person.c.active, person.c.kind == "person")
    .order_by(person.c.login)
)
_MEMBERS = (
    select(membership.c.name, person.c.login)
    .join(person, (person.c.tenant == membership.c.tenant) & (person.c.id == membership.c.person))
    .where(membership.c.tenant == bindparam("tenant"), membership.c.kind == "group")
    .order_by(membership.c.name, person.c.login)
)


def logins(tx: Transaction, ids: Iterable[str | None]) -> dict[str | None, str]:
    """Random id → login, of those that are persons here."""
    wanted = sorted({each for each in ids if each is not None})
    if not wanted:
        return {}
    rows = tx.all(_LOGINS, {"tenant": tx.tenant, "ids": wanted})
    return {row.id: row.login for row in rows}


def person_id(call: Call, user: str) -> str:
    """Login → random id. What is no login stays as it is: models may name anybody."""
    if user == call.principal.name:
        return call.principal.id
    with call.reading() as tx:
        found = tx.scalar(_BY_LOGIN, {"tenant": tx.tenant, "login": user.strip().casefold()})
    return user if found is None else str(found)


def _sees_others(principal: Principal) -> bool:
    return permits(principal, "person.manage") or permits(principal, "task.assign")


# --- identity ---


def verify(call: Call) -> Answer:
    """`/identity/verify`: asked at the same door as every request, so guessing waits longer."""
    body = call.json()
    user, password = body.get("username"), body.get("password")
    if not isinstance(user, str) or not isinstance(password, str):
        raise BadRequest("Username and password are required")
    credential = base64.b64encode(f"{user}:{password}".encode())
    headers = [(b"authorization", b"Basic " + credential)]
    assert call.principal_of is not None
    try:
        call.principal_of(Request({"type": "http", "headers": headers}))
    except NotAuthenticated:
        return {"authenticatedUser": user, "authenticated": False}
    return {"authenticatedUser": user, "authenticated": True}


def groups_of(call: Call) -> Answer:
    """`/identity/groups?userId=`: the user's groups, and who else is in them."""
    user = call.filters("userId").text("userId")
    if user is None:
        raise BadRequest("No user id was supplied")
    members = _members(call)
    if not _sees_others(call.principal) and user != call.principal.name:
        raise NotFound("user", user)
    own = {name: logins_ for name, logins_ in members.items() if user in logins_}
    others = sorted({login for each in own.values() for login in each} - {user})
    shown = [_user(row) for row in _persons(call) if row["id"] in others]
    return {"groups": [{"id": name, "name": name} for name in own], "groupUsers": shown}


def password_policy(_: Call) -> Answer:
    raise BadRequest("No password policy is configured", 404)


# --- users ---


def _persons(call: Call) -> list[JsonObject]:
    with call.reading() as tx:
        rows = tx.all(_PERSONS, {"tenant": tx.tenant})
    everybody = _sees_others(call.principal)
    return [
        {"id": row.login, "name": row.display_name}
        for row in rows
        if everybody or row.id == call.principal.id
    ]


def _user(row: JsonObject) -> JsonObject:
    """Camunda splits names in two; the last word is the family's."""
    first, _, last = str(row["name"]).rpartition(" ")
    return {"id": row["id"], "firstName": first, "lastName": last, "email": None}


def _filtered(call: Call) -> list[JsonObject]:
    filters = call.filters("id", "idIn", "firstName", "lastName", "memberOfGroup")
    found = [_user(row) for row in _persons(call)]
    ids = filters.texts("id", "idIn")
    group = filters.text("memberOfGroup")
    members = _members(call).get(group, []) if group is not None else []
    narrowed = [
        user
        for user in found
        if (not ids or user["id"] in ids)
        and (group is None or user["id"] in members)
        and filters.text("firstName") in (None, user["firstName"])
        and filters.text("lastName") in (None, user["lastName"])
    ]
    orders = {"userId": "id", "firstName": "firstName", "lastName": "lastName"}
    return filters.page(narrowed, orders)


def users(call: Call) -> Answer:
    return _filtered(call)


def user_count(call: Call) -> Answer:
    return {"count": len(_filtered(call))}


def profile(call: Call) -> Answer:
    user = call.path["id"]
    for row in _persons(call):
        if row["id"] == user:
            return _user(row)
    raise NotFound("user", user)


# --- groups ---


def _members(call: Call) -> dict[str, list[str]]:
    """Group → logins, of the groups that the caller may know."""
    with call.reading() as tx:
        rows = tx.all(_MEMBERS, {"tenant": tx.tenant})
    everybody = _sees_others(call.principal)
    found: dict[str, list[str]] = {}
    for row in rows:
        if everybody or row.name in call.principal.groups:
            found.setdefault(row.name, []).append(row.login)
    return found


def groups_of_user(call: Call, user: str) -> tuple[str, ...]:
    """The groups by which tasks are offered to the user."""
    if user in (call.principal.name, call.principal.id):
        return tuple(sorted(call.principal.groups))
    return tuple(name for name, members in _members(call).items() if user in members)


def _groups(call: Call) -> list[JsonObject]:
    filters = call.filters("id", "idIn", "name", "member")
    ids = filters.texts("id", "idIn", "name")
    member = filters.text("member")
    found = [
        {"id": name, "name": name, "type": "WORKFLOW"}
        for name, members in _members(call).items()
        if (not ids or name in ids) and (member is None or member in members)
    ]
    return filters.page(found, {"id": "id", "name": "name", "type": "type"})


def groups(call: Call) -> Answer:
    return _groups(call)


def group_count(call: Call) -> Answer:
    return {"count": len(_groups(call))}


def group(call: Call) -> Answer:
    name = call.path["id"]
    if name not in _members(call):
        raise NotFound("group", name)
    return {"id": name, "name": name, "type": "WORKFLOW"}
