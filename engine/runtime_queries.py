"""Questions about what is open: jobs, timers, subscriptions, incidents; for operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import ColumnElement, Table, exists, func, select

from engine import access
from engine.errors import NotFound
from engine.tables import incident, job, subscription, timer
from engine.tables import instance as instances
from engine.views import IncidentView, JobView, SubscriptionView, TimerView
from identity.access import require
from identity.principal import Principal
from storage.database import Transaction

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class OpenQuery:
    """Filters of all lists here; what a kind does not have narrows nothing."""

    ids: tuple[str, ...] = ()
    instance_id: str | None = None
    definition_id: str | None = None
    process_id: str | None = None
    node: str | None = None
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class JobQuery(OpenQuery):
    kind: Literal["handler", "external", "continuation"] | None = None
    topic: str | None = None
    worker_id: str | None = None
    state: Literal["ready", "leased", "failed"] | None = None
    free_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class TimerQuery(OpenQuery):
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionQuery(OpenQuery):
    message: str | None = None


@dataclass(frozen=True, slots=True)
class IncidentQuery(OpenQuery):
    kind: str | None = None
    job_id: str | None = None


def jobs(tx: Transaction, principal: Principal, query: JobQuery) -> list[JobView]:
    return _page(tx, principal, job, query, _view(JobView), job.c.created_at)


def job_count(tx: Transaction, principal: Principal, query: JobQuery) -> int:
    return _count(tx, principal, job, query)


def job_of(tx: Transaction, principal: Principal, job_id: str) -> JobView:
    """Raises NotFound."""
    found = jobs(tx, principal, JobQuery(ids=(job_id,), limit=1))
    if not found:
        raise NotFound("job", job_id)
    return found[0]


def timers(tx: Transaction, principal: Principal, query: TimerQuery) -> list[TimerView]:
    """The next due first."""
    return _page(tx, principal, timer, query, _view(TimerView), timer.c.due)


def timer_count(tx: Transaction, principal: Principal, query: TimerQuery) -> int:
    return _count(tx, principal, timer, query)


def timer_of(tx: Transaction, principal: Principal, timer_id: str) -> TimerView:
    """Raises NotFound."""
    found = timers(tx, principal, TimerQuery(ids=(timer_id,), limit=1))
    if not found:
        raise NotFound("timer", timer_id)
    return found[0]


def subscriptions(
    tx: Transaction, principal: Principal, query: SubscriptionQuery
) -> list[SubscriptionView]:
    by = subscription.c.created_at
    return _page(tx, principal, subscription, query, _view(SubscriptionView), by)


def incidents(tx: Transaction, principal: Principal, query: IncidentQuery) -> list[IncidentView]:
    by = incident.c.opened_at.desc()
    return _page(tx, principal, incident, query, _view(IncidentView), by)


def incident_count(tx: Transaction, principal: Principal, query: IncidentQuery) -> int:
    return _count(tx, principal, incident, query)


def incidents_by_definition(tx: Transaction, principal: Principal) -> dict[str, int]:
    """Definition id → how many incidents its instances stand at."""
    by = incident.c.definition_id
    statement = select(by, func.count()).where(*_filters(tx, principal, incident, IncidentQuery()))
    return {row[0]: row[1] for row in tx.all(statement.group_by(by))}


def incident_of(tx: Transaction, principal: Principal, incident_id: str) -> IncidentView:
    """Raises NotFound."""
    found = incidents(tx, principal, IncidentQuery(ids=(incident_id,), limit=1))
    if not found:
        raise NotFound("incident", incident_id)
    return found[0]


def _view(kind: type[V]) -> Callable[[Any], V]:
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return lambda row: kind(**{name: getattr(row, name) for name in names})


def _page(  # noqa: PLR0917 the parts of a list
    tx: Transaction,
    principal: Principal,
    table: Table,
    query: OpenQuery,
    view: Callable[[Any], V],
    order: Any,
) -> list[V]:
    statement = (
        select(table)
        .where(*_filters(tx, principal, table, query))
        .order_by(order, table.c.id)
        .limit(query.limit)
        .offset(query.offset)
    )
    return [view(row) for row in tx.all(statement)]


def _count(tx: Transaction, principal: Principal, table: Table, query: OpenQuery) -> int:
    statement = select(func.count()).select_from(table)
    return int(tx.scalar(statement.where(*_filters(tx, principal, table, query))))


_BEFORE = {"free_before": "free_at", "due_before": "due"}
_NO_FILTERS = {"ids", "limit", "offset"}


def _filters(
    tx: Transaction, principal: Principal, table: Table, query: OpenQuery
) -> list[ColumnElement[bool]]:
    """Each field of the query is a column of its name, or the upper bound of one."""
    require(principal, "instance.read")
    found: list[ColumnElement[bool]] = [table.c.tenant == tx.tenant]
    if not access.sees_all(principal):
        found.append(
            exists().where(
                instances.c.tenant == table.c.tenant,
                instances.c.id == table.c.instance_id,
                access.visible_instances(principal, instances),
            )
        )
    if query.ids:
        found.append(table.c.id.in_(query.ids))
    for field in fields(query):
        value = getattr(query, field.name)
        if value is None or field.name in _NO_FILTERS:
            continue
        if field.name in _BEFORE:
            found.append(table.c[_BEFORE[field.name]] <= value)
        else:
            found.append(table.c[field.name] == value)
    return found
