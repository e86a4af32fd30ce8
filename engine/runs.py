"""Instances from outside: start, set variables, cancel."""

from __future__ import annotations

from engine import calls
from engine.commands import CancelInstance, SetVariables, StartInstance
from engine.errors import Misused, NotFound
from engine.machine.triggers import Start, VariablesSet
from engine.results import Definition, Started
from engine.unit import Unit
from identity.access import require


def start(unit: Unit, command: StartInstance) -> Started:
    require(unit.principal, "instance.start")
    definition = _definition(unit, command)
    if command.instructions:
        require(unit.principal, "instance.operate")
    trigger = Start(
        variables=command.variables,
        wire=dict(command.wires),
        node=command.start_node,
        business_key=command.business_key,
        initiator=unit.principal.id,
        instructions=tuple(command.instructions),
    )
    instance = unit.begin_with(definition, trigger, "instance.started")
    return Started(
        id=instance.id,
        definition_id=definition.id,
        process_id=definition.key,
        business_key=command.business_key,
        ended=instance.state.ended is not None,
    )


def _definition(unit: Unit, command: StartInstance) -> Definition:
    if command.definition_id is not None:
        found: Definition | None = unit.engine.models.definition(unit.tx, command.definition_id)
    elif command.process_id is None:
        raise Misused("name the process or the definition to start")
    elif command.version is not None:
        found = unit.engine.models.version(unit.tx, "process", command.process_id, command.version)
    else:
        found = unit.newest_process(command.process_id)
    if found is None or found.kind != "process":
        raise NotFound("process", command.process_id or command.definition_id or "")
    return found


def set_variables(unit: Unit, command: SetVariables) -> None:
    require(unit.principal, "instance.operate")
    instance = unit.lock(command.instance_id)
    trigger = VariablesSet(
        variables=command.variables,
        wire=dict(command.wires),
        removed=command.removed,
        scope=command.scope,
    )
    unit.advance(instance, trigger, "instance.variables_set")


def cancel(unit: Unit, command: CancelInstance) -> None:
    require(unit.principal, "instance.operate")
    instance = unit.lock(command.instance_id)
    calls.cancel(unit, instance, command.reason)
