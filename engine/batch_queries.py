"""Questions about batches: what was ordered, how far it is, and what could not be done."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from engine.errors import NotFound
from engine.tables import batch as batches
from engine.tables import batch_item
from engine.views import BatchView
from identity.access import require
from identity.principal import Principal
from storage.database import Row, Transaction

MOST_ERRORS = 100


def batch_list(
    tx: Transaction,
    principal: Principal,
    *,
    ids: tuple[str, ...] = (),
    kind: str | None = None,
    suspended: bool | None = None,
    ended: bool | None = False,
    limit: int = 50,
    offset: int = 0,
) -> list[BatchView]:
    """The newest first; those that have not ended, unless asked for."""
    require(principal, "instance.operate")
    where = [*_filters(tx, ids, kind, suspended, ended)]
    rows = tx.all(_statement(where).limit(limit).offset(offset))
    return [_view(row) for row in rows]


def batch_count(
    tx: Transaction,
    principal: Principal,
    *,
    ids: tuple[str, ...] = (),
    kind: str | None = None,
    suspended: bool | None = None,
    ended: bool | None = False,
) -> int:
    require(principal, "instance.operate")
    where = _filters(tx, ids, kind, suspended, ended)
    return int(tx.scalar(select(func.count()).select_from(batches).where(*where)))


def batch(tx: Transaction, principal: Principal, batch_id: str) -> BatchView:
    """With its errors. Raises NotFound."""
    require(principal, "instance.operate")
    row = tx.first(_statement([batches.c.tenant == tx.tenant, batches.c.id == batch_id]))
    if row is None:
        raise NotFound("batch", batch_id)
    failed = select(batch_item.c.subject, batch_item.c.error).where(
        batch_item.c.tenant == tx.tenant,
        batch_item.c.batch_id == batch_id,
        batch_item.c.state == "failed",
    )
    errors = tx.all(failed.order_by(batch_item.c.subject).limit(MOST_ERRORS))
    return _view(row, tuple((each.subject, each.error or "") for each in errors))


def _filters(
    tx: Transaction,
    ids: tuple[str, ...],
    kind: str | None,
    suspended: bool | None,
    ended: bool | None,
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [batches.c.tenant == tx.tenant]
    if ids:
        found.append(batches.c.id.in_(ids))
    if kind is not None:
        found.append(batches.c.kind == kind)
    if suspended is not None:
        found.append(batches.c.suspended.is_(suspended))
    if ended is not None:
        found.append(batches.c.ended_at.is_not(None) if ended else batches.c.ended_at.is_(None))
    return found


def _statement(where: list[ColumnElement[bool]]) -> Any:
    of = (batch_item.c.tenant == batches.c.tenant) & (batch_item.c.batch_id == batches.c.id)
    failed = func.sum(case((batch_item.c.state == "failed", 1), else_=0))
    counts = select(failed).where(of).scalar_subquery()
    return select(batches, counts.label("failed")).where(*where).order_by(batches.c.id.desc())


def _view(row: Row, errors: tuple[tuple[str, str], ...] = ()) -> BatchView:
    return BatchView(
        id=row.id,
        kind=row.kind,
        total=row.total,
        done=row.done,
        failed=row.failed or 0,
        suspended=row.suspended,
        started_at=row.started_at,
        started_by=row.started_by,
        ended_at=row.ended_at,
        errors=errors,
    )
