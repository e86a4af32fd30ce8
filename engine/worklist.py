"""The inbox: which tasks are somebody's, newest first, and how many.

The hot query of every page. Each candidate group's newest tasks come from one ordered range of a
partial index; only as many as are shown are read of each. Counts are sums over the same ranges;
only tasks with several candidates need to be told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, func, select, union_all

from engine.tables import instance, task_candidate, user_task
from storage.database import Row, Transaction

TASK = (user_task, instance.c.business_key, instance.c.suspended)
"""What `engine.task_queries` makes a task of."""


@cache
def _list(candidates: int, assignees: int) -> Any:
    """The statement for so many candidacies and names; compiled once for each pair."""
    branches = [_free(f"c{index}") for index in range(candidates)]
    branches += [_assigned(f"a{index}") for index in range(assignees)]
    found = union_all(*branches).subquery()
    page = (
        select(found.c.task_id, found.c.opened_at)
        .distinct()
        .order_by(found.c.opened_at.desc(), found.c.task_id.desc())
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
        .subquery()
    )
    tenant: Any = bindparam("tenant")
    is_task = and_(user_task.c.tenant == tenant, user_task.c.id == page.c.task_id)
    is_case = and_(instance.c.tenant == tenant, instance.c.id == user_task.c.instance_id)
    return (
        select(*TASK)
        .select_from(page)
        .join(user_task, is_task)
        .join(instance, is_case)
        .order_by(page.c.opened_at.desc(), page.c.task_id.desc())
    )


def _free(candidate: str) -> Any:
    """The newest free tasks of one candidacy: one ordered range of its index."""
    newest = (
        select(task_candidate.c.task_id, task_candidate.c.opened_at)
        .where(
            task_candidate.c.tenant == bindparam("tenant"),
            task_candidate.c.candidate == bindparam(candidate),
            task_candidate.c.free.is_(True),
        )
        .order_by(task_candidate.c.opened_at.desc(), task_candidate.c.task_id.desc())
        .limit(bindparam("upto"))
        .subquery()
    )
    return select(newest.c.task_id, newest.c.opened_at)


def _assigned(assignee: str) -> Any:
    """The newest open tasks of one assignee."""
    mine = (
        select(user_task.c.id.label("task_id"), user_task.c.opened_at)
        .where(
            user_task.c.tenant == bindparam("tenant"),
            user_task.c.assignee == bindparam(assignee),
            user_task.c.closed_at.is_(None),
        )
        .order_by(user_task.c.opened_at.desc())
        .limit(bindparam("upto"))
        .subquery()
    )
    return select(mine.c.task_id, mine.c.opened_at)


@cache
def _count(candidates: int) -> Any:
    names: list[Any] = [bindparam(f"c{index}") for index in range(candidates)]
    return select(
        func.count().filter(task_candidate.c.alone.is_(True)),
        func.count(task_candidate.c.task_id.distinct()).filter(task_candidate.c.alone.is_(False)),
    ).where(
        task_candidate.c.tenant == bindparam("tenant"),
        task_candidate.c.candidate.in_(names),
        task_candidate.c.free.is_(True),
    )


@cache
def _count_assigned(assignees: int) -> Any:
    names: list[Any] = [bindparam(f"a{index}") for index in range(assignees)]
    return select(func.count()).where(
        user_task.c.tenant == bindparam("tenant"),
        user_task.c.assignee.in_(names),
        user_task.c.closed_at.is_(None),
    )


def newest(
    tx: Transaction, candidates: Sequence[str], assignees: Sequence[str], limit: int, offset: int
) -> list[Row]:
    """Rows of `TASK`: free tasks of the candidacies and open ones of the assignees."""
    if not candidates and not assignees:
        return []
    keys: dict[str, Any] = {"tenant": tx.tenant, "upto": limit + offset, "limit": limit}
    keys |= {"offset": offset, **_named("c", candidates), **_named("a", assignees)}
    return tx.all(_list(len(candidates), len(assignees)), keys)


def count(tx: Transaction, candidates: Sequence[str], assignees: Sequence[str]) -> int:
    found = 0
    if candidates:
        keys = {"tenant": tx.tenant, **_named("c", candidates)}
        row = tx.first(_count(len(candidates)), keys)
        assert row is not None
        found = row[0] + row[1]
    if assignees:
        keys = {"tenant": tx.tenant, **_named("a", assignees)}
        found += tx.scalar(_count_assigned(len(assignees)), keys)
    return int(found)


def _named(prefix: str, values: Sequence[str]) -> dict[str, str]:
    return {f"{prefix}{index}": value for index, value in enumerate(values)}
