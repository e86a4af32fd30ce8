"""Migration of running instances, and their restart: how versions live side by side.

A plan is generated and validated from two definitions; carrying it out on an instance changes its
state, its rows and its definition in one transaction, with one ledger entry. Invariant: an
instance whose state does not fit the plan keeps its version, unchanged.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, update

from bpmn.graph import Graph
from bpmn.values import Value, Variables
from engine import access, instance_queries
from engine.acts import Migrated
from engine.commands import MigrateInstance, RestartInstance
from engine.errors import Misused, NotAllowed, NotFound, PlanRefused
from engine.limits import check_values
from engine.machine import migration_plans
from engine.machine.errors import MigrationRefused
from engine.machine.triggers import Migrate, Move, Start, VariablesSet
from engine.models import Models
from engine.operations import hold, running
from engine.results import Definition, Started
from engine.tables import incident, job, subscription, timer, user_task
from engine.tables import instance as instances
from engine.unit import Unit
from identity.access import require
from storage.database import Transaction

_FOLLOW = tuple(
    update(table)
    .where(
        table.c.tenant == bindparam("of_tenant"),
        table.c.instance_id == bindparam("of_instance"),
        *([table.c.closed_at.is_(None)] if table is user_task else []),
    )
    .values(definition_id=bindparam("definition_id"), process_id=bindparam("process_id"))
    for table in (user_task, job, timer, subscription, incident)
)
"""What is open follows the instance; what has closed stays with the version it was done in."""
_TURN = (
    update(instances)
    .where(instances.c.tenant == bindparam("of_tenant"), instances.c.id == bindparam("of_id"))
    .values(definition_id=bindparam("definition_id"), process_id=bindparam("process_id"))
)


def process(models: Models, tx: Transaction, definition_id: str) -> tuple[Definition, Graph]:
    """Raises NotFound for what is no process."""
    found = models.definition(tx, definition_id)
    if found.kind != "process":
        raise NotFound("process", definition_id)
    return found, models.graph(tx, found)


def generated(
    models: Models, tx: Transaction, source: str, target: str, *, update_triggers: bool
) -> list[Move]:
    """A plan between two definitions: what is the same in both."""
    old, new = process(models, tx, source)[1], process(models, tx, target)[1]
    return migration_plans.generate(old, new, update_triggers=update_triggers)


def validated(
    models: Models, tx: Transaction, source: str, target: str, moves: list[Move]
) -> migration_plans.Failures:
    """Every instruction with what it fails at."""
    old, new = process(models, tx, source)[1], process(models, tx, target)[1]
    return migration_plans.validate(moves, old, new)


def migrate(unit: Unit, command: MigrateInstance) -> None:
    require(unit.principal, "instance.operate")
    tx, models = unit.tx, unit.engine.models
    moves = list(command.moves)
    report = validated(models, tx, command.source_id, command.target_id, moves)
    if not moves or any(failures for _, failures in report):
        raise PlanRefused(report)
    instance = running(unit, command.instance_id)
    if instance.definition.id != command.source_id:
        text = f"the instance follows {instance.definition.id}, not {command.source_id}"
        raise MigrationRefused([(instance.definition.key, text)])
    before, source = instance.definition, instance.graph
    instance.definition, instance.graph = process(models, tx, command.target_id)
    kind = "instance.migrated"
    act = Migrated(before.id, instance.definition.id, instance.definition.version, command.reason)
    unit.note(instance, kind, act)
    unit.advance(instance, Migrate(source=source, moves=tuple(moves)), kind)
    where: dict[str, Any] = {"of_tenant": tx.tenant, "definition_id": instance.definition.id}
    where["process_id"] = instance.definition.key
    for statement in _FOLLOW:
        unit.add(statement, {**where, "of_instance": instance.id})
    unit.add(_TURN, {**where, "of_id": instance.id})
    if instance.suspended:
        hold(unit, instance.id)
    if command.variables:
        check_values(command.variables)
        trigger = VariablesSet(variables=command.variables, wire=dict(command.wires))
        unit.advance(instance, trigger, kind)


# --- restart ---


def restart(unit: Unit, command: RestartInstance) -> Started:
    """Begin an instance with what one that has ended knew, where the instructions say."""
    require(unit.principal, "instance.operate")
    tx = unit.tx
    over = instance_queries.instance(tx, unit.principal, command.instance_id)
    if over.ended_at is None:
        raise Misused(f"instance {over.id} has not ended")
    if over.definition_id != command.definition_id:
        raise Misused(f"instance {over.id} does not follow definition {command.definition_id}")
    if not access.may_read_variables(tx, unit.principal, over.id):
        raise NotAllowed("RestartInstance", over.id)
    if not command.instructions:
        raise Misused("a restart needs at least one instruction")
    values, wires = _values(unit, command)
    definition, _ = process(unit.engine.models, tx, command.definition_id)
    trigger = Start(
        variables=values,
        wire=wires,
        business_key=over.business_key if command.with_business_key else None,
        initiator=unit.principal.id,
        instructions=tuple(command.instructions),
    )
    kind = "instance.restarted"
    begun = unit.begin_with(definition, trigger, kind, restarted=over.id, reason=command.reason)
    ended = begun.state.ended is not None
    return Started(begun.id, definition.id, definition.key, begun.business_key, ended)


def _values(unit: Unit, command: RestartInstance) -> tuple[Variables, dict[str, str]]:
    """What the process's variables held at its end, or at its beginning."""
    found = instance_queries.told_values(
        unit.tx, command.instance_id, first=command.initial_variables
    )
    values: dict[str, Value] = {name: each.value for name, each in found.items()}
    wires = {name: each.wire for name, each in found.items() if each.wire is not None}
    return values, wires
