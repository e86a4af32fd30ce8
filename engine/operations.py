"""What an operator does to a running instance: suspend and resume it, and move its tokens.

Invariant: each leaves one ledger entry with who did it and why. A suspended instance moves no
token: its jobs and timers are skipped by their rows, what comes into its inbox stays there, and
tasks refuse. It can be ended, and modified once it is resumed.
"""

from __future__ import annotations

from sqlalchemy import bindparam, exists, update

from engine import queries
from engine.acts import Modified, Resumed, Suspended
from engine.commands import ModifyInstance, SelectActivity, SuspendInstance
from engine.instance import Instance
from engine.limits import check_values
from engine.machine import adhoc
from engine.machine.errors import InstanceEnded
from engine.machine.triggers import Modify, Selected, StartAfter, StartBefore, StartTransition
from engine.tables import held_node, job, timer
from engine.tables import instance as instances
from engine.unit import Unit
from identity.access import permits, require

_SUSPEND = (
    update(instances)
    .where(instances.c.tenant == bindparam("of_tenant"), instances.c.id == bindparam("of_id"))
    .values(suspended=bindparam("suspended"))
)
_HOLD = {
    table: update(table)
    .where(
        table.c.tenant == bindparam("of_tenant"), table.c.instance_id == bindparam("of_instance")
    )
    .values(suspended=True)
    for table in (job, timer)
}
_RELEASE = {
    table: update(table)
    .where(
        table.c.tenant == bindparam("of_tenant"),
        table.c.instance_id == bindparam("of_instance"),
        ~exists().where(
            held_node.c.tenant == table.c.tenant,
            held_node.c.definition_id == table.c.definition_id,
            held_node.c.node == table.c.node,
        ),
    )
    .values(suspended=False)
    for table in (job, timer)
}


def suspend(unit: Unit, command: SuspendInstance) -> None:
    """Suspend the instance or resume it. What is so already changes nothing."""
    require(unit.principal, "instance.operate")
    instance = _running(unit, command.instance_id)
    if instance.suspended == command.suspended:
        return
    instance.suspended = command.suspended
    of = {"of_tenant": unit.tx.tenant, "of_instance": instance.id}
    for statement in (_HOLD if command.suspended else _RELEASE).values():
        unit.add(statement, dict(of))
    row = {"of_tenant": unit.tx.tenant, "of_id": instance.id, "suspended": command.suspended}
    unit.add(_SUSPEND, row)
    if command.suspended:
        unit.note(instance, "instance.suspended", Suspended(command.reason))
        return
    unit.note(instance, "instance.resumed", Resumed(command.reason))
    unit.deliver(instance.id)
    unit.projection.wakes = True


def modify(unit: Unit, command: ModifyInstance) -> None:
    """Put and withdraw tokens; raises ModificationRefused before anything has changed."""
    require(unit.principal, "instance.operate")
    instance = _running(unit, command.instance_id)
    for instruction in command.instructions:
        if isinstance(instruction, StartBefore | StartAfter | StartTransition):
            check_values(instruction.variables)
    unit.note(instance, "instance.modified", Modified(command.reason))
    unit.advance(instance, Modify(instructions=tuple(command.instructions)), "instance.modified")


def select(unit: Unit, command: SelectActivity) -> None:
    """Whoever works on the instance may say what is done next in it."""
    if not permits(unit.principal, "instance.operate"):
        require(unit.principal, "task.work")
        queries.instance(unit.tx, unit.principal, command.instance_id)
    instance = _running(unit, command.instance_id)
    token = command.token
    if token is None:
        token = adhoc.host_of(instance.graph, instance.state, command.node)
    unit.advance(instance, Selected(token=token, node=command.node), "activity.selected")


def _running(unit: Unit, instance_id: str) -> Instance:
    instance = unit.lock(instance_id)
    if instance.state.ended is not None:
        raise InstanceEnded(f"instance {instance_id} has ended")
    return instance
