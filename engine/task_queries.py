"""Questions about people's tasks. Every one is asked by a principal and answers what it may see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, select, tuple_

from engine import access, worklist
from engine.errors import NotFound
from engine.tables import instance, task_candidate, user_task
from engine.views import Task
from identity.access import require
from identity.principal import Principal
from storage.database import Instant, Row, Transaction

_JOINED = (instance.c.tenant == user_task.c.tenant) & (instance.c.id == user_task.c.instance_id)

_ONE = (
    select(*worklist.TASK)
    .join_from(user_task, instance, _JOINED)
    .where(user_task.c.tenant == bindparam("tenant"), user_task.c.id == bindparam("id"))
)


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
    before: tuple[datetime, str] | None = None
    """(opened_at, id) of the task after which a page, newest first, goes on."""
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
    shape, values = _shape(tx, principal, query)
    page = {"page_limit": query.limit, "page_offset": query.offset}
    return [as_task(row) for row in tx.all(_page(shape), {**values, **page})]


def task_count(tx: Transaction, principal: Principal, query: TaskQuery) -> int:
    require(principal, "task.read")
    short = _short_way(principal, query)
    if short is not None:
        return worklist.count(tx, *short)
    shape, values = _shape(tx, principal, replace(query, order="newest"))
    return int(tx.scalar(_count(shape), values))


def task(tx: Transaction, principal: Principal, task_id: str) -> Task:
    """One task, open or closed. Raises NotFound for what the principal may not see."""
    require(principal, "task.read")
    row = tx.first(_ONE, {"tenant": tx.tenant, "id": task_id})
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


_EQUAL: dict[str, Any] = {
    "assignee": user_task.c.assignee,
    "instance_id": user_task.c.instance_id,
    "definition_id": user_task.c.definition_id,
    "process_id": user_task.c.process_id,
    "node": user_task.c.node,
    "name": user_task.c.name,
    "done_by": user_task.c.closed_by,
    "business_key": instance.c.business_key,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides a statement's text, without any value: it is compiled once for each shape.

    `own` counts the principal's names and candidacies; None: it sees every task.
    """

    given: frozenset[str]
    state: str
    order: str
    unassigned: bool
    free: bool
    inbox: tuple[int, int] | None
    own: tuple[int, int] | None
    wanted: int
    assignees: int
    before: bool


def _shape(tx: Transaction, principal: Principal, query: TaskQuery) -> tuple[Shape, dict[str, Any]]:
    """The shape, and the values of its parameters."""
    fields = (*_EQUAL, "due_before", "due_after")
    given = {name: getattr(query, name) for name in fields if getattr(query, name) is not None}
    wanted = [f"g:{group}" for group in query.candidate_groups]
    if query.candidate_user is not None:
        wanted.append(f"u:{query.candidate_user}")
    called, candidacies = access.names(principal), access.candidacies(principal)
    counts = (len(called), len(candidacies))
    seen = None if access.sees_all(principal) else counts
    shape = Shape(
        given=frozenset(given),
        state=query.state,
        order=query.order,
        unassigned=query.unassigned,
        free=not query.include_assigned,
        inbox=counts if query.inbox else None,
        own=seen,
        wanted=len(wanted),
        assignees=len(query.assignees),
        before=query.before is not None,
    )
    values = {"tenant": tx.tenant, **given, **_numbered("wanted", wanted)}
    values |= _numbered("assignees", list(query.assignees))
    if query.before is not None:
        values |= {"before_at": query.before[0], "before_id": query.before[1]}
    if seen is not None or query.inbox:
        values |= {**_numbered("called", called), **_numbered("candidacy", candidacies)}
    if seen is not None:
        values["person"] = principal.id
    return shape, values


@cache
def _page(shape: Shape) -> Any:
    return (
        select(*worklist.TASK)
        .join_from(user_task, instance, _JOINED)
        .where(*_filters(shape))
        .order_by(*_ORDERS[shape.order])
        .limit(bindparam("page_limit"))
        .offset(bindparam("page_offset"))
    )


@cache
def _count(shape: Shape) -> Any:
    joined = select(func.count()).select_from(user_task).join(instance, _JOINED)
    return joined.where(*_filters(shape))


def _filters(shape: Shape) -> list[ColumnElement[bool]]:
    table = user_task.c
    found: list[ColumnElement[bool]] = [table.tenant == bindparam("tenant")]
    if shape.own is not None:
        called, candidacies = _parameters(shape.own)
        found.append(access.tasks_seen_by(called, candidacies, bindparam("person")))
    if shape.state != "any":
        is_open = table.closed_at.is_(None)
        found.append(is_open if shape.state == "open" else ~is_open)
    found += [column == bindparam(name) for name, column in _EQUAL.items() if name in shape.given]
    if shape.assignees:
        persons: list[Any] = [bindparam(f"assignees{index}") for index in range(shape.assignees)]
        found.append(table.assignee.in_(persons))
    if shape.unassigned:
        found.append(table.assignee.is_(None))
    if "due_before" in shape.given:
        found.append(table.due <= bindparam("due_before"))
    if "due_after" in shape.given:
        found.append(table.due >= bindparam("due_after"))
    if shape.before:
        last = tuple_(bindparam("before_at", type_=Instant()), bindparam("before_id"))
        found.append(tuple_(table.opened_at, table.id) < last)
    if shape.inbox is not None:
        called, candidacies = _parameters(shape.inbox)
        found.append(table.assignee.in_(called) | _candidate(candidacies, free=True))
    if shape.wanted:
        wanted: list[Any] = [bindparam(f"wanted{index}") for index in range(shape.wanted)]
        found.append(_candidate(wanted, free=shape.free))
    return found


def _parameters(counts: tuple[int, int]) -> tuple[list[Any], list[Any]]:
    called, candidacies = counts
    return (
        [bindparam(f"called{index}") for index in range(called)],
        [bindparam(f"candidacy{index}") for index in range(candidacies)],
    )


def _numbered(name: str, values: list[str]) -> dict[str, Any]:
    return {f"{name}{index}": value for index, value in enumerate(values)}


def _candidate(candidates: list[Any], *, free: bool) -> ColumnElement[bool]:
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
        suspended=row.suspended,
    )
