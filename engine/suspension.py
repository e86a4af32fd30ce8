"""Definitions and their elements are suspended: nothing starts, and no job of an element is done.

Instances are suspended one by one (`operations`). Invariant: a suspended definition listens to
nothing; its start timers keep their due times and fire when it is resumed.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, exists, insert, select, update

from bpmn.values import Variables
from engine import batches, record, starts
from engine.acts import DefinitionResumed, DefinitionSuspended, NodeHeld, NodeReleased
from engine.commands import HoldNode, StartBatch, SuspendDefinition
from engine.errors import NotFound
from engine.instance_rows import ACTIVE
from engine.machine.facts import Fact
from engine.results import Definition
from engine.tables import definition, deployment, held_node, job, timer
from engine.tables import instance as instances
from engine.unit import Unit
from identity.access import require
from storage import ledger

_SUSPEND = (
    update(definition)
    .where(definition.c.tenant == bindparam("of_tenant"), definition.c.id == bindparam("of_id"))
    .values(suspended=bindparam("suspended"))
)
_START_TIMERS = (
    update(timer)
    .where(
        timer.c.tenant == bindparam("of_tenant"),
        timer.c.definition_id == bindparam("of_id"),
        timer.c.instance_id.is_(None),
    )
    .values(suspended=bindparam("suspended"))
)
_NEWEST = select(definition.c.newest).where(
    definition.c.tenant == bindparam("tenant"), definition.c.id == bindparam("id")
)


def suspend_definition(unit: Unit, command: SuspendDefinition) -> str | None:
    """The batch that suspends or resumes its instances, if that is wanted and any run."""
    require(unit.principal, "instance.operate")
    tx = unit.tx
    of = _process(unit, command.definition_id)
    if bool(tx.scalar(ACTIVE, {"tenant": tx.tenant, "id": of.id})) == command.suspended:
        _turn(unit, of, command)
    if not command.with_instances:
        return None
    rows = tx.all(_running(not command.suspended), {"tenant": tx.tenant, "id": of.id})
    subjects = [row.id for row in rows]
    order: Variables = {"suspended": command.suspended, "reason": command.reason}
    return batches.start(unit, StartBatch("suspend", subjects, order)) if subjects else None


def _running(suspended: bool) -> Any:
    return select(instances.c.id).where(
        instances.c.tenant == bindparam("tenant"),
        instances.c.definition_id == bindparam("id"),
        instances.c.ended_at.is_(None),
        instances.c.suspended.is_(suspended),
    )


def _process(unit: Unit, definition_id: str) -> Definition:
    found = unit.engine.models.definition(unit.tx, definition_id)
    if found.kind != "process":
        raise NotFound("process", definition_id)
    return found


def _turn(unit: Unit, of: Definition, command: SuspendDefinition) -> None:
    tx, suspended = unit.tx, command.suspended
    key = {"of_tenant": tx.tenant, "of_id": of.id, "suspended": suspended}
    for statement in (_SUSPEND, _START_TIMERS):
        unit.add(statement, dict(key))
    if tx.scalar(_NEWEST, {"tenant": tx.tenant, "id": of.id}):
        if suspended:
            starts.deafen(unit, of.id, timers=False)
        else:
            starts.listen(unit, of, unit.engine.models.graph(tx, of), armed=False)
    kind = DefinitionSuspended if suspended else DefinitionResumed
    word = "definition.suspended" if suspended else "definition.resumed"
    _record(unit, of, word, kind(of.id, command.reason))


def _record(unit: Unit, of: Definition, kind: str, act: Fact) -> None:
    """In the stream of the deployment that brought the definition."""
    lasting, values = record.encode([act])
    by = unit.principal
    ledger.append(
        unit.tx,
        deployment,
        of.deployment_id,
        actor=by.id,
        on_behalf_of=by.on_behalf_of,
        kind=kind,
        facts=lasting,
        values=values,
    )


# --- elements: Camunda's job definitions ---

_HELD = (
    held_node.c.tenant == bindparam("of_tenant"),
    held_node.c.definition_id == bindparam("of_definition"),
    held_node.c.node == bindparam("of_node"),
)
_KNOWN = select(held_node.c.node).where(*_HELD)
_NOTE = insert(held_node).values({c.name: bindparam(c.name) for c in held_node.c})
_FORGET = delete(held_node).where(*_HELD)


def _jobs(table: Any, *, suspended: bool) -> Any:
    """What is requested already; of suspended instances it stays suspended."""
    statement = update(table).where(
        table.c.tenant == bindparam("of_tenant"),
        table.c.definition_id == bindparam("of_definition"),
        table.c.node == bindparam("of_node"),
    )
    if not suspended:
        held = exists().where(
            instances.c.tenant == table.c.tenant,
            instances.c.id == table.c.instance_id,
            instances.c.suspended.is_(True),
        )
        statement = statement.where(~held)
    return statement.values(suspended=suspended)


_TURN_JOBS = {
    suspended: tuple(_jobs(table, suspended=suspended) for table in (job, timer))
    for suspended in (True, False)
}


def hold_node(unit: Unit, command: HoldNode) -> None:
    """Jobs and timers of an element wait, those to come too; or they may go on."""
    require(unit.principal, "job.operate")
    tx = unit.tx
    of = _process(unit, command.definition_id)
    if command.node not in unit.engine.models.graph(tx, of).nodes:
        raise NotFound("element", command.node)
    key = {"of_tenant": tx.tenant, "of_definition": of.id, "of_node": command.node}
    if (tx.first(_KNOWN, key) is not None) != command.held:
        row = {"tenant": tx.tenant, "definition_id": of.id, "node": command.node}
        tx.run(_NOTE if command.held else _FORGET, row if command.held else key)
        act = NodeHeld if command.held else NodeReleased
        word = "element.held" if command.held else "element.released"
        _record(unit, of, word, act(of.id, command.node))
    if command.with_jobs:
        for statement in _TURN_JOBS[command.held]:
            tx.run(statement, dict(key))
    unit.projection.wakes = unit.projection.wakes or not command.held
