"""Questions about what is open: jobs, timers, subscriptions, incidents; for operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Table, bindparam, exists, func, select

from engine import access
from engine.errors import NotFound
from engine.tables import held_node, incident, job, subscription, timer
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
    suspended: bool | None = None


@dataclass(frozen=True, slots=True)
class TimerQuery(OpenQuery):
    due_before: datetime | None = None
    suspended: bool | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionQuery(OpenQuery):
    """`message` is a signal's name, too."""

    event: str | None = None
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


def held_nodes(tx: Transaction, principal: Principal, definition_id: str) -> frozenset[str]:
    """The elements of a definition whose jobs and timers wait for an operator."""
    require(principal, "instance.read")
    statement = select(held_node.c.node).where(
        held_node.c.tenant == tx.tenant, held_node.c.definition_id == definition_id
    )
    return frozenset(row.node for row in tx.all(statement))


def subscriptions(
    tx: Transaction, principal: Principal, query: SubscriptionQuery
) -> list[SubscriptionView]:
    by = subscription.c.created_at
    return _page(tx, principal, subscription, query, _view(SubscriptionView), by)


def subscription_count(tx: Transaction, principal: Principal, query: SubscriptionQuery) -> int:
    return _count(tx, principal, subscription, query)


_NEWEST_INCIDENT = incident.c.opened_at.desc()


def incidents(tx: Transaction, principal: Principal, query: IncidentQuery) -> list[IncidentView]:
    by = _NEWEST_INCIDENT
    return _page(tx, principal, incident, query, _view(IncidentView), by)


def incident_count(tx: Transaction, principal: Principal, query: IncidentQuery) -> int:
    return _count(tx, principal, incident, query)


def incidents_by_definition(tx: Transaction, principal: Principal) -> dict[str, int]:
    """Definition id → how many incidents its instances stand at."""
    by = incident.c.definition_id
    shape, values = _asked(tx, principal, IncidentQuery())
    statement = select(by, func.count()).where(*_criteria(incident, shape)).group_by(by)
    if not access.sees_all(principal):
        statement = statement.where(_taking_part(principal, incident))
    return {row[0]: row[1] for row in tx.all(statement, values)}


def incident_of(tx: Transaction, principal: Principal, incident_id: str) -> IncidentView:
    """Raises NotFound."""
    found = incidents(tx, principal, IncidentQuery(ids=(incident_id,), limit=1))
    if not found:
        raise NotFound("incident", incident_id)
    return found[0]


@cache
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
    shape, values = _asked(tx, principal, query)
    values |= {"limit": query.limit, "offset": query.offset}
    statement = _listed(table, shape, order)
    if not access.sees_all(principal):
        statement = statement.where(_taking_part(principal, table))
    return [view(row) for row in tx.all(statement, values)]


def _count(tx: Transaction, principal: Principal, table: Table, query: OpenQuery) -> int:
    shape, values = _asked(tx, principal, query)
    statement = select(func.count()).select_from(table).where(*_criteria(table, shape))
    if not access.sees_all(principal):
        statement = statement.where(_taking_part(principal, table))
    return int(tx.scalar(statement, values))


class Shape(NamedTuple):
    """What a list's statement depends on; the values are its parameters."""

    narrowing: tuple[str, ...]
    ids: int


_BEFORE = {"free_before": "free_at", "due_before": "due"}
_NO_FILTERS = {"ids", "limit", "offset"}


def _asked(tx: Transaction, principal: Principal, query: OpenQuery) -> tuple[Shape, dict[str, Any]]:
    require(principal, "instance.read")
    narrowing = {name: getattr(query, name) for name in _fields(query)}
    narrowing = {name: value for name, value in narrowing.items() if value is not None}
    values = {**narrowing, "tenant": tx.tenant}
    values |= {f"id_{index}": each for index, each in enumerate(query.ids)}
    return Shape(tuple(narrowing), len(query.ids)), values


def _fields(query: OpenQuery) -> tuple[str, ...]:
    return tuple(name for name in query.__dataclass_fields__ if name not in _NO_FILTERS)


@lru_cache(maxsize=256)
def _listed(table: Table, shape: Shape, order: Any) -> Any:
    """Made once for each shape."""
    return (
        select(table)
        .where(*_criteria(table, shape))
        .order_by(order, table.c.id)
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
    )


def _criteria(table: Table, shape: Shape) -> list[ColumnElement[bool]]:
    """Each field of the query is a column of its name, or the upper bound of one."""
    found: list[ColumnElement[bool]] = [table.c.tenant == bindparam("tenant")]
    if shape.ids:
        found.append(table.c.id.in_([bindparam(f"id_{index}") for index in range(shape.ids)]))
    for name in shape.narrowing:
        if name in _BEFORE:
            found.append(table.c[_BEFORE[name]] <= bindparam(name))
        else:
            found.append(table.c[name] == bindparam(name))
    return found


def _taking_part(principal: Principal, table: Table) -> ColumnElement[bool]:
    """Others than operators see what belongs to their instances."""
    return exists().where(
        instances.c.tenant == table.c.tenant,
        instances.c.id == table.c.instance_id,
        access.visible_instances(principal, instances),
    )
