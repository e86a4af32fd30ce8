"""Questions about instances: head data, tokens, variables, and the history in their ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, exists, func, or_, select

from engine import access, acts, record
from engine.errors import NotAllowed, NotFound
from engine.ids import local_id
from engine.machine import facts
from engine.machine.state import State, decode, decode_variables
from engine.tables import incident
from engine.tables import instance as instances
from engine.views import Activity, HistoryEntry, InstanceView, Token, Variable
from identity.access import require
from identity.principal import Principal
from storage import ledger
from storage.database import Row, Transaction

_HEAD = (
    instances.c.id,
    instances.c.definition_id,
    instances.c.process_id,
    instances.c.business_key,
    instances.c.started_at,
    instances.c.started_by,
    instances.c.ended_at,
    instances.c.how,
    instances.c.end_node,
    instances.c.seq,
    instances.c.suspended,
    instances.c.parent_id,
    instances.c.parent_call,
    instances.c.root_id,
)


@dataclass(frozen=True, slots=True)
class InstanceQuery:
    """Filters that are None or empty do not narrow."""

    ids: tuple[str, ...] = ()
    process_id: str | None = None
    definition_id: str | None = None
    business_key: str | None = None
    started_by: str | None = None
    with_incident: bool | None = None
    suspended: bool | None = None
    parent_id: str | None = None
    called_id: str | None = None
    """The instance that called this one."""
    root_id: str | None = None
    """The whole family of calls, its root among them."""
    roots: bool = False
    """Only instances that nobody has called."""
    state: Literal["running", "ended", "any"] = "any"
    order: Literal["newest", "oldest"] = "newest"
    limit: int = 50
    offset: int = 0


def instance_list(
    tx: Transaction, principal: Principal, query: InstanceQuery
) -> list[InstanceView]:
    """A page of instances. Their ids are ordered by time."""
    require(principal, "instance.read")
    by = instances.c.id
    statement = (
        select(*_HEAD)
        .where(*_filters(tx, principal, query))
        .order_by(by.desc() if query.order == "newest" else by)
        .limit(query.limit)
        .offset(query.offset)
    )
    return [_view(row) for row in tx.all(statement)]


def instance_count(tx: Transaction, principal: Principal, query: InstanceQuery) -> int:
    require(principal, "instance.read")
    statement = select(func.count(instances.c.id)).where(*_filters(tx, principal, query))
    return int(tx.scalar(statement))


def running_by_definition(tx: Transaction, principal: Principal) -> dict[str, int]:
    """Definition id → how many of its instances run, of those that the principal may see."""
    require(principal, "instance.read")
    running = _filters(tx, principal, InstanceQuery(state="running"))
    by = instances.c.definition_id
    statement = select(by, func.count()).where(*running).group_by(by)
    return {row[0]: row[1] for row in tx.all(statement)}


def instance(tx: Transaction, principal: Principal, instance_id: str) -> InstanceView:
    """Raises NotFound for what the principal may not see."""
    return _view(_row(tx, principal, instance_id, _HEAD))


def tokens(tx: Transaction, principal: Principal, instance_id: str) -> list[Token]:
    """Where the instance stands, and what each of its tokens waits for."""
    row = _row(tx, principal, instance_id, (instances.c.state,))
    if row.state is None:
        return []
    state = decode(row.state)
    return [
        Token(
            id=number,
            node=token.node,
            scope=token.scope,
            waits_for=tuple(
                (state.waits[wait].kind, local_id(instance_id, wait)) for wait in token.waits
            ),
        )
        for number, token in state.tokens.items()
    ]


def variables(
    tx: Transaction,
    principal: Principal,
    instance_id: str,
    token: int | None = None,
    *,
    local: bool = False,
) -> dict[str, Variable]:
    """The process's variables, or all that a token sees, or (`local`) what it holds itself.

    Raises NotFound, NotAllowed.
    """
    row = _row(tx, principal, instance_id, (instances.c.state, instances.c.variables))
    if not access.may_read_variables(tx, principal, instance_id):
        raise NotAllowed("variables", instance_id)
    if row.state is None:
        return told_values(tx, instance_id)
    if not token:
        values, wires = decode_variables(row.variables)
        state = State(variables=values, wire=wires)
        seen, scope = state.visible(0), 0
    else:
        state = decode(row.state, row.variables)
        if token not in state.tokens:
            raise NotFound("token", local_id(instance_id, token))
        scope = state.scope_of(token)
        seen = state.local(token) if local else state.visible(scope)
    stated = {**state.wire.get(0, {}), **state.wire.get(scope, {})}
    return {name: Variable(value, stated.get(name)) for name, value in seen.items()}


def told_values(tx: Transaction, instance_id: str, *, first: bool = False) -> dict[str, Variable]:
    """The process's variables when the instance ended, as its ledger tells; None if erased.

    `first`: those that it was given when it began.
    """
    found: dict[str, Variable] = {}
    for entry in ledger.entries(tx, instance_id):
        if entry.kind == ledger.ERASED:
            continue
        for fact in record.decode(entry):
            if first and isinstance(fact, facts.Entered):
                return found
            if isinstance(fact, facts.VariableSet) and fact.scope == 0:
                found[fact.name] = Variable(fact.value, fact.wire)
            elif isinstance(fact, facts.VariableRemoved) and fact.scope == 0:
                found.pop(fact.name, None)
    return found


def history(tx: Transaction, principal: Principal, instance_id: str) -> list[HistoryEntry]:
    """Every command that touched the instance, with its facts, from its ledger stream."""
    _row(tx, principal, instance_id, (instances.c.id,))
    if not access.may_read_variables(tx, principal, instance_id):
        raise NotAllowed("history", instance_id)
    return [
        HistoryEntry(
            seq=entry.seq,
            at=entry.at,
            actor=entry.actor,
            on_behalf_of=entry.on_behalf_of,
            kind=entry.kind,
            facts=record.decode(entry),
            redacted=entry.redacted,
        )
        for entry in ledger.entries(tx, instance_id)
        if entry.kind != ledger.ERASED
    ]


def activities(tx: Transaction, principal: Principal, instance_id: str) -> list[Activity]:
    """The visits to nodes, in order of entering, under the names of the version they ended in."""
    told = _Visits(instance_id)
    for entry in history(tx, principal, instance_id):
        for fact in entry.facts:
            told.note(entry, fact)
    return told.visits


class _Visits:
    """What the facts of an instance tell of its visits to nodes."""

    def __init__(self, instance_id: str) -> None:
        self.instance_id = instance_id
        self.visits: list[Activity] = []
        self._open: dict[int, int] = {}
        """Token → its visit that has not ended."""
        self._tasks: dict[int, int] = {}
        """Task or call → its visit; -1 where the ledger tells of none."""
        self._definition = ""

    def note(self, entry: HistoryEntry, fact: facts.Fact) -> None:
        match fact:
            case acts.Begun():
                self._definition = fact.definition_id
            case acts.Migrated():
                self._definition = fact.target_id
                for place in self._open.values():
                    self._mark(place, definition_id=fact.target_id)
            case facts.Entered():
                self._open[fact.token] = len(self.visits)
                visit = Activity(fact.node, fact.token, entry.at, definition_id=self._definition)
                self.visits.append(visit)
            case facts.Moved() if fact.token in self._open:
                self._mark(self._open[fact.token], node=fact.node)
            case facts.Left() | facts.Cancelled():
                place = self._open.pop(fact.token, -1)
                gone = isinstance(fact, facts.Cancelled)
                self._mark(place, ended_at=entry.at, cancelled=gone)
            case facts.TaskOpened():
                place = self._tasks[fact.task] = self._open.get(fact.token, -1)
                self._mark(place, task_id=local_id(self.instance_id, fact.task))
            case facts.TaskClosed() if fact.how != "cancelled":
                who = {"performer": entry.actor, "on_behalf_of": entry.on_behalf_of}
                self._mark(self._tasks.get(fact.task, -1), **who)
            case facts.Called():
                self._tasks[fact.call] = self._open.get(fact.token, -1)
            case acts.CallBegun():
                self._mark(self._tasks.get(fact.call, -1), called_id=fact.instance_id)
            case _:
                pass

    def _mark(self, place: int, **changes: Any) -> None:
        if place >= 0:
            self.visits[place] = replace(self.visits[place], **changes)


def _row(tx: Transaction, principal: Principal, instance_id: str, columns: Any) -> Row:
    require(principal, "instance.read")
    row = tx.first(
        select(*columns).where(
            instances.c.tenant == tx.tenant,
            instances.c.id == instance_id,
            access.visible_instances(principal, instances),
        )
    )
    if row is None:
        raise NotFound("instance", instance_id)
    return row


def _filters(
    tx: Transaction, principal: Principal, query: InstanceQuery
) -> list[ColumnElement[bool]]:
    table = instances.c
    found: list[ColumnElement[bool]] = [
        table.tenant == tx.tenant,
        access.visible_instances(principal, instances),
    ]
    if query.ids:
        found.append(table.id.in_(query.ids))
    equal = (
        (table.process_id, query.process_id),
        (table.definition_id, query.definition_id),
        (table.business_key, query.business_key),
        (table.started_by, query.started_by),
        (table.parent_id, query.parent_id),
    )
    found += [column == value for column, value in equal if value is not None]
    if query.state != "any":
        runs = table.ended_at.is_(None)
        found.append(runs if query.state == "running" else ~runs)
    if query.suspended is not None:
        found.append(table.suspended.is_(query.suspended))
    if query.called_id is not None:
        inner = instances.alias("called_instance").c
        called = exists().where(
            inner.tenant == table.tenant,
            inner.id == query.called_id,
            inner.parent_id == table.id,
        )
        found.append(called)
    if query.root_id is not None:
        found.append(or_(table.root_id == query.root_id, table.id == query.root_id))
    if query.roots:
        found.append(table.parent_id.is_(None))
    if query.with_incident is not None:
        stopped = exists().where(
            incident.c.tenant == table.tenant, incident.c.instance_id == table.id
        )
        found.append(stopped if query.with_incident else ~stopped)
    return found


def _view(row: Row) -> InstanceView:
    return InstanceView(*row)
