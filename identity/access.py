"""Roles and what each permits: one table, read by every interface.

Invariant: what no role of the principal names is denied, and a token's scopes only narrow. Access
to a single Akte is decided in `eakte/access.py`, to a task in the engine; this table is the gate
before both.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from identity.errors import NotPermitted, RoleUnknown
from identity.principal import Principal

_KREDITOREN = {"kreditor.read", "kreditor.create"}
_READ = {"akte.read", "akte.search", "akte.export", "task.read", "instance.read", "model.read"}
_WORK = _READ | {
    "akte.create",
    "akte.write",
    "akte.close",
    "task.work",
    "instance.start",
    "invoice.submit",
    "deputy.own",
}

ROLES: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {
        "clerk": frozenset(_WORK | _KREDITOREN),
        "lead": frozenset(
            _WORK
            | {"akte.grant", "akte.break_glass", "task.assign", "deputy.set"}
            | {"house.administer", "invoice.route"}
            | _KREDITOREN
            | {"kreditor.change", "kreditor.confirm"}
            | {"befugnis.propose", "befugnis.confirm", "befugnis.read"}
        ),
        "registratur": frozenset(
            _WORK
            | {"akte.grant", "akte.reopen", "akte.retention", "akte.all_heads"}
            | {"aktenplan.change", "unit.change", "house.administer"}
        ),
        "auditor": frozenset(
            _READ
            | {"akte.audit", "akte.break_glass", "befugnis.read", "ledger.verify", "kreditor.read"}
        ),
        "datenschutz": frozenset({"readlog.read", "readlog.prune", "ledger.verify"}),
        "designer": frozenset(
            {"model.read", "model.deploy", "instance.start", "instance.read", "task.read"}
        ),
        "operator": frozenset(
            {"model.read", "model.deploy", "instance.start", "instance.read", "instance.operate"}
            | {"job.operate", "external_task.work", "message.send", "task.read"}
            | {"person.manage", "token.manage", "ledger.verify", "system.operate"}
            | {"house.administer", "invoice.route", "unit.change"}
            | _KREDITOREN
            | {"kreditor.change"}
            | {"befugnis.propose", "befugnis.confirm", "befugnis.read", "deputy.set"}
        ),
        "buchhaltung": frozenset(
            _WORK | {"booking.report"} | _KREDITOREN | {"kreditor.change", "kreditor.confirm"}
        ),
        # machines
        "submitter": frozenset({"invoice.submit", "message.send"}),
        "worker": frozenset({"external_task.work", "model.read"}),
        "booking": frozenset({"booking.report", "kreditor.read", "message.send"}),
    }
)
PERMISSIONS = frozenset().union(*ROLES.values())
PERSONAL_ROLES = frozenset({"auditor", "datenschutz", "designer", "operator"})
"""Roles that a Vertretung does not pass on: they are given to a person, not to a desk."""


def permits(principal: Principal, permission: str) -> bool:
    """Whether one of the principal's roles names the permission and its scopes let it through."""
    if permission not in PERMISSIONS:
        raise RoleUnknown(f"unknown permission {permission}")
    if principal.kind == "system":
        return True
    if not _in_scope(principal.scopes, permission):
        return False
    return any(permission in ROLES.get(role, ()) for role in principal.roles)


def require(principal: Principal, permission: str) -> None:
    """Raise `NotPermitted` unless the principal's roles and scopes give the permission."""
    if not permits(principal, permission):
        raise NotPermitted(permission)


def check_roles(roles: Iterable[str]) -> None:
    """Raise `RoleUnknown` for a role that stands in no table, so that typing errors are seen."""
    for role in roles:
        if role not in ROLES:
            raise RoleUnknown(f"Unbekannte Rolle: {role}. Bekannt sind: {', '.join(sorted(ROLES))}")


def check_scopes(scopes: Iterable[str]) -> None:
    """A scope is a permission, a family such as `akte.*`, or `*`."""
    families = {f"{permission.partition('.')[0]}.*" for permission in PERMISSIONS}
    for scope in scopes:
        if scope != "*" and scope not in PERMISSIONS and scope not in families:
            raise RoleUnknown(f"Unbekannter Geltungsbereich: {scope}")


def _in_scope(scopes: frozenset[str], permission: str) -> bool:
    family = permission.partition(".")[0]
    return "*" in scopes or permission in scopes or f"{family}.*" in scopes
