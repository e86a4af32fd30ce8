"""Questions about evaluated decisions: which there were, and what explains one.

Rows say when and by whom; inputs, rules and results are decoded from the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true

from engine import access, record
from engine.errors import NotAllowed, NotFound
from engine.machine.facts import Decided
from engine.tables import evaluation as evaluations
from engine.tables import instance as instances
from engine.views import EvaluationView
from identity.access import require
from identity.principal import Principal
from storage import ledger
from storage.database import Transaction

_COLUMNS = (
    evaluations.c.id,
    evaluations.c.definition_id,
    evaluations.c.key,
    evaluations.c.version,
    evaluations.c.instance_id,
    evaluations.c.process_definition_id,
    evaluations.c.process_id,
    evaluations.c.node,
    evaluations.c.evaluated_at,
    evaluations.c.evaluated_by,
)


@dataclass(frozen=True, slots=True)
class EvaluationQuery:
    """Filters that are None or empty do not narrow."""

    ids: tuple[str, ...] = ()
    definition_ids: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    instance_id: str | None = None
    process_definition_id: str | None = None
    process_id: str | None = None
    nodes: tuple[str, ...] = ()
    before: datetime | None = None
    after: datetime | None = None
    evaluated_by: str | None = None
    newest_first: bool = True
    limit: int = 50
    offset: int = 0


def evaluation_list(
    tx: Transaction, principal: Principal, query: EvaluationQuery
) -> list[EvaluationView]:
    require(principal, "instance.read")
    by = (evaluations.c.evaluated_at, evaluations.c.id)
    statement = (
        select(*_COLUMNS)
        .where(*_filters(tx, principal, query))
        .order_by(*((each.desc() for each in by) if query.newest_first else by))
        .limit(query.limit)
        .offset(query.offset)
    )
    return [EvaluationView(*row) for row in tx.all(statement)]


def evaluation_count(tx: Transaction, principal: Principal, query: EvaluationQuery) -> int:
    require(principal, "instance.read")
    statement = select(func.count()).select_from(evaluations)
    return int(tx.scalar(statement.where(*_filters(tx, principal, query))))


def evaluation(tx: Transaction, principal: Principal, evaluation_id: str) -> EvaluationView:
    """Raises NotFound for what the principal may not see."""
    found = evaluation_list(tx, principal, EvaluationQuery(ids=(evaluation_id,), limit=1))
    if not found:
        raise NotFound("decision instance", evaluation_id)
    return found[0]


def explanation(tx: Transaction, principal: Principal, of: EvaluationView) -> Decided:
    """What was recorded of an evaluation; its values are None where they were erased.

    Raises NotAllowed where the instance's values may not be read.
    """
    stream, seq, number = of.id, 1, 1
    if of.instance_id is not None:
        if not access.may_read_variables(tx, principal, of.instance_id):
            raise NotAllowed("decision instance", of.id)
        stream, *place = of.id.split("-")
        seq, number = (int(each) for each in place)
    for entry in ledger.entries(tx, stream, after=seq - 1):
        told = [fact for fact in record.decode(entry) if isinstance(fact, Decided)]
        return told[number - 1]
    raise NotFound("decision instance", of.id)


def _filters(
    tx: Transaction, principal: Principal, query: EvaluationQuery
) -> list[ColumnElement[bool]]:
    table = evaluations.c
    found: list[ColumnElement[bool]] = [table.tenant == tx.tenant, _visible(principal)]
    several: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (table.id, query.ids),
        (table.definition_id, query.definition_ids),
        (table.key, query.keys),
        (table.node, query.nodes),
    )
    found += [column.in_(values) for column, values in several if values]
    equal = (
        (table.instance_id, query.instance_id),
        (table.process_definition_id, query.process_definition_id),
        (table.process_id, query.process_id),
        (table.evaluated_by, query.evaluated_by),
    )
    found += [column == value for column, value in equal if value is not None]
    if query.before is not None:
        found.append(table.evaluated_at <= query.before)
    if query.after is not None:
        found.append(table.evaluated_at >= query.after)
    return found


def _visible(principal: Principal) -> ColumnElement[bool]:
    """One's own evaluations, and those of instances that one may see."""
    of_instance = exists().where(
        and_(
            instances.c.tenant == evaluations.c.tenant,
            instances.c.id == evaluations.c.instance_id,
            access.visible_instances(principal, instances),
        )
    )
    alone = evaluations.c.instance_id.is_(None)
    if access.sees_all(principal):
        return true()
    return or_(and_(alone, evaluations.c.evaluated_by == principal.id), of_instance)
