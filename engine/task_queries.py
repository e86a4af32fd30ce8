"""Questions about people's tasks. Every one is asked by a principal and answers what it may see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, exists, func, select

from engine import access, worklist
from engine.errors import NotFound
from engine.tables import instance, task_candidate, user_task
from engine.views import Task
from identity.access import require
from identity.principal import Principal
from storage.database import Row, Transaction

_JOINED = (instance.c.tenant == user_task.c.tenant) & (instance.c.id == user_task.c.instance_id)


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """Filters that are None or empty do not narrow.

    `inbox`: what the principal should do: their own tasks and the free ones of their groups.
    A list by `candidate_groups` or `candidate_user` holds free tasks only, unless
    `include_assigned`.
    """

    inbox: bool = False
    assignee: str | None = None
    assignees: tuple[str, ...] = ()
    unassigned: bool = False
    candidate_groups: tuple[str, ...] = ()
    candidate_user: str | None = None
    include_assigned: bool = False
    instance_id: str | None = None
    definition_id: str | None = None
    process_id: str | None = None
    business_key: str | None = None
    node: str | None = None
    name: str | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None
    done_by: str | None = None
    state: Literal["open", "closed", "any"] = "open"
    order: Literal["newest", "oldest", "due", "priority"] = "newest"
    limit: int = 50
    offset: int = 0


_ORDERS: dict[str, tuple[Any, ...]] = {
    "newest": (user_task.c.opened_at.desc(), user_task.c.id.desc()),
    "oldest": (user_task.c.opened_at, user_task.c.id),
    "due": (user_task.c.due.is_(None), user_task.c.due, user_task.c.id),
    "priority": (user_task.c.priority.desc(), user_task.c.opened_at, user_task.c.id),
}


def tasks(tx: Transaction, principal: Principal, query: TaskQuery) -> list[Task]:
    """A page of tasks."""
    require(principal, "task.read")
    short = _short_way(principal, query)
    if short is not None and query.order == "newest":
        rows = worklist.newest(tx, *short, query.limit, query.offset)
        return [as_task(row) for row in rows]
    statement = (
        select(*worklist.TASK)
        .join_from(user_task, instance, _JOINED)
        .where(*_filters(tx, principal, query))
        .order_by(*_ORDERS[query.order])
        .limit(query.limit)
        .offset(query.offset)
    )
    return [as_task(row) for row in tx.all(statement)]


def task_count(tx: Transaction, principal: Principal, query: TaskQuery) -> int:
    require(principal, "task.read")
    short = _short_way(principal, query)
    if short is not None:
        return worklist.count(tx, *short)
    statement = (
        select(func.count())
        .select_from(user_task)
        .join(instance, _JOINED)
        .where(*_filters(tx, principal, query))
    )
    return int(tx.scalar(statement))


def task(tx: Transaction, principal: Principal, task_id: str) -> Task:
    """One task, open or closed. Raises NotFound for what the principal may not see."""
    require(principal, "task.read")
    statement = (
        select(*worklist.TASK)
        .join_from(user_task, instance, _JOINED)
        .where(user_task.c.tenant == tx.tenant, user_task.c.id == task_id)
    )
    row = tx.first(statement)
    if row is None or not access.may_see_task(principal, row):
        raise NotFound("task", task_id)
    return as_task(row)


_LISTED = TaskQuery()


def _short_way(principal: Principal, query: TaskQuery) -> tuple[list[str], list[str]] | None:
    """Candidacies and names, when nothing else narrows the question: then the inbox answers."""
    plain = replace(
        query,
        inbox=False,
        candidate_groups=(),
        candidate_user=None,
        order="newest",
        limit=_LISTED.limit,
        offset=0,
    )
    if plain != _LISTED:
        return None
    if query.inbox and not query.candidate_groups and query.candidate_user is None:
        return access.candidacies(principal), access.names(principal)
    if query.inbox or not (query.candidate_groups or query.candidate_user):
        return None
    wanted = {f"g:{group}" for group in query.candidate_groups}
    if query.candidate_user is not None:
        wanted.add(f"u:{query.candidate_user}")
    if not access.sees_all(principal):
        wanted &= set(access.candidacies(principal))
    return sorted(wanted), []


def _filters(tx: Transaction, principal: Principal, query: TaskQuery) -> list[ColumnElement[bool]]:
    table = user_task.c
    found: list[ColumnElement[bool]] = [
        table.tenant == tx.tenant,
        access.visible_tasks(principal),
    ]
    if query.state != "any":
        is_open = table.closed_at.is_(None)
        found.append(is_open if query.state == "open" else ~is_open)
    equal = (
        (table.assignee, query.assignee),
        (table.instance_id, query.instance_id),
        (table.definition_id, query.definition_id),
        (table.process_id, query.process_id),
        (table.node, query.node),
        (table.name, query.name),
        (table.closed_by, query.done_by),
        (instance.c.business_key, query.business_key),
    )
    found += [column == value for column, value in equal if value is not None]
    if query.assignees:
        found.append(table.assignee.in_(query.assignees))
    if query.unassigned:
        found.append(table.assignee.is_(None))
    if query.due_before is not None:
        found.append(table.due <= query.due_before)
    if query.due_after is not None:
        found.append(table.due >= query.due_after)
    wanted = [f"g:{group}" for group in query.candidate_groups]
    if query.candidate_user is not None:
        wanted.append(f"u:{query.candidate_user}")
    if query.inbox:
        found.append(
            table.assignee.in_(access.names(principal))
            | _candidate(access.candidacies(principal), free=True)
        )
    if wanted:
        found.append(_candidate(wanted, free=not query.include_assigned))
    return found


def _candidate(candidates: list[str], *, free: bool) -> ColumnElement[bool]:
    criterion = and_(
        task_candidate.c.tenant == user_task.c.tenant,
        task_candidate.c.task_id == user_task.c.id,
        task_candidate.c.candidate.in_(candidates),
    )
    return exists().where(criterion, task_candidate.c.free.is_(True) if free else criterion)


def as_task(row: Row) -> Task:
    users, groups, excluded = access.people_of(row)
    return Task(
        id=row.id,
        instance_id=row.instance_id,
        definition_id=row.definition_id,
        process_id=row.process_id,
        business_key=row.business_key,
        node=row.node,
        token=row.token,
        name=row.name,
        assignee=row.assignee,
        candidate_users=tuple(users),
        candidate_groups=tuple(groups),
        excluded=tuple(excluded),
        priority=row.priority,
        due=row.due,
        follow_up=row.follow_up,
        form=row.form,
        form_id=row.form_id,
        opened_at=row.opened_at,
        claimed_at=row.claimed_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        how=row.how,
    )
