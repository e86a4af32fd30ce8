"""Who may see and do what in the engine. Denied by default; one criterion for every query.

People see tasks that are theirs or their groups', and the instances of those tasks. Designers,
operators, auditors and machines that work for the engine see all of the engine's data. What the
variables of an instance hold may belong to an Akte: `guard_variables` lets its keeper refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import ColumnElement, and_, exists, or_, select, true

from engine.errors import NotAllowed, OtherPersonNeeded, TaskTaken
from engine.tables import ancestor, task_candidate, user_task
from engine.tables import instance as instances
from identity.access import permits
from identity.principal import Principal
from storage.database import Database, Row, Transaction

VariableAccess: TypeAlias = Callable[[Transaction, Principal, str], bool]
"""(tx, principal, instance id) -> may the principal read this instance's values?"""

_guards: WeakKeyDictionary[Database, VariableAccess] = WeakKeyDictionary()

_SEEING_ROLES = frozenset({"designer", "operator", "auditor"})


def sees_all(principal: Principal) -> bool:
    """Whether the principal sees the engine's data whoever it concerns."""
    if principal.kind == "system":
        return True
    if principal.kind == "machine" and permits(principal, "external_task.work"):
        return True
    return bool(principal.roles & _SEEING_ROLES) and permits(principal, "task.read")


def names(principal: Principal) -> list[str]:
    """What a model may call this person by: id, login, and the person they stand in for."""
    found = {principal.id, principal.name}
    if principal.on_behalf_of is not None:
        found.add(principal.on_behalf_of)
    return sorted(found)


def candidacies(principal: Principal) -> list[str]:
    """The `task_candidate.candidate` values that mean this principal."""
    users = (f"u:{name}" for name in names(principal))
    return sorted((*users, *(f"g:{group}" for group in principal.groups)))


def visible_tasks(principal: Principal) -> ColumnElement[bool]:
    """The one criterion: open or closed tasks that the principal may see."""
    if sees_all(principal):
        return true()
    return tasks_seen_by(names(principal), candidacies(principal), principal.id)


def tasks_seen_by(
    called: Sequence[Any], candidates: Sequence[Any], person: Any
) -> ColumnElement[bool]:
    """`visible_tasks` for values or for parameters that stand for them."""
    candidate = exists().where(
        task_candidate.c.tenant == user_task.c.tenant,
        task_candidate.c.task_id == user_task.c.id,
        task_candidate.c.candidate.in_(candidates),
    )
    return or_(user_task.c.assignee.in_(called), user_task.c.closed_by == person, candidate)


def visible_instances(principal: Principal, table: Any) -> ColumnElement[bool]:
    """Instances that the principal started or takes part in, and all that these have called."""
    if sees_all(principal):
        return true()
    outer = instances.alias("outer_instance")
    called = exists().where(
        and_(
            ancestor.c.tenant == table.c.tenant,
            ancestor.c.instance_id == table.c.id,
            outer.c.tenant == ancestor.c.tenant,
            outer.c.id == ancestor.c.ancestor_id,
            _own_instances(principal, outer),
        )
    )
    return or_(_own_instances(principal, table), and_(table.c.parent_id.is_not(None), called))


def _own_instances(principal: Principal, table: Any) -> ColumnElement[bool]:
    takes_part = exists().where(
        and_(
            user_task.c.tenant == table.c.tenant,
            user_task.c.instance_id == table.c.id,
            visible_tasks(principal),
        )
    )
    return or_(table.c.started_by == principal.id, takes_part)


def guard_variables(database: Database, guard: VariableAccess) -> None:
    """Let whoever keeps the file (an Akte) decide who reads an instance's values in it."""
    _guards[database] = guard


def may_read_variables(tx: Transaction, principal: Principal, instance_id: str) -> bool:
    """Asked after the instance has been found visible. Who keeps the file of a caller keeps that
    of what it called."""
    if principal.kind == "system":
        return True
    guard = _guards.get(tx.database)
    if guard is None:
        return True
    callers = select(ancestor.c.ancestor_id).where(
        ancestor.c.tenant == tx.tenant, ancestor.c.instance_id == instance_id
    )
    concerned = [instance_id, *(row.ancestor_id for row in tx.all(callers))]
    return all(guard(tx, principal, each) for each in concerned)


def people_of(row: Row) -> tuple[list[str], list[str], list[str]]:
    """Candidate users, candidate groups and excluded persons of a user_task row."""
    if row.people is None:
        return [], [], []
    users, groups, excluded = msgspec.json.decode(row.people)
    return users, groups, excluded


def is_candidate(principal: Principal, row: Row) -> bool:
    users, groups, _ = people_of(row)
    return bool(set(users) & set(names(principal)) or set(groups) & principal.groups)


def may_see_task(principal: Principal, row: Row) -> bool:
    """The criterion `visible_tasks` for a row at hand."""
    if sees_all(principal) or is_candidate(principal, row):
        return True
    return row.assignee in names(principal) or row.closed_by == principal.id


def check_worker(principal: Principal, row: Row, action: str) -> None:
    """May the principal work on this open task? Raises NotAllowed, TaskTaken, OtherPersonNeeded."""
    if principal.kind == "system":
        return
    if not permits(principal, "task.work"):
        raise NotAllowed(action, row.id)
    mine = row.assignee is not None and row.assignee in names(principal)
    users, groups, _ = people_of(row)
    unnamed = not users and not groups and row.assignee is None
    if not (mine or is_candidate(principal, row) or (unnamed and sees_all(principal))):
        raise NotAllowed(action, row.id)
    if row.assignee is not None and not mine:
        raise TaskTaken(row.id, row.assignee)
    check_four_eyes(principal.identities(), row)


def check_lead(principal: Principal, row: Row, action: str) -> None:
    """May the principal give this task to somebody else?"""
    if principal.kind == "system":
        return
    if not permits(principal, "task.assign"):
        raise NotAllowed(action, row.id)
    _, groups, _ = people_of(row)
    if not (sees_all(principal) or not groups or set(groups) & principal.groups):
        raise NotAllowed(action, row.id)


def check_four_eyes(persons: Iterable[str], row: Row) -> None:
    """Raises OtherPersonNeeded for who did an earlier task that a rule names."""
    _, _, excluded = people_of(row)
    if set(excluded) & set(persons):
        raise OtherPersonNeeded(row.id)
